"""Leaky integration over all time steps as one operation of autograd, for a CPU.

Only the membrane potential is kept for the backward pass, and the input or the synaptic current
where a parameter that multiplies it learns.
"""

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from spiking.kernels import integrate
from spiking.memory import empty_like
from spiking.surrogates import Surrogate
from spiking.threads import on_threads, parts


class Dynamics(NamedTuple):
    """What is not a number: the reset, and the surrogate of a neuron that spikes."""

    mode: int
    detach_reset: bool
    surrogate: Surrogate | None


class Integrated(NamedTuple):
    """What integration returns: (time, batch, neurons), and the current (batch, neurons)."""

    voltage: Tensor
    spikes: Tensor | None
    current: Tensor | None


def has_kernel(x: Tensor) -> bool:
    """Return whether the kernels take an input; others go step by step."""
    return x.is_cpu and x.dtype in (torch.float32, torch.float64)


def integrate_over_time(
    x: Tensor,
    coefficients: tuple[Tensor, ...],
    synapse: Tensor | None,
    v: Tensor,
    current: Tensor | None,
    dynamics: Dynamics,
) -> Integrated:
    """Integrate (time, batch, neurons), see `spiking.kernels.integrate`.

    Parameters
    ----------
    x
        Input.
    coefficients
        alpha, kappa, shift, theta, low: (neurons,).
    synapse
        Decay of the synaptic current, (neurons,), or None.
    v, current
        State before the first step, (batch, neurons).
    dynamics
        Reset and surrogate.
    """
    voltage, spikes, last = _Integrate.apply(x, *coefficients, synapse, v, current, dynamics)
    return Integrated(voltage, spikes, last)


class _Integrate(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        alpha: Tensor,
        kappa: Tensor,
        shift: Tensor,
        theta: Tensor,
        low: Tensor,
        synapse: Tensor | None,
        v: Tensor,
        current: Tensor | None,
        dynamics: Dynamics,
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        ctx.set_materialize_grads(False)
        x = x.contiguous()
        learning = any(ctx.needs_input_grad[1:7])
        voltage = empty_like(x)
        spikes = None if dynamics.surrogate is None else empty_like(x)
        currents = empty_like(x) if synapse is not None and learning else None
        last = None if current is None else current.clone()
        arrays = [as_array(p) for p in (x, synapse, alpha, kappa, shift, theta, low)]
        state = [as_array(p) for p in (v, last, voltage, spikes, currents)]

        def work(_: int, part: tuple[int, int, int, int]) -> None:
            integrate.forward(*arrays, dynamics.mode, *state, *part)

        steps, batch, neurons = x.shape
        on_threads(work, parts(batch, neurons, steps))
        drive = currents if synapse is not None else x if learning else None
        ctx.save_for_backward(voltage, drive, synapse, alpha, kappa, theta, low, v, current)
        ctx.dynamics, ctx.learning = dynamics, learning
        return voltage, spikes, last

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, by_voltage: Tensor | None, by_spikes: Tensor | None, by_last: Tensor | None
    ) -> tuple[Tensor | None, ...]:
        voltage, drive, synapse, alpha, kappa, theta, low, v, current = ctx.saved_tensors
        mode, detach, surrogate = ctx.dynamics
        steps, batch, neurons = voltage.shape
        formula, given = formula_of(surrogate, v, voltage, theta)
        by_x, by_v = empty_like(voltage), torch.zeros_like(v)
        by_current = None
        if current is not None:
            by_current = torch.zeros_like(current) if by_last is None else by_last.clone()
        split = parts(batch, neurons, 2 * steps)
        sums = np.zeros((len(split), 6, neurons), v.numpy().dtype) if ctx.learning else None
        above = [as_array(p) for p in (by_spikes, by_voltage)]
        arrays = [as_array(p) for p in (voltage, drive, synapse, alpha, kappa, theta, low)]
        state = [as_array(p) for p in (given, v, current, by_v, by_current, by_x)]

        def work(i: int, part: tuple[int, int, int, int]) -> None:
            own = None if sums is None else np.zeros((6, part[3] - part[2]), sums.dtype)
            how = (mode, 0.0 if detach else 1.0, *formula)
            integrate.backward(*above, *arrays, *how, *state, own, *part)
            if sums is not None:
                sums[i, :, part[2] : part[3]] = own

        on_threads(work, split)
        found: list[Tensor | None] = [None] * 6
        if sums is not None:
            found = [*torch.from_numpy(sums.sum(0))]
        needed = zip(found, ctx.needs_input_grad[1:7], strict=True)
        by_parameters = [x if needs else None for x, needs in needed]
        return by_x, *by_parameters, by_v, by_current, None


def formula_of(
    surrogate: Surrogate | None, v: Tensor, voltage: Tensor, theta: Tensor
) -> tuple[tuple[int, float, float], Tensor | None]:
    """Return a kernel's formula, and the pseudo-derivatives themselves where it has none.

    Those are of the state before the first step and of all potentials, (time + 1, batch, neurons).
    """
    found = (0, 0.0, 0.0) if surrogate is None else surrogate.formula()
    if found is not None or surrogate is None:
        return found or (0, 0.0, 0.0), None
    return (0, 0.0, 0.0), surrogate.derivative(torch.cat((v[None], voltage)) - theta)


def as_array(tensor: Tensor | None) -> np.ndarray | None:
    """Return a tensor of the CPU as a contiguous array that shares its memory if it can."""
    return None if tensor is None else tensor.detach().contiguous().numpy()
