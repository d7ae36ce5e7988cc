"""C-MAPSS: turbofan engines that run until they fail."""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from nsai.data.catalogue import DataSet, listed
from nsai.data.splits import known_split
from nsai.data.store import read

CHECKSUMS = """
a19c8ec94931949d0485bdc35118206e9c81c4547b422efb9cf86f4ceddbceca 429 RUL_FD001.txt
3cda7109ce17bafb5443f2ac926cfcf88154b941b8c4cf95eb55d1ddd6f52851 2228855 test_FD001.txt
963b5e22825b34d8b21c69e1aeb4af3e647050eb672ee8834ba4b5d91d2de0f8 3515356 train_FD001.txt
"""

CMAPSS_FD001 = DataSet(
    name="cmapss_fd001",
    title="NASA C-MAPSS, subset FD001: 100 + 100 simulated turbofan engines",
    licence="US Government work (not checked)",
    citation="Saxena, Goebel, Simon and Eklund 2008, Damage propagation modeling for aircraft "
    "engine run-to-failure simulation, PHM",
    shape="settings float32 (n, 3), sensors float32 (n, 21), engine, cycle and remaining int64 "
    "(n,); 20,631 train rows, 13,096 test rows",
    splits=("train", "test"),
    homepage="https://data.nasa.gov/dataset/cmapss-jet-engine-simulated-data",
    files=listed(CHECKSUMS),
)


class Engines(NamedTuple):
    """Cycles of engines, one row a cycle, engine after engine.

    Attributes
    ----------
    engine
        1 … 100, int64, shape (n,).
    cycle
        From 1 on, int64, shape (n,).
    settings
        Operational settings, float32, shape (n, 3).
    sensors
        Unscaled readings, float32, shape (n, 21).
    remaining
        Cycles until the failure, int64, shape (n,).
    """

    engine: Int[Tensor, " n"]
    cycle: Int[Tensor, " n"]
    settings: Float[Tensor, "n 3"]
    sensors: Float[Tensor, "n 21"]
    remaining: Int[Tensor, " n"]


def cmapss_fd001(split: str = "train") -> Engines:
    """Load the engines.

    Parameters
    ----------
    split
        ``"train"``: 100 engines until they fail; ``"test"``: 100 other engines until some cycle
        before. The benchmark scores the last row of each test engine.

    Returns
    -------
    Engines
        All cycles, with the true remaining life, uncapped.

    Raises
    ------
    MissingDataError, CorruptDataError
        If the files are not on this machine, or not the published ones.
    """
    known_split(CMAPSS_FD001, split)
    content, after = read(CMAPSS_FD001, f"{split}_FD001.txt", "RUL_FD001.txt")
    table = np.array([line.split() for line in content.decode().splitlines()], float)
    engine, cycle = table[:, 0].astype(np.int64), table[:, 1].astype(np.int64)
    last = np.zeros(engine.max() + 1, np.int64)
    np.maximum.at(last, engine, cycle)
    if split == "test":
        last[1:] += np.array(after.split(), np.int64)
    return Engines(
        torch.from_numpy(engine),
        torch.from_numpy(cycle),
        torch.from_numpy(table[:, 2:5].astype(np.float32)),
        torch.from_numpy(table[:, 5:].astype(np.float32)),
        torch.from_numpy(last[engine] - cycle),
    )
