r"""The McCulloch–Pitts unit, and an exact answer to what it can compute.

Paper: McCulloch and Pitts, "A logical calculus of the ideas immanent in nervous activity",
Bulletin of Mathematical Biophysics 5 (1943) 115–133.

.. math:: y = 1 \text{ if } \sum_i w_i x_i \ge \theta, \text{ else } 0

Shapes: x (..., n) of zeros and ones, w (n,), θ (), y (...). A truth table lists y over the
2**n corners of the cube in binary order, the first input being the most significant bit.

A linear programme decides a table. Its floating-point answer is only a hint: the weights, or the
equal mixtures of corners that rule every unit out, are checked as fractions.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Int
from torch import Tensor, nn

# Vertices are ratios of small determinants; the exact check would catch a wrong rounding.
LARGEST_DENOMINATOR = 10_000


class ThresholdUnit(nn.Module):
    """A unit with integer weights that fires when its input reaches the threshold.

    Parameters
    ----------
    weights
        One integer an input.
    threshold
        The smallest input that makes it fire.

    Examples
    --------
    >>> ThresholdUnit([1, 1], 2)(corners(2)).int().tolist()  # AND
    [0, 0, 0, 1]
    """

    weights: Tensor
    threshold: Tensor

    def __init__(self, weights: Sequence[int], threshold: int) -> None:
        super().__init__()
        self.register_buffer("weights", torch.tensor(list(weights), dtype=torch.int64))
        self.register_buffer("threshold", torch.tensor(threshold, dtype=torch.int64))

    def forward(self, x: Int[Tensor, "*batch n"]) -> Bool[Tensor, "*batch"]:
        """Return whether the unit fires, (...)."""
        return (x * self.weights).sum(-1) >= self.threshold

    def extra_repr(self) -> str:
        """Show weights and threshold."""
        return f"weights={self.weights.tolist()}, threshold={self.threshold.item()}"


@dataclass(frozen=True)
class Impossibility:
    """A proof that no threshold unit computes a table (Farkas' lemma).

    One point of the cube is written both as a mixture of corners where the table is 1 and as
    a mixture of corners where it is 0. A unit would have to answer both at that point.

    Attributes
    ----------
    table
        The truth table.
    mixture
        A fraction >= 0 for each corner; over the ones they sum to 1, over the zeros too.

    Examples
    --------
    >>> half = Fraction(1, 2)
    >>> Impossibility((0, 1, 1, 0), (half, half, half, half)).holds
    True
    """

    table: tuple[int, ...]
    mixture: tuple[Fraction, ...]

    @property
    def holds(self) -> bool:
        """Whether the two mixtures are valid and equal, in exact arithmetic."""
        n = _inputs(self.table)
        cube = list(itertools.product((0, 1), repeat=n))
        points = []
        for value in (0, 1):
            rows = zip(self.mixture, cube, self.table, strict=True)
            side = [(m, corner) for m, corner, v in rows if v == value]
            if any(m < 0 for m, _ in side) or sum(m for m, _ in side) != 1:
                return False
            points.append([sum((m * c[i] for m, c in side), Fraction(0)) for i in range(n)])
        return points[0] == points[1]

    def __str__(self) -> str:
        n = _inputs(self.table)
        sides = []
        for value in (1, 0):
            terms = [
                f"{m}·{corner:0{n}b}"
                for corner, (m, v) in enumerate(zip(self.mixture, self.table, strict=True))
                if v == value and m
            ]
            sides.append(" + ".join(terms))
        return " = ".join(sides)


def corners(n: int) -> Int[Tensor, "corners n"]:
    """Return the corners of the n-cube in binary order, (2**n, n).

    Examples
    --------
    >>> corners(2).tolist()
    [[0, 0], [0, 1], [1, 0], [1, 1]]
    """
    if n < 0:
        raise ValueError(f"n must be at least 0, got {n}")
    return (torch.arange(2**n)[:, None] >> torch.arange(n - 1, -1, -1)) & 1


def parity(n: int) -> tuple[int, ...]:
    """Return the truth table of the exclusive or of n inputs.

    Examples
    --------
    >>> parity(2)
    (0, 1, 1, 0)
    """
    return tuple(corners(n).sum(1).remainder(2).tolist())


def realise(table: Sequence[int]) -> ThresholdUnit | None:
    """Find a unit with integer weights that computes a table.

    Parameters
    ----------
    table
        Zeros and ones over the 2**n corners.

    Returns
    -------
    ThresholdUnit or None
        A unit checked on every corner, or None where the linear programme finds none.

    Examples
    --------
    >>> realise([0, 0, 0, 1])
    ThresholdUnit(weights=[1, 1], threshold=2)
    """
    n = _inputs(table)
    cube = corners(n).numpy()
    sign = 2 * np.asarray(table) - 1
    # Variables w+, w-, θ+, θ-, all >= 0: sign (w·x − θ) >= 1/2 at the smallest |w|₁.
    rows = sign[:, None] * np.hstack([cube, -cube, -np.ones((2**n, 1)), np.ones((2**n, 1))])
    cost = np.r_[np.ones(2 * n), 0, 0]
    answer = _linprog(cost, A_ub=-rows, b_ub=np.full(2**n, -0.5))
    if answer.status == 2:
        return None
    _check_solved(answer)
    exact = [
        _fraction(p) - _fraction(q) for p, q in zip(answer.x[:n], answer.x[n : 2 * n], strict=True)
    ]
    scale = math.lcm(*(w.denominator for w in exact))
    weights = [int(w * scale) for w in exact]
    totals = cube @ np.asarray(weights, dtype=np.int64)
    threshold = int(totals[sign > 0].min()) if (sign > 0).any() else int(totals.max()) + 1
    if ((totals >= threshold) != (sign > 0)).any():
        raise ArithmeticError(f"weights {weights} do not compute the table {list(table)}")
    return ThresholdUnit(weights, threshold)


def infeasibility_certificate(table: Sequence[int]) -> Impossibility | None:
    """Find an exact proof that no threshold unit computes a table.

    Parameters
    ----------
    table
        Zeros and ones over the 2**n corners.

    Returns
    -------
    Impossibility or None
        A certificate that holds, or None where the linear programme finds none.

    Examples
    --------
    >>> print(infeasibility_certificate(parity(2)))
    1/2·01 + 1/2·10 = 1/2·00 + 1/2·11
    """
    n = _inputs(table)
    ones = np.asarray(table) == 1
    sign = np.where(ones, 1.0, -1.0)
    equalities = np.vstack([sign * corners(n).numpy().T, ones, ~ones]).astype(float)
    target = np.r_[np.zeros(n), 1, 1]
    answer = _linprog(np.zeros(2**n), A_eq=equalities, b_eq=target)
    if answer.status == 2:
        return None
    _check_solved(answer)
    proof = Impossibility(tuple(table), tuple(_fraction(m) for m in answer.x))
    if not proof.holds:
        raise ArithmeticError(f"the mixtures for {list(table)} are not equal as fractions")
    return proof


def is_threshold_function(table: Sequence[int]) -> bool:
    """Whether one unit computes a table, decided by weights or by a proof, both exact.

    Raises
    ------
    ValueError
        If the length is no power of two or a value is neither 0 nor 1.
    ArithmeticError
        If neither answer could be checked exactly.

    Examples
    --------
    >>> is_threshold_function([0, 1, 1, 1]), is_threshold_function(parity(3))
    (True, False)
    """
    if realise(table) is not None:
        return True
    if infeasibility_certificate(table) is not None:
        return False
    raise ArithmeticError(f"neither weights nor a proof were found for {list(table)}")


def _inputs(table: Sequence[int]) -> int:
    n = len(table).bit_length() - 1
    if len(table) != 2**n:
        raise ValueError(f"table must have 2**n entries, got {len(table)}")
    if any(v not in (0, 1) for v in table):
        raise ValueError(f"table must hold zeros and ones, got {sorted(set(table))}")
    return n


def _linprog(cost: np.ndarray, **constraints: np.ndarray) -> Any:
    from scipy.optimize import linprog  # half a second that other models need not wait for

    return linprog(cost, method="highs", **constraints)


def _fraction(value: float) -> Fraction:
    return Fraction(value).limit_denominator(LARGEST_DENOMINATOR)


def _check_solved(answer: Any) -> None:
    if answer.status:
        raise ArithmeticError(f"the linear programme was not solved: {answer.message}")
