r"""Evaluation of a program with numbers that can neither underflow nor overflow.

A value is a mantissa and a whole exponent, :math:`m \cdot 2^e` with m in [½, 1) or 0: as exact as
float64, of any size, without a logarithm or an exponential. It is for the few rows of a batch
whose probability is below 1e-290, and for sampling.
"""

from math import frexp, ldexp

import numpy as np

from nsai.circuits.kernels.compiled import compiled

FAR = 1100  # of two numbers that many powers of two apart, the smaller one does not count


@compiled
def add(m, e, n, f):
    """Return m·2ᵉ + n·2ᶠ."""
    if n == 0.0 or (m != 0.0 and e - f > FAR):
        return m, e
    if m == 0.0 or f - e > FAR:
        return n, f
    shift = max(e, f)
    mantissa, exponent = frexp(ldexp(m, e - shift) + ldexp(n, f - shift))
    return mantissa, exponent + shift


@compiled
def multiply(m, e, n, f):
    """Return (m·2ᵉ) · (n·2ᶠ)."""
    mantissa, exponent = frexp(m * n)
    return mantissa, exponent + e + f


@compiled
def forward(start, left, right, inner, mantissa, exponent, m, e):
    """Evaluate a program for one row; literals are mantissa · 2^exponent, (2 · variables,)."""
    m[0], e[0], m[1], e[1] = 0.0, 0, 0.5, 1
    for i in range(mantissa.size):
        m[2 + i], e[2 + i] = mantissa[i], exponent[i]
    for i in range(start.size - 1):
        total, power = 0.0, 0
        for t in range(start[i], start[i + 1]):
            a, b = left[t], right[t]
            n, f = multiply(m[a], e[a], m[b], e[b])
            total, power = add(total, power, n, f)
        m[inner + i], e[inner + i] = total, power


@compiled
def backward(start, left, right, inner, m, e, n, f):
    """Hand the derivatives n·2ᶠ down, for one row."""
    for i in range(start.size - 2, -1, -1):
        r = inner + i
        if n[r] == 0.0:
            continue
        for t in range(start[i], start[i + 1]):
            a, b = left[t], right[t]
            x, y = multiply(n[r], f[r], m[b], e[b])
            n[a], f[a] = add(n[a], f[a], x, y)
            x, y = multiply(n[r], f[r], m[a], e[a])
            n[b], f[b] = add(n[b], f[b], x, y)


@compiled
def derivatives(start, left, right, inner, root, mantissa, exponent, out, slope, flow):
    """Write log₂ of the root, its derivatives by the literals' weights, and weight · derivative.

    ``mantissa`` and ``exponent``, ``slope`` and ``flow`` are (batch, 2 · variables). The
    logarithm's derivatives are natural; where the root is 0, all of them are 0.
    """
    rows = inner + start.size - 1
    m, e = np.empty(rows), np.empty(rows, np.int64)
    for row in range(out.size):
        forward(start, left, right, inner, mantissa[row], exponent[row], m, e)
        n, f = np.zeros(rows), np.zeros(rows, np.int64)
        if m[root] == 0.0:
            out[row] = -np.inf
            slope[row], flow[row] = 0.0, 0.0
            continue
        out[row] = np.log2(m[root]) + e[root]
        x, y = frexp(1.0 / m[root])
        n[root], f[root] = x, y - e[root]
        backward(start, left, right, inner, m, e, n, f)
        for i in range(slope.shape[1]):
            r = 2 + i
            slope[row, i] = ldexp(n[r], min(max(f[r], -2000), 2000))
            x, y = multiply(n[r], f[r], m[r], e[r])
            flow[row, i] = ldexp(x, min(max(y, -2000), 2000))


@compiled
def uniform(state):
    """Return a number in [0, 1) and the next state (splitmix64: Steele, Lea and Flood 2014)."""
    state = state + np.uint64(0x9E3779B97F4A7C15)
    z = state
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(11)) * 2.0**-53, state


@compiled
def descend(start, left, right, inner, root, m, e, chance, state, stack, drawn):
    """Draw one assignment: at each row a term in proportion to its value, both factors followed.

    ``chance`` (variables,) is the probability of a variable that nothing on the way mentions.
    """
    drawn[:] = -1
    stack[0], height = root, 1
    while height:
        height -= 1
        r = stack[height]
        if r < 2:
            continue
        if r < inner:
            drawn[(r - 2) // 2] = 1 - (r - 2) % 2
            continue
        i = r - inner
        u, state = uniform(state)
        rest = u * m[r]
        chosen = -1
        for t in range(start[i], start[i + 1]):
            x, y = multiply(m[left[t]], e[left[t]], m[right[t]], e[right[t]])
            if x > 0.0:
                chosen = t  # the last possible one, should rounding leave a rest
                rest -= ldexp(x, max(y - e[r], -FAR))
                if rest < 0.0:
                    break
        stack[height], stack[height + 1] = left[chosen], right[chosen]
        height += 2
    for v in range(drawn.size):
        if drawn[v] < 0:
            u, state = uniform(state)
            drawn[v] = u < chance[v]


@compiled
def sample(start, left, right, inner, root, mantissa, exponent, chance, seeds, first, last, drawn):
    """Draw assignments (batch, n, variables), int8, for rows first to last; seeds (batch, n)."""
    rows = inner + start.size - 1
    m, e = np.empty(rows), np.empty(rows, np.int64)
    stack = np.empty(rows + 2, np.int64)
    for row in range(first, last):
        forward(start, left, right, inner, mantissa[row], exponent[row], m, e)
        for k in range(seeds.shape[1]):
            descend(
                start, left, right, inner, root, m, e, chance[row], seeds[row, k], stack,
                drawn[row, k],
            )  # fmt: skip
