"""One leaky neuron, solved exactly and on a Loihi chip, from the paper on NIR."""

import io
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from nsai.data.catalogue import DataSet, File
from nsai.data.splits import known_split
from nsai.data.store import read

LOIHI = DataSet(
    name="loihi",
    title="Traces of a leaky neuron: exact, and on a Loihi chip",
    licence="BSD-3-Clause",
    citation="Pedersen et al. 2024, Neuromorphic intermediate representation, Nature "
    "Communications 15, 8122",
    shape="input, voltage, spikes float64 (1000,)",
    splits=("exact", "chip"),
    homepage="https://github.com/neuromorphs/NIR",
    files=(
        File(
            "exact_lif.csv",
            "ae039c6359bb3c53adee01a8cb5a8ddc6c0bfed20c6984bd2b092740ab2680b1",
            75_000,
        ),
        File(
            "chip_trace_lif.csv",
            "8c721d7eed09623de92429c3eb8b0321f9b69c4ce759f0d8651940d976159081",
            9_440,
        ),
    ),
)
INTERVALS = (
    6, 15, 4, 3, 0, 2, 1, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 13, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 5, 0, 14,
)  # fmt: skip


class Trace(NamedTuple):
    """What a neuron did in 1,000 steps.

    Attributes
    ----------
    input
        0 or 1 in each step, (1000,).
    voltage
        Potential at the end of each step, (1000,); on the chip in its own integer units.
    spikes
        0 or 1, (1000,).
    """

    input: Float[Tensor, " steps"]
    voltage: Float[Tensor, " steps"]
    spikes: Float[Tensor, " steps"]


def pulses() -> Float[Tensor, " steps"]:
    """Return the input of both traces: pulses of one step, 1,000 steps.

    Examples
    --------
    >>> pulses().nonzero().flatten()[:4].tolist()
    [60, 220, 270, 310]
    """
    x = torch.zeros(1000, dtype=torch.float64)
    unit = -1
    for empty in INTERVALS:
        unit += empty + 1
        if unit < 100:
            x[10 * unit] = 1.0
    return x


def loihi(split: str = "exact") -> Trace:
    """Load a trace of a neuron with a membrane time constant of 25 steps.

    In the exact one the potential tends to the input, the threshold is 0.1 and a spike resets to 0.

    Parameters
    ----------
    split
        ``"exact"``, the solution, or ``"chip"``, what a Loihi chip reported.

    Raises
    ------
    MissingDataError, CorruptDataError
        If the file is not on this machine, or not the published one.
    """
    known_split(LOIHI, split)
    (content,) = read(LOIHI, {"exact": "exact_lif.csv", "chip": "chip_trace_lif.csv"}[split])
    table = np.loadtxt(io.BytesIO(content), delimiter=",")
    _, voltage, spikes = torch.from_numpy(table).T
    return Trace(pulses(), voltage, spikes)
