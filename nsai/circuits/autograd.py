"""Weighted model counts and marginals as functions that torch differentiates.

Both take probabilities or logits of any shape (…, variables) and dtype on any device; inside, all
is float64. On a CPU the kernels do the work, elsewhere the program runs level by level, and rows
that underflow there are done again on the CPU.
"""

from typing import Any

import torch
from torch import Tensor

from nsai.circuits.kernels.linear import SMALLEST
from nsai.circuits.levels import Levels
from nsai.circuits.processor import Weights, extended_log_wmc, log_wmc


def evaluate(
    levels: Levels, given: Tensor, *, from_logits: bool, slope: bool
) -> tuple[Tensor, Tensor | None]:
    """Return log Z and its derivative, float64, (…) and (…, variables)."""
    flat = given.detach().reshape(-1, given.shape[-1])
    if given.device.type != "cpu":
        result, found = _on_device(levels, flat.double(), from_logits=from_logits)
        return result.reshape(given.shape[:-1]), found.reshape(given.shape)
    flat = flat if flat.dtype in (torch.float32, torch.float64) else flat.double()
    weights = Weights.of(flat.numpy(), from_logits=from_logits)
    values, slopes = log_wmc(levels.program, weights, slope=slope)
    result = torch.from_numpy(values).view(given.shape[:-1])
    return result, None if slopes is None else torch.from_numpy(slopes).view(given.shape)


def _on_device(levels: Levels, given: Tensor, *, from_logits: bool) -> tuple[Tensor, Tensor]:
    p, q = (given.sigmoid(), (-given).sigmoid()) if from_logits else (given, 1 - given)
    root, up, down = levels.derivatives(p, q)
    result, slope = root.log(), (up - down) * (p * q) if from_logits else up - down
    tiny = (root < SMALLEST).nonzero()[:, 0]
    if len(tiny):
        few = Weights.of(given[tiny].cpu().numpy(), from_logits=from_logits)
        values, slopes = (torch.from_numpy(x) for x in extended_log_wmc(levels.program, few))
        result[tiny], slope[tiny] = values.to(given.device), slopes.to(given.device)
    return result, slope


def reference(levels: Levels, given: Tensor, *, from_logits: bool) -> Tensor:
    """Return log Z in plain torch, differentiable to any order."""
    flat = given.reshape(-1, given.shape[-1]).double()
    value = levels.log_wmc_from_logits(flat) if from_logits else levels.log_wmc(flat, 1 - flat)
    return value.reshape(given.shape[:-1])


class LogWMC(torch.autograd.Function):
    """log Z with the gradient that the kernel returns beside it."""

    @staticmethod
    def forward(ctx: Any, given: Tensor, levels: Levels, from_logits: bool) -> Tensor:
        """Evaluate, with the derivative if it will be needed."""
        ctx.levels, ctx.from_logits = levels, from_logits
        needed = ctx.needs_input_grad[0]
        result, slope = evaluate(levels, given, from_logits=from_logits, slope=needed)
        ctx.save_for_backward(given, slope)
        return result.to(given.dtype)

    @staticmethod
    def backward(ctx: Any, *above: Tensor) -> tuple[Tensor | None, ...]:
        """Multiply with what the kernel returned, or differentiate the reference."""
        given, slope = ctx.saved_tensors
        if torch.is_grad_enabled():  # a derivative of the derivative is asked for
            result = reference(ctx.levels, given, from_logits=ctx.from_logits)
            (slope,) = torch.autograd.grad(result.sum(), given, create_graph=True)
        return (above[0][..., None] * slope).to(given.dtype), None, None


class Marginals(torch.autograd.Function):
    """Marginals from the kernel; their gradient from the reference, differentiated twice."""

    @staticmethod
    def forward(ctx: Any, given: Tensor, levels: Levels, from_logits: bool) -> Tensor:
        """Evaluate once up and once down."""
        ctx.levels, ctx.from_logits = levels, from_logits
        ctx.save_for_backward(given)
        result, slope = evaluate(levels, given, from_logits=from_logits, slope=True)
        assert slope is not None
        found = _marginals(given.detach().double(), slope, from_logits).clamp(0, 1)
        return torch.where(result[..., None] > -torch.inf, found, torch.nan).to(given.dtype)

    @staticmethod
    def backward(ctx: Any, *above: Tensor) -> tuple[Tensor | None, ...]:
        """Differentiate the derivative of the reference."""
        (given,) = ctx.saved_tensors
        with torch.enable_grad():
            inner = given.detach().double().requires_grad_()
            result = reference(ctx.levels, inner, from_logits=ctx.from_logits)
            (slope,) = torch.autograd.grad(result.sum(), inner, create_graph=True)
            found = _marginals(inner, slope, ctx.from_logits)
            (below,) = torch.autograd.grad(found, inner, above[0].double())
        return below.to(given.dtype), None, None


def _marginals(given: Tensor, slope: Tensor, from_logits: bool) -> Tensor:
    """Return marginals, given the derivative of log Z by probabilities or by logits."""
    return given.sigmoid() + slope if from_logits else given * (1 + (1 - given) * slope)
