"""Multi30k: image captions in English, German and French, line by line."""

import gzip

from nsai.data.catalogue import DataSet, listed, raw_github
from nsai.data.samples import Pairs
from nsai.data.splits import known_split
from nsai.data.store import read

COMMIT = "a3d2e0d26b56f3846f66a952536ffed4e401d05a"
CHECKSUMS = """
9204244e408ccb38d2a55cfcd344df15005fc42a07a6e55ca6c52b6ababb8cc8 22890 test_2016_flickr.de.gz
611d361c6334bc7246101d48097c13cf5c4413c5befc793cc629934359d532d9 21077 test_2016_flickr.en.gz
6d326e188d259fb1d04ac19eae3af956559b3a0b93d7635e56c90987c40c8b90 22310 test_2016_flickr.fr.gz
a2c89666db00c495cd8513b9d708d5a3acc205d7de312ef2bf5fb7ebc1540aee 21471 test_2017_flickr.de.gz
76a444ee25172e72695cddb13ae4a3bda59430617be88e0bb46b60504f054074 19138 test_2017_flickr.en.gz
3ba671ceb2299f3304ffafefea7a833d08632fbaf0ba18546f8a2ec2391af496 20434 test_2017_flickr.fr.gz
799e4854c25d601cb6cb6be29eabe5667734c61ace2f495e03e429031a0bc338 10230 test_2017_mscoco.de.gz
aab300bfb4427697987e02cd0aacd44bfe8aa50456231b6474c08038bbed2b58 8844 test_2017_mscoco.en.gz
754f3072ba9f124569ba5258b32730fc1d214bbf8e0c6dfb2b74401676220db0 9751 test_2017_mscoco.fr.gz
726e39b2fa9eb9ffb6dc763fb35a179f80fae06ffc5d28b6ace5faa883de28a6 637044 train.de.gz
d79cfa999dd4c51d2cb42499b6796d5a882c3a8a961923c25a898c90f8bbd56f 568929 train.en.gz
622e75069e9f4c577425c4f277116ce66e63a2401c0a2312d90073cb12379a3c 604242 train.fr.gz
f0cba2f995189cf5770f29a8a9a537a3ad3f51657ad873405082ff6863a5e75a 24681 val.de.gz
14f7d25ddd868909a9213e361768460edcacdd6ab9d1e77b92560dc10c10dc28 21650 val.en.gz
ca3106f1a72390591d25f6c45cb4cd39dec4cd3f123e099748a3ce5256c160e9 23001 val.fr.gz
"""
LANGUAGES = ("en", "de", "fr")
PARTS = {
    "train": "train",
    "validation": "val",
    "test": "test_2016_flickr",
    "test_2017": "test_2017_flickr",
    "test_coco": "test_2017_mscoco",
}

MULTI30K = DataSet(
    name="multi30k",
    title="Multi30k: captions in English, German and French",
    licence="CC BY-NC-SA 4.0 for the text (not checked); images for non-commercial research",
    citation="Elliott, Frank, Sima'an and Specia 2016, Multi30K, Workshop on Vision and Language; "
    "Elliott et al. 2017 for French",
    shape="source and target: lists of str; 29,000 train, 1,014 validation, 1,000 test, 1,000 "
    "test_2017, 461 test_coco",
    splits=tuple(PARTS),
    homepage="https://github.com/multi30k/dataset",
    files=listed(CHECKSUMS, raw_github("multi30k/dataset", COMMIT, "data/task1/raw/")),
)


def multi30k(split: str = "train", source: str = "de", target: str = "en") -> Pairs:
    """Load captions in two languages.

    Parameters
    ----------
    split
        ``"train"``, ``"validation"``, ``"test"`` (2016), ``"test_2017"`` or ``"test_coco"``.
    source, target
        Two of ``"en"``, ``"de"`` and ``"fr"``.

    Returns
    -------
    Pairs
        Untokenised sentences.

    Raises
    ------
    ValueError
        If a language is unknown.
    MissingDataError, CorruptDataError
        If the files are not on this machine, or not the published ones.
    """
    known_split(MULTI30K, split)
    for argument, language in (("source", source), ("target", target)):
        if language not in LANGUAGES:
            raise ValueError(f"{argument} must be one of {', '.join(LANGUAGES)}; got {language!r}")
    part = PARTS[split]
    texts = read(MULTI30K, f"{part}.{source}.gz", f"{part}.{target}.gz")
    # Not splitlines: a caption may hold a typographic line separator.
    lines = [gzip.decompress(text).decode().removesuffix("\n").split("\n") for text in texts]
    return Pairs([line.strip() for line in lines[0]], [line.strip() for line in lines[1]])
