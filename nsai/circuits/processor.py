r"""Evaluation of a program on a CPU: the right kernel for each row of a batch.

.. math:: \log Z = \log \sum_{x \models \varphi} \prod_i p_i^{x_i}\, (1 - p_i)^{1 - x_i}

The linear kernel takes all rows; those whose Z is below 1e-290 are done again with extended
exponents. Everything is numpy and float64.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit, log_expit

from nsai.circuits.kernels import best, extended, linear, second
from nsai.circuits.program import Program

Floats = NDArray[np.float64]
Result = TypeVar("Result")

THREAD_OPERATIONS = 1 << 24  # worth a thread of its own, about ten milliseconds
TABLE_BYTES = 6 << 20  # of a tile's tables: wide rows pay more than tables in the nearest cache
LN2 = float(np.log(2.0))
EXPECTED = {True: "logits must be numbers", False: "probabilities must be in [0, 1]"}


@dataclass(frozen=True)
class Weights:
    """Probabilities of the literals, float64 (batch, variables), and where they come from.

    Attributes
    ----------
    positive, negative
        Probability of x and of ¬x.
    logits
        log(positive / negative), if the weights were given so; None otherwise.
    """

    positive: Floats
    negative: Floats
    logits: Floats | None

    @classmethod
    def of(cls, given: NDArray[Any], *, from_logits: bool) -> "Weights":
        """Return the weights for probabilities or for logits."""
        given = np.ascontiguousarray(given, dtype=np.float64)
        if from_logits:
            return cls(expit(given), expit(-given), given)
        return cls(given, 1.0 - given, None)

    def split(self) -> tuple[Floats, NDArray[np.int64]]:
        """Return mantissas and exponents, (batch, 2 · variables), literals of a variable adjoining.

        Weights that come from logits are exact where the weight itself would underflow.
        """
        shape = (len(self.positive), -1)
        if self.logits is None:
            both = np.stack((self.positive, self.negative), -1).reshape(shape)
            mantissa, exponent = np.frexp(both)
            return mantissa, exponent.astype(np.int64)
        signed = np.stack((self.logits, -self.logits), -1).reshape(shape)
        log2 = log_expit(signed) / LN2
        finite = np.isfinite(log2)
        log2 = np.where(finite, log2, 0.0)
        exponent = np.floor(log2) + 1
        mantissa = np.where(finite, np.exp2(log2 - exponent), 0.0)
        return mantissa, np.where(finite, exponent, 0).astype(np.int64)


def require_valid(given: NDArray[Any], *, from_logits: bool) -> None:
    """Raise a ValueError that names the first number that is no probability, or no logit."""
    low, high = (-np.inf, np.inf) if from_logits else (0.0, 1.0)
    flat = given.reshape(-1)
    place = linear.outside(flat, low, high)
    if place >= 0:
        raise ValueError(f"{EXPECTED[from_logits]}, got {flat[place].item()}")


def log_wmc(
    program: Program, given: NDArray[Any], *, from_logits: bool, slope: bool
) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Return log Z and, if asked, its derivative by what is given, float32 or float64.

    Raises
    ------
    ValueError
        If a probability is outside [0, 1], or anything is NaN.
    """
    batch = len(given)
    out, found = np.empty(batch, given.dtype), np.empty_like(given) if slope else None
    inputs = (*program.arguments, given, from_logits, _tile(program, batch))
    outputs = (out,) if found is None else (out, found)
    kernel = linear.roots if found is None else linear.derivatives
    cost = (1 if found is None else 3) * len(program.left)
    if batch * cost < THREAD_OPERATIONS:  # what a small batch need not pay for
        report = kernel(*inputs, 0, batch, *outputs)
    else:

        def work(first: int, last: int) -> int:
            return kernel(*inputs, first, last, *outputs)

        report = max(_on_threads(work, batch, cost, inputs[-1]))
    if report == linear.WRONG:
        require_valid(given, from_logits=from_logits)
    elif report == linear.SMALL:
        tiny = np.flatnonzero(out == np.inf)
        weights = Weights.of(given[tiny], from_logits=from_logits)
        out[tiny], again = extended_log_wmc(program, weights)
        if found is not None:
            found[tiny] = again
    return out, found


