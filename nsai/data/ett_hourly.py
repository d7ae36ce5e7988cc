"""Electricity transformer temperature: two stations, two years, hour by hour."""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from nsai.data.catalogue import DataSet, listed, raw_github
from nsai.data.formats import columns
from nsai.data.splits import known_split
from nsai.data.store import read

COMMIT = "1d16c8f4f943005d613b5bc962e9eeb06058cf07"
CHECKSUMS = """
f18de3ad269cef59bb07b5438d79bb3042d3be49bdeecf01c1cd6d29695ee066 2589657 ETTh1.csv
a3dc2c597b9218c7ce1cd55eb77b283fd459a1d09d753063f944967dd6b9218b 2417960 ETTh2.csv
"""
VARIABLES = ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT")
MONTH = 30 * 24  # hours, as the benchmark counts them

ETT_HOURLY = DataSet(
    name="ett_hourly",
    title="Electricity transformer temperature, ETTh1 and ETTh2: 17,420 hours x 7 variables",
    licence="CC BY-ND 4.0",
    citation="Zhou et al. 2021, Informer: beyond efficient transformer for long sequence "
    "time-series forecasting, AAAI",
    shape="x float32 (hours, 7), hour int64 (hours,); 8,640 train, 2,880 validation, 2,880 test",
    splits=("train", "validation", "test", "all"),
    homepage="https://github.com/zhouhaoyi/ETDataset",
    files=listed(CHECKSUMS, raw_github("zhouhaoyi/ETDataset", COMMIT, "ETT-small/")),
)


class Hours(NamedTuple):
    """A multivariate series.

    Attributes
    ----------
    x
        float32, shape (hours, 7): six loads (high, middle, low; useful, useless) and the oil
        temperature, as ``VARIABLES`` names them.
    hour
        Hours since 2016-07-01 00:00, without a gap, int64, shape (hours,).
    """

    x: Float[Tensor, "hours 7"]
    hour: Int[Tensor, " hours"]


def ett_hourly(split: str = "train", station: int = 1) -> Hours:
    """Load a station's series, cut as Informer does.

    Parameters
    ----------
    split
        ``"train"`` (12 months of 30 days), ``"validation"`` (the next 4), ``"test"`` (the next 4)
        or ``"all"`` (17,420 hours, the rest included). A model may read the hours just before its
        split as the past of its first forecasts: take them from ``"all"``.
    station
        1 or 2.

    Returns
    -------
    Hours
        Unscaled values; scale them by the training part alone.

    Raises
    ------
    ValueError
        If the station is neither 1 nor 2.
    MissingDataError, CorruptDataError
        If the file is not on this machine, or not the published one.
    """
    known_split(ETT_HOURLY, split)
    if station not in (1, 2):
        raise ValueError(f"station must be 1 or 2, got {station!r}")
    (content,) = read(ETT_HOURLY, f"ETTh{station}.csv")
    table = columns(content)
    x = np.column_stack([np.array(table[name], np.float32) for name in VARIABLES])
    hour = np.array(table["date"], "datetime64[h]") - np.datetime64("2016-07-01T00", "h")
    months = {"train": (0, 12), "validation": (12, 16), "test": (16, 20), "all": (0, len(x))}
    first, last = months[split]
    part = slice(first * MONTH, last * MONTH)
    return Hours(torch.from_numpy(x[part]), torch.from_numpy(hour[part].astype(np.int64)))
