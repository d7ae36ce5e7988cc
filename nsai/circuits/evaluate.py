r"""Weighted model counting of a program: the right kernel for each row, and its gradient.

.. math:: \log Z = \log \sum_{x \models \varphi} \prod_i w^+_i{}^{x_i}\, w^-_i{}^{1-x_i}

On a CPU the linear kernel takes all rows; those whose Z is below 1e-290 are done again with
extended exponents. On a GPU the program runs level by level. Everything inside is float64.
"""

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nsai.circuits.kernels import extended, linear
from nsai.circuits.levels import Levels
from nsai.circuits.program import Program

TABLE_BYTES = 1 << 20  # a tile's tables should stay in a core's own cache
LN2 = float(np.log(2.0))


@dataclass(frozen=True)
class Weights:
    """Weights of the literals, float64 (batch, variables), and where they come from.

    Attributes
    ----------
    positive, negative
        Weight of x and of ¬x; they sum to one.
    logits
        log(positive / negative), if the weights were given so.
    """

    positive: Tensor
    negative: Tensor
    logits: Tensor | None = None

    def split(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return mantissas and exponents, (batch, 2 · variables), literals of a variable adjoining.

        Weights that come from logits are exact where the weight itself would underflow.
        """
        if self.logits is None:
            both = torch.stack((self.positive, self.negative), -1).flatten(1)
            mantissa, exponent = np.frexp(both.numpy())
            return mantissa, exponent.astype(np.int64)
        signed = torch.stack((self.logits, -self.logits), -1).flatten(1)
        log2 = torch.nn.functional.logsigmoid(signed).numpy() / LN2
        exponent = np.floor(log2) + 1
        finite = np.isfinite(log2)
        mantissa = np.where(finite, np.exp2(np.where(finite, log2 - exponent, 0.0)), 0.0)
        return mantissa, np.where(finite, exponent, 0).astype(np.int64)


def threads() -> int:
    """Return how many threads kernels may use: as many as torch."""
    return min(torch.get_num_threads(), os.cpu_count() or 1)


def arguments(program: Program) -> tuple[Any, ...]:
    """Return what every kernel takes first."""
    return program.start, program.left, program.right, program.inner, program.root


def lanes(program: Program, batch: int) -> int:
    """Return how many rows of a batch share a tile."""
    fitting = TABLE_BYTES // (16 * max(program.rows, 1))
    most = 32 if fitting >= 32 else 16 if fitting >= 16 else 8
    return min(most, 1 << (batch - 1).bit_length())


def log_wmc(
    program: Program, weights: Weights, *, derivatives: bool
) -> tuple[Tensor, Tensor | None, Tensor | None]:
    """Return log Z and, if asked, its derivatives by the two weights.

    With logits, the derivatives are multiplied by their weight, which is always in [0, 1]: the
    probability that a model is drawn in which the circuit uses that literal.
    """
    positive, negative = weights.positive.contiguous(), weights.negative.contiguous()
    batch = len(positive)
    out = np.empty(batch)
    tile = (lanes(program, max(batch, 1)), threads())
    inputs = (*arguments(program), positive.numpy(), negative.numpy(), *tile, out)
    slopes = None
    if derivatives:
        slopes = np.empty(positive.shape), np.empty(positive.shape)
        linear.derivatives(*inputs, *slopes)
        if weights.logits is not None:
            slopes = slopes[0] * positive.numpy(), slopes[1] * negative.numpy()
    else:
        linear.roots(*inputs)
    tiny = np.flatnonzero(out < linear.SMALLEST)
    with np.errstate(divide="ignore"):
        result = np.log(out)
    if len(tiny):
        few = Weights(*(None if w is None else w[tiny] for w in _parts(weights)))  # type: ignore[arg-type]
        again, slope, flow = _extended(program, few)
        result[tiny] = again
        if slopes is not None:
            chosen = slope if weights.logits is None else flow
            slopes[0][tiny], slopes[1][tiny] = chosen[:, ::2], chosen[:, 1::2]
    if slopes is None:
        return torch.from_numpy(result), None, None
    return torch.from_numpy(result), torch.from_numpy(slopes[0]), torch.from_numpy(slopes[1])


def log_wmc_on_device(levels: Levels, weights: Weights) -> tuple[Tensor, Tensor, Tensor]:
    """Return what `log_wmc` does, computed level by level where the weights are."""
    root, by_positive, by_negative = levels.derivatives(weights.positive, weights.negative)
    result = root.log()
    if weights.logits is not None:
        by_positive, by_negative = by_positive * weights.positive, by_negative * weights.negative
    tiny = (root < linear.SMALLEST).nonzero()[:, 0]
    if len(tiny):
        few = Weights(*(None if w is None else w[tiny].cpu() for w in _parts(weights)))  # type: ignore[arg-type]
        again, slope, flow = _extended(levels.program, few)
        chosen = torch.from_numpy(slope if weights.logits is None else flow).to(root.device)
        result[tiny] = torch.from_numpy(again).to(root.device)
        by_positive, by_negative = by_positive.clone(), by_negative.clone()
        by_positive[tiny], by_negative[tiny] = chosen[:, ::2], chosen[:, 1::2]
    return result, by_positive, by_negative


def sample(program: Program, weights: Weights, n: int, generator: torch.Generator | None) -> Tensor:
    """Draw n models for every row, bool (n, batch, variables)."""
    batch, variables = weights.positive.shape
    seeds = torch.randint(-(2**63), 2**63 - 1, (batch, n), generator=generator)
    drawn = np.empty((batch, n, variables), np.int8)
    extended.sample(
        *arguments(program),
        *weights.split(),
        weights.positive.contiguous().numpy(),
        seeds.numpy().view(np.uint64),
        threads(),
        drawn,
    )
    return torch.from_numpy(drawn).bool().transpose(0, 1)


def _parts(weights: Weights) -> tuple[Tensor, Tensor, Tensor | None]:
    return weights.positive, weights.negative, weights.logits


def _extended(
    program: Program, weights: Weights
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    mantissa, exponent = weights.split()
    out, slope, flow = np.empty(len(mantissa)), np.empty_like(mantissa), np.empty_like(mantissa)
    extended.derivatives(*arguments(program), mantissa, exponent, out, slope, flow)
    return out * LN2, slope, flow


def evaluate(
    levels: Levels, given: Tensor, *, from_logits: bool, slope: bool
) -> tuple[Tensor, Tensor | None]:
    """Return log Z for probabilities or logits, float64 (batch, variables), and its derivative."""
    p, q = (given.sigmoid(), (-given).sigmoid()) if from_logits else (given, 1 - given)
    weights = Weights(p, q, given if from_logits else None)
    if given.device.type == "cpu":
        result, up, down = log_wmc(levels.program, weights, derivatives=slope)
    else:
        result, up, down = log_wmc_on_device(levels, weights)
    if up is None or down is None:
        return result, None
    return result, up * q - down * p if from_logits else up - down


def reference(levels: Levels, given: Tensor, *, from_logits: bool) -> Tensor:
    """Return log Z in plain torch, differentiable to any order."""
    return levels.log_wmc_from_logits(given) if from_logits else levels.log_wmc(given, 1 - given)


class LogWMC(torch.autograd.Function):
    """log Z with the gradient that the kernel returns beside it."""

    @staticmethod
    def forward(ctx: Any, given: Tensor, levels: Levels, from_logits: bool) -> Tensor:
        """Evaluate, with the derivative if it will be needed."""
        ctx.levels, ctx.from_logits = levels, from_logits
        needed = ctx.needs_input_grad[0]
        result, slope = evaluate(levels, given.detach(), from_logits=from_logits, slope=needed)
        ctx.save_for_backward(given, slope)
        return result

    @staticmethod
    def backward(ctx: Any, *above: Tensor) -> tuple[Tensor | None, ...]:
        """Multiply with what the kernel returned, or differentiate the reference."""
        given, slope = ctx.saved_tensors
        if torch.is_grad_enabled():  # a derivative of the derivative is asked for
            result = reference(ctx.levels, given, from_logits=ctx.from_logits)
            (slope,) = torch.autograd.grad(result.sum(), given, create_graph=True)
        return above[0][:, None] * slope, None, None


class Marginals(torch.autograd.Function):
    """Marginals from the kernel; their gradient from the reference, differentiated twice."""

    @staticmethod
    def forward(ctx: Any, given: Tensor, levels: Levels, from_logits: bool) -> Tensor:
        """Evaluate once up and once down."""
        ctx.levels, ctx.from_logits = levels, from_logits
        ctx.save_for_backward(given)
        result, slope = evaluate(levels, given.detach(), from_logits=from_logits, slope=True)
        assert slope is not None
        found = marginals_from(given.detach(), slope, from_logits).clamp(0, 1)
        return torch.where(result[:, None] > -torch.inf, found, torch.nan)

    @staticmethod
    def backward(ctx: Any, *above: Tensor) -> tuple[Tensor | None, ...]:
        """Differentiate the derivative of the reference."""
        (given,) = ctx.saved_tensors
        with torch.enable_grad():
            inner = given.detach().requires_grad_()
            result = reference(ctx.levels, inner, from_logits=ctx.from_logits)
            (slope,) = torch.autograd.grad(result.sum(), inner, create_graph=True)
            found = marginals_from(inner, slope, ctx.from_logits)
            (below,) = torch.autograd.grad(found, inner, above[0])
        return below, None, None


def marginals_from(given: Tensor, slope: Tensor, from_logits: bool) -> Tensor:
    """Return marginals, given the derivative of log Z by probabilities or by logits."""
    return given.sigmoid() + slope if from_logits else given * (1 + (1 - given) * slope)
