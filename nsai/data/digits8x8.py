"""The 8 x 8 digits of scikit-learn: small enough for a quantum circuit or a spiking chip."""

from nsai.data.catalogue import DataSet
from nsai.data.samples import Labelled, labelled
from nsai.data.splits import known_split, stratified
from nsai.data.store import use_package

DIGITS8X8 = DataSet(
    name="digits8x8",
    title="1,797 handwritten digits of 8 x 8 pixels",
    licence="CC BY 4.0",
    citation="Alpaydin and Kaynak 1998, Optical Recognition of Handwritten Digits, UCI Machine "
    "Learning Repository; the test part, as in scikit-learn",
    shape="x float32 (n, 1, 8, 8) in [0, 1], y int64 (n,), 10 classes; about 80 % train, 20 % test",
    splits=("train", "test", "all"),
    homepage="https://archive.ics.uci.edu/dataset/80",
    source="package",
    needs="scikit-learn",
)


def digits8x8(split: str = "train", seed: int = 0) -> Labelled:
    """Load scikit-learn's digits; the split is ours, stratified, 80 % to train.

    Parameters
    ----------
    split
        ``"train"``, ``"test"`` or ``"all"`` (the 1,797 in scikit-learn's order).
    seed
        Which stratified split.

    Returns
    -------
    Labelled
        x of shape (n, 1, 8, 8), sixteenths in [0, 1]; y the digit.

    Raises
    ------
    MissingDataError
        If scikit-learn is not installed.

    Examples
    --------
    >>> digits8x8("all").x.shape
    torch.Size([1797, 1, 8, 8])
    """
    known_split(DIGITS8X8, split)
    use_package(DIGITS8X8)
    from sklearn.datasets import load_digits

    bunch = load_digits()
    rows = stratified(bunch.target, split, test_fraction=0.2, seed=seed)
    return labelled(bunch.images[rows, None] / 16, bunch.target[rows])
