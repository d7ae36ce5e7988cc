r"""The leaky integrate-and-fire neuron."""

from collections.abc import Callable, Collection, Sequence
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from spiking.kernels import integrate
from spiking.neurons.neuron import (
    Method,
    Neuron,
    Record,
    decay,
    parts_of,
    require_method,
)
from spiking.operations.integration import (
    Before,
    Dynamics,
    Feedback,
    Integrated,
    Rates,
    integrate_over_time,
    integrates,
)
from spiking.surrogates import FastSigmoid, Surrogate, as_surrogate
from spiking.unroll import unroll

Reset = Literal["subtract", "zero", "none"]


class LIFState(NamedTuple):
    """State after a step; (batch, *neurons).

    Attributes
    ----------
    v
        Membrane potential as it met the threshold, before a reset.
    left
        Steps for which a neuron is held from now on; None without a refractory period.
    """

    v: Tensor
    left: Tensor | None = None


class LIFParameters(NamedTuple):
    """What `step` needs; tensors fit (batch, *neurons).

    Attributes
    ----------
    alpha, kappa, shift
        Decay of the potential, weight of the input and constant of a step.
    threshold, v_reset
        Potentials.
    reset, reset_delay, detach_reset, surrogate
        As in `LIF`.
    wait
        Refractory period in steps; None without.
    """

    alpha: Tensor
    kappa: Tensor
    shift: Tensor
    threshold: Tensor
    v_reset: Tensor
    reset: Reset
    reset_delay: bool
    detach_reset: bool
    surrogate: Surrogate
    wait: Tensor | None = None


def step(
    x: Float[Tensor, "batch ..."], state: LIFState, p: LIFParameters
) -> tuple[Float[Tensor, "batch ..."], LIFState]:
    r"""Move on by one time step.

    .. math:: v_t = \alpha\, r(v_{t-1}) + \kappa\, x_t + c, \qquad s_t = [v_t > \theta]

    where r resets what is above the threshold. A neuron in its refractory period stays at the
    potential after the reset, and does not fire.

    Parameters
    ----------
    x
        Input.
    state
        State after the step before.
    p
        Coefficients.

    Returns
    -------
    Tensor, LIFState
        Spikes, 0 or 1, and the state after this step.
    """
    v, late = state.v, None
    if p.reset != "none":
        fired = p.surrogate(v - p.threshold)
        fired = fired.detach() if p.detach_reset else fired
        if p.reset == "zero":
            v = v + fired * (p.v_reset - v)
            exact = p.v_reset.detach() + (v - v.detach())
            v = torch.where(fired > 0, exact, v)  # v + (v_reset - v) may round
        elif p.reset_delay:
            late = fired * p.threshold
        else:
            v = v - fired * p.threshold
    if p.wait is None or state.left is None:
        v = p.alpha * v + p.kappa * x + p.shift
        v = v if late is None else v - late
        return p.surrogate(v - p.threshold), LIFState(v)
    held = state.left > 0
    v = torch.where(state.left == p.wait, v, state.v)  # reset once, when it has just fired
    v = torch.where(held, v, p.alpha * v + p.kappa * x + p.shift)
    spikes = p.surrogate(v - p.threshold).masked_fill(held, 0)
    left = torch.where(held, state.left.detach() - 1, spikes.detach() * p.wait)
    return spikes, LIFState(v, left)


