"""Products with matrices that are mostly zero: only what is not zero is touched.

A spike matrix (rows, inputs) becomes lists of columns, one after the other: those of row r are
``columns[start[r]]`` to ``columns[start[r + 1]]``. ``values`` holds what stands there, None where
all are 1. Weights are (inputs, outputs), so that an input's weights adjoin.
"""

import numpy as np

from spiking.kernels.compiled import compiled, compiled_for_gradients

TILE = 128  # rows


@compiled
def count(x, counts, r0, r1):
    """Count what is not zero in each row, and return whether that is only ones."""
    one, binary = x.dtype.type(1), True
    for r in range(r0, r1):
        row, found, ones = x[r], 0, 0
        for i in range(len(row)):
            found += row[i] != 0
            ones += row[i] == one
        counts[r] = found
        binary &= found == ones
    return binary


@compiled
def gather(x, start, columns, r0, r1):
    """Write the columns of what is not zero."""
    for r in range(r0, r1):
        row, place = x[r], start[r]
        if start[r + 1] < start[r1]:  # one place beyond is ours, to be written again
            for i in range(len(row)):  # no branch, which spikes would make unpredictable
                columns[place] = i
                place += row[i] != 0
        else:
            for i in range(len(row)):
                if row[i] != 0:
                    columns[place] = i
                    place += 1


@compiled
def pick(x, start, columns, values, r0, r1):
    """Write the values that stand in the columns."""
    for r in range(r0, r1):
        for k in range(start[r], start[r + 1]):
            values[k] = x[r, columns[k]]


@compiled
def multiply(start, columns, values, weights, bias, out, r0, r1):
    """Write out = x · weights + bias for rows r0 to r1."""
    for r in range(r0, r1):
        total = out[r]
        if bias is None:
            total[:] = 0
        else:
            total[:] = bias
        k, end = start[r], start[r + 1]
        if values is None:
            while k + 4 <= end:
                a, b = weights[columns[k]], weights[columns[k + 1]]
                c, d = weights[columns[k + 2]], weights[columns[k + 3]]
                for o in range(len(total)):
                    total[o] += (a[o] + b[o]) + (c[o] + d[o])
                k += 4
        while k < end:
            a = weights[columns[k]]
            if values is None:
                for o in range(len(total)):
                    total[o] += a[o]
            else:
                for o in range(len(total)):
                    total[o] += values[k] * a[o]
            k += 1


@compiled
def outer(start, columns, values, above, found, r0, r1):
    """Add xᵀ · above to ``found``, (inputs, outputs), for rows r0 to r1.

    A tile of rows of ``above`` stays in the cache; its events are sorted by input, so that an
    input's gradient is fetched once a tile and not once an event.
    """
    inputs, most = len(found), 0
    for r in range(r0, r1, TILE):
        most = max(most, start[min(r + TILE, r1)] - start[r])
    rows, events = np.empty(most, np.int64), np.empty(most, np.int64)
    ends = np.empty(inputs + 1, np.int64)
    for tile in range(r0, r1, TILE):
        last = min(tile + TILE, r1)
        ends[:] = 0
        for k in range(start[tile], start[last]):
            ends[columns[k] + 1] += 1
        for i in range(inputs):
            ends[i + 1] += ends[i]
        for r in range(tile, last):  # each begin of an input's events moves on to their end
            for k in range(start[r], start[r + 1]):
                place = ends[columns[k]]
                rows[place], events[place] = r, k
                ends[columns[k]] += 1
        k = 0
        for i in range(inputs):
            total, end = found[i], ends[i]
            if values is None:
                while k + 4 <= end:
                    a, b = above[rows[k]], above[rows[k + 1]]
                    c, d = above[rows[k + 2]], above[rows[k + 3]]
                    for o in range(len(total)):
                        total[o] += (a[o] + b[o]) + (c[o] + d[o])
                    k += 4
            while k < end:
                a = above[rows[k]]
                if values is None:
                    for o in range(len(total)):
                        total[o] += a[o]
                else:
                    value = values[events[k]]
                    for o in range(len(total)):
                        total[o] += value * a[o]
                k += 1


@compiled
def near(v, theta, reach, out, r0, r1):
    """Write 1 where a potential is nearer than ``reach`` to the threshold, else 0."""
    one, zero = out.dtype.type(1), out.dtype.type(0)
    for r in range(r0, r1):
        row, marks = v[r], out[r]
        for n in range(len(row)):
            marks[n] = one if abs(row[n] - theta[n]) < reach else zero


@compiled_for_gradients
def sample(start, columns, above, weights, out, r0, r1):
    """Write above · weightsᵀ at the columns of rows r0 to r1, 0 elsewhere.

    Weights are (inputs, outputs).
    """
    for r in range(r0, r1):
        row, given = out[r], above[r]
        row[:] = 0
        for k in range(start[r], start[r + 1]):
            own, total = weights[columns[k]], row.dtype.type(0)
            for o in range(len(own)):
                total += given[o] * own[o]
            row[columns[k]] = total
