"""Adult: who earns more than 50,000 dollars, from the census of 1994."""

import numpy as np

from nsai.data.catalogue import DataSet, listed
from nsai.data.formats import rows
from nsai.data.samples import Mixed, mixed
from nsai.data.splits import known_split
from nsai.data.store import read

CHECKSUMS = """
5b00264637dbfec36bdeaab5676b0b309ff9eb788d63554ca0a249491c86603d 3974305 adult.data
a2a9044bc167a35b2361efbabec64e89d69ce82d9790d2980119aac5fd7e9c05 2003153 adult.test
"""
NUMERIC = ("age", "fnlwgt", "education_num", "capital_gain", "capital_loss", "hours_per_week")
CATEGORICAL = (
    "workclass", "education", "marital_status", "occupation", "relationship", "race", "sex",
    "native_country",
)  # fmt: skip
TITLES = (
    "age", "workclass", "fnlwgt", "education", "education_num", "marital_status", "occupation",
    "relationship", "race", "sex", "capital_gain", "capital_loss", "hours_per_week",
    "native_country", "income",
)  # fmt: skip

ADULT = DataSet(
    name="adult",
    title="Adult (census income): 48,842 people, 14 features",
    licence="CC BY 4.0",
    citation="Kohavi 1996, Scaling up the accuracy of naive-Bayes classifiers, KDD; Becker and "
    "Kohavi, UCI Machine Learning Repository",
    shape="numeric float32 (n, 6), categorical int64 (n, 8), y int64 (n,): 1 above 50,000; "
    "32,561 train, 16,281 test",
    splits=("train", "test"),
    homepage="https://archive.ics.uci.edu/dataset/2",
    files=listed(CHECKSUMS, "https://archive.ics.uci.edu/ml/machine-learning-databases/adult/"),
)


def adult(split: str = "train") -> Mixed:
    """Load the census rows, with ``"?"`` as a category of its own.

    Parameters
    ----------
    split
        ``"train"`` (32,561) or ``"test"`` (16,281), as published.

    Returns
    -------
    Mixed
        ``fnlwgt`` is a sampling weight, not a property of the person.

    Raises
    ------
    MissingDataError, CorruptDataError
        If the files are not on this machine, or not the published ones.
    """
    known_split(ADULT, split)
    first, second = read(ADULT, "adult.data", "adult.test")
    train = rows(first)
    test = rows(second.split(b"\n", 1)[1])  # its first line is a remark
    table = dict(zip(TITLES, zip(*train, *test, strict=True), strict=True))
    y = np.array([income.startswith(">50K") for income in table["income"]])
    chosen = np.arange(len(y))[slice(len(train)) if split == "train" else slice(len(train), None)]
    return mixed(table, y, chosen, numeric=NUMERIC, categorical=CATEGORICAL)
