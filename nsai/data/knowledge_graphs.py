"""Knowledge graphs: triples of head, relation and tail, from 14 to 41,000 entities."""

from typing import NamedTuple

import torch
from jaxtyping import Int
from torch import Tensor

from nsai.data.catalogue import DataSet, File, listed, raw_github
from nsai.data.splits import known_split
from nsai.data.store import read

PYKEEN = raw_github("pykeen/pykeen", "05c7bbb20c952f3e5e958e694344ace4005b1bbb", "")
VILLMOW = raw_github(
    "villmow/datasets_knowledge_embedding", "9e392453d6804d1f51c13e5650ae58ed48b638d5", ""
)
SPLITS = ("train", "validation", "test", "all")
SHAPE = "triples int64 (n, 3): head, relation, tail; entities and relations: tuples of str"

SMALL_CHECKSUMS = """
262ca5ae5ed3aa1927026e0f258cc52b10830185b93465b93b9360727e719158 610 countries_S1/test.txt
5256bf3fc4181d7e87d819571e3acfa5425fc5af365b9ebe5c113740534ca561 31885 countries_S1/train.txt
f4b27648148a44f87e627140ec3a02ca4c884c32d348591147ca72f1d6fff5b0 624 countries_S1/valid.txt
262ca5ae5ed3aa1927026e0f258cc52b10830185b93465b93b9360727e719158 610 countries_S2/test.txt
84c8f310fa076f902760f0909716b13bc0853a105ab9e0145e4e5135d855f68a 30266 countries_S2/train.txt
f4b27648148a44f87e627140ec3a02ca4c884c32d348591147ca72f1d6fff5b0 624 countries_S2/valid.txt
262ca5ae5ed3aa1927026e0f258cc52b10830185b93465b93b9360727e719158 610 countries_S3/test.txt
80a8e3a26aff58b78fd5a453ec2a37591466bad621df8d05185f26763b663a0c 28238 countries_S3/train.txt
f4b27648148a44f87e627140ec3a02ca4c884c32d348591147ca72f1d6fff5b0 624 countries_S3/valid.txt
05e5733265761d55be9c05bfaff5a8d0808df46f9c1e9d66cc3f2fe114e43d88 26255 kinships/test.txt
738612111a6acf0e39662bde24c7e72a4d1edf20931beea077da367dda689731 208710 kinships/train.txt
c56f8630a583178b1e569f11a64aa535ae1ce0b0912d8b1e24716be2b37f04da 26088 kinships/valid.txt
3971085165b47b6aeaec68058c6d8d98b3005e929db81268410b95ae4db770ab 4951 nations/test.txt
0830fa9da8e5bba2ccdaa45b7bdc9130451ba66b09ff2708f35fccaf82473e57 39101 nations/train.txt
2b337a62e51a2f45c283eac98a70d21b7e0e102136be1539b2a52c652a7b0530 4851 nations/valid.txt
a7eb529a3d2810fcc96341ccc97c625a5e202f8389673aa6bd317eeebbb79014 32968 umls/test.txt
873ef4925516b83e7f6f8cc02b4be51d848828710a7f65a956f0ac4a9e452f35 260013 umls/train.txt
025c98f8a4891e2a6582ec5b40ee0d904031edad9c52554522f4b7904820c98e 32963 umls/valid.txt
"""
WN18RR_CHECKSUMS = """
0383bceaaa1096cf3c03ec021ed0048068e2355dbfc0239b292cefdac821cec5 113180 test.txt
038612e783c215ee5f3ca9fbfca27b8d0739be1028fe4ee7c174aecf0b83d5df 3135377 train.txt
453ce7202afa58094a04d2b1560ee2b02660f1c260b32ce6651c8ccedd1028ab 110415 valid.txt
"""
FB15K237_CHECKSUMS = """
5711cf41623ceb4eacc50eb6108a3ca6565c7492e3caaf82a3e355cc660d1574 1519499 test.txt
6e4c2782169af21e9743f3b1d200886f5d595bf6bc504ec1351720949c5cdfae 21277292 train.txt
cf6309010852f6a8d47a45df830a426415d1ee6f7a3970a8376ff1fb81db4a5c 1303101 valid.txt
"""


