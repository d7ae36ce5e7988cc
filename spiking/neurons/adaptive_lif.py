r"""The leaky integrate-and-fire neuron with adaptation (adLIF), also in symplectic steps."""

from collections.abc import Callable, Collection, Sequence
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from spiking.neurons.neuron import Neuron, Record, decay
from spiking.operations.adaptation import AdaptiveDynamics, adapt_over_time
from spiking.operations.arrays import has_kernel
from spiking.operations.integration import Feedback
from spiking.surrogates import FastSigmoid, Surrogate, as_surrogate
from spiking.unroll import unroll


class AdaptiveLIFState(NamedTuple):
    """Potential before a reset, and adaptation; (batch, *neurons)."""

    v: Tensor
    w: Tensor


class AdaptiveLIFParameters(NamedTuple):
    """What `step` needs; tensors fit (batch, *neurons).

    Attributes
    ----------
    alpha, kappa, shift
        Decay of the potential, weight of input less adaptation, and constant of a step.
    beta, drive, kick
        Decay of the adaptation, weights of potential and spike in it.
    threshold, v_reset
        Potentials.
    symplectic, reset, detach_reset, surrogate
        As in `AdaptiveLIF`.
    """

    alpha: Tensor
    kappa: Tensor
    shift: Tensor
    beta: Tensor
    drive: Tensor
    kick: Tensor
    threshold: Tensor
    v_reset: Tensor
    symplectic: bool
    reset: str
    detach_reset: bool
    surrogate: Surrogate


def step(
    x: Float[Tensor, "batch ..."], state: AdaptiveLIFState, p: AdaptiveLIFParameters
) -> tuple[Float[Tensor, "batch ..."], AdaptiveLIFState]:
    r"""Move on by one time step.

    .. math:: v_t = \alpha\, u_{t-1} + \kappa\, (x_t - w_{t-1}) + c, \quad
              s_t = [v_t > \theta], \quad u_t = r(v_t), \quad
              w_t = \beta\, w_{t-1} + p\, u_{t'} + q\, s_{t'}

    where t' is t if symplectic, t − 1 otherwise.

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
    Tensor, AdaptiveLIFState
        Spikes, 0 or 1, and the state after this step.
    """
    s, u = _spike_and_reset(state.v, p)
    v = p.alpha * u + p.kappa * (x - state.w) + p.shift
    fired, after = _spike_and_reset(v, p)
    if p.symplectic:
        s, u = fired, after
    return fired, AdaptiveLIFState(v, p.beta * state.w + p.drive * u + p.kick * s)


def _spike_and_reset(v: Tensor, p: AdaptiveLIFParameters) -> tuple[Tensor, Tensor]:
    s = p.surrogate(v - p.threshold)
    taken = s.detach() if p.detach_reset else s
    return s, v - taken * (v - p.v_reset if p.reset == "zero" else p.threshold)


