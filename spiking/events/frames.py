"""Event cameras and cochleas: structured arrays, as tonic gives them, as tensors and event lists.

A recording is an array of events with fields ``t``, time, and, of those that the sensor has, ``x``,
``y``, places, and ``p``, polarity. Loading a set is tonic's part, for example::

    dataset = tonic.datasets.SHD("data", train=True)
    batch = [dataset[i][0] for i in range(32)]
    spikes = frames_of_events(batch, dataset.sensor_size, dt=4e-3)
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from spiking.events.sorted_events import SortedEvents

MICROSECONDS = 1e-6
SLACK = 1e-6  # of a time step: 8,000 times 1e-6 s may round to less than four times 2e-3 s


def events_of_arrays(
    recordings: Sequence[NDArray[Any]],
    sensor_size: tuple[int, int, int],
    *,
    unit: float = MICROSECONDS,
) -> SortedEvents:
    """Return recordings as one sorted list of events each.

    Neuron ``(p · height + y) · width + x`` stands for a place and a polarity.

    Parameters
    ----------
    recordings
        Structured arrays with the field ``t`` and some of ``x``, ``y``, ``p``; in any order.
    sensor_size
        (width, height, polarities), tonic's order. A field that is missing counts as 0.
    unit
        Of ``t``, in seconds.

    Raises
    ------
    ValueError
        If there are no recordings, a field is missing or out of range, or a time is not a number
        from 0 on.

    Examples
    --------
    >>> events = np.array([(3, 1, 0, 1), (0, 2, 500, 0)],
    ...     dtype=[("x", "i2"), ("y", "i2"), ("t", "i8"), ("p", "i1")])
    >>> found = events_of_arrays([events], (4, 3, 2))
    >>> found.indices, found.times
    (tensor([19,  8]), tensor([0.0000, 0.0005], dtype=torch.float64))
    """
    if not recordings:
        raise ValueError("expected one or more recordings, got none")
    if not unit > 0 or min(sensor_size) < 1:
        raise ValueError(f"unit and sizes must be positive, got {unit} and {sensor_size}")
    times, indices = [], []
    for number, events in enumerate(recordings):
        place = _neurons(events, sensor_size, number)
        seconds = np.asarray(events["t"]).astype(np.float64) * unit
        if not (seconds >= 0).all():
            raise ValueError(f"times must be numbers from 0 on, recording {number} has others")
        order = np.argsort(seconds, kind="stable")
        times.append(seconds[order])
        indices.append(place[order])
    counts = torch.tensor([0, *(len(part) for part in times)])
    return SortedEvents(
        torch.from_numpy(np.concatenate(times)),
        torch.from_numpy(np.concatenate(indices)),
        counts.cumsum(0),
        sensor_size[0] * sensor_size[1] * sensor_size[2],
    )


def frames_of_events(
    recordings: Sequence[NDArray[Any]],
    sensor_size: tuple[int, int, int],
    dt: float,
    *,
    steps: int | None = None,
    unit: float = MICROSECONDS,
) -> Float[Tensor, "time batch polarity height width"]:
    """Return how many events of each place and polarity fall into each time step.

    Parameters
    ----------
    recordings, sensor_size, unit
        As in `events_of_arrays`.
    dt
        Time step, in seconds.
    steps
        Number of time steps, what is later is left out; up to the last event unless given.

    Raises
    ------
    ValueError
        As `events_of_arrays`, or if dt or steps is not positive.

    Examples
    --------
    >>> events = np.array([(0, 10), (2, 2_500)], dtype=[("x", "i2"), ("t", "i8")])
    >>> frames_of_events([events], (3, 1, 1), dt=1e-3).flatten(1).int().tolist()
    [[1, 0, 0], [0, 0, 0], [0, 0, 1]]
    """
    events = events_of_arrays(recordings, sensor_size, unit=unit)
    if not dt > 0:
        raise ValueError(f"dt must be a positive number of seconds, got {dt}")
    step = (events.times / dt + SLACK).floor().long()
    if steps is None:
        steps = 1 + int(step.max()) if len(step) else 1
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
    row = torch.arange(len(recordings)).repeat_interleave(events.offsets.diff())
    inside = step < steps
    width, height, polarities = sensor_size
    frames = torch.zeros(steps, len(recordings), events.neurons)
    place = (step[inside], row[inside], events.indices[inside])
    frames.index_put_(place, torch.ones(len(place[0])), accumulate=True)
    return frames.unflatten(2, (polarities, height, width))


def _neurons(
    events: NDArray[Any], sensor_size: tuple[int, int, int], number: int
) -> NDArray[np.int64]:
    """Return the neuron of each event."""
    names: tuple[str, ...] = events.dtype.names or ()
    if "t" not in names:
        raise ValueError(f"expected fields x, y, t, p, recording {number} has {names or 'none'}")
    found: Any = np.zeros(len(events), np.int64)
    for name, size in zip("pyx", reversed(sensor_size), strict=True):
        if name not in names:
            if size > 1:
                raise ValueError(
                    f"a sensor of size {sensor_size} needs the field {name}, recording {number} "
                    f"has {names}"
                )
            continue
        part = events[name].astype(np.int64)
        if len(part) and not 0 <= part.min() <= part.max() < size:
            raise ValueError(
                f"{name} must be 0 to {size - 1}, recording {number} has {part.min()} to "
                f"{part.max()}"
            )
        found = found * size + part
    return found
