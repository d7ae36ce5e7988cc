"""Products with matrices that are mostly zero: only what is not zero is touched.

A spike matrix (rows, inputs) becomes lists of columns, one after the other: those of row r are
``columns[start[r]]`` to ``columns[start[r + 1]]``. ``values`` holds what stands there, None where
all are 1. Weights are (inputs, outputs), so that an input's weights adjoin. A call does outputs o0
to o1: a block of weights that stays in the cache.
"""

from spiking.kernels.compiled import compiled


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
def multiply(start, columns, values, weights, bias, out, r0, r1, o0, o1):
    """Write out = x · weights + bias for rows r0 to r1."""
    for r in range(r0, r1):
        total = out[r][o0:o1]
        if bias is None:
            total[:] = 0
        else:
            total[:] = bias[o0:o1]
        k, end = start[r], start[r + 1]
        if values is None:
            while k + 4 <= end:
                a, b = weights[columns[k]][o0:o1], weights[columns[k + 1]][o0:o1]
                c, d = weights[columns[k + 2]][o0:o1], weights[columns[k + 3]][o0:o1]
                for o in range(len(total)):
                    total[o] += (a[o] + b[o]) + (c[o] + d[o])
                k += 4
        while k < end:
            a = weights[columns[k]][o0:o1]
            if values is None:
                for o in range(len(total)):
                    total[o] += a[o]
            else:
                for o in range(len(total)):
                    total[o] += values[k] * a[o]
            k += 1


@compiled
def outer(start, columns, values, above, found, r0, r1, o0, o1):
    """Add xᵀ · above to ``found``, (inputs, outputs), for rows r0 to r1."""
    for r in range(r0, r1):
        row = above[r][o0:o1]
        for k in range(start[r], start[r + 1]):
            total = found[columns[k]][o0:o1]
            if values is None:
                for o in range(len(total)):
                    total[o] += row[o]
            else:
                for o in range(len(total)):
                    total[o] += values[k] * row[o]


@compiled
def column_sums(above, found, r0, r1, o0, o1):
    """Add the rows r0 to r1 of ``above`` up."""
    total = found[o0:o1]
    for r in range(r0, r1):
        row = above[r][o0:o1]
        for o in range(len(total)):
            total[o] += row[o]
