"""N-MNIST: MNIST digits as an event camera sees them."""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from nsai.data.catalogue import DataSet, listed
from nsai.data.formats import npz
from nsai.data.splits import known_split
from nsai.data.store import read

CHECKSUMS = """
2369f3ea8816bbb3dfad7d5ba04594596abce2dfefa4c3a9ae5c70eb2c8caae2 11645358 nmnist_small.npz
"""
SENSOR = 34  # pixels a side
DURATION_US = 340_000  # longer than every recording: three saccades of about 100 ms

NMNIST_SMALL = DataSet(
    name="nmnist_small",
    title="N-MNIST: 1,100 event-camera recordings of digits, 4.5 million events",
    licence="CC BY-SA 4.0 (not checked); the repository of the files is GPL-3.0",
    citation="Orchard, Jayawant, Cohen and Thakor 2015, Converting static image datasets to "
    "spiking neuromorphic datasets using saccades, Frontiers in Neuroscience 9",
    shape="events x, y, polarity, time_us int64 (events,), offsets (n + 1,), label (n,); "
    "1,000 train, 100 test",
    splits=("train", "test"),
    homepage="https://www.garrickorchard.com/datasets/n-mnist",
    files=listed(CHECKSUMS),
)


class Events(NamedTuple):
    """Recordings of an event camera, one after the other.

    Attributes
    ----------
    x, y
        Column and row of each event, 0 … 33, int64, shape (events,).
    polarity
        1 where a pixel became brighter, 0 darker, int64, shape (events,).
    time_us
        Microseconds since the recording began, int64, shape (events,).
    offsets
        Recording i has the events offsets[i] … offsets[i + 1] - 1, int64, shape (n + 1,).
    label
        Digit of each recording, int64, shape (n,).
    """

    x: Int[Tensor, " events"]
    y: Int[Tensor, " events"]
    polarity: Int[Tensor, " events"]
    time_us: Int[Tensor, " events"]
    offsets: Int[Tensor, " n+1"]
    label: Int[Tensor, " n"]


def nmnist_small(split: str = "train") -> Events:
    """Load the recordings as events; `event_counts` makes frames of them.

    Parameters
    ----------
    split
        ``"train"`` (1,000) or ``"test"`` (100).

    Returns
    -------
    Events
        All events of the split.

    Raises
    ------
    MissingDataError, CorruptDataError
        If the file is not on this machine, or not the published one.
    """
    known_split(NMNIST_SMALL, split)
    (content,) = read(NMNIST_SMALL, "nmnist_small.npz")
    arrays = npz(content)
    lengths = np.diff(arrays["offsets"])
    chosen = arrays["is_test"] == (split == "test")
    events = np.repeat(chosen, lengths)
    offsets = np.concatenate([[0], np.cumsum(lengths[chosen])])
    # Stored is the time since the previous event of the same recording.
    total = np.cumsum(arrays["dt_us"][events], dtype=np.int64)
    before = np.concatenate([[0], total])[offsets[:-1]]
    time = total - np.repeat(before, lengths[chosen])
    x, y, polarity = arrays["x"][events], arrays["y"][events], arrays["p"][events]
    columns = (x, y, polarity, time, offsets, arrays["label"][chosen])
    return Events(*(torch.from_numpy(column.astype(np.int64)) for column in columns))


def event_counts(
    events: Events, steps: int, duration_us: int = DURATION_US
) -> Float[Tensor, "time n 2 34 34"]:
    """Count the events of each pixel and polarity in equal intervals.

    Parameters
    ----------
    events
        Recordings.
    steps
        Number of intervals.
    duration_us
        Microseconds that they cover together; later events are left out.

    Returns
    -------
    Tensor
        Counts, float32, shape (time, n, 2, 34, 34): polarity, row, column.

    Raises
    ------
    ValueError
        If `steps` or `duration_us` is not positive.

    Examples
    --------
    >>> at = lambda *values: torch.tensor(values)
    >>> one = Events(at(3), at(5), at(1), at(250), offsets=at(0, 1), label=at(7))
    >>> event_counts(one, steps=4, duration_us=400).nonzero().tolist()
    [[2, 0, 1, 5, 3]]
    """
    if steps < 1 or duration_us < 1:
        raise ValueError(f"steps and duration_us must be positive, got {steps} and {duration_us}")
    n = len(events.label)
    recording = torch.repeat_interleave(torch.arange(n), events.offsets.diff())
    step = events.time_us * steps // duration_us
    inside = step < steps
    place = (step * n + recording) * 2 + events.polarity
    place = (place * SENSOR + events.y) * SENSOR + events.x
    counts = torch.bincount(place[inside], minlength=steps * n * 2 * SENSOR * SENSOR)
    return counts.float().view(steps, n, 2, SENSOR, SENSOR)
