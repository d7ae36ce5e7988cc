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
from nsai.circuits.processor import Weights, extended_log_wmc, hessian_product, log_wmc


def evaluate(
    levels: Levels, given: Tensor, *, from_logits: bool, slope: bool
) -> tuple[Tensor, Tensor | None]:
    """Return log Z and its derivative by what is given, (…) and (…, variables)."""
    known = given.dtype in (torch.float32, torch.float64)
    if given.is_cpu and known and given.dim() == 2:  # of one row, the rest would take a third
        return _on_cpu(levels, given.detach(), from_logits, slope)
    shape = given.shape
    flat = given.detach().reshape(shape[:-1].numel(), shape[-1])
    flat = flat if known and given.is_cpu else flat.double()
    result: Tensor
    found: Tensor | None
    if given.is_cpu:
        result, found = _on_cpu(levels, flat, from_logits, slope)
    else:
        result, found = _on_device(levels, flat, from_logits=from_logits)
    result = result.to(given.dtype).view(shape[:-1])
    return result, None if found is None else found.to(given.dtype).view(shape)


def _on_cpu(
    levels: Levels, given: Tensor, from_logits: bool, slope: bool
) -> tuple[Tensor, Tensor | None]:
    values, slopes = log_wmc(
        levels.program, given.contiguous().numpy(), from_logits=from_logits, slope=slope
    )
    return torch.from_numpy(values), None if slopes is None else torch.from_numpy(slopes)


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
    flat = given.reshape(given.shape[:-1].numel(), given.shape[-1]).double()
    value = levels.log_wmc_from_logits(flat) if from_logits else levels.log_wmc(flat, 1 - flat)
    return value.reshape(given.shape[:-1])


class LogWMC(torch.autograd.Function):
    """log Z with the gradient that the kernel returns beside it."""

    @staticmethod
    def forward(ctx: Any, given: Tensor, levels: Levels, from_logits: bool) -> Tensor:
        """Evaluate, with the derivative."""
        ctx.levels, ctx.from_logits = levels, from_logits
        result, ctx.slope = evaluate(levels, given, from_logits=from_logits, slope=True)
        ctx.save_for_backward(given)
        return result

    @staticmethod
    def backward(ctx: Any, *above: Tensor) -> tuple[Tensor | None, ...]:
        """Multiply with what the kernel returned; differentiable where that is asked for."""
        slope = ctx.slope
        if torch.is_grad_enabled():
            (given,) = ctx.saved_tensors
            slope, _ = Slope.apply(given, ctx.levels, ctx.from_logits)
        (scale,) = above
        if scale.numel() > 1:  # a single number needs no column of its own
            scale = scale.unsqueeze(-1)
        return scale * slope, None, None


class Slope(torch.autograd.Function):
    """The derivative of log Z, itself with a derivative, and log Z without one."""

    @staticmethod
    def forward(
        ctx: Any, given: Tensor, levels: Levels, from_logits: bool
    ) -> tuple[Tensor, Tensor]:
        """Evaluate once up and once down."""
        ctx.levels, ctx.from_logits = levels, from_logits
        ctx.save_for_backward(given)
        result, slope = evaluate(levels, given, from_logits=from_logits, slope=True)
        assert slope is not None
        ctx.mark_non_differentiable(result)
        return slope, result

    @staticmethod
    def backward(ctx: Any, *above: Tensor) -> tuple[Tensor | None, ...]:
        """Multiply the Hessian, which is symmetric, with what comes from above."""
        (given,) = ctx.saved_tensors
        if torch.is_grad_enabled() or not given.is_cpu:
            return _reference_product(ctx, given, above[0]), None, None
        shape = (given.shape[:-1].numel(), given.shape[-1])
        flat, direction = (
            x.detach().double().reshape(shape).contiguous() for x in (given, above[0])
        )
        found, tiny = hessian_product(
            ctx.levels.program, flat.numpy(), direction.numpy(), from_logits=ctx.from_logits
        )
        result = torch.from_numpy(found)
        if tiny.any():
            few = torch.from_numpy(tiny)
            result[few] = _reference_product(ctx, flat[few], direction[few])
        return result.to(given.dtype).reshape(given.shape), None, None


def _reference_product(ctx: Any, given: Tensor, above: Tensor) -> Tensor:
    """Return the Hessian's product from the reference, differentiated twice."""
    differentiable = torch.is_grad_enabled()
    with torch.enable_grad():
        inner = given if differentiable else given.detach().requires_grad_()
        result = reference(ctx.levels, inner, from_logits=ctx.from_logits)
        (slope,) = torch.autograd.grad(result.sum(), inner, create_graph=True)
        if not slope.requires_grad:  # log Z is linear
            return torch.zeros_like(given)
        (found,) = torch.autograd.grad(slope, inner, above, create_graph=differentiable)
    return torch.where(result[..., None] > -torch.inf, found, torch.zeros_like(found))


def marginals(levels: Levels, given: Tensor, *, from_logits: bool) -> Tensor:
    """Return the probability of each variable given that the formula holds; differentiable.

    Its derivative is a Hessian's product, as the marginal is a prior plus a slope of log Z.
    """
    exact = given.double()
    slope, log_z = Slope.apply(exact, levels, from_logits)
    p = exact.sigmoid() if from_logits else exact
    found = p + slope if from_logits else p * (1 + (1 - p) * slope)
    found = found + (found.clamp(0, 1) - found).detach()
    return torch.where(log_z[..., None] > -torch.inf, found, torch.nan).to(given.dtype)
