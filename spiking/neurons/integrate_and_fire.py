r"""The integrate-and-fire neuron, and the integrator: neurons without a leak."""

import math
from collections.abc import Callable, Collection, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from spiking.neurons.leaky_integrator import LeakyIntegrator, LeakyIntegratorParameters
from spiking.neurons.lif import LIF, LIFParameters, Reset
from spiking.surrogates import Surrogate


class IF(LIF):
    r"""Integrate-and-fire neurons, the limit of `LIF` without a leak.

    .. math:: \dot v = r\, i(t), \qquad v > \theta \;\Rightarrow\; \text{spike, reset}

    A step is :math:`v_t = v_{t-1} + dt\, r\, i_t`; without a resistance r the input is a jump of
    the potential, :math:`v_t = v_{t-1} + x_t`. The potential begins at 0.

    Parameters
    ----------
    neurons
        Their number, or their shape.
    dt
        Time step, in seconds.
    r
        Potential per input and second; None for an input that adds to the potential as it is.
    threshold, reset, reset_delay, refractory, v_reset, detach_reset, surrogate
        As in `LIF`.
    learn
        Which of "threshold", "v_reset" and "r" learn.

    Raises
    ------
    ValueError
        For parameters out of range, or that do not fit the neurons.

    Examples
    --------
    >>> spikes, record = IF(1)(torch.full((8, 1, 1), 0.3))
    >>> spikes.flatten().int().tolist()
    [0, 0, 0, 1, 0, 0, 1, 0]
    """

    learnable: tuple[str, ...] = ("threshold", "v_reset", "r")

    def __init__(
        self,
        neurons: int | Sequence[int],
        dt: float = 1e-3,
        *,
        r: float | Tensor | None = None,
        threshold: float | Tensor = 1.0,
        reset: Reset = "subtract",
        reset_delay: bool = False,
        refractory: float | Tensor = 0.0,
        v_reset: float | Tensor = 0.0,
        detach_reset: bool = True,
        surrogate: Surrogate | Callable[[Tensor], Tensor] | None = None,
        learn: Collection[str] = (),
    ) -> None:
        super().__init__(
            neurons,
            dt=dt,
            threshold=threshold,
            reset=reset,
            reset_delay=reset_delay,
            refractory=refractory,
            v_reset=v_reset,
            r=r,
            detach_reset=detach_reset,
            surrogate=surrogate,
            learn=learn,
        )
        self.tau_mem = torch.full_like(self.tau_mem, math.inf)

    def parameters_for(self, x: Float[Tensor, "..."]) -> LIFParameters:
        """Return the coefficients of a step, in the dtype of an input."""
        p = super().parameters_for(x)  # nothing decays
        return p if self.r is None else p._replace(kappa=(self.r.double() * self.dt).to(x.dtype))


class Integrator(LeakyIntegrator):
    r"""Integrators, whose output is their potential: `LeakyIntegrator` without a leak.

    .. math:: \dot v = r\, i(t)

    Parameters
    ----------
    neurons
        Their number, or their shape.
    dt
        Time step, in seconds.
    r
        Potential per input and second; None for an input that adds to the potential as it is.
    learn
        Which of "r" learn.

    Raises
    ------
    ValueError
        For parameters out of range, or that do not fit the neurons.

    Examples
    --------
    >>> v, record = Integrator(1, r=500.0)(torch.ones(4, 1, 1))
    >>> v.flatten().tolist()
    [0.5, 1.0, 1.5, 2.0]
    """

    learnable: tuple[str, ...] = ("r",)

    def __init__(
        self,
        neurons: int | Sequence[int],
        dt: float = 1e-3,
        *,
        r: float | Tensor | None = None,
        learn: Collection[str] = (),
    ) -> None:
        super().__init__(neurons, dt=dt, r=r, learn=learn)
        self.tau_mem = torch.full_like(self.tau_mem, math.inf)

    def parameters_for(self, x: Float[Tensor, "..."]) -> LeakyIntegratorParameters:
        """Return the coefficients of a step, in the dtype of an input."""
        p = super().parameters_for(x)
        return p if self.r is None else p._replace(kappa=(self.r.double() * self.dt).to(x.dtype))
