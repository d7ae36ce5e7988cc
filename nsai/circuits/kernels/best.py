"""The most probable model of a program: maximal sums of logarithms, then the way back down."""

import numpy as np

from nsai.circuits.kernels.compiled import compiled


@compiled
def forward(start, left, right, inner, positive, negative, value, taken):
    """Write each row's best value and the term that has it, for one row of the batch."""
    value[0], value[1] = -np.inf, 0.0
    for v in range(positive.size):
        value[2 + 2 * v], value[3 + 2 * v] = positive[v], negative[v]
    for i in range(start.size - 1):
        best, term = -np.inf, start[i]
        for t in range(start[i], start[i + 1]):
            x = value[left[t]] + value[right[t]]
            if x > best:
                best, term = x, t
        value[inner + i], taken[i] = best, term


@compiled
def most_probable(start, left, right, inner, root, positive, negative, first, last, out, found):
    """Write the best value and assignment of the rows first to last.

    ``positive`` and ``negative`` (batch, variables) are logarithms of weights relative to the
    larger of the two, so that a variable that is not mentioned adds nothing and takes the
    likelier value; ``found`` int8 (batch, variables).
    """
    rows = inner + start.size - 1
    value, taken = np.empty(rows), np.empty(rows, np.int64)
    stack = np.empty(rows + 2, np.int64)
    for row in range(first, last):
        forward(start, left, right, inner, positive[row], negative[row], value, taken)
        out[row] = value[root]
        for v in range(positive.shape[1]):
            found[row, v] = positive[row, v] >= negative[row, v]
        stack[0], height = root, 1
        while height and out[row] > -np.inf:
            height -= 1
            r = stack[height]
            if r >= inner:
                t = taken[r - inner]
                stack[height], stack[height + 1] = left[t], right[t]
                height += 2
            elif r >= 2:
                found[row, (r - 2) // 2] = 1 - (r - 2) % 2
