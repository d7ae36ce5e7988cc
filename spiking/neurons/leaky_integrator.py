r"""The leaky integrator, a neuron that never spikes; a readout."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from spiking.kernels import integrate
from spiking.neurons.neuron import Method, Neuron, Record, decay, require_method
from spiking.operations.integration import (
    Before,
    Dynamics,
    Feedback,
    Rates,
    integrate_over_time,
    integrates,
)
from spiking.operations.scan import scan


class LeakyIntegratorState(NamedTuple):
    """Potential, (batch, *neurons)."""

    v: Tensor


class LeakyIntegratorParameters(NamedTuple):
    """Decay of the potential, weight of the input and constant of a step."""

    alpha: Tensor
    kappa: Tensor
    shift: Tensor


def step(
    x: Float[Tensor, "batch ..."], state: LeakyIntegratorState, p: LeakyIntegratorParameters
) -> tuple[Float[Tensor, "batch ..."], LeakyIntegratorState]:
    r"""Move on by one time step, :math:`v_t = \alpha\, v_{t-1} + \kappa\, x_t + c`.

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
    Tensor, LeakyIntegratorState
        The potential, and the state after this step.
    """
    v = p.alpha * state.v + p.kappa * x + p.shift
    return v, LeakyIntegratorState(v)


class LeakyIntegrator(Neuron):
    r"""Leaky integrators, whose output is their potential.

    .. math:: \tau_{mem} \dot v = v_{leak} - v + r\, i(t)

    Solved as by `spiking.neurons.lif.LIF`, which spikes.

    Parameters
    ----------
    neurons
        Their number, or their shape.
    tau_mem
        Membrane time constant, in seconds; one number, or a tensor that fits the neurons.
    dt
        Time step, in seconds.
    v_leak
        Potential at rest.
    r
        Resistance, potential per input; None for an input that adds to the potential as it is.
    method
        "exact" or "euler".
    learn
        Which of "tau_mem", "v_leak" and "r" learn.

    Raises
    ------
    ValueError
        For parameters out of range, or that do not fit the neurons.

    Examples
    --------
    >>> import math
    >>> readout = LeakyIntegrator(1, tau_mem=1e-3 / math.log(2))
    >>> v, record = readout(torch.tensor([1.0, 0.0, 0.0]).view(3, 1, 1))
    >>> v.flatten()
    tensor([1.0000, 0.5000, 0.2500])
    """

    learnable: tuple[str, ...] = ("tau_mem", "v_leak", "r")
    tau_mem: Tensor
    v_leak: Tensor

    def __init__(
        self,
        neurons: int | Sequence[int],
        tau_mem: float | Tensor = 20e-3,
        dt: float = 1e-3,
        *,
        v_leak: float | Tensor = 0.0,
        r: float | Tensor | None = None,
        method: Method = "exact",
        learn: Collection[str] = (),
    ) -> None:
        super().__init__(neurons, dt, learn)
        self._add("tau_mem", tau_mem, positive=True)
        self._add("v_leak", v_leak)
        self._add_optional("r", r)
        self.method = require_method(method, self.tau_mem, dt)

    def parameters_for(self, x: Float[Tensor, "..."]) -> LeakyIntegratorParameters:
        """Return the coefficients of a step, in the dtype of an input."""
        alpha = decay(self.tau_mem, self.dt, self.method)
        kappa = torch.ones_like(alpha) if self.r is None else (1 - alpha) * self.r
        tensors = (alpha, kappa, (1 - alpha) * self.v_leak)
        return LeakyIntegratorParameters(*(value.to(x.dtype) for value in tensors))

    def _run(
        self, x: Tensor, state: tuple[Tensor, ...] | None, feedback: Feedback | None
    ) -> tuple[Tensor, Record]:
        p = self.parameters_for(x)
        (v,) = self._start(x, state, (self.v_leak,))
        if integrates(x):
            rows = [self._row(value, x) for value in p]
            none = torch.zeros_like(rows[0])
            rates = Rates(rows[0], rows[1], rows[2], theta=none, low=none)
            still = Dynamics(integrate.NONE, True, None)
            done = integrate_over_time(x.flatten(2), rates, Before(v.flatten(1)), still)
            voltage = done.voltage.view_as(x)
        else:
            voltage = scan(p.alpha, p.kappa * x + p.shift, v)
        return voltage, Record(None, voltage, (voltage[-1],))
