"""Leaky integration over all time steps as one operation of autograd.

Only the membrane potential is kept for the backward pass, and what drives it where a parameter
that multiplies that learns.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from spiking.kernels import integrate, refractory
from spiking.operations.arrays import as_array, has_kernel
from spiking.operations.device import has_device_kernel, integrate_on_device
from spiking.operations.memory import empty_like
from spiking.operations.products import weight_gradient
from spiking.operations.threads import Part, on_threads, parts
from spiking.surrogates import Surrogate


class Dynamics(NamedTuple):
    """What is not a number: the reset, and the surrogate of a neuron that spikes."""

    mode: int
    detach_reset: bool
    surrogate: Surrogate | None


class Feedback(NamedTuple):
    """Recurrent weights (to, from), and the spikes (batch, from) before the first step."""

    weight: Tensor
    fired: Tensor


class Rates(NamedTuple):
    """Coefficients of a step, (neurons,), see `spiking.kernels.integrate`.

    Attributes
    ----------
    alpha, kappa, shift, theta, low
        Of the membrane.
    synapse
        Decay of the synaptic current; None without.
    wait
        Refractory period in steps; None without.
    feedback
        Recurrent weights, (to, from); None without.
    """

    alpha: Tensor
    kappa: Tensor
    shift: Tensor
    theta: Tensor
    low: Tensor
    synapse: Tensor | None = None
    wait: Tensor | None = None
    feedback: Tensor | None = None


class Before(NamedTuple):
    """State before the first step, (batch, neurons).

    Attributes
    ----------
    v
        Potential.
    current
        Synaptic current; None without.
    left
        Steps for which a neuron is held; None without a refractory period.
    fired
        Spikes that come back; None without recurrent weights.
    """

    v: Tensor
    current: Tensor | None = None
    left: Tensor | None = None
    fired: Tensor | None = None


class Integrated(NamedTuple):
    """What integration returns, (time, batch, neurons), and the rest of the last state."""

    voltage: Tensor
    spikes: Tensor | None
    current: Tensor | None
    left: Tensor | None


def integrate_over_time(x: Tensor, rates: Rates, before: Before, dynamics: Dynamics) -> Integrated:
    """Integrate (time, batch, neurons), see `spiking.kernels.integrate` and `.refractory`."""
    run = integrate_on_device if has_device_kernel(x) else _Integrate.apply
    return Integrated(*run(x, *rates, *before, dynamics))


def integrates(x: Tensor) -> bool:
    """Return whether an input is integrated over all steps at once; others go step by step."""
    return has_kernel(x) or has_device_kernel(x)


class _Integrate(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, *given: Any) -> tuple[Tensor | None, ...]:
        ctx.set_materialize_grads(False)
        rates, before, dynamics = Rates(*given[:8]), Before(*given[8:12]), given[12]
        alpha, kappa, shift, theta, low, synapse, wait, feedback = rates
        x = x.contiguous()
        learning = any(ctx.needs_input_grad[1:7])
        voltage = empty_like(x)
        spikes = None if dynamics.surrogate is None else empty_like(x)
        other = synapse is not None or feedback is not None
        drives = empty_like(x) if other and learning else None
        current, left = (None if part is None else part.clone() for part in before[1:3])
        across = None if feedback is None else feedback.T
        arrays = [as_array(p) for p in (x, synapse, alpha, kappa, shift, theta, low)]
        state = [as_array(p) for p in (before.v, current, voltage, spikes, drives)]
        state += [as_array(p) for p in (across, before.fired)]
        kernel = integrate.forward
        if wait is not None:
            kernel = partial(refractory.forward, as_array(wait), as_array(left))

        def work(_: int, part: Part) -> None:
            kernel(*arrays, dynamics.mode, *state, *part)

        steps, batch, neurons = x.shape
        on_threads(work, parts(batch, neurons, steps, whole_rows=feedback is not None))
        drive = drives if other else x if learning else None
        fired = spikes if wait is not None or feedback is not None else None
        ctx.save_for_backward(voltage, fired, drive, *rates, *before)
        ctx.dynamics, ctx.learning = dynamics, learning
        if left is not None:
            ctx.mark_non_differentiable(left)
        return voltage, spikes, current, left

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any,
        by_voltage: Tensor | None,
        by_spikes: Tensor | None,
        by_last: Tensor | None,
        _: Tensor | None,
    ) -> tuple[Tensor | None, ...]:
        voltage, spikes, drive, *rest = ctx.saved_tensors
        rates, before = Rates(*rest[:8]), Before(*rest[8:])
        alpha, kappa, _shift, theta, low, synapse, wait, feedback = rates
        mode, detach, surrogate = ctx.dynamics
        steps, batch, neurons = voltage.shape
        formula, given = formula_of(surrogate, before.v, voltage, theta)
        by_x, by_v = empty_like(voltage), torch.zeros_like(before.v)
        by_current = None
        if before.current is not None:
            by_current = torch.zeros_like(before.current) if by_last is None else by_last.clone()
        total = by_spikes if feedback is None else empty_like(voltage)
        split = parts(batch, neurons, 2 * steps) if feedback is None else [(0, batch, 0, neurons)]
        sums = np.zeros((len(split), 6, neurons), voltage.numpy().dtype) if ctx.learning else None
        above = [as_array(p) for p in (total, by_voltage)]
        arrays: list[Any]
        arrays = [as_array(p) for p in (voltage, drive, synapse, alpha, kappa, theta, low)]
        arrays += [mode, 0.0 if detach else 1.0, *formula]
        state = [as_array(p) for p in (given, before.v, before.current, by_v, by_current, by_x)]
        kernel = integrate.backward
        if wait is not None:
            assert spikes is not None
            assert before.left is not None
            held = _held(spikes, wait, before.left)
            kernel = partial(refractory.backward, as_array(wait), held)

        def work(i: int, part: Part, first: int = -1, last: int = steps) -> None:
            own = None if sums is None else np.zeros((6, part[3] - part[2]), sums.dtype)
            kernel(*above, *arrays, *state, own, first, last, *part)
            if sums is not None:
                sums[i, :, part[2] : part[3]] += own

        by_feedback = by_fired = None
        if feedback is None:
            on_threads(work, split)
        else:
            assert total is not None
            assert before.fired is not None
            go_back(partial(work, 0, split[0]), by_x, by_spikes, total, feedback)
            by_feedback, by_fired = feedback_gradients(by_x, spikes, feedback, before.fired)
        found: list[Tensor | None] = [None] * 6
        if sums is not None:
            found = [*torch.from_numpy(sums.sum(0))]
        needed = zip(found, ctx.needs_input_grad[1:7], strict=True)
        by_rates = [x if needs else None for x, needs in needed]
        return by_x, *by_rates, None, by_feedback, by_v, by_current, None, by_fired, None


def go_back(
    work: Callable[[int, int], None],
    by_x: Tensor,
    by_spikes: Tensor | None,
    total: Tensor,
    feedback: Tensor,
) -> None:
    """Go back through recurrent weights step by step.

    ``work(first, last)`` writes ``by_x`` of those steps, which needs ``total``, the derivative by
    their spikes: that from above, ``by_spikes``, and that from the step after.
    """
    last = len(by_x) - 1
    for t in range(last, -1, -1):
        if t == last:
            total[t] = 0 if by_spikes is None else by_spikes[t]
        elif by_spikes is None:
            torch.mm(by_x[t + 1], feedback, out=total[t])
        else:
            torch.addmm(by_spikes[t], by_x[t + 1], feedback, out=total[t])
        work(t, t + 1)
    work(-1, 0)


def feedback_gradients(
    by_x: Tensor, spikes: Tensor, feedback: Tensor, fired: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the gradients of recurrent weights, and of the spikes before the first step."""
    neurons = spikes.shape[2]
    heard = weight_gradient(spikes[:-1].reshape(-1, neurons), by_x[1:].reshape(-1, neurons))
    return heard + by_x[0].T @ fired, by_x[0] @ feedback


def _held(spikes: Tensor, wait: Tensor, left: Tensor) -> np.ndarray:
    """Return which neurons are held, (time + 1, batch, neurons)."""
    held = np.empty((len(spikes) + 1, *spikes.shape[1:]), np.bool_)
    refractory.find_held(as_array(spikes), as_array(wait), as_array(left.clone()), held)
    return held


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