def hessian_product(
    program: Program, given: NDArray[Any], direction: NDArray[Any], *, from_logits: bool
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return the Hessian of log Z times a direction, and rows that are too small for float64."""
    batch = len(given)
    tile = _tile(program, batch, tables=4)
    found, tiny = np.empty_like(given), np.empty(batch, np.bool_)
    inputs = (*program.arguments, given, from_logits, tile, direction)

    def work(first: int, last: int) -> None:
        second.hessian_product(*inputs, first, last, found, tiny)

    _on_threads(work, batch, 8 * len(program.left), tile)
    return found, tiny


def extended_log_wmc(program: Program, weights: Weights) -> tuple[Floats, Floats]:
    """Return log Z and its derivative with numbers that cannot underflow."""
    mantissa, exponent = weights.split()
    out, slope, flow = np.empty(len(mantissa)), np.empty_like(mantissa), np.empty_like(mantissa)
    extended.derivatives(*program.arguments, mantissa, exponent, out, slope, flow)
    if weights.logits is None:
        return out * LN2, slope[:, ::2] - slope[:, 1::2]
    return out * LN2, flow[:, ::2] * weights.negative - flow[:, 1::2] * weights.positive


def sample(
    program: Program, weights: Weights, n: int, generator: torch.Generator | None
) -> NDArray[np.int8]:
    """Draw n models for every row, (batch, n, variables)."""
    batch, variables = weights.positive.shape
    seeds = torch.randint(-(2**63), 2**63 - 1, (batch, n), generator=generator)
    drawn = np.empty((batch, n, variables), np.int8)
    inputs = (*program.arguments, *weights.split(), weights.positive)
    states = seeds.numpy().view(np.uint64)

    def work(first: int, last: int) -> None:
        extended.sample(*inputs, states, first, last, drawn)

    _on_threads(work, batch, 10 * len(program.left))
    return drawn


def most_probable(program: Program, log_odds: Floats) -> tuple[Floats, NDArray[np.int8]]:
    """Return each row's most probable model and its log weight relative to the best assignment."""
    positive, negative = np.minimum(log_odds, 0.0), np.minimum(-log_odds, 0.0)
    out, found = np.empty(len(log_odds)), np.empty(log_odds.shape, np.int8)
    inputs = (*program.arguments, positive, negative)

    def work(first: int, last: int) -> None:
        best.most_probable(*inputs, first, last, out, found)

    _on_threads(work, len(log_odds), 2 * len(program.left))
    return out, found


def _tile(program: Program, batch: int, tables: int = 2) -> int | None:
    """Return how many rows of a batch share a tile; None is a single row, for `width`."""
    if batch < 2:
        return None
    fitting = TABLE_BYTES // (8 * tables * program.rows)
    most = 32 if fitting >= 32 else 16 if fitting >= 16 else 8
    return min(most, 1 << (batch - 1).bit_length())


def _on_threads(
    work: Callable[[int, int], Result], batch: int, cost: int, step: int | None = None
) -> list[Result]:
    """Do the rows of a batch, ``work(first, last)``, on as many threads as torch uses.

    Kernels let go of Python's lock. Little work stays on this thread: to wait for another one
    can take longer than the work, above all on a busy machine. ``cost`` is roughly the operations
    of a row; ``step`` rows stay together.
    """
    most = batch * cost // THREAD_OPERATIONS
    if most < 2 or torch.get_num_threads() < 2:
        return [work(0, batch)]
    step = step or 1
    size = -(-batch // (min(most, torch.get_num_threads()) * step)) * step
    parts = [(first, min(first + size, batch)) for first in range(0, batch, size)]
    with ThreadPoolExecutor(len(parts) - 1) as others:
        waiting = [others.submit(work, *part) for part in parts[1:]]
        return [work(*parts[0]), *(done.result() for done in waiting)]
