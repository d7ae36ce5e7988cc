"""Polynomials on a piece of time: a linear differential equation as one matrix product."""

import math
from collections.abc import Iterable
from decimal import Decimal, localcontext
from functools import cache, reduce
from operator import mul

import numpy as np
from numpy.typing import NDArray


def interpolate(
    x: NDArray[np.float64],
    place: NDArray[np.float64],
    nodes: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return polynomials, given at the nodes, at one place each.

    Parameters
    ----------
    x
        A polynomial a row, shape (rows, nodes).
    place
        Where to take each, shape (rows,).
    nodes, weights
        As `collocation` gives them.

    Examples
    --------
    >>> nodes, weights, _, _ = collocation(4, 1.0, 1.0)
    >>> float(interpolate(nodes[None] ** 3, np.array([0.5]), nodes, weights)[0])
    0.125
    """
    above, below = np.zeros(len(x)), np.zeros(len(x))
    hit = np.zeros(len(x), np.int64) - 1
    for j in range(len(nodes)):
        gap = place - nodes[j]
        hit[gap == 0] = j
        share = weights[j] / np.where(gap == 0, 1.0, gap)
        above, below = above + share * x[:, j], below + share
    return np.where(hit >= 0, x[np.arange(len(x)), hit], above / below)


@cache
def collocation(
    degree: int, length: float, gamma: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    r"""Return what solves :math:`\dot x = -\gamma x + u(t)` on a piece, for u a polynomial.

    Worked out with 60 digits and rounded once, so that all machines have the same.

    Parameters
    ----------
    degree
        Of the polynomials.
    length
        Of the piece.
    gamma
        γ.

    Returns
    -------
    nodes, weights, forced, free
        Nodes in [0, 1], about those of Chebyshev, and their barycentric weights, (degree + 1,);
        then x at the nodes is :math:`\sum_j` forced[j] · u_j + free · x_0.

    Examples
    --------
    Without u, x decays:

    >>> free = collocation(16, 2.0, 0.1)[3]
    >>> bool(abs(free[-1] - np.exp(-0.2)) < 1e-15)
    True
    """
    count = degree + 1
    rounded = [round(0.5 - 0.5 * math.cos(math.pi * j / degree), 12) for j in range(count)]
    with localcontext() as context:
        context.prec = 60
        s = [Decimal(repr(value)) for value in rounded]
        w = [1 / _product(s[j] - s[k] for k in range(count) if k != j) for j in range(count)]
        rate = [[(w[j] / w[i]) / (s[i] - s[j]) if i != j else Decimal(0) for j in range(count)]
                for i in range(count)]  # fmt: skip
        h, g = Decimal(length), Decimal(gamma)
        rows = []
        for i in range(1, count):
            rate[i][i] = -sum(rate[i], start=Decimal(0))
            left = [rate[i][j] / h + (g if i == j else 0) for j in range(1, count)]
            right = [Decimal(i == j) for j in range(1, count)]
            rows.append([*left, *right, -rate[i][0] / h])
        solved = np.array([[float(v) for v in row[degree:]] for row in _reduced(rows)])
        scale = max(abs(value) for value in w)
        weights = np.array([float(value / scale) for value in w])
    forced = np.zeros((count, count))
    forced[1:, 1:] = solved[:, :-1].T
    free = np.concatenate(([1.0], solved[:, -1]))
    return np.array(rounded), weights, forced, free


def _product(factors: Iterable[Decimal]) -> Decimal:
    return reduce(mul, factors, Decimal(1))


def _reduced(rows: list[list[Decimal]]) -> list[list[Decimal]]:
    """Return rows whose left square is the identity, by elimination."""
    for i in range(len(rows)):
        best = max(range(i, len(rows)), key=lambda k: abs(rows[k][i]))
        rows[i], rows[best] = rows[best], rows[i]
        rows[i] = [value / rows[i][i] for value in rows[i]]
        for k in range(len(rows)):
            if k != i and rows[k][i]:
                factor = rows[k][i]
                rows[k] = [a - factor * b for a, b in zip(rows[k], rows[i], strict=True)]
    return rows
