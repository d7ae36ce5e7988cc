"""A linear layer that only touches the weights of inputs that spike."""

from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.functional import linear

from spiking.integration import has_kernel
from spiking.kernels import events
from spiking.memory import empty
from spiking.threads import Part, on_threads, parts

DENSE = 0.2  # share of inputs from which a dense product is as fast
LEAST = 1 << 16  # numbers; below, nothing is worth a look


class Events(NamedTuple):
    """What is not zero in a matrix (rows, inputs), see `spiking.kernels.events`."""

    start: np.ndarray
    columns: np.ndarray
    values: np.ndarray | None
    inputs: int


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


class _EventLinear(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, found: Events) -> Tensor:
        ctx.events, ctx.shape = found, x.shape
        ctx.save_for_backward(weight)
        rows, outputs = len(found.start) - 1, len(weight)
        across = weight.detach().T.contiguous().numpy()
        shift = None if bias is None else bias.detach().contiguous().numpy()
        out = empty((rows, outputs), weight)
        lists = (found.start, found.columns, found.values)

        def work(_: int, part: Part) -> None:
            events.multiply(*lists, across, shift, out.numpy(), *part[:2])

        on_threads(work, parts(rows, outputs, _each(found), whole_rows=True))
        return out.view(*x.shape[:-1], outputs)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *above: Tensor) -> tuple[Tensor | None, ...]:
        (weight,) = ctx.saved_tensors
        found: Events = ctx.events
        rows, outputs = len(found.start) - 1, len(weight)
        by_x = by_weight = by_bias = None
        flat = above[0].reshape(rows, outputs).contiguous()
        if ctx.needs_input_grad[0]:
            by_x = torch.mm(flat, weight, out=empty((rows, found.inputs), weight)).view(ctx.shape)
        if ctx.needs_input_grad[1]:
            split = parts(rows, outputs, _each(found), whole_rows=True)
            total = np.zeros((len(split), found.inputs, outputs), flat.numpy().dtype)
            lists = (found.start, found.columns, found.values)

            def work(i: int, part: Part) -> None:
                events.outer(*lists, flat.numpy(), total[i], *part[:2])

            on_threads(work, split)
            by_weight = torch.from_numpy(total.sum(0)).T.contiguous()
        if ctx.needs_input_grad[2]:
            by_bias = flat.sum(0)
        return by_x, by_weight, by_bias, None


def _each(found: Events) -> int:
    """Return how many inputs of a row are not zero, on average, and one."""
    return 1 + len(found.columns) // max(1, len(found.start) - 1)


class Linear(nn.Linear):
    r"""A linear layer for spikes over time, :math:`y_t = W x_t + b`.

    All time steps are one product. Where few inputs are not zero, on a CPU, only their weights are
    added up, and only their gradients computed; otherwise, and on other devices, the product is
    dense. The sum of a row may round differently then.

    Parameters
    ----------
    in_features, out_features
        Number of inputs and outputs.
    bias
        Whether there is one.

    Examples
    --------
    >>> layer = Linear(3, 2, bias=False)
    >>> spikes = torch.tensor([[[1.0, 0.0, 0.0]], [[0.0, 1.0, 1.0]]])
    >>> torch.equal(layer(spikes)[0, 0], layer.weight[:, 0])
    True
    """

    def forward(self, input: Float[Tensor, "*batch inputs"]) -> Float[Tensor, "*batch outputs"]:  # noqa: A002
        """Return the weighted sums.

        Parameters
        ----------
        input
            Spikes or numbers, as (time, batch, inputs) or any shape that ends with the inputs.

        Raises
        ------
        ValueError
            If the number of inputs is wrong.
        """
        if input.shape[-1:] != (self.in_features,):
            raise ValueError(
                f"expected input (time, batch, {self.in_features}), got {tuple(input.shape)}"
            )
        known = has_kernel(input) and input.dtype == self.weight.dtype
        if known and input.numel() >= LEAST:
            found = find_events(input.reshape(-1, self.in_features))
            if found is not None:
                return _EventLinear.apply(input, self.weight, self.bias, found)
        return linear(input, self.weight, self.bias)
