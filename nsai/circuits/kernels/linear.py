"""Evaluation of a program on a CPU, compiled by numba.

A tile of some rows of the batch goes through the whole program while its table of values stays in
the cache; nothing of the size (nodes, batch) is ever written to memory. Values are linear float64.
A probability below 1e-290 is left to `extended`, which
cannot underflow.
"""

from collections.abc import Callable
from inspect import unwrap
from typing import Any

import numba
import numpy as np

SMALLEST = 1e-290  # a root from here on is exact to the last digits in linear float64

OPTIONS: dict[str, Any] = {
    "error_model": "numpy",
    "boundscheck": False,
    "nogil": True,
    "cache": True,
}


def compiled(function: Callable[..., Any]) -> Any:
    """Compile a function at its first call and keep the result on disk."""
    return numba.njit(**OPTIONS)(unwrap(function))  # type checkers of the tests may wrap it


@compiled
def fill(value, positive, negative, row):
    """Write constants and literals of a tile; lanes beyond the batch repeat its last row."""
    batch, variables = positive.shape
    lanes = value.shape[1]
    value[0, :] = 0.0
    value[1, :] = 1.0
    for k in range(lanes):
        j = min(row + k, batch - 1)
        for v in range(variables):
            value[2 + 2 * v, k] = positive[j, v]
            value[3 + 2 * v, k] = negative[j, v]


@compiled
def forward(start, left, right, inner, value):
    """Evaluate every inner row of a tile."""
    lanes = value.shape[1]
    for i in range(start.size - 1):
        total = value[inner + i]
        a, b = left[start[i]], right[start[i]]
        if b == 1:
            for k in range(lanes):
                total[k] = value[a, k]
        else:
            for k in range(lanes):
                total[k] = value[a, k] * value[b, k]
        for t in range(start[i] + 1, start[i + 1]):
            a, b = left[t], right[t]
            if b == 1:
                for k in range(lanes):
                    total[k] += value[a, k]
            else:
                for k in range(lanes):
                    total[k] += value[a, k] * value[b, k]


@compiled
def backward(start, left, right, inner, value, slope):
    """Hand the derivative of every inner row down to its factors."""
    lanes = value.shape[1]
    for i in range(start.size - 2, -1, -1):
        above = slope[inner + i]
        for t in range(start[i], start[i + 1]):
            a, b = left[t], right[t]
            if b == 1:
                for k in range(lanes):
                    slope[a, k] += above[k]
            else:
                for k in range(lanes):
                    slope[a, k] += above[k] * value[b, k]
                for k in range(lanes):
                    slope[b, k] += above[k] * value[a, k]


@compiled
def roots(start, left, right, inner, root, positive, negative, lanes, first, last, out):
    """Write the root's value for the rows first to last of the batch."""
    value = np.empty((inner + start.size - 1, lanes))
    for row in range(first, last, lanes):
        fill(value, positive, negative, row)
        forward(start, left, right, inner, value)
        for k in range(min(lanes, last - row)):
            out[row + k] = value[root, k]


@compiled
def derivatives(
    start, left, right, inner, root, positive, negative, lanes, first, last,
    out, by_positive, by_negative,
):  # fmt: skip
    """Write the root's value and the derivatives of its logarithm by every literal's weight."""
    variables = positive.shape[1]
    value = np.empty((inner + start.size - 1, lanes))
    slope = np.empty((inner + start.size - 1, lanes))
    for row in range(first, last, lanes):
        fill(value, positive, negative, row)
        forward(start, left, right, inner, value)
        slope[:] = 0.0
        for k in range(lanes):
            top = value[root, k]
            slope[root, k] = 1.0 / top if top >= SMALLEST else 0.0
        backward(start, left, right, inner, value, slope)
        for k in range(min(lanes, last - row)):
            out[row + k] = value[root, k]
            for v in range(variables):
                by_positive[row + k, v] = slope[2 + 2 * v, k]
                by_negative[row + k, v] = slope[3 + 2 * v, k]
