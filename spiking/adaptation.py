"""Integration with adaptation over all time steps as one operation of autograd, for a CPU."""

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from spiking.integration import as_array, formula_of
from spiking.kernels import adapt
from spiking.memory import empty_like
from spiking.surrogates import Surrogate
from spiking.threads import Part, on_threads, parts


class AdaptiveDynamics(NamedTuple):
    """What is not a number."""

    symplectic: bool
    hard: bool
    detach_reset: bool
    surrogate: Surrogate


def adapt_over_time(
    x: Tensor, coefficients: Tensor, v: Tensor, w: Tensor, dynamics: AdaptiveDynamics
) -> tuple[Tensor, Tensor, Tensor]:
    """Return voltage, spikes, both (time, batch, neurons), and the last adaptation.

    Parameters
    ----------
    x
        Input, (time, batch, neurons).
    coefficients
        See `spiking.kernels.adapt`, (8, neurons).
    v, w
        State before the first step, (batch, neurons).
    dynamics
        Reset, order of a step and surrogate.
    """
    return _Adapt.apply(x, coefficients, v, w, dynamics)


class _Adapt(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, p: Tensor, v: Tensor, w: Tensor, dynamics: AdaptiveDynamics
    ) -> tuple[Tensor, Tensor, Tensor]:
        ctx.set_materialize_grads(False)
        x, p = x.contiguous(), p.contiguous()
        last_v, last_w = v.clone(), w.clone()
        voltage, adaptation, spikes = (empty_like(x) for _ in range(3))
        arrays = [as_array(a) for a in (last_v, last_w, voltage, adaptation, spikes)]
        symplectic, hard = dynamics.symplectic, dynamics.hard

        def work(_: int, part: Part) -> None:
            adapt.forward(as_array(x), as_array(p), symplectic, hard, *arrays, *part)

        on_threads(work, parts(x.shape[1], x.shape[2], len(x)))
        learning = ctx.needs_input_grad[1]
        kept = (adaptation, x) if learning else (None, None)
        ctx.save_for_backward(voltage, *kept, p, v, w)
        ctx.dynamics, ctx.learning = dynamics, learning
        return voltage, spikes, last_w

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, by_voltage: Tensor | None, by_spikes: Tensor | None, by_last: Tensor | None
    ) -> tuple[Tensor | None, ...]:
        voltage, adaptation, x, p, v, w = ctx.saved_tensors
        symplectic, hard, detach, surrogate = ctx.dynamics
        steps, batch, neurons = voltage.shape
        formula, given = formula_of(surrogate, v, voltage, p[adapt.THETA])
        by_x, by_v, by_w = empty_like(voltage), torch.zeros_like(v), torch.zeros_like(w)
        by_last = torch.zeros_like(w) if by_last is None else by_last
        split = parts(batch, neurons, 2 * steps)
        sums = np.zeros((len(split), *p.shape), v.numpy().dtype) if ctx.learning else None
        arrays = [as_array(a) for a in (by_spikes, by_voltage, by_last, voltage, adaptation, x, p)]
        state = [as_array(a) for a in (given, v, w, by_v, by_w, by_x)]

        def work(i: int, part: Part) -> None:
            own = None if sums is None else np.zeros((len(p), part[3] - part[2]), sums.dtype)
            how = (symplectic, hard, 0.0 if detach else 1.0, *formula)
            adapt.backward(*arrays, *how, *state, own, *part)
            if sums is not None:
                sums[i, :, part[2] : part[3]] = own

        on_threads(work, split)
        by_p = None if sums is None else torch.from_numpy(sums.sum(0))
        return by_x, by_p, by_v, by_w, None
