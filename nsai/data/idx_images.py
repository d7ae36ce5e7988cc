"""What MNIST and Fashion-MNIST share: four files of one format under the same names."""

from collections.abc import Callable

from nsai.data.catalogue import DataSet, File
from nsai.data.formats import idx
from nsai.data.samples import Labelled, pixels
from nsai.data.splits import known_split
from nsai.data.store import read

NAMES = tuple(
    f"{part}-{kind}-ubyte.gz"
    for part in ("train", "t10k")
    for kind in ("images-idx3", "labels-idx1")
)


def idx_files(
    checks: tuple[tuple[str, int], ...], urls: Callable[[str], tuple[str, ...]]
) -> tuple[File, ...]:
    """Return the four files, given (sha256, size) of each in the order of `NAMES`."""
    return tuple(
        File(name, sha256, size, urls(name))
        for name, (sha256, size) in zip(NAMES, checks, strict=True)
    )


def read_idx_images(data_set: DataSet, split: str) -> Labelled:
    """Read images and labels of the ``"train"`` or ``"test"`` split."""
    images, labels = {"train": NAMES[:2], "test": NAMES[2:]}[known_split(data_set, split)]
    x, y = read(data_set, images, labels)
    return pixels(idx(x), idx(y))
