"""Yin-Yang: three classes in the plane, made to tell small spiking networks apart."""

from nsai.data.catalogue import DataSet, listed, raw_github
from nsai.data.formats import npy
from nsai.data.samples import Labelled, labelled
from nsai.data.splits import known_split
from nsai.data.store import read

COMMIT = "e6eef9617b1dbd30d1f01508d462275747ae45b1"
CHECKSUMS = """
b4337aa983ea3928d1d8ee78268e8e266ede6ca3a401ade7b02eb47c9d90be93 8128 test_labels.npy
1559e64b45a5e28df8a9d1158d891383d5745b0af2edbbca31ca4e2faeb95b4c 32128 test_samples.npy
d38863599b41c3d67d5e606b21c3ea10f7956758471e946adcb120c4e5ae31c9 40128 train_labels.npy
88ce43d8e7620b4dcd0712a582882325e609183eb71f2368cce8e87930e122d5 160128 train_samples.npy
abd956deb8e62f528a271d323c7498e6d331cd261f143b539b1219d274936008 8128 validation_labels.npy
88f7e23daf578da390fe3ca10370d38fdb6060a08249ecb1be832e3e6cce75d3 32128 validation_samples.npy
"""

YIN_YANG = DataSet(
    name="yin_yang",
    title="Yin-Yang: 7,000 points, the samples of the publication",
    licence="MIT",
    citation="Kriener, Göltz and Petrovici 2022, The Yin-Yang dataset, NICE",
    shape="x float32 (n, 4) in [0, 1], y int64 (n,): two halves, dots; 5,000 train, 1,000 + 1,000",
    splits=("train", "validation", "test"),
    homepage="https://github.com/lkriener/yin_yang_data_set",
    files=listed(CHECKSUMS, raw_github("lkriener/yin_yang_data_set", COMMIT, "publication_data/")),
)


def yin_yang(split: str = "train") -> Labelled:
    """Load the published Yin-Yang samples.

    Parameters
    ----------
    split
        ``"train"`` (5,000), ``"validation"`` or ``"test"`` (1,000 each).

    Returns
    -------
    Labelled
        x of shape (n, 4): a point and its mirror image (a, b, 1 - a, 1 - b); y 0 and 1 the two
        halves, 2 the dots. The source lists the names yin, yang, dot, yet its code makes class 1
        from what it calls yin.

    Raises
    ------
    MissingDataError, CorruptDataError
        If the files are not on this machine, or not the published ones.
    """
    known_split(YIN_YANG, split)
    x, y = read(YIN_YANG, f"{split}_samples.npy", f"{split}_labels.npy")
    return labelled(npy(x), npy(y))