def _small(file: File) -> File:
    countries = file.name.startswith("countries")
    root = VILLMOW + "other/countries/" if countries else PYKEEN + "src/pykeen/datasets/"
    return File(file.name, file.sha256, file.size, (root + file.name,))


KG_SMALL = DataSet(
    name="kg_small",
    title="Small knowledge graphs: nations, kinships, UMLS, countries S1 to S3",
    licence="MIT (repositories)",
    citation="Kok and Domingos 2007, Statistical predicate invention, ICML; Bouchard, Singh and "
    "Trouillon 2015 for countries",
    shape=SHAPE,
    splits=SPLITS,
    homepage="https://github.com/pykeen/pykeen",
    files=tuple(map(_small, listed(SMALL_CHECKSUMS))),
)
KG_WN18RR = DataSet(
    name="kg_wn18rr",
    title="WN18RR: 93,003 triples of WordNet, 40,943 entities, 11 relations",
    licence="WordNet licence; MIT (repository)",
    citation="Dettmers, Minervini, Stenetorp and Riedel 2018, Convolutional 2D knowledge graph "
    "embeddings, AAAI",
    shape=SHAPE,
    splits=SPLITS,
    homepage="https://github.com/TimDettmers/ConvE",
    files=listed(WN18RR_CHECKSUMS, VILLMOW + "WN18RR/original/"),
)
KG_FB15K237 = DataSet(
    name="kg_fb15k237",
    title="FB15k-237: 310,116 triples of Freebase, 14,541 entities, 237 relations",
    licence="CC BY (Freebase, not checked); MIT (repository)",
    citation="Toutanova and Chen 2015, Observed versus latent features for knowledge base and "
    "text inference, CVSC",
    shape=SHAPE,
    splits=SPLITS,
    homepage="https://github.com/TimDettmers/ConvE",
    files=listed(FB15K237_CHECKSUMS),
)

SMALL_GRAPHS = ("nations", "kinships", "umls", "countries_S1", "countries_S2", "countries_S3")


class Triples(NamedTuple):
    """Facts of a knowledge graph.

    Attributes
    ----------
    triples
        Head, relation and tail, int64, shape (n, 3).
    entities, relations
        Names by number, alphabetical, over all splits together.
    """

    triples: Int[Tensor, "n 3"]
    entities: tuple[str, ...]
    relations: tuple[str, ...]


def knowledge_graph(name: str = "nations", split: str = "train") -> Triples:
    """Load a knowledge graph.

    Parameters
    ----------
    name
        ``"nations"``, ``"kinships"``, ``"umls"``, ``"countries_S1"`` to ``"countries_S3"``,
        ``"wn18rr"`` (entities are WordNet 3.0 offsets) or ``"fb15k237"``.
    split
        ``"train"``, ``"validation"``, ``"test"``, or ``"all"``: the three in this order.

    Returns
    -------
    Triples
        The numbers of entities and relations are the same for every split.

    Raises
    ------
    ValueError
        If the graph is unknown.
    MissingDataError, CorruptDataError
        If the files are not on this machine, or not the published ones.
    """
    if name in SMALL_GRAPHS:
        dataset, folder = KG_SMALL, f"{name}/"
    elif name in ("wn18rr", "fb15k237"):
        dataset, folder = (KG_WN18RR if name == "wn18rr" else KG_FB15K237), ""
    else:
        known = ", ".join([*SMALL_GRAPHS, "wn18rr", "fb15k237"])
        raise ValueError(f"name must be one of {known}; got {name!r}")
    known_split(dataset, split)
    contents = read(dataset, *(f"{folder}{part}.txt" for part in ("train", "valid", "test")))
    parts = [
        [line.split("\t") for line in content.decode().splitlines() if line] for content in contents
    ]
    facts = [fact for part in parts for fact in part]
    entities = sorted({end for head, _, tail in facts for end in (head, tail)})
    relations = sorted({relation for _, relation, _ in facts})
    entity = {name: number for number, name in enumerate(entities)}
    relation = {name: number for number, name in enumerate(relations)}
    chosen = facts if split == "all" else parts[SPLITS.index(split)]
    rows = [(entity[head], relation[kind], entity[tail]) for head, kind, tail in chosen]
    return Triples(torch.tensor(rows), tuple(entities), tuple(relations))
