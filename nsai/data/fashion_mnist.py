"""Fashion-MNIST: clothes instead of digits, in the same format."""

from nsai.data.catalogue import DataSet, raw_github
from nsai.data.idx_images import idx_files, read_idx_images
from nsai.data.samples import Labelled

COMMIT = "b2617bb6d3ffa2e429640350f613e3291e10b141"
BUCKET = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"

CLASSES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip


def _urls(name: str) -> tuple[str, ...]:
    pinned = raw_github("zalandoresearch/fashion-mnist", COMMIT, f"data/fashion/{name}")
    return pinned, BUCKET + name


FASHION_MNIST = DataSet(
    name="fashion_mnist",
    title="70,000 pictures of clothes in MNIST's format",
    licence="MIT",
    citation="Xiao, Rasul and Vollgraf 2017, Fashion-MNIST, arXiv:1708.07747",
    shape="x float32 (n, 1, 28, 28) in [0, 1], y int64 (n,), 10 classes; 60,000 train, 10,000 test",
    splits=("train", "test"),
    homepage="https://github.com/zalandoresearch/fashion-mnist",
    files=idx_files(
        (
            ("3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84", 26_421_880),
            ("a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845", 29_515),
            ("346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073", 4_422_102),
            ("67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5", 5_148),
        ),
        _urls,
    ),
)


def fashion_mnist(split: str = "train") -> Labelled:
    """Load Fashion-MNIST; ``CLASSES`` of this module names the classes.

    Parameters
    ----------
    split
        ``"train"`` (60,000) or ``"test"`` (10,000).

    Returns
    -------
    Labelled
        x of shape (n, 1, 28, 28) in [0, 1], 0 the background; y the class.

    Raises
    ------
    MissingDataError, CorruptDataError
        If the files are not on this machine, or not the published ones.
    """
    return read_idx_images(FASHION_MNIST, split)