class LIF(Neuron):
    r"""Leaky integrate-and-fire neurons.

    .. math:: \tau_{mem} \dot v = v_{leak} - v + r\, i(t), \qquad
              v > \theta \;\Rightarrow\; \text{spike, reset}

    With the input constant over a step this is solved exactly,

    .. math:: v_t = \alpha\, v_{t-1} + (1 - \alpha) (v_{leak} + r\, i_t), \qquad
              \alpha = e^{-dt / \tau_{mem}},

    or by Euler's method, with :math:`\alpha = 1 - dt/\tau_{mem}`. Without a resistance r the input
    is a jump of the potential, as in snntorch: :math:`v_t = \alpha\, v_{t-1} + x_t`.

    Parameters
    ----------
    neurons
        Their number, or their shape, such as (channels, height, width).
    tau_mem
        Membrane time constant, in seconds; one number, or a tensor that fits the neurons, as for
        all parameters below.
    dt
        Time step, in seconds.
    threshold
        θ, a neuron fires where its potential is above.
    reset
        What a spike does to the potential: take the threshold away ("subtract"), set it to
        `v_reset` ("zero"), or nothing ("none").
    reset_delay
        Subtract only after the decay of the next step, as snntorch does by default.
    refractory
        Time after a spike, in seconds, in which the potential stays where the reset has put it and
        the input of the membrane is lost; the nearest number of steps. The state then holds, last,
        the steps that are left.
    v_leak, v_reset
        Potentials.
    r
        Resistance, potential per input; None for an input that adds to the potential as it is.
    method
        "exact" or "euler".
    detach_reset
        Leave the reset out of the gradient, as in snntorch.
    surrogate
        Derivative of the spike; one of `spiking.surrogates`, or a function such as those of
        snntorch.
    learn
        Which of "tau_mem", "threshold", "v_leak", "v_reset" and "r" learn. Those that are
        positive, "tau_mem" and "threshold", do so as logarithms.

    Raises
    ------
    ValueError
        For parameters out of range, or that do not fit the neurons.

    Examples
    --------
    A constant input of 0.3 makes a neuron without leak fire every fourth step:

    >>> lif = LIF(1, tau_mem=1e6)
    >>> spikes, record = lif(torch.full((8, 1, 1), 0.3))
    >>> spikes.flatten().int().tolist()
    [0, 0, 0, 1, 0, 0, 1, 0]
    """

    learnable: tuple[str, ...] = ("tau_mem", "threshold", "v_leak", "v_reset", "r")
    takes_feedback = True
    tau_mem: Tensor
    threshold: Tensor
    v_leak: Tensor
    v_reset: Tensor

    def __init__(
        self,
        neurons: int | Sequence[int],
        tau_mem: float | Tensor = 20e-3,
        dt: float = 1e-3,
        *,
        threshold: float | Tensor = 1.0,
        reset: Reset = "subtract",
        reset_delay: bool = False,
        refractory: float | Tensor = 0.0,
        v_leak: float | Tensor = 0.0,
        v_reset: float | Tensor = 0.0,
        r: float | Tensor | None = None,
        method: Method = "exact",
        detach_reset: bool = True,
        surrogate: Surrogate | Callable[[Tensor], Tensor] | None = None,
        learn: Collection[str] = (),
    ) -> None:
        super().__init__(neurons, dt, learn)
        if reset not in ("subtract", "zero", "none"):
            raise ValueError(f"reset must be one of subtract, zero, none, got {reset!r}")
        self.reset = reset
        self.reset_delay, self.detach_reset = reset_delay, detach_reset
        self.surrogate = FastSigmoid() if surrogate is None else as_surrogate(surrogate)
        self._add_refractory(refractory)
        if reset_delay and self.wait is not None:
            raise ValueError("a reset that comes a step late cannot have a refractory period")
        self._add("tau_mem", tau_mem, positive=True)
        self._add("threshold", threshold, positive=True)
        self._add("v_leak", v_leak)
        self._add("v_reset", v_reset)
        self._add_optional("r", r)
        self.method = require_method(method, self.tau_mem, dt)

    def parameters_for(self, x: Float[Tensor, "..."]) -> LIFParameters:
        """Return the coefficients of a step, in the dtype of an input."""
        alpha = decay(self.tau_mem, self.dt, self.method)
        kappa = torch.ones_like(alpha) if self.r is None else (1 - alpha) * self.r
        shift = (1 - alpha) * self.v_leak
        alpha, kappa, shift, threshold, v_reset = (
            value.to(x.dtype) for value in (alpha, kappa, shift, self.threshold, self.v_reset)
        )
        how = (self.reset, self.reset_delay, self.detach_reset, self.surrogate)
        wait = None if self.wait is None else self.wait.to(x.dtype)
        return LIFParameters(alpha, kappa, shift, threshold, v_reset, *how, wait)

    def _run(
        self, x: Tensor, state: tuple[Tensor, ...] | None, feedback: Feedback | None
    ) -> tuple[Tensor, Record]:
        p = self.parameters_for(x)
        held = () if p.wait is None else (torch.zeros_like(p.wait),)
        before = LIFState(*self._start(x, state, (self.v_leak, *held)))
        if integrates(x):
            done = self._integrate(x, p, before, feedback=feedback)
            spikes, voltage, left = done.spikes, done.voltage, done.left
        else:
            spikes, states = unroll(step, x, before, p)
            voltage, left = states.v, None if states.left is None else states.left[-1]
        assert spikes is not None
        return spikes, Record(spikes, voltage, parts_of(voltage[-1], left))

    def _integrate(
        self,
        x: Tensor,
        p: LIFParameters,
        state: LIFState,
        synapse: Tensor | None = None,
        current: Tensor | None = None,
        feedback: Feedback | None = None,
    ) -> Integrated:
        """Take all time steps at once, with the shape of the input."""
        alpha, kappa, shift, theta, low = (self._row(value, x) for value in p[:5])
        synapse, wait = (None if v is None else self._row(v, x) for v in (synapse, p.wait))
        current, left = (None if v is None else v.flatten(1) for v in (current, state.left))
        weights, fired = feedback or (None, None)
        rates = Rates(alpha, kappa, shift, theta, low, synapse, wait, weights)
        before = Before(state.v.flatten(1), current, left, fired)
        dynamics = Dynamics(self._mode(), self.detach_reset, self.surrogate)
        done = integrate_over_time(x.flatten(2), rates, before, dynamics)
        assert done.spikes is not None
        last = (None if part is None else part.view_as(state.v) for part in done[2:])
        return Integrated(done.voltage.view_as(x), done.spikes.view_as(x), *last)

    def _mode(self) -> int:
        if self.reset == "subtract":
            return integrate.LATE if self.reset_delay else integrate.SUBTRACT
        return integrate.ZERO if self.reset == "zero" else integrate.NONE
