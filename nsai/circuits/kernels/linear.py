"""Evaluation of a program on a CPU, compiled by numba.

A tile of some rows of the batch goes through the whole program while its table of values stays in
the cache; nothing of the size (nodes, batch) is ever written to memory. Values are linear float64,
whatever the type of what goes in and out. A probability below 1e-290 is left to `extended`, which
cannot underflow.
"""

from math import exp, log

import numpy as np

from nsai.circuits.kernels.compiled import compiled

SMALLEST = 1e-290  # a root from here on is exact to the last digits in linear float64
SMALL, WRONG = 1, 2  # what a kernel may report, the worse the larger


@compiled
def width(tile):
    """Return how many rows a tile has; None is one row, which the compiler then knows."""
    if tile is None:
        return 1
    return tile


@compiled
def outside(given, low, high):
    """Return the place of the first number, in a flat array, that is not in [low, high], or −1."""
    wrong = 0
    for i in range(given.size):
        wrong += not (low <= given[i] <= high)
    if wrong:
        for i in range(given.size):
            if not (low <= given[i] <= high):
                return i
    return -1


@compiled
def fill(value, given, from_logits, row):
    """Write constants and literals of a tile; lanes beyond the batch repeat its last row.

    Return whether something is no probability, or no number where logits are given.
    """
    batch, variables = given.shape
    lanes = value.shape[1]
    wrong = False
    value[0, :] = 0.0
    value[1, :] = 1.0
    for k in range(lanes):
        j = min(row + k, batch - 1)
        for v in range(variables):
            x = np.float64(given[j, v])
            wrong |= (x != x) if from_logits else not (0.0 <= x <= 1.0)
            if from_logits:
                e = exp(-abs(x))
                small, large = e / (1.0 + e), 1.0 / (1.0 + e)
                value[2 + 2 * v, k] = large if x >= 0 else small
                value[3 + 2 * v, k] = small if x >= 0 else large
            else:
                value[2 + 2 * v, k] = x
                value[3 + 2 * v, k] = 1.0 - x
    return wrong


@compiled
def forward(start, left, right, inner, value, tile):
    """Evaluate every inner row of a tile."""
    lanes = width(tile)
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
def backward(start, left, right, inner, value, slope, tile):
    """Hand the derivative of every inner row down to its factors."""
    lanes = width(tile)
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
def write(value, root, row, last, out):
    """Write the logarithm of the root, +∞ if it is too small; return whether one is."""
    small = False
    for k in range(min(value.shape[1], last - row)):
        top = value[root, k]
        small |= not top >= SMALLEST
        out[row + k] = log(top) if top >= SMALLEST else np.inf
    return small


@compiled
def roots(start, left, right, inner, root, given, from_logits, tile, first, last, out):
    """Write the logarithm of the root for rows first to last.

    Return WRONG if something given is wrong, or else SMALL if a root is too small, or 0.
    """
    lanes = width(tile)
    value = np.empty((inner + start.size - 1, lanes))
    small, wrong = False, False
    for row in range(first, last, lanes):
        wrong |= fill(value, given, from_logits, row)
        forward(start, left, right, inner, value, tile)
        small |= write(value, root, row, last, out)
    return WRONG if wrong else SMALL if small else 0


@compiled
def derivatives(
    start, left, right, inner, root, given, from_logits, tile, first, last, out, found
):  # fmt: skip
    """Do as `roots` does, and write the derivatives by what is given, (batch, variables)."""
    lanes = width(tile)
    value = np.empty((inner + start.size - 1, lanes))
    slope = np.empty((inner + start.size - 1, lanes))
    small, wrong = False, False
    for row in range(first, last, lanes):
        wrong |= fill(value, given, from_logits, row)
        forward(start, left, right, inner, value, tile)
        small |= write(value, root, row, last, out)
        slope[:] = 0.0
        for k in range(lanes):
            top = value[root, k]
            slope[root, k] = 1.0 / top if top >= SMALLEST else 0.0
        backward(start, left, right, inner, value, slope, tile)
        for k in range(min(lanes, last - row)):
            for v in range(given.shape[1]):
                x = slope[2 + 2 * v, k] - slope[3 + 2 * v, k]
                found[row + k, v] = (
                    x * (value[2 + 2 * v, k] * value[3 + 2 * v, k]) if from_logits else x
                )
    return WRONG if wrong else SMALL if small else 0
