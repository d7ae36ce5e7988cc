"""Vehicle insurance claims, six in a hundred of them fraudulent."""

import numpy as np

from nsai.data.catalogue import DataSet, listed
from nsai.data.formats import columns
from nsai.data.samples import Mixed, mixed
from nsai.data.splits import known_split, stratified
from nsai.data.store import read

CHECKSUMS = """
ba63c45169e18667342d24abe4efa6c32b2d1bba4350d723191e06f8b6fee803 3603142 fraud_oracle.csv
"""
NUMERIC = ("WeekOfMonth", "WeekOfMonthClaimed", "Age", "Deductible", "DriverRating", "Year")
LEFT_OUT = ("FraudFound_P", "PolicyNumber")  # the class and a running number

VEHICLE_CLAIM_FRAUD = DataSet(
    name="vehicle_claim_fraud",
    title="15,420 vehicle insurance claims of 1994 to 1996, 923 frauds",
    licence="unclear: none in the source",
    citation="Oracle's carclaims set; Phua, Alahakoon and Lee 2004, Minority report in fraud "
    "detection, SIGKDD Explorations 6",
    shape="numeric float32 (n, 6), categorical int64 (n, 25), y int64 (n,): 1 fraud; 80 % train",
    splits=("train", "test", "all"),
    homepage="https://github.com/moniq0108/Entrega1-DataScience-Qin",
    files=listed(CHECKSUMS),
)


def vehicle_claim_fraud(split: str = "train", seed: int = 0) -> Mixed:
    """Load the claims; the split is ours, stratified.

    Parameters
    ----------
    split
        ``"train"`` (80 %), ``"test"`` or ``"all"`` (the file's order, by year).
    seed
        Which stratified split.

    Returns
    -------
    Mixed
        An age of 0 stands for a missing one (320 rows).

    Raises
    ------
    MissingDataError, CorruptDataError
        If the file is not on this machine, or not the right one.
    """
    known_split(VEHICLE_CLAIM_FRAUD, split)
    (content,) = read(VEHICLE_CLAIM_FRAUD, "fraud_oracle.csv")
    table = columns(content)
    y = np.array(table["FraudFound_P"], int)
    rows = stratified(y, split, test_fraction=0.2, seed=seed)
    categorical = [title for title in table if title not in (*NUMERIC, *LEFT_OUT)]
    return mixed(table, y, rows, numeric=NUMERIC, categorical=categorical)
