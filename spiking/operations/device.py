"""Leaky integration over all time steps as one operation of autograd, for a GPU."""

from functools import cache
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

BLOCK = 128  # neurons of a program
TYPES = (torch.float16, torch.bfloat16, torch.float32)


@cache
def has_triton() -> bool:
    """Return whether Triton is here; PyTorch for CUDA brings it."""
    return find_spec("triton") is not None


def has_device_kernel(x: Tensor) -> bool:
    """Return whether the kernels for a GPU take an input; others go step by step."""
    return x.is_cuda and x.dtype in TYPES and has_triton()


def integrate_on_device(x: Tensor, *given: Any) -> tuple[Tensor | None, ...]:
    """Return what `spiking.operations.integration.integrate_over_time` does; no recurrent weights.

    The state is computed in float32.
    """
    return _Integrate.apply(x, *given)


class _Integrate(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, *given: Any) -> tuple[Tensor | None, ...]:
        from spiking.kernels import device

        ctx.set_materialize_grads(False)
        *rates, _feedback, v, current, left, _fired, dynamics = given
        x = x.contiguous()
        rows = [None if rate is None else rate.float().contiguous() for rate in rates]
        alpha, kappa, shift, theta, low, synapse, wait = rows
        learning = any(ctx.needs_input_grad[1:7])
        voltage = torch.empty_like(x)
        spikes = None if dynamics.surrogate is None else torch.empty_like(x)
        state = [None if p is None else p.float().clone(memory_format=torch.contiguous_format)
                 for p in (v, current, left)]  # fmt: skip
        drives = torch.empty_like(x) if synapse is not None and learning else None
        held = None if wait is None else torch.empty_like(x, dtype=torch.int8)
        steps, size, neurons = len(x), x[0].numel(), x.shape[-1]
        device.forward[(-(-size // BLOCK),)](
            x, alpha, kappa, shift, theta, low, synapse, wait, *state, voltage, spikes, drives,
            held, steps, size, neurons, MODE=dynamics.mode, SPIKES=spikes is not None,
            SYNAPSE=synapse is not None, WAIT=wait is not None, DRIVES=drives is not None,
            BLOCK=BLOCK, enable_fp_fusion=False,
        )  # fmt: skip
        drive = drives if synapse is not None else x if learning else None
        ctx.save_for_backward(voltage, drive, held, *rows, v, current, left)
        ctx.dynamics, ctx.learning = dynamics, learning
        last = [None if p is None else p.to(x.dtype) for p in state[1:]]
        if last[1] is not None:
            ctx.mark_non_differentiable(last[1])
        return voltage, spikes, *last

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any,
        by_voltage: Tensor | None,
        by_spikes: Tensor | None,
        by_last: Tensor | None,
        _: Tensor | None,
    ) -> tuple[Tensor | None, ...]:
        from spiking.kernels import device
        from spiking.operations.integration import formula_of

        voltage, drive, held, *rows, v, current, left = ctx.saved_tensors
        alpha, kappa, _shift, theta, low, synapse, wait = rows
        mode, detach, surrogate = ctx.dynamics
        (kind, first, second), given = formula_of(surrogate, v, voltage, theta)
        steps, size, neurons = len(voltage), voltage[0].numel(), voltage.shape[-1]
        start = v.float().contiguous()
        state = [None if p is None else p.float().contiguous() for p in (current, left)]
        by_x, by_v, by_current = torch.empty_like(voltage), torch.empty_like(start), None
        if current is not None:
            by_current = torch.zeros_like(start) if by_last is None else by_last.float().clone()
        sums = start.new_zeros(6, *v.shape) if ctx.learning else None
        above = [None if p is None else p.contiguous() for p in (by_spikes, by_voltage)]
        device.backward[(-(-size // BLOCK),)](
            *above, voltage, drive, alpha, kappa, theta, low, synapse, wait, given, held, start,
            *state, by_v, by_current, by_x, sums, 0.0 if detach else 1.0, first, second, steps,
            size, neurons, MODE=mode, KIND=kind, BY_SPIKES=above[0] is not None,
            BY_VOLTAGE=above[1] is not None, SYNAPSE=synapse is not None, WAIT=wait is not None,
            GIVEN=given is not None, SUMS=sums is not None, BLOCK=BLOCK, enable_fp_fusion=False,
        )  # fmt: skip
        found: list[Tensor | None] = [None] * 6
        if sums is not None:
            found = [*sums.sum(1).to(voltage.dtype)]
        needed = zip(found, ctx.needs_input_grad[1:7], strict=True)
        by_rates = [x if needs else None for x, needs in needed]
        by_i = None if by_current is None else by_current.to(voltage.dtype)
        return by_x, *by_rates, None, None, by_v.to(voltage.dtype), by_i, None, None, None
