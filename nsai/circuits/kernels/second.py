"""Second derivatives of a program: the Hessian of the logarithm of the root, times a direction.

The passes of `linear` are done with dual numbers: beside every value goes its derivative along the
direction, and beside every slope that of the slope (forward over reverse; Pearlmutter, "Fast exact
multiplication by the Hessian", Neural Computation 6 (1), 1994).
"""

import numpy as np

from nsai.circuits.kernels.compiled import compiled
from nsai.circuits.kernels.linear import fill, forward, width

SMALLEST = 1e-140  # its square must be a float64, too


@compiled
def fill_change(change, value, given, direction, from_logits, row):
    """Write the derivatives of literals along the direction."""
    batch, variables = given.shape
    change[0, :], change[1, :] = 0.0, 0.0
    for k in range(change.shape[1]):
        j = min(row + k, batch - 1)
        for v in range(variables):
            x = np.float64(direction[j, v])
            if from_logits:
                x *= value[2 + 2 * v, k] * value[3 + 2 * v, k]
            change[2 + 2 * v, k] = x
            change[3 + 2 * v, k] = -x


@compiled
def forward_change(start, left, right, inner, value, change):
    """Differentiate every inner row of a tile."""
    lanes = value.shape[1]
    for i in range(start.size - 1):
        total = change[inner + i]
        for k in range(lanes):
            total[k] = 0.0
        for t in range(start[i], start[i + 1]):
            a, b = left[t], right[t]
            if b == 1:
                for k in range(lanes):
                    total[k] += change[a, k]
            else:
                for k in range(lanes):
                    total[k] += change[a, k] * value[b, k] + value[a, k] * change[b, k]


@compiled
def backward_change(start, left, right, inner, value, change, slope, bend):
    """Hand the slope of every inner row, and its change, down to its factors."""
    lanes = value.shape[1]
    for i in range(start.size - 2, -1, -1):
        above, turn = slope[inner + i], bend[inner + i]
        for t in range(start[i], start[i + 1]):
            a, b = left[t], right[t]
            if b == 1:
                for k in range(lanes):
                    slope[a, k] += above[k]
                for k in range(lanes):
                    bend[a, k] += turn[k]
            else:
                for k in range(lanes):
                    slope[a, k] += above[k] * value[b, k]
                for k in range(lanes):
                    slope[b, k] += above[k] * value[a, k]
                for k in range(lanes):
                    bend[a, k] += turn[k] * value[b, k] + above[k] * change[b, k]
                for k in range(lanes):
                    bend[b, k] += turn[k] * value[a, k] + above[k] * change[a, k]


@compiled
def hessian_product(
    start, left, right, inner, root, given, from_logits, tile, direction, first, last, found, tiny
):  # fmt: skip
    """Write Hessian · direction, (batch, variables); mark rows whose root is too small."""
    lanes = width(tile)
    rows, variables = inner + start.size - 1, given.shape[1]
    value, change = np.empty((rows, lanes)), np.empty((rows, lanes))
    slope, bend = np.empty((rows, lanes)), np.empty((rows, lanes))
    for row in range(first, last, lanes):
        fill(value, given, from_logits, row)
        fill_change(change, value, given, direction, from_logits, row)
        forward(start, left, right, inner, value, tile)
        forward_change(start, left, right, inner, value, change)
        slope[:], bend[:] = 0.0, 0.0
        for k in range(lanes):
            top = value[root, k]
            if top >= SMALLEST:
                slope[root, k] = 1.0 / top
                bend[root, k] = -(change[root, k] / top) / top
        backward_change(start, left, right, inner, value, change, slope, bend)
        for k in range(min(lanes, last - row)):
            tiny[row + k] = not value[root, k] >= SMALLEST
            for v in range(variables):
                p, q = value[2 + 2 * v, k], value[3 + 2 * v, k]
                x = bend[2 + 2 * v, k] - bend[3 + 2 * v, k]
                if from_logits:
                    y = slope[2 + 2 * v, k] - slope[3 + 2 * v, k]
                    x = p * q * (x + y * (q - p) * np.float64(direction[row + k, v]))
                found[row + k, v] = x