class AdaptiveLIF(Neuron):
    r"""Leaky integrate-and-fire neurons with a current that adapts.

    .. math:: \tau_{mem} \dot v = v_{leak} - v + r\,(i(t) - w), \qquad
              \tau_w \dot w = -w + a\, v + b\, s

    A positive a makes the neuron resonate, a positive b makes it tire. With
    :math:`\alpha = e^{-dt/\tau_{mem}}` and :math:`\beta = e^{-dt/\tau_w}` a step is

    .. math:: v_t = \alpha\, u_{t-1} + (1 - \alpha)\,(v_{leak} + r\,(i_t - w_{t-1})), \qquad
              w_t = \beta\, w_{t-1} + (1 - \beta)\,(a\, u_{t'} + b\, s_{t'})

    with u the potential after the reset. Symplectic Euler, t' = t, is stable where forward Euler,
    t' = t − 1, is not (Baronig et al.).

    Parameters
    ----------
    neurons
        Their number, or their shape.
    tau_mem, tau_w
        Time constants of membrane and adaptation, in seconds; one number, or a tensor that fits
        the neurons, as for all parameters below.
    a, b
        Adaptation to the potential and to spikes, in input per potential and per spike.
    dt
        Time step, in seconds.
    threshold, v_leak, v_reset
        Potentials.
    r
        Resistance, potential per input.
    reset
        "zero", to `v_reset`, or "subtract", by the threshold.
    symplectic
        Whether the adaptation sees the potential of the same step.
    detach_reset
        Leave the reset out of the gradient.
    surrogate
        Derivative of the spike.
    learn
        Which of the parameters above but dt learn.

    Raises
    ------
    ValueError
        For parameters out of range, or that do not fit the neurons.

    References
    ----------
    Bittar and Garner, "A surrogate gradient spiking baseline for speech command recognition",
    Frontiers in Neuroscience 16, 2022.

    Baronig, Ferrand, Sabathiel and Legenstein, "Advancing spatio-temporal processing through
    adaptation in spiking neural networks", Nature Communications 16, 2025.

    Examples
    --------
    The same current, and the gaps between spikes grow:

    >>> neuron = AdaptiveLIF(1, tau_mem=10e-3, tau_w=200e-3, b=20.0, r=1.0)
    >>> spikes, record = neuron(torch.full((60, 1, 1), 3.0))
    >>> spikes.flatten().nonzero().flatten().diff().tolist()
    [5, 5, 5, 5, 6, 6, 6, 6, 7]
    """

    learnable: tuple[str, ...] = (
        "tau_mem", "tau_w", "a", "b", "threshold", "v_leak", "v_reset", "r",
    )  # fmt: skip
    takes_feedback = True
    tau_mem: Tensor
    tau_w: Tensor
    a: Tensor
    b: Tensor
    threshold: Tensor
    v_leak: Tensor
    v_reset: Tensor

    def __init__(
        self,
        neurons: int | Sequence[int],
        tau_mem: float | Tensor = 20e-3,
        tau_w: float | Tensor = 100e-3,
        a: float | Tensor = 0.0,
        b: float | Tensor = 1.0,
        dt: float = 1e-3,
        *,
        threshold: float | Tensor = 1.0,
        v_leak: float | Tensor = 0.0,
        v_reset: float | Tensor = 0.0,
        r: float | Tensor = 1.0,
        reset: Literal["zero", "subtract"] = "zero",
        symplectic: bool = True,
        detach_reset: bool = True,
        surrogate: Surrogate | Callable[[Tensor], Tensor] | None = None,
        learn: Collection[str] = (),
    ) -> None:
        super().__init__(neurons, dt, learn)
        if reset not in ("zero", "subtract"):
            raise ValueError(f"reset must be one of zero, subtract, got {reset!r}")
        self.reset, self.symplectic, self.detach_reset = reset, symplectic, detach_reset
        self.surrogate = FastSigmoid() if surrogate is None else as_surrogate(surrogate)
        for name, value in {"tau_mem": tau_mem, "tau_w": tau_w, "threshold": threshold}.items():
            self._add(name, value, positive=True)
        values = {"a": a, "b": b, "v_leak": v_leak, "v_reset": v_reset}
        for name, value in values.items():
            self._add(name, value)
        self._add("r", r)

    def parameters_for(self, x: Float[Tensor, "..."]) -> AdaptiveLIFParameters:
        """Return the coefficients of a step, in the dtype of an input."""
        alpha, beta = decay(self.tau_mem, self.dt), decay(self.tau_w, self.dt)
        assert self.r is not None
        tensors = (
            alpha,
            (1 - alpha) * self.r,
            (1 - alpha) * self.v_leak,
            beta,
            (1 - beta) * self.a,
            (1 - beta) * self.b,
            self.threshold,
            self.v_reset,
        )
        how = (self.symplectic, self.reset, self.detach_reset, self.surrogate)
        return AdaptiveLIFParameters(*(value.to(x.dtype) for value in tensors), *how)  # type: ignore[arg-type, call-arg]

    def _run(
        self, x: Tensor, state: tuple[Tensor, ...] | None, feedback: Feedback | None
    ) -> tuple[Tensor, Record]:
        p = self.parameters_for(x)
        v, w = self._start(x, state, (self.v_leak, torch.zeros_like(self.v_leak)))
        if has_kernel(x):
            rows = torch.stack([self._row(value, x) for value in p[:8]])
            dynamics = AdaptiveDynamics(
                self.symplectic, self.reset == "zero", self.detach_reset, self.surrogate
            )
            flat = (x.flatten(2), rows, v.flatten(1), w.flatten(1))
            voltage, spikes, last = adapt_over_time(*flat, dynamics, feedback)
            spikes, voltage, last = spikes.view_as(x), voltage.view_as(x), last.view_as(v)
        else:
            spikes, states = unroll(step, x, AdaptiveLIFState(v, w), p)
            voltage, last = states.v, states.w[-1]
        return spikes, Record(spikes, voltage, (voltage[-1], last))
