r"""The leaky integrate-and-fire neuron with a synaptic current (current-based, CUBA)."""

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from spiking.neurons import lif
from spiking.neurons.lif import LIF, LIFParameters, LIFState, Reset
from spiking.neurons.neuron import Method, Record, decay, parts_of, require_method
from spiking.operations.integration import Feedback, integrates
from spiking.surrogates import Surrogate
from spiking.unroll import unroll


class CubaLIFState(NamedTuple):
    """State after a step; (batch, *neurons).

    Attributes
    ----------
    v, left
        As in `spiking.neurons.lif.LIFState`.
    i
        Synaptic current.
    """

    v: Tensor
    i: Tensor
    left: Tensor | None = None


class CubaLIFParameters(NamedTuple):
    """What `step` needs; tensors fit (batch, *neurons).

    Attributes
    ----------
    beta
        Decay of the current in a step.
    gain
        Weight of the input in the current.
    membrane
        What the membrane needs.
    """

    beta: Tensor
    gain: Tensor
    membrane: LIFParameters


def step(
    x: Float[Tensor, "batch ..."], state: CubaLIFState, p: CubaLIFParameters
) -> tuple[Float[Tensor, "batch ..."], CubaLIFState]:
    r"""Move on by one time step.

    .. math:: i_t = \beta\, i_{t-1} + g\, x_t, \qquad
              v_t = \alpha\, r(v_{t-1}) + \kappa\, i_t + c, \qquad s_t = [v_t > \theta]

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
    Tensor, CubaLIFState
        Spikes, 0 or 1, and the state after this step.
    """
    i = p.beta * state.i + p.gain * x
    spikes, after = lif.step(i, LIFState(state.v, state.left), p.membrane)
    return spikes, CubaLIFState(after.v, i, after.left)


class CubaLIF(LIF):
    r"""Leaky integrate-and-fire neurons with an exponential synaptic current.

    .. math:: \tau_{syn} \dot i = -i + w\, x(t), \qquad
              \tau_{mem} \dot v = v_{leak} - v + r\, i

    The current decays by :math:`\beta = e^{-dt/\tau_{syn}}` in a step and takes the input of the
    same step; the membrane then sees it as constant over the step, as in `LIF`. Without a weight
    w the input is a jump of the current, as in snntorch: :math:`i_t = \beta\, i_{t-1} + x_t`;
    with it, :math:`i_t = \beta\, i_{t-1} + (1 - \beta)\, w\, x_t`.

    Parameters
    ----------
    neurons
        Their number, or their shape.
    tau_syn, tau_mem
        Time constants of current and membrane, in seconds; each one number, or a tensor that fits
        the neurons.
    dt
        Time step, in seconds.
    w
        Weight of the input in the current; None for an input that adds to the current as it is.
    threshold, reset, reset_delay, refractory, v_leak, v_reset, r, method, detach_reset, surrogate
        As in `LIF`.
    learn
        Which of "tau_syn", "tau_mem", "threshold", "v_leak", "v_reset", "r" and "w" learn.

    Raises
    ------
    ValueError
        For parameters out of range, or that do not fit the neurons.

    Examples
    --------
    One spike, and the potential rises with the current, then decays:

    >>> neuron = CubaLIF(1, tau_syn=2e-3, tau_mem=4e-3)
    >>> spikes, record = neuron(torch.tensor([0.5, 0.0, 0.0]).view(3, 1, 1))
    >>> record.voltage.flatten()
    tensor([0.5000, 0.6927, 0.7234])
    """

    learnable: tuple[str, ...] = (*LIF.learnable, "tau_syn", "w")
    tau_syn: Tensor
    w: Tensor | None

    def __init__(
        self,
        neurons: int | Sequence[int],
        tau_syn: float | Tensor = 5e-3,
        tau_mem: float | Tensor = 20e-3,
        dt: float = 1e-3,
        *,
        w: float | Tensor | None = None,
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
        super().__init__(
            neurons,
            tau_mem,
            dt,
            threshold=threshold,
            reset=reset,
            reset_delay=reset_delay,
            refractory=refractory,
            v_leak=v_leak,
            v_reset=v_reset,
            r=r,
            method=method,
            detach_reset=detach_reset,
            surrogate=surrogate,
            learn=learn,
        )
        self._add("tau_syn", tau_syn, positive=True)
        require_method(method, self.tau_syn, dt)
        self._add_optional("w", w)

    def coefficients(self, x: Float[Tensor, "..."]) -> CubaLIFParameters:
        """Return the coefficients of a step, in the dtype of an input."""
        beta = decay(self.tau_syn, self.dt, self.method)
        gain = torch.ones_like(beta) if self.w is None else (1 - beta) * self.w
        return CubaLIFParameters(beta.to(x.dtype), gain.to(x.dtype), self.parameters_for(x))

    def _run(
        self, x: Tensor, state: tuple[Tensor, ...] | None, feedback: Feedback | None
    ) -> tuple[Tensor, Record]:
        p = self.coefficients(x)
        held = () if self.wait is None else (torch.zeros_like(self.wait),)
        rest = (self.v_leak, torch.zeros_like(self.v_leak), *held)
        before = CubaLIFState(*self._start(x, state, rest))
        if integrates(x):
            if self.w is not None:
                x = p.gain * x
                feedback = feedback and feedback._replace(
                    weight=p.gain[..., None] * feedback.weight
                )
            membrane = LIFState(before.v, before.left)
            done = self._integrate(x, p.membrane, membrane, p.beta, before.i, feedback)
            spikes, voltage, *last = done.spikes, done.voltage, done.current, done.left
        else:
            spikes, states = unroll(step, x, before, p)
            left = None if states.left is None else states.left[-1]
            voltage, *last = states.v, states.i[-1], left
        assert spikes is not None
        return spikes, Record(spikes, voltage, parts_of(voltage[-1], *last))
