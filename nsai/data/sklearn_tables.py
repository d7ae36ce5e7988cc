"""The classic tables that scikit-learn ships: breast cancer, iris and wine."""

from nsai.data.catalogue import DataSet
from nsai.data.samples import Labelled, labelled
from nsai.data.splits import known_split, stratified
from nsai.data.store import use_package

_SPLITS = ("train", "test", "all")

BREAST_CANCER = DataSet(
    name="breast_cancer",
    title="Wisconsin diagnostic breast cancer: 569 tumours, 30 measurements",
    licence="CC BY 4.0",
    citation="Street, Wolberg and Mangasarian 1993, Nuclear feature extraction for breast tumor "
    "diagnosis, IS&T/SPIE 1905",
    shape="x float32 (n, 30), y int64 (n,): 0 malignant (212), 1 benign (357); 80 % train",
    splits=_SPLITS,
    homepage="https://archive.ics.uci.edu/dataset/17",
    source="package",
    needs="scikit-learn",
)

IRIS = DataSet(
    name="iris",
    title="Fisher's iris: 150 flowers, 4 lengths",
    licence="CC BY 4.0",
    citation="Fisher 1936, The use of multiple measurements in taxonomic problems, Annals of "
    "Eugenics 7; Fisher's values, two of which differ in the UCI file",
    shape="x float32 (n, 4) in cm, y int64 (n,): 3 species of 50 flowers; 80 % train",
    splits=_SPLITS,
    homepage="https://archive.ics.uci.edu/dataset/53",
    source="package",
    needs="scikit-learn",
)

WINE = DataSet(
    name="wine",
    title="178 Italian wines of three cultivars, 13 chemical measurements",
    licence="CC BY 4.0",
    citation="Aeberhard, Coomans and de Vel 1992, Comparison of classifiers in high dimensional "
    "settings, James Cook University 92-02",
    shape="x float32 (n, 13), y int64 (n,): cultivars of 59, 71 and 48 wines; 80 % train",
    splits=_SPLITS,
    homepage="https://archive.ics.uci.edu/dataset/109",
    source="package",
    needs="scikit-learn",
)


def _table(dataset: DataSet, split: str, seed: int) -> Labelled:
    known_split(dataset, split)
    use_package(dataset)
    from sklearn import datasets

    x, y = getattr(datasets, f"load_{dataset.name}")(return_X_y=True)
    rows = stratified(y, split, test_fraction=0.2, seed=seed)
    return labelled(x[rows], y[rows])


def breast_cancer(split: str = "train", seed: int = 0) -> Labelled:
    """Load the Wisconsin diagnostic set; the split is ours, stratified, 80 % to train.

    Parameters
    ----------
    split
        ``"train"``, ``"test"`` or ``"all"`` (569, in scikit-learn's order).
    seed
        Which stratified split.

    Returns
    -------
    Labelled
        x of shape (n, 30), raw measurements of very different scale; y 1 for benign.

    Examples
    --------
    >>> breast_cancer("all").y.bincount().tolist()
    [212, 357]
    """
    return _table(BREAST_CANCER, split, seed)


def iris(split: str = "train", seed: int = 0) -> Labelled:
    """Load Fisher's iris; the split is ours, stratified, 40 of each species to train.

    Parameters
    ----------
    split
        ``"train"`` (120), ``"test"`` (30) or ``"all"`` (150, ordered by class).
    seed
        Which stratified split.

    Returns
    -------
    Labelled
        x of shape (n, 4): sepal length and width, petal length and width in cm; y the species.

    Examples
    --------
    >>> iris("test", seed=1).y.bincount().tolist()
    [10, 10, 10]
    """
    return _table(IRIS, split, seed)


def wine(split: str = "train", seed: int = 0) -> Labelled:
    """Load the wine recognition set; the split is ours, stratified, 80 % to train.

    Parameters
    ----------
    split
        ``"train"``, ``"test"`` or ``"all"`` (178, ordered by class).
    seed
        Which stratified split.

    Returns
    -------
    Labelled
        x of shape (n, 13), raw measurements of very different scale; y the cultivar.

    Examples
    --------
    >>> wine("all").y.bincount().tolist()
    [59, 71, 48]
    """
    return _table(WINE, split, seed)
