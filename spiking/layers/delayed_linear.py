r"""Synapses with a weight and a delay each, both learned."""

import math
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.functional import conv1d
from torch.nn.utils import parametrize

from spiking.kernels import delayed
from spiking.layers.delays import Bounded, past_of
from spiking.neurons.neuron import Record, Temporal
from spiking.operations.arrays import as_array, has_kernel
from spiking.operations.memory import empty
from spiking.operations.products import LEAST, Events, find_events
from spiking.operations.threads import Part, on_threads, parts


class DelayedLinear(Temporal):
    r"""A linear layer with a delay in each synapse.

    .. math:: y_{t,j} = \sum_{i,k} w_{ij}\, g_{ijk}\, x_{t-k,i}

    A dilated convolution with learnable spacings: in training a delay :math:`d` is spread over the
    taps k by a Gaussian, :math:`g_k \propto e^{-(k - d/dt)^2 / 2\sigma^2}` with sum 1, so that a
    far tap is heard of; σ is lowered as training goes on, and at σ = 0 each synapse has one tap,
    the nearest. Where few inputs are not zero, on a CPU, only their weights are touched.

    Parameters
    ----------
    inputs, outputs
        Their numbers.
    most
        Longest delay, in seconds.
    dt
        Time step, in seconds.
    sigma
        Width σ of the Gaussian, in steps; the attribute is to be set in training.
    bias
        Whether there is one.
    learn
        Whether delays learn; if not they stay as drawn.
    generator
        Draws weights and delays.

    Attributes
    ----------
    weight
        (outputs, inputs).
    delay
        In seconds, (outputs, inputs), uniform between 0 and `most` to begin with.

    Raises
    ------
    ValueError
        For parameters out of range.

    References
    ----------
    Hammouamri, Khalfaoui-Hassani and Masquelier, "Learning delays in spiking neural networks using
    dilated convolutions with learnable spacings", ICLR 2024, section 3.

    Examples
    --------
    >>> layer = DelayedLinear(2, 1, most=4e-3, sigma=0.0, bias=False)
    >>> layer.delay = torch.tensor([[1e-3, 3e-3]])
    >>> x = torch.zeros(5, 1, 2)
    >>> x[0] = 1.0
    >>> y, record = layer(x)
    >>> (y.flatten() != 0).int().tolist()
    [0, 1, 0, 1, 0]
    """

    weight: Tensor
    delay: Tensor
    bias: Tensor | None

    def __init__(
        self,
        inputs: int,
        outputs: int,
        most: float,
        dt: float = 1e-3,
        *,
        sigma: float = 0.5,
        bias: bool = True,
        learn: bool = True,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if inputs < 1 or outputs < 1 or not (dt > 0 and most > 0 and sigma >= 0):
            raise ValueError(
                f"inputs, outputs, most and dt must be positive, sigma not negative, got {inputs}, "
                f"{outputs}, {most}, {dt}, {sigma}"
            )
        self.inputs, self.outputs, self.dt, self.most = inputs, outputs, dt, most
        self.sigma = sigma
        bound = 1 / math.sqrt(inputs)
        draw = torch.rand(2, outputs, inputs, generator=generator)
        self.weight = nn.Parameter(bound * (2 * draw[0] - 1))
        start = torch.zeros(outputs) if bias else None
        self.register_parameter("bias", None if start is None else nn.Parameter(start))
        self.register_parameter("delay", nn.Parameter(most * draw[1], requires_grad=learn))
        parametrize.register_parametrization(self, "delay", Bounded(most))

    @property
    def taps(self) -> int:
        """Number of taps: the steps of the longest delay, and one."""
        return 1 + math.ceil(round(self.most / self.dt, 6))

    def kernel(self) -> Float[Tensor, "inputs taps outputs"]:
        """Return the weights of all taps."""
        place = (self.delay / self.dt).T[:, None]
        taps = torch.arange(self.taps, device=place.device, dtype=place.dtype)[:, None]
        if self.sigma > 0:
            share = (-0.5 * ((taps - place) / self.sigma).square()).softmax(1)
        else:
            share = (taps == place.round()).to(place.dtype)
        return share * self.weight.T[:, None]

    def forward(
        self, x: Float[Tensor, "time batch inputs"], state: tuple[Tensor, ...] | None = None
    ) -> tuple[Float[Tensor, "time batch outputs"], Record]:
        """Return the weighted sums, and a record whose state holds what is still on its way.

        Parameters
        ----------
        x
            Spikes or numbers.
        state
            State of a record, (steps, batch, inputs); nothing on its way unless given.

        Raises
        ------
        ValueError
            If a shape is wrong.
        """
        past = past_of(x, state, self.taps - 1, self.inputs)
        full = x if state is None else torch.cat((past, x))
        y = convolve(full, self.kernel().to(x.dtype))[len(full) - len(x) :]
        y = y if self.bias is None else y + self.bias
        return y, Record(None, y, (torch.cat((past, x))[len(x) :],))

    def extra_repr(self) -> str:
        """Return what print shows."""
        return f"{self.inputs}, {self.outputs}, most={self.most:g}, dt={self.dt:g}"


def convolve(
    x: Float[Tensor, "time batch inputs"], kernel: Float[Tensor, "inputs taps outputs"]
) -> Float[Tensor, "time batch outputs"]:
    """Return the causal convolution over time; by events where few inputs are not zero."""
    if has_kernel(x) and x.numel() >= LEAST:
        found = find_events(x.reshape(-1, x.shape[2]))
        if found is not None:
            return _EventConvolve.apply(x, kernel, found)
    taps = kernel.shape[1]
    rows = nn.functional.pad(x.permute(1, 2, 0), (taps - 1, 0))
    return conv1d(rows, kernel.permute(2, 0, 1).flip(2)).permute(2, 0, 1)


class _EventConvolve(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, kernel: Tensor, found: Events) -> Tensor:
        ctx.events, ctx.shape = found, x.shape
        ctx.save_for_backward(kernel)
        out = empty((*x.shape[:2], kernel.shape[2]), kernel).zero_()
        lists = (found.start, found.columns, found.values)

        def work(_: int, part: Part) -> None:
            delayed.multiply(*lists, as_array(kernel), as_array(out), *part[:2])

        on_threads(work, parts(x.shape[1], kernel[0].numel(), len(x), whole_rows=True))
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *above: Tensor) -> tuple[Tensor | None, ...]:
        (kernel,) = ctx.saved_tensors
        found: Events = ctx.events
        steps, batch, inputs = ctx.shape
        given = above[0].contiguous()
        by_x = by_kernel = None
        if ctx.needs_input_grad[0]:
            by_x = empty(ctx.shape, kernel).zero_()
            for k in range(min(kernel.shape[1], steps)):
                rows = by_x[: steps - k].view(-1, inputs)
                rows.addmm_(given[k:].reshape(-1, given.shape[2]), kernel[:, k].T)
        if ctx.needs_input_grad[1]:
            split = parts(batch, kernel[0].numel(), steps, whole_rows=True)
            total = np.zeros((len(split), *kernel.shape), given.numpy().dtype)
            lists = (found.start, found.columns, found.values)

            def work(i: int, part: Part) -> None:
                delayed.outer(*lists, as_array(given), total[i], *part[:2])

            on_threads(work, split)
            by_kernel = torch.from_numpy(total.sum(0))
        return by_x, by_kernel, None
