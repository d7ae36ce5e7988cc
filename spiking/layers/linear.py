"""A linear layer that only touches the weights of inputs that spike."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.functional import linear

from spiking.operations.arrays import has_kernel
from spiking.operations.memory import empty
from spiking.operations.products import LEAST, Events, Near, find_events, multiply, outer, sample


class _EventLinear(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        found: Events,
        near: Near | None,
    ) -> Tensor:
        ctx.events, ctx.shape = found, x.shape
        ctx.support = None if near is None else near.support
        ctx.save_for_backward(weight, *(near or (None, None))[:2])
        return multiply(found, weight, bias).view(*x.shape[:-1], len(weight))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *above: Tensor) -> tuple[Tensor | None, ...]:
        weight, voltage, threshold = ctx.saved_tensors
        found: Events = ctx.events
        by_x = by_weight = by_bias = None
        flat = above[0].reshape(found.rows, len(weight)).contiguous()
        if ctx.needs_input_grad[0]:
            near = None
            if voltage is not None:
                near = Near(voltage, threshold, ctx.support).find()
            if near is None:
                out = empty((found.rows, found.inputs), weight)
                by_x = torch.mm(flat, weight, out=out).view(ctx.shape)
            else:
                by_x = sample(near, flat, weight).view(ctx.shape)
        if ctx.needs_input_grad[1]:
            by_weight = outer(found, flat)
        if ctx.needs_input_grad[2]:
            by_bias = flat.sum(0)
        return by_x, by_weight, by_bias, None, None


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

    def forward(
        self,
        input: Float[Tensor, "*batch inputs"],  # noqa: A002
        near: Near | None = None,
    ) -> Float[Tensor, "*batch outputs"]:
        """Return the weighted sums.

        Parameters
        ----------
        input
            Spikes or numbers, as (time, batch, inputs) or any shape that ends with the inputs.
        near
            Where the gradient by the input is wanted, if not everywhere; `Sequential` gives it
            behind neurons whose surrogate has compact support.

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
                return _EventLinear.apply(input, self.weight, self.bias, found, near)
        return linear(input, self.weight, self.bias)
