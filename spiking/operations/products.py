"""Matrix products with spikes, on a CPU: only what is not zero is touched."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from spiking.kernels import events
from spiking.operations.arrays import as_array
from spiking.operations.memory import empty
from spiking.operations.threads import Part, on_threads, parts

DENSE = 0.2  # share of inputs from which a dense product is as fast
SAMPLED = 0.15  # share of a product's numbers from which all of them are as fast
LEAST = 1 << 16  # numbers; below, nothing is worth a look


class Events(NamedTuple):
    """What is not zero in a matrix (rows, inputs), see `spiking.kernels.events`."""

    start: np.ndarray
    columns: np.ndarray
    values: np.ndarray | None
    inputs: int

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.start) - 1

    @property
    def each(self) -> int:
        """How many inputs of a row are not zero, on average, and one."""
        return 1 + len(self.columns) // max(1, self.rows)


def find_events(x: Tensor, most: float = DENSE) -> Events | None:
    """Return what is not zero in (rows, inputs), None if that is more than a share of all."""
    array = x.detach().contiguous().numpy()
    rows, inputs = array.shape
    start = np.zeros(rows + 1, np.int64)
    split = parts(rows, 1, inputs, whole_rows=True)

    def count(_: int, part: Part) -> bool:
        return events.count(array, start[1:], part[0], part[1])

    binary = all(on_threads(count, split))
    np.cumsum(start, out=start)
    if start[-1] > most * array.size:
        return None
    columns = np.empty(start[-1], np.int32)
    values = None if binary else np.empty(start[-1], array.dtype)

    def gather(_: int, part: Part) -> None:
        events.gather(array, start, columns, part[0], part[1])
        if values is not None:
            events.pick(array, start, columns, values, part[0], part[1])

    on_threads(gather, split)
    return Events(start, columns, values, inputs)


class Near(NamedTuple):
    """Where a derivative by spikes is wanted: at potentials near the threshold, on a CPU.

    Elsewhere the surrogate is 0, and what the derivative by the spike is does not matter.

    Attributes
    ----------
    voltage
        Potentials before the reset, (..., neurons).
    threshold
        (neurons,).
    support
        Distance from which the surrogate is 0.
    """

    voltage: Tensor
    threshold: Tensor
    support: float

    def find(self) -> Events | None:
        """Return the places, None if they are so many that all may be computed."""
        v = as_array(self.voltage.flatten(0, -2))
        assert v is not None
        marks = torch.empty(v.shape, dtype=torch.int8)
        theta, found = as_array(self.threshold.to(self.voltage.dtype)), marks.numpy()

        def work(_: int, part: Part) -> None:
            events.near(v, theta, v.dtype.type(self.support), found, *part[:2])

        on_threads(work, parts(len(v), v.shape[1], 1, whole_rows=True))
        return find_events(marks, SAMPLED)


def sample(found: Events, above: Tensor, weight: Tensor) -> Tensor:
    """Return above · weight, (rows, inputs), at the places found, 0 elsewhere.

    ``above`` is (rows, outputs), the weight (outputs, inputs).
    """
    given, across = above.contiguous().numpy(), weight.detach().T.contiguous().numpy()
    out = empty((found.rows, found.inputs), weight)

    def work(_: int, part: Part) -> None:
        events.sample(found.start, found.columns, given, across, out.numpy(), *part[:2])

    on_threads(work, parts(found.rows, len(weight), found.each, whole_rows=True))
    return out


def multiply(found: Events, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Return the sums (rows, outputs) of a weight (outputs, inputs)."""
    outputs = len(weight)
    across = weight.detach().T.contiguous().numpy()
    shift = None if bias is None else bias.detach().contiguous().numpy()
    out = empty((found.rows, outputs), weight)
    lists = (found.start, found.columns, found.values)

    def work(_: int, part: Part) -> None:
        events.multiply(*lists, across, shift, out.numpy(), *part[:2])

    on_threads(work, parts(found.rows, outputs, found.each, whole_rows=True))
    return out


def outer(found: Events, above: Tensor) -> Tensor:
    """Return the weight gradient (outputs, inputs) of a derivative (rows, outputs)."""
    flat, outputs = above.contiguous().numpy(), above.shape[1]
    split = parts(found.rows, outputs, found.each, whole_rows=True)
    total = np.zeros((len(split), found.inputs, outputs), flat.dtype)
    lists = (found.start, found.columns, found.values)

    def work(i: int, part: Part) -> None:
        events.outer(*lists, flat, total[i], *part[:2])

    on_threads(work, split)
    return torch.from_numpy(total.sum(0)).T.contiguous()


def weight_gradient(x: Tensor, above: Tensor) -> Tensor:
    """Return aboveᵀ · x, (outputs, inputs), of (rows, outputs) and spikes (rows, inputs)."""
    found = find_events(x) if x.numel() >= LEAST else None
    return above.T @ x if found is None else outer(found, above)
