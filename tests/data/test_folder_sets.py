"""The sets of the shared folder: each is skipped, with the reason, where it is not there."""

import hashlib

import pytest

from nsai import data
from nsai.data import store

# For each set: a call of its loader and how many samples the set's own description promises.
SIZES = {
    "mnist": [(lambda: data.mnist("train").y, 60_000), (lambda: data.mnist("test").y, 10_000)],
    "fashion_mnist": [
        (lambda: data.fashion_mnist("train").y, 60_000),
        (lambda: data.fashion_mnist("test").y, 10_000),
    ],
    "cifar10_jpeg": [
        (lambda: data.cifar10_jpeg("train", per_class=20).y, 200),
        (lambda: data.cifar10_jpeg("test", per_class=50).y, 500),
    ],
    "omniglot_small": [
        (lambda: data.omniglot_small("small1").y, 2_720),
        (lambda: data.omniglot_small("small2").y, 3_120),
    ],
    "nmnist_small": [
        (lambda: data.nmnist_small("train").label, 1_000),
        (lambda: data.nmnist_small("test").label, 100),
    ],
    "spoken_digits": [
        (lambda: data.spoken_digits("train").y, 2_700),
        (lambda: data.spoken_digits("test").y, 300),
    ],
    "loihi": [
        (lambda: data.loihi("exact").voltage, 1_000),
        (lambda: data.loihi("chip").voltage, 1_000),
    ],
    "nir": [(lambda: data.nir("lif_norse").getvalue(), 17_584)],
    "yin_yang": [
        (lambda: data.yin_yang("train").y, 5_000),
        (lambda: data.yin_yang("validation").y, 1_000),
        (lambda: data.yin_yang("test").y, 1_000),
    ],
    "cmapss_fd001": [
        (lambda: data.cmapss_fd001("train").cycle, 20_631),
        (lambda: data.cmapss_fd001("test").cycle, 13_096),
    ],
    "ett_hourly": [
        (lambda: data.ett_hourly("all", station=1).x, 17_420),
        (lambda: data.ett_hourly("all", station=2).x, 17_420),
    ],
    "tiny_shakespeare": [
        (lambda: data.tiny_shakespeare("all"), 1_115_394),
        (lambda: data.tiny_shakespeare("train"), 1_003_854),  # nanoGPT's own counts
        (lambda: data.tiny_shakespeare("validation"), 111_540),
        (lambda: set(data.tiny_shakespeare("all")), 65),
    ],
    "names": [(lambda: data.names("all"), 32_033)],
    "wikitext2": [
        (lambda: data.wikitext2("train").split(), 2_051_910),
        (lambda: data.wikitext2("validation").split(), 213_886),
        (lambda: data.wikitext2("test").split(), 241_211),
        # Merity et al. 2017, table 1, count the end of a line as a word too.
        (lambda: {*data.wikitext2("train").split(), "<eos>"}, 33_278),
    ],
    "sst2": [
        (lambda: data.sst2("train").text, 6_920),
        (lambda: data.sst2("validation").text, 872),
        (lambda: data.sst2("test").text, 1_821),
    ],
    "multi30k": [
        (lambda: data.multi30k("train").source, 29_000),
        (lambda: data.multi30k("validation", "en", "fr").target, 1_014),
        (lambda: data.multi30k("test").target, 1_000),
        (lambda: data.multi30k("test_2017").target, 1_000),
        (lambda: data.multi30k("test_coco").target, 461),
    ],
    "scan": [
        (lambda: data.scan("train", "simple").source, 16_728),
        (lambda: data.scan("test", "simple").source, 4_182),
        (lambda: data.scan("train", "length").source, 16_990),
        (lambda: data.scan("test", "length").source, 3_920),
    ],
    "babi_en10k": [
        (lambda: data.babi_en10k("train", 20), 10_000),
        (lambda: data.babi_en10k("test", 20), 1_000),
    ],
    "arc_agi_1": [
        (lambda: data.arc_agi_1("training"), 400),
        (lambda: data.arc_agi_1("evaluation"), 400),
    ],
    "sudoku": [
        (lambda: data.sudoku("train").puzzle, 18_000),
        (lambda: data.sudoku("test").puzzle, 2_000),
    ],
    "kg_wn18rr": [
        (lambda: data.knowledge_graph("wn18rr", "train").triples, 86_835),
        (lambda: data.knowledge_graph("wn18rr", "test").triples, 3_134),
        (lambda: data.knowledge_graph("wn18rr").entities, 40_943),
        (lambda: data.knowledge_graph("wn18rr").relations, 11),
    ],
    "kg_fb15k237": [
        (lambda: data.knowledge_graph("fb15k237", "validation").triples, 17_535),
        (lambda: data.knowledge_graph("fb15k237").entities, 14_541),
    ],
    "kg_small": [
        (lambda: data.knowledge_graph("nations", "all").triples, 1_992),
        (lambda: data.knowledge_graph("nations").relations, 55),
        (lambda: data.knowledge_graph("kinships").triples, 8_544),
        (lambda: data.knowledge_graph("umls").entities, 135),
        (lambda: data.knowledge_graph("countries_S1").triples, 1_111),
        (lambda: data.knowledge_graph("countries_S2").triples, 1_063),
        (lambda: data.knowledge_graph("countries_S3").triples, 985),
    ],
    "citation_graphs": [
        (lambda: data.citation_graph("cora").features, 2_708),
        (lambda: data.citation_graph("cora").edges, 5_278),
        (lambda: data.citation_graph("citeseer").features, 3_327),
        (lambda: data.citation_graph("citeseer").edges, 4_552),
    ],
    "adult": [(lambda: data.adult("train").y, 32_561), (lambda: data.adult("test").y, 16_281)],
    "compas": [
        (lambda: data.compas("all").y, 6_172),  # ProPublica's counts after its filter
        (lambda: data.compas("all", violent=True).y, 4_020),
    ],
    "vehicle_claim_fraud": [
        (lambda: data.vehicle_claim_fraud("all").y, 15_420),
        (lambda: data.vehicle_claim_fraud("all").y.nonzero(), 923),
    ],
    "anomaly_adbench": [
        (lambda: data.anomaly_adbench("shuttle", "all").y, 49_097),
        (lambda: data.anomaly_adbench("smtp", "all").y, 95_156),
        (lambda: data.anomaly_adbench("campaign", "all").y, 41_188),
        (lambda: data.anomaly_adbench("satimage-2", "all").y, 5_803),
    ],
    "tabular_classics": [
        (lambda: data.tabular_classic("abalone", "all").y, 4_177),
        (lambda: data.tabular_classic("banknote", "all").y, 1_372),
        (lambda: data.tabular_classic("ecoli", "all").y, 336),
        (lambda: data.tabular_classic("glass", "all").y, 214),
        (lambda: data.tabular_classic("haberman", "all").y, 306),
        (lambda: data.tabular_classic("ionosphere", "all").y, 351),
        (lambda: data.tabular_classic("oil_spill", "all").y, 937),
        (lambda: data.tabular_classic("phoneme", "all").y, 5_404),
        (lambda: data.tabular_classic("pima_diabetes", "all").y, 768),
        (lambda: data.sonar("all").y, 208),
        (lambda: data.tabular_classic("wheat_seeds", "all").y, 210),
    ],
}


