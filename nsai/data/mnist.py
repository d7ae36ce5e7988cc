"""MNIST: handwritten digits, the four official files."""

from nsai.data.catalogue import DataSet
from nsai.data.idx_images import idx_files, read_idx_images
from nsai.data.samples import Labelled

# The mirrors of PyTorch and of TensorFlow; the author's own site refuses downloads.
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)


def _urls(name: str) -> tuple[str, ...]:
    return tuple(mirror + name for mirror in MIRRORS)


MNIST = DataSet(
    name="mnist",
    title="70,000 handwritten digits",
    licence="unclear: none in the source, usually given as CC BY-SA 3.0",
    citation="LeCun, Bottou, Bengio and Haffner 1998, Gradient-based learning applied to "
    "document recognition, Proc. IEEE 86",
    shape="x float32 (n, 1, 28, 28) in [0, 1], y int64 (n,), 10 classes; 60,000 train, 10,000 test",
    splits=("train", "test"),
    homepage="http://yann.lecun.com/exdb/mnist/",
    files=idx_files(
        (
            ("440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609", 9_912_422),
            ("3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c", 28_881),
            ("8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6", 1_648_877),
            ("f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6", 4_542),
        ),
        _urls,
    ),
)


def mnist(split: str = "train") -> Labelled:
    """Load MNIST.

    Parameters
    ----------
    split
        ``"train"`` (60,000) or ``"test"`` (10,000).

    Returns
    -------
    Labelled
        x of shape (n, 1, 28, 28) in [0, 1], 0 the background; y the digit.

    Raises
    ------
    MissingDataError, CorruptDataError
        If the files are not on this machine, or not the published ones.
    """
    return read_idx_images(MNIST, split)
