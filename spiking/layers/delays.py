r"""Delays along axons: each neuron's spikes arrive later, by a time of its own."""

import math
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.utils import parametrize

from spiking.kernels import delayed
from spiking.neurons.neuron import Record, Temporal
from spiking.operations.arrays import as_array, has_kernel
from spiking.operations.memory import empty_like
from spiking.operations.threads import Part, on_threads, parts

PACE = 10.0  # delays need to go further than weights, and take one learning rate with them


class Bounded(nn.Module):
    """A parametrization: numbers between 0 and a bound learn as logits, at a pace."""

    def __init__(self, bound: float) -> None:
        super().__init__()
        self.bound = bound

    def forward(self, x: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Return numbers between 0 and the bound."""
        return self.bound * (PACE * x).sigmoid()

    def right_inverse(self, x: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Return what `forward` takes; the ends themselves move in by a thousandth."""
        return (x / self.bound).clamp(1e-3, 1 - 1e-3).logit() / PACE


class Delay(Temporal):
    r"""Axonal delays, :math:`y_n(t) = x_n(t - d_n)`.

    Between two time steps the input counts as linear: with :math:`d = (k + f)\,dt`,
    :math:`y_t = (1 - f)\,x_{t-k} + f\,x_{t-k-1}`, which is what a delay's gradient is taken of. A
    delay of whole steps leaves spikes 0 or 1.

    Parameters
    ----------
    neurons
        Their number.
    delay
        In seconds, one number or (neurons,); between 0 and `most`.
    dt
        Time step, in seconds.
    most
        Longest delay, in seconds; the longest of those given, unless said.
    learn
        Whether delays learn, between 0 and `most`.

    Raises
    ------
    ValueError
        For delays out of range, or that do not fit the neurons.

    Examples
    --------
    >>> x = torch.tensor([1.0, 0.0, 0.0, 0.0]).view(4, 1, 1)
    >>> y, record = Delay(1, 2e-3)(x)
    >>> y.flatten()
    tensor([0., 0., 1., 0.])

    A spike that is still on its way is in the state, and arrives in the next sequence:

    >>> late, record = Delay(1, 5e-3)(x)
    >>> Delay(1, 5e-3)(0 * x, record.state)[0].flatten()
    tensor([0., 1., 0., 0.])
    """

    def __init__(
        self,
        neurons: int,
        delay: float | Tensor,
        dt: float = 1e-3,
        *,
        most: float | None = None,
        learn: bool = False,
    ) -> None:
        super().__init__()
        if neurons < 1 or not (dt > 0 and math.isfinite(dt)):
            raise ValueError(f"neurons and dt must be positive, got {neurons} and {dt}")
        given = torch.as_tensor(delay).detach()
        if given.shape not in ((), (neurons,)):
            raise ValueError(f"expected one delay or ({neurons},), got shape {tuple(given.shape)}")
        longest = given.max().item() if most is None else most
        if not (given.isfinite().all() and given.min() >= 0 and given.max().item() <= longest):
            raise ValueError(f"expected delays between 0 and {longest:g} s, got {given}")
        self.neurons, self.dt, self.most, self.learn = neurons, dt, longest, learn
        given = given.to(torch.get_default_dtype() if learn else torch.float64)
        given = given.expand(neurons).clone()
        self.delay: Tensor
        if not learn:
            self.register_buffer("delay", given)
        elif longest <= 0:
            raise ValueError("delays that learn need a longest one above 0, most")
        else:
            self.register_parameter("delay", nn.Parameter(given))
            parametrize.register_parametrization(self, "delay", Bounded(longest))

    @property
    def steps(self) -> int:
        """How many steps of the input a state holds."""
        return 1 + math.ceil(round(self.most / self.dt, 6))

    def forward(
        self, x: Float[Tensor, "time batch neurons"], state: tuple[Tensor, ...] | None = None
    ) -> tuple[Float[Tensor, "time batch neurons"], Record]:
        """Return the late input, and a record whose state holds what is still on its way.

        Parameters
        ----------
        x
            Spikes or numbers.
        state
            State of a record, (steps, batch, neurons); nothing on its way unless given.

        Raises
        ------
        ValueError
            If a shape is wrong.
        """
        past = past_of(x, state, self.steps, self.neurons)
        d = (self.delay / self.dt).to(x.dtype)
        whole = (d.detach() + 1e-5).floor()  # a number of steps may be one that rounds
        rest = (d - whole) * (d.detach() - whole > 1e-5) if not self.learn else d - whole
        shift = _Shift.apply if has_kernel(x) else _shifted
        y = shift(x, past, rest, whole)
        return y, Record(None, y, (torch.cat((past, x))[-self.steps :],))

    def extra_repr(self) -> str:
        """Return what print shows."""
        return f"{self.neurons}, most={self.most:g}, dt={self.dt:g}, learn={self.learn}"


def past_of(x: Tensor, state: tuple[Tensor, ...] | None, steps: int, neurons: int) -> Tensor:
    """Return the input before the first step, (steps, batch, neurons), zeros unless given."""
    if x.dim() != 3 or x.shape[2] != neurons or len(x) == 0:
        raise ValueError(f"expected input (time, batch, {neurons}), got {tuple(x.shape)}")
    shape = (steps, x.shape[1], neurons)
    if state is None:
        return x.new_zeros(shape)
    if len(state) != 1 or state[0].shape != shape:
        found = [tuple(part.shape) for part in state]
        raise ValueError(f"expected a state of one tensor {shape}, got {found}")
    return state[0].to(x.dtype)


def _shifted(x: Tensor, past: Tensor, rest: Tensor, whole: Tensor) -> Tensor:
    """Return the late input, in plain torch."""
    full = torch.cat((past, x))
    first = len(past) + torch.arange(len(x), device=x.device)[:, None] - whole.long()
    near, far = (full.gather(0, (first - i)[:, None].expand_as(x)) for i in (0, 1))
    return (1 - rest) * near + rest * far


class _Shift(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, past: Tensor, rest: Tensor, whole: Tensor) -> Tensor:
        ctx.save_for_backward(x, past, rest, whole)
        out = empty_like(x)
        arrays = [as_array(a) for a in (x, past, whole.long(), rest, out)]

        def work(_: int, part: Part) -> None:
            delayed.shift(*arrays, *part[:2])

        on_threads(work, parts(x.shape[1], x.shape[2], 4 * len(x), whole_rows=True))
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *above: Tensor) -> tuple[Tensor | None, ...]:
        x, past, rest, whole = ctx.saved_tensors
        by_x, by_past = empty_like(x).zero_(), torch.zeros_like(past)
        split = parts(x.shape[1], x.shape[2], 4 * len(x), whole_rows=True)
        sums = np.zeros((len(split), len(rest)), rest.numpy().dtype)
        inputs = [as_array(a) for a in (above[0], x, past, whole.long(), rest)]

        def work(i: int, part: Part) -> None:
            own = sums[i] if ctx.needs_input_grad[2] else None
            delayed.shift_back(*inputs, as_array(by_x), as_array(by_past), own, *part[:2])

        on_threads(work, split)
        by_rest = torch.from_numpy(sums.sum(0)) if ctx.needs_input_grad[2] else None
        return by_x, by_past, by_rest, None
