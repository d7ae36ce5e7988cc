"""COMPAS: a risk score for defendants, and who was arrested again."""

import numpy as np

from nsai.data.catalogue import DataSet, listed
from nsai.data.formats import columns
from nsai.data.samples import Mixed, mixed
from nsai.data.splits import known_split, stratified
from nsai.data.store import read

CHECKSUMS = """
b8abcc0124548c8d16ae8dd48fc03a6153a1a18c895c378ac0517e367ecd84fe 1306746 compas-scores-two-years-violent.csv
a5e5c34bfd2d1f065bb12a44c0323421baf74b98b97d585915a0c2e1513ecaba 2076659 compas-scores-two-years.csv
"""  # noqa: E501
NUMERIC = ("age", "juv_fel_count", "juv_misd_count", "juv_other_count", "priors_count")
CATEGORICAL = ("sex", "race", "age_cat", "c_charge_degree")

COMPAS = DataSet(
    name="compas",
    title="COMPAS two-year recidivism, Broward County",
    licence="unclear: none in the source (public records)",
    citation="Angwin, Larson, Mattu and Kirchner 2016, Machine bias, ProPublica",
    shape="numeric float32 (n, 6), categorical int64 (n, 4), y int64 (n,): 1 arrested again "
    "within two years; 80 % train",
    splits=("train", "test", "all"),
    homepage="https://github.com/propublica/compas-analysis",
    files=listed(CHECKSUMS),
)


def compas(split: str = "train", violent: bool = False, seed: int = 0) -> Mixed:
    """Load the rows that ProPublica analysed; the split is ours, stratified.

    Kept, as there, are cases with an arrest within 30 days of the screening, a known outcome, a
    charge that can lead to jail and a score: 6,172 of 7,214, or 4,020 of 4,743 violent ones.
    Names, birth dates and case numbers are not in the files.

    Parameters
    ----------
    split
        ``"train"`` (80 %), ``"test"`` or ``"all"`` (the file's order).
    violent
        Whether to load the violent cases and their score.
    seed
        Which stratified split.

    Returns
    -------
    Mixed
        The last numeric column is the score itself, in tenths of defendants, 1 … 10: leave it out
        of a model that is to be compared with it.

    Raises
    ------
    MissingDataError, CorruptDataError
        If the file is not on this machine, or not the right one.
    """
    known_split(COMPAS, split)
    (content,) = read(COMPAS, f"compas-scores-two-years{'-violent' if violent else ''}.csv")
    table = columns(content)
    prefix = "v_" if violent else ""
    kept = [
        days not in ("", "NA")
        and abs(int(days)) <= 30
        and outcome != "-1"
        and degree != "O"
        and score != "N/A"
        for days, outcome, degree, score in zip(
            table["days_b_screening_arrest"],
            table["is_recid"],
            table["c_charge_degree"],
            table[f"{prefix}score_text"],
            strict=True,
        )
    ]
    where = np.flatnonzero(kept)
    y = np.array(table["two_year_recid"], int)
    rows = where[stratified(y[where], split, test_fraction=0.2, seed=seed)]
    numeric = (*NUMERIC, f"{prefix}decile_score")
    return mixed(table, y, rows, numeric=numeric, categorical=CATEGORICAL)
