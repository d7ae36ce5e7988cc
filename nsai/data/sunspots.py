"""Sunspots: a count of spots on the sun for each year, the oldest series of its kind."""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from nsai.data.catalogue import DataSet, File
from nsai.data.formats import columns
from nsai.data.splits import known_split
from nsai.data.store import read

SUNSPOTS = DataSet(
    name="sunspots",
    title="Sunspot numbers of 309 years, 1700 to 2008",
    licence="public domain",
    citation="National Geophysical Data Center; the split: Weigend, Huberman and Rumelhart 1990, "
    "Predicting the future: a connectionist approach, International Journal of Neural Systems 1",
    shape="x float64 (years,), year int64 (years,); 221 train, 35 test",
    splits=("train", "test", "all"),
    homepage="https://www.statsmodels.org/stable/datasets/generated/sunspots.html",
    source="package",
    needs="statsmodels",
    inside="statsmodels/datasets/sunspots",
    files=(
        File(
            "sunspots.csv",
            "f67889b1d9002cd5227f0e0ef54e35b419cdd85a31279adef6f73fb41e5c0a9b",
            2_944,
            (),
        ),
    ),
)


class Years(NamedTuple):
    """A yearly series.

    Attributes
    ----------
    x
        Mean sunspot number of each year, float64, shape (years,).
    year
        int64, shape (years,).
    """

    x: Float[Tensor, " years"]
    year: Int[Tensor, " years"]


def sunspots(split: str = "train") -> Years:
    """Load the yearly sunspot numbers, cut as forecasters have since 1990.

    Parameters
    ----------
    split
        ``"train"`` (1700 to 1920), ``"test"`` (1921 to 1955) or ``"all"`` (1700 to 2008). A model
        may read the years before its split as the past of its forecasts: take them from ``"all"``.

    Returns
    -------
    Years
        Unscaled numbers of the old count, before its revision in 2015.

    Raises
    ------
    MissingDataError, CorruptDataError
        If statsmodels is not installed, or its file is not the published one.

    Examples
    --------
    >>> x, year = sunspots("test")
    >>> len(x), year[0].item(), year[-1].item(), x.max().item()
    (35, 1921, 1955, 151.6)
    """
    known_split(SUNSPOTS, split)
    (content,) = read(SUNSPOTS, "sunspots.csv")
    table = columns(content)
    x = np.array(table["SUNACTIVITY"], np.float64)
    year = np.array(table["YEAR"], np.int64)
    first, last = {"train": (1700, 1920), "test": (1921, 1955), "all": (1700, 2008)}[split]
    part = (first <= year) & (year <= last)
    return Years(torch.from_numpy(x[part]), torch.from_numpy(year[part]))