def test_every_folder_set_has_its_sizes_here():
    assert set(SIZES) == {name for name, s in data.catalogue().items() if s.source == "folder"}


@pytest.mark.parametrize("name", SIZES)
def test_set_has_the_promised_sizes(need, name):
    need(name)
    for load, expected in SIZES[name]:
        assert len(load()) == expected


@pytest.mark.parametrize("name", SIZES)
def test_every_file_of_the_folder_is_the_published_one(need, name):
    need(name)
    dataset = data.catalogue()[name]
    for file in dataset.files:
        content, _ = store.check(dataset, file, store.locate(dataset, file))
        assert hashlib.sha256(content).hexdigest() == file.sha256


@pytest.mark.parametrize("name", SIZES)
def test_absent_set_says_what_to_do(name, monkeypatch):
    monkeypatch.setenv("NSAI_DATA", "")
    load, _ = SIZES[name][0]
    with pytest.raises(data.MissingDataError, match=rf"{name} .*\nsearched: .*\nremedy: .*NSAI"):
        load()


@pytest.mark.parametrize("name", SIZES)
def test_wrong_files_are_never_loaded(name, monkeypatch, tmp_path):
    monkeypatch.setenv("NSAI_DATA", str(tmp_path))
    for file in data.catalogue()[name].files:
        path = tmp_path / name / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"another file")
    checksum = hashlib.sha256(b"another file").hexdigest()
    for load, _ in SIZES[name]:
        with pytest.raises(data.CorruptDataError, match=f"found    sha256 {checksum}"):
            load()
