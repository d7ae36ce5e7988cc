"""Eleven small tables that classic papers used, sonar among them."""

from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from nsai.data.catalogue import DataSet, File, raw_github
from nsai.data.formats import rows
from nsai.data.samples import Labelled, labelled
from nsai.data.splits import known_split, stratified
from nsai.data.store import read

COMMIT = "d20fcb6402ae34e653d4513b00f39257bb37ed7f"


def _file(name: str, sha256: str, size: int) -> File:
    return File(name, sha256, size, (raw_github("jbrownlee/Datasets", COMMIT, name),))


TABULAR_CLASSICS = DataSet(
    name="tabular_classics",
    title="Eleven classic tables: sonar, ionosphere, banknote, Pima diabetes, …",
    licence="UCI's sets mostly CC BY 4.0 (not checked); unclear in the source",
    citation="UCI Machine Learning Repository; each table's .names file cites its donors",
    shape="x float32 (n, features), raw, y int64 (n,); 80 % train, stratified",
    splits=("train", "test", "all"),
    homepage="https://github.com/jbrownlee/Datasets",
    files=(
        _file(
            "abalone.csv",
            "eb2de13be807e9bb9ec4128b9c89b98ab23d7739121cfd17b7dde69b46ba7bf6",
            191_872,
        ),
        _file(
            "banknote_authentication.csv",
            "d0539aaed2139ba7a587b3e34fb345ce503ff7d5d33dbf9912d8e195ce425cb9",
            46_400,
        ),
        _file(
            "ecoli.csv", "26836c66779f5ce2b0c4d21c0667dcfb89f2a408e3cdac7e38dbc63e0abd5691", 12_811
        ),
        _file(
            "glass.csv", "1b7039aa2d617c1827e790b55d45ac138dce06b5f2a3fb6c25f2f135b59ad2d0", 11_154
        ),
        _file(
            "haberman.csv",
            "b4b7a32586a5668f9f4d6dc8be9d1bc8cd4822523affb1f6b5bfc350681ef3e2",
            3_103,
        ),
        _file(
            "ionosphere.csv",
            "fd6dd7864b55d56dac0a1e6e24af9ccc35bf2555ac79af8ab9f3d1daa065ab83",
            76_466,
        ),
        _file(
            "oil-spill.csv",
            "acd090bfa475d6247183c53683a344235136e4e9133d99259ae7fe692870c0f0",
            230_924,
        ),
        _file(
            "phoneme.csv",
            "eacbb9f7a2b2135d067bff28ed7b9adb760f61f5e91f375f91e22e7e42ace24d",
            174_717,
        ),
        _file(
            "pima-indians-diabetes.csv",
            "6bfe5d0f379d17a0e0819b996407e3c09bf80febd4287f2ed212190dfff154af",
            23_278,
        ),
        _file(
            "sonar.csv", "3079c09b5d2789a0f96aff82c28e5164fafe2495c5f8da96c6c256c1bd25763f", 87_775
        ),
        _file(
            "wheat-seeds.csv",
            "8dbd1853a4439afc113cfe07f290422c7ce3fe48745d71f3f7eaa027cd38fd6e",
            9_301,
        ),
    ),
)


class Table(NamedTuple):
    """How a table is read.

    Attributes
    ----------
    file
        Its file.
    classes
        Values of the last column in the order of their numbers; empty: the value is the number.
    """

    file: str
    classes: tuple[str, ...]


TABLES = MappingProxyType(
    {
        "abalone": Table("abalone.csv", ()),
        "banknote": Table("banknote_authentication.csv", ("0", "1")),
        "ecoli": Table("ecoli.csv", ("cp", "im", "pp", "imU", "om", "omL", "imL", "imS")),
        "glass": Table("glass.csv", ("1", "2", "3", "5", "6", "7")),
        "haberman": Table("haberman.csv", ("1", "2")),
        "ionosphere": Table("ionosphere.csv", ("b", "g")),
        "oil_spill": Table("oil-spill.csv", ("0", "1")),
        "phoneme": Table("phoneme.csv", ("0", "1")),
        "pima_diabetes": Table("pima-indians-diabetes.csv", ("0", "1")),
        "sonar": Table("sonar.csv", ("R", "M")),
        "wheat_seeds": Table("wheat-seeds.csv", ("1", "2", "3")),
    }
)

_SEXES = ("M", "F", "I")


def tabular_classic(name: str, split: str = "train", seed: int = 0) -> Labelled:
    """Load one of the tables; the split is ours, stratified, 80 % to train.

    Parameters
    ----------
    name
        ``"abalone"`` (n 4,177; sex as three columns, then 7 measurements; y the rings),
        ``"banknote"`` (1,372 x 4), ``"ecoli"`` (336 x 7), ``"glass"`` (214 x 9), ``"haberman"``
        (306 x 3), ``"ionosphere"`` (351 x 34), ``"oil_spill"`` (937 x 49, the first column a
        running number), ``"phoneme"`` (5,404 x 5), ``"pima_diabetes"`` (768 x 8, zeros for missing
        values), ``"sonar"`` (208 x 60) or ``"wheat_seeds"`` (210 x 7).
    split
        ``"train"``, ``"test"`` or ``"all"`` (the file's order).
    seed
        Which stratified split.

    Returns
    -------
    Labelled
        x of shape (n, features), unscaled; y numbers the classes as ``TABLES`` lists them.

    Raises
    ------
    ValueError
        If the table or the split is unknown.
    MissingDataError, CorruptDataError
        If the file is not on this machine, or not the published one.
    """
    if name not in TABLES:
        raise ValueError(f"name must be one of {', '.join(TABLES)}; got {name!r}")
    known_split(TABULAR_CLASSICS, split)
    table = TABLES[name]
    (content,) = read(TABULAR_CLASSICS, table.file)
    cells = np.array(rows(content))
    x, y = cells[:, :-1], cells[:, -1]
    if name == "abalone":
        sex = (x[:, :1] == np.array(_SEXES)).astype(float)
        features = np.hstack([sex, x[:, 1:].astype(float)])
        classes = y.astype(int)
        # Too few shells of some ages to stratify by ring: the three groups of Clark et al. 1996.
        strata = np.digitize(classes, [9, 11])
    else:
        features = x.astype(float)
        classes = np.array([table.classes.index(value) for value in y])
        strata = classes
    chosen = stratified(strata, split, test_fraction=0.2, seed=seed)
    return labelled(features[chosen], classes[chosen])


def sonar(split: str = "train", seed: int = 0) -> Labelled:
    """Load the sonar returns of Gorman and Sejnowski 1988, mines against rocks.

    Parameters
    ----------
    split
        ``"train"`` (167), ``"test"`` (41) or ``"all"`` (208).
    seed
        Which stratified split; it is ours, not one of the two of the paper.

    Returns
    -------
    Labelled
        x of shape (n, 60), energies of frequency bands in [0, 1]; y 0 rock (97), 1 mine (111).
    """
    return tabular_classic("sonar", split, seed)
