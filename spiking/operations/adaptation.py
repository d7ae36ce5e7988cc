"""Integration with adaptation over all time steps as one operation of autograd, for a CPU."""

from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from spiking.kernels import adapt
from spiking.operations.arrays import as_array
from spiking.operations.integration import Feedback, feedback_gradients, formula_of, go_back
from spiking.operations.memory import empty_like
from spiking.operations.threads import Part, on_threads, parts
from spiking.surrogates import Surrogate


class AdaptiveDynamics(NamedTuple):
    """What is not a number."""

    symplectic: bool
    hard: bool
    detach_reset: bool
    surrogate: Surrogate


def adapt_over_time(
    x: Tensor,
    coefficients: Tensor,
    v: Tensor,
    w: Tensor,
    dynamics: AdaptiveDynamics,
    feedback: Feedback | None = None,
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
    feedback
        Recurrent weights, and the spikes before the first step; None without.
    """
    return _Adapt.apply(x, coefficients, v, w, *(feedback or (None, None)), dynamics)


class _Adapt(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        p: Tensor,
        v: Tensor,
        w: Tensor,
        feedback: Tensor | None,
        fired: Tensor | None,
        dynamics: AdaptiveDynamics,
    ) -> tuple[Tensor, Tensor, Tensor]:
        ctx.set_materialize_grads(False)
        x, p = x.contiguous(), p.contiguous()
        last_v, last_w = v.clone(), w.clone()
        voltage, adaptation, spikes = (empty_like(x) for _ in range(3))
        learning = ctx.needs_input_grad[1]
        drives = empty_like(x) if learning and feedback is not None else None
        across = None if feedback is None else feedback.T
        arrays = [as_array(a) for a in (last_v, last_w, voltage, adaptation, spikes)]
        arrays += [as_array(a) for a in (drives, across, fired)]
        symplectic, hard = dynamics.symplectic, dynamics.hard

        def work(_: int, part: Part) -> None:
            adapt.forward(as_array(x), as_array(p), symplectic, hard, *arrays, *part)

        steps, batch, neurons = x.shape
        on_threads(work, parts(batch, neurons, steps, whole_rows=feedback is not None))
        kept = (adaptation, x if drives is None else drives) if learning else (None, None)
        back = (None, None, None) if feedback is None else (spikes, feedback, fired)
        ctx.save_for_backward(voltage, *kept, *back, p, v, w)
        ctx.dynamics, ctx.learning = dynamics, learning
        return voltage, spikes, last_w

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, by_voltage: Tensor | None, by_spikes: Tensor | None, by_last: Tensor | None
    ) -> tuple[Tensor | None, ...]:
        voltage, adaptation, drive, spikes, feedback, fired, p, v, w = ctx.saved_tensors
        symplectic, hard, detach, surrogate = ctx.dynamics
        steps, batch, neurons = voltage.shape
        formula, given = formula_of(surrogate, v, voltage, p[adapt.THETA])
        by_x, by_v, by_w = empty_like(voltage), torch.zeros_like(v), torch.zeros_like(w)
        by_last = torch.zeros_like(w) if by_last is None else by_last
        total = by_spikes if feedback is None else empty_like(voltage)
        split = parts(batch, neurons, 2 * steps) if feedback is None else [(0, batch, 0, neurons)]
        sums = np.zeros((len(split), *p.shape), v.numpy().dtype) if ctx.learning else None
        arrays: list[Any]
        arrays = [as_array(a) for a in (total, by_voltage, by_last, voltage, adaptation, drive, p)]
        arrays += [symplectic, hard, 0.0 if detach else 1.0, *formula]
        state = [as_array(a) for a in (given, v, w, by_v, by_w, by_x)]

        def work(i: int, part: Part, first: int = -1, last: int = steps) -> None:
            own = None if sums is None else np.zeros((len(p), part[3] - part[2]), sums.dtype)
            adapt.backward(*arrays, *state, own, first, last, *part)
            if sums is not None:
                sums[i, :, part[2] : part[3]] += own

        by_feedback = by_fired = None
        if feedback is None:
            on_threads(work, split)
        else:
            assert total is not None
            go_back(partial(work, 0, split[0]), by_x, by_spikes, total, feedback)
            by_feedback, by_fired = feedback_gradients(by_x, spikes, feedback, fired)
        by_p = None if sums is None else torch.from_numpy(sums.sum(0))
        return by_x, by_p, by_v, by_w, by_feedback, by_fired, None
