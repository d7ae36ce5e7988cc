r"""Izhikevich's neuron: two equations, and most firing patterns of the cortex."""

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from spiking.neurons.neuron import Neuron, Record
from spiking.operations.arrays import has_kernel
from spiking.operations.integration import Feedback
from spiking.operations.recovery import RecoveryDynamics, recover_over_time
from spiking.surrogates import FastSigmoid, Surrogate, as_surrogate
from spiking.unroll import unroll


class IzhikevichState(NamedTuple):
    """Potential before a reset, in mV, and recovery; (batch, *neurons)."""

    v: Tensor
    u: Tensor


class IzhikevichParameters(NamedTuple):
    """What `step` needs; tensors fit (batch, *neurons).

    Attributes
    ----------
    a, b, c, d, threshold, detach_reset, surrogate
        As in `Izhikevich`.
    h
        Length of a substep, in ms.
    substeps
        Number of substeps.
    """

    a: Tensor
    b: Tensor
    c: Tensor
    d: Tensor
    threshold: float
    h: float
    substeps: int
    detach_reset: bool
    surrogate: Surrogate


def step(
    x: Float[Tensor, "batch ..."], state: IzhikevichState, p: IzhikevichParameters
) -> tuple[Float[Tensor, "batch ..."], IzhikevichState]:
    r"""Move on by one time step, in substeps of Euler's method.

    .. math:: v \mathrel{+}= h\,(0.04 v^2 + 5 v + 140 - u + x), \qquad
              u \mathrel{+}= h\, a\,(b v - u)

    with the reset before the first. A potential that crosses the threshold stays there to the end
    of the step.

    Parameters
    ----------
    x
        Input current.
    state
        State after the step before.
    p
        Coefficients.

    Returns
    -------
    Tensor, IzhikevichState
        Spikes, 0 or 1, and the state after this step.
    """
    fired = p.surrogate(state.v - p.threshold)
    fired = fired.detach() if p.detach_reset else fired
    v = state.v + fired * (p.c - state.v)
    u = state.u + fired * p.d
    for _ in range(p.substeps):
        below = v <= p.threshold
        slope = 0.04 * v * v + 5 * v + 140 - u + x
        v, u = (v + p.h * slope).where(below, v), u + p.h * p.a * (p.b * v - u)
    return p.surrogate(v - p.threshold), IzhikevichState(v, u)


class Izhikevich(Neuron):
    r"""Izhikevich's neurons.

    .. math:: \dot v = 0.04 v^2 + 5 v + 140 - u + i(t), \qquad \dot u = a\,(b v - u), \qquad
              v > 30 \;\Rightarrow\; v = c,\; u \mathrel{+}= d

    in the published units: v in mV, time in ms.

    Parameters
    ----------
    neurons
        Their number, or their shape.
    a, b, c, d
        Rate of recovery (1/ms), its sensitivity to v, potential after a spike (mV) and the jump of
        u; one number, or a tensor that fits the neurons. By default a regular spiking cell; fast
        spiking is a = 0.1, d = 2, chattering c = −50, d = 2.
    dt
        Time step, in seconds.
    substeps
        Steps of Euler's method in each.
    detach_reset
        Leave the reset out of the gradient.
    surrogate
        Derivative of the spike, of u in mV.
    learn
        Which of "a", "b", "c" and "d" learn.

    Raises
    ------
    ValueError
        For parameters out of range, or that do not fit the neurons.

    References
    ----------
    Izhikevich, "Simple model of spiking neurons", IEEE Transactions on Neural Networks 14 (6),
    2003.

    Examples
    --------
    >>> spikes, record = Izhikevich(1)(torch.full((200, 1, 1), 10.0))
    >>> int(spikes.sum())
    5
    """

    learnable: tuple[str, ...] = ("a", "b", "c", "d")
    threshold = 30.0
    a: Tensor
    b: Tensor
    c: Tensor
    d: Tensor

    def __init__(
        self,
        neurons: int | Sequence[int],
        a: float | Tensor = 0.02,
        b: float | Tensor = 0.2,
        c: float | Tensor = -65.0,
        d: float | Tensor = 8.0,
        dt: float = 1e-3,
        *,
        substeps: int = 2,
        detach_reset: bool = True,
        surrogate: Surrogate | Callable[[Tensor], Tensor] | None = None,
        learn: Collection[str] = (),
    ) -> None:
        super().__init__(neurons, dt, learn)
        if substeps < 1:
            raise ValueError(f"substeps must be at least 1, got {substeps}")
        self.substeps, self.detach_reset = substeps, detach_reset
        self.surrogate = FastSigmoid(0.1) if surrogate is None else as_surrogate(surrogate)
        for name, value in {"a": a, "b": b, "c": c, "d": d}.items():
            self._add(name, value)

    def parameters_for(self, x: Float[Tensor, "..."]) -> IzhikevichParameters:
        """Return the coefficients of a step, in the dtype of an input."""
        a, b, c, d = (value.to(x.dtype) for value in (self.a, self.b, self.c, self.d))
        how = (self.detach_reset, self.surrogate)
        h = 1e3 * self.dt / self.substeps
        return IzhikevichParameters(a, b, c, d, self.threshold, h, self.substeps, *how)

    def _run(
        self, x: Tensor, state: tuple[Tensor, ...] | None, feedback: Feedback | None
    ) -> tuple[Tensor, Record]:
        p = self.parameters_for(x)
        v, u = self._start(x, state, (self.c, self.b * self.c))
        if has_kernel(x):
            rows = torch.stack([self._row(value, x) for value in p[:4]])
            dynamics = RecoveryDynamics(*p[4:])
            flat = (x.flatten(2), rows, v.flatten(1), u.flatten(1))
            voltage, spikes, last = recover_over_time(*flat, dynamics)
            spikes, voltage, last = spikes.view_as(x), voltage.view_as(x), last.view_as(v)
        else:
            spikes, states = unroll(step, x, IzhikevichState(v, u), p)
            voltage, last = states.v, states.u[-1]
        return spikes, Record(spikes, voltage, (voltage[-1], last))
