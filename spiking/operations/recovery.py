"""Izhikevich's equations over all time steps as one operation of autograd, for a CPU."""

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from spiking.kernels import izhikevich
from spiking.operations.arrays import as_array
from spiking.operations.integration import formula_of
from spiking.operations.memory import empty_like
from spiking.operations.threads import Part, on_threads, parts
from spiking.surrogates import Surrogate


class RecoveryDynamics(NamedTuple):
    """What is not a tensor: threshold in mV, length of a substep in ms, their number, the reset."""

    threshold: float
    h: float
    substeps: int
    detach_reset: bool
    surrogate: Surrogate


def recover_over_time(
    x: Tensor, coefficients: Tensor, v: Tensor, u: Tensor, dynamics: RecoveryDynamics
) -> tuple[Tensor, Tensor, Tensor]:
    """Return voltage, spikes, both (time, batch, neurons), and the last recovery.

    Parameters
    ----------
    x
        Input, (time, batch, neurons).
    coefficients
        See `spiking.kernels.izhikevich`, (4, neurons).
    v, u
        State before the first step, (batch, neurons).
    dynamics
        Threshold, substeps, reset and surrogate.
    """
    return _Recover.apply(x, coefficients, v, u, dynamics)


class _Recover(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, p: Tensor, v: Tensor, u: Tensor, dynamics: RecoveryDynamics
    ) -> tuple[Tensor, Tensor, Tensor]:
        ctx.set_materialize_grads(False)
        x, p = x.contiguous(), p.contiguous()
        last_v, last_u = v.clone(), u.clone()
        voltage, recovery, spikes = (empty_like(x) for _ in range(3))
        arrays = [as_array(a) for a in (last_v, last_u, voltage, recovery, spikes)]

        def work(_: int, part: Part) -> None:
            izhikevich.forward(as_array(x), as_array(p), *dynamics[:3], *arrays, *part)

        steps, batch, neurons = x.shape
        on_threads(work, parts(batch, neurons, steps * dynamics.substeps))
        ctx.save_for_backward(voltage, recovery, x, p, v, u)
        ctx.dynamics = dynamics
        return voltage, spikes, last_u

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, by_voltage: Tensor | None, by_spikes: Tensor | None, by_last: Tensor | None
    ) -> tuple[Tensor | None, ...]:
        voltage, recovery, x, p, v, u = ctx.saved_tensors
        threshold, h, substeps, detach, surrogate = ctx.dynamics
        steps, batch, neurons = voltage.shape
        theta = voltage.new_full((neurons,), threshold)
        formula, given = formula_of(surrogate, v, voltage, theta)
        by_x, by_v = empty_like(voltage), torch.zeros_like(v)
        by_u = torch.zeros_like(u) if by_last is None else by_last.clone()
        split = parts(batch, neurons, 2 * steps * substeps)
        learning = ctx.needs_input_grad[1]
        sums = np.zeros((len(split), *p.shape), v.numpy().dtype) if learning else None
        arrays: list[Any]
        arrays = [as_array(a) for a in (by_spikes, by_voltage, voltage, recovery, x, p)]
        arrays += [threshold, h, substeps, 0.0 if detach else 1.0, *formula]
        state = [as_array(a) for a in (given, v, u, by_v, by_u, by_x)]

        def work(i: int, part: Part) -> None:
            own = None if sums is None else np.zeros((len(p), part[3] - part[2]), sums.dtype)
            izhikevich.backward(*arrays, *state, own, *part)
            if sums is not None:
                sums[i, :, part[2] : part[3]] += own

        on_threads(work, split)
        by_p = None if sums is None else torch.from_numpy(sums.sum(0))
        return by_x, by_p, by_v, by_u, None
