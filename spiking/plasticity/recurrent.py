r"""A recurrent network with adaptive thresholds and a leaky readout, as e-prop trains it."""

import math
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from spiking.kernels import eligibility
from spiking.layers.linear import Linear
from spiking.neurons.leaky_integrator import LeakyIntegrator
from spiking.operations.arrays import as_array
from spiking.operations.memory import empty_like
from spiking.plasticity.traces import numbers


class RecurrentALIF(nn.Module):
    r"""Recurrent neurons whose thresholds rise with each spike, and leaky readouts.

    .. math:: v_t &= \alpha\, v_{t-1} + W^{in} x_t + W^{rec} z_{t-1} - \theta z_{t-1}, \qquad
              a_t = \rho\, a_{t-1} + z_{t-1} \\
              z_t &= [v_t > \theta + \beta a_t], \qquad
              y_t = b + W^{out} \sum_{s \le t} \kappa^{t-s} z_s

    with :math:`\alpha = e^{-dt/\tau_{mem}}`, :math:`\rho = e^{-dt/\tau_a}` and
    :math:`\kappa = e^{-dt/\tau_{out}}`. With :math:`\beta = 0` a neuron is a LIF neuron. The
    derivative of a spike is a triangle, :math:`\frac{\gamma}{\theta} \max(0, 1 - |v_t - \theta -
    \beta a_t| / \theta)`, and 0 in refractory steps; the reset has none.

    Parameters
    ----------
    inputs, neurons, outputs
        Their numbers.
    tau_mem, tau_adapt, tau_out
        Time constants, in seconds.
    beta
        Strength of the adaptation; one number, or one for each neuron.
    threshold
        θ.
    refractory
        Time without spikes after one, in seconds.
    damping
        γ.
    detach_reset
        Leave the reset out of the gradient. It is out of e-prop's; in backpropagation through time
        it keeps gradients from growing with time.
    dt
        Time step, in seconds.
    generator
        Source of the first weights, :math:`N(0, 1/n)` with n the number of sources.

    Raises
    ------
    ValueError
        For a parameter out of range.

    References
    ----------
    Bellec et al., "A solution to the learning dilemma for recurrent networks of spiking neurons",
    Nature Communications 11, 2020, Methods, "Network models".

    Examples
    --------
    >>> network = RecurrentALIF(3, 8, 2, generator=torch.Generator().manual_seed(0))
    >>> readout, spikes = network(torch.ones(20, 5, 3))
    >>> readout.shape, spikes.shape
    (torch.Size([20, 5, 2]), torch.Size([20, 5, 8]))
    """

    beta: Tensor

    def __init__(
        self,
        inputs: int,
        neurons: int,
        outputs: int,
        *,
        tau_mem: float = 20e-3,
        tau_adapt: float = 2.0,
        tau_out: float = 20e-3,
        beta: float | Tensor = 0.0,
        threshold: float = 0.6,
        refractory: float = 5e-3,
        damping: float = 0.3,
        detach_reset: bool = True,
        dt: float = 1e-3,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        positive = {"tau_mem": tau_mem, "tau_adapt": tau_adapt, "tau_out": tau_out}
        positive |= {"threshold": threshold, "damping": damping, "dt": dt}
        for name, value in positive.items():
            if not (value > 0 and math.isfinite(value)):
                raise ValueError(f"{name} must be positive and finite, got {value}")
        if refractory < 0:
            raise ValueError(f"refractory must not be negative, got {refractory}")
        given = torch.as_tensor(beta, dtype=torch.get_default_dtype())
        if given.dim() and given.shape != (neurons,):
            raise ValueError(f"beta must be a number or ({neurons},), got {tuple(given.shape)}")
        self.tau_mem, self.tau_adapt, self.tau_out = tau_mem, tau_adapt, tau_out
        self.threshold, self.damping, self.dt = threshold, damping, dt
        self.detach_reset = detach_reset
        self.hold = round(refractory / dt)
        self.register_buffer("beta", given.expand(neurons).clone())
        self.input = Linear(inputs, neurons, bias=False)
        self.recurrent = nn.Linear(neurons, neurons, bias=False)
        self.readout = Linear(neurons, outputs)
        self.filter = LeakyIntegrator(neurons, tau_out, dt)
        for layer in (self.input, self.recurrent, self.readout):
            n = layer.in_features
            nn.init.normal_(layer.weight, 0, n**-0.5, generator=generator)
        with torch.no_grad():
            self.recurrent.weight.fill_diagonal_(0)
            self.readout.bias.zero_()

    def forward(
        self, x: Float[Tensor, "time batch inputs"], *, through: bool = True
    ) -> tuple[Float[Tensor, "time batch outputs"], Float[Tensor, "time batch neurons"]]:
        """Return readouts and spikes.

        Parameters
        ----------
        x
            Input at each step.
        through
            Whether the gradient goes through spikes to other neurons, as in backpropagation through
            time. Without, and without the reset, it is that of e-prop with symmetric feedback.

        Raises
        ------
        ValueError
            If the shape is wrong.
        """
        if x.dim() != 3 or x.shape[2] != self.input.in_features:
            n = self.input.in_features
            raise ValueError(f"expected input (time, batch, {n}), got {tuple(x.shape)}")
        current = self.input(x)
        rows = self.rows(current)
        spikes = _Recurrent.apply(
            current, self.recurrent.weight, rows, self.hold, through, self.detach_reset
        )
        filtered, _ = self.filter(spikes)
        return self.readout(filtered), spikes

    def rows(self, like: Tensor) -> Float[Tensor, "5 neurons"]:
        """Return the numbers of a step, see `spiking.kernels.eligibility`."""
        neurons = len(self.beta)
        alpha, rho = math.exp(-self.dt / self.tau_mem), math.exp(-self.dt / self.tau_adapt)
        numbers = like.new_tensor([alpha, rho, 0, self.threshold, self.damping])
        rows = numbers[:, None].repeat(1, neurons)
        rows[eligibility.BETA] = self.beta.to(like.dtype)
        return rows


class _Recurrent(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        current: Tensor,
        weight: Tensor,
        rows: Tensor,
        hold: int,
        through: bool,
        detach_reset: bool,
    ) -> Tensor:
        current, across = current.contiguous(), without_self(weight).T.contiguous()
        spikes, psi = empty_like(current), empty_like(current)
        arrays = [as_array(a) for a in (current, across, rows, spikes, psi)]
        eligibility.forward(*arrays[:3], hold, *arrays[3:])
        ctx.save_for_backward(spikes, psi, across, rows)
        ctx.through, ctx.by_reset = through, numbers(psi, float(not detach_reset))[0]
        return spikes

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *above: Tensor) -> tuple[Tensor | None, ...]:
        spikes, psi, across, rows = ctx.saved_tensors
        by_current = empty_like(psi)
        arrays = [as_array(a) for a in (above[0], psi, across, rows)]
        eligibility.backward(*arrays, ctx.through, ctx.by_reset, by_current.numpy())
        by_weight = by_current[1:].flatten(0, 1).T @ spikes[:-1].flatten(0, 1)
        return by_current, without_self(by_weight), None, None, None, None


def without_self(weight: Tensor) -> Tensor:
    """Return weights without those from a neuron to itself."""
    return weight.detach() * (1 - torch.eye(len(weight), dtype=weight.dtype))
