"""Values of words of Pauli matrices, i^y X^flips Z^signs, and their gradients by states."""

import numpy as np

from quantum.simulation.sweeps.codes import (
    POWERS,
    parity,
)
from quantum.simulation.sweeps.compiled import compiled
from quantum.simulation.sweeps.lines import (
    add_times,
    overlap,
    probability,
    scale,
)


@compiled
def expectations(n, lanes, flips, signs, ys, state, squares, sums, first, samples, values):
    """Write the expectation values of words of Pauli matrices, (samples, words).

    A word is i^y X^flips Z^signs. ``squares`` (2^n half lines) and ``sums`` (4 half lines) are
    scratch.
    """
    diagonal = False
    for w in range(len(flips)):
        diagonal = diagonal or flips[w] == 0
    if diagonal:
        for x in range(1 << n):
            probability(squares, x * lanes, state, x)
        for w in range(len(flips)):
            if flips[w] == 0 and (signs[w] & (signs[w] - 1)) != 0:  # before they are folded
                for lane in range(min(lanes, samples - first)):
                    values[first + lane, w] = 0
                for x in range(1 << n):
                    sign = 1 - 2 * parity(x & signs[w])
                    for lane in range(min(lanes, samples - first)):
                        values[first + lane, w] += sign * squares[x * lanes + lane]
        fold(n, lanes, flips, signs, squares, first, samples, values)
    for w in range(len(flips)):
        if flips[w] == 0:
            continue
        sums[: 4 * lanes] = 0
        for x in range(1 << n):
            overlap(state, state, x, x ^ flips[w], sums, 2 * lanes * parity(x & signs[w]))
        for lane in range(min(lanes, samples - first)):
            re = sums[lane] - sums[2 * lanes + lane]
            im = sums[lanes + lane] - sums[3 * lanes + lane]
            y = ys[w] & 3
            part = (re, -im, -re, im)[y]
            values[first + lane, w] = part


@compiled
def fold(n, lanes, flips, signs, squares, first, samples, values):
    """Write the values of words with no flip and at most one sign; squares are lost."""
    for place in range(n - 1, -1, -1):
        half = lanes << place
        below, above = squares[:half], squares[half : 2 * half]
        for w in range(len(flips)):
            if flips[w] == 0 and signs[w] == 1 << place:
                found = np.zeros(lanes)
                for i in range(0, half, lanes):
                    for lane in range(lanes):
                        found[lane] += below[i + lane] - above[i + lane]
                for lane in range(min(lanes, samples - first)):
                    values[first + lane, w] = found[lane]
        for i in range(half):
            below[i] += above[i]
    for w in range(len(flips)):
        if flips[w] == 0 and signs[w] == 0:
            for lane in range(min(lanes, samples - first)):
                values[first + lane, w] = squares[lane]


@compiled
def seed(n, lanes, flips, signs, ys, state, diagonal, lam, first, samples, given):
    """Write λ, the gradient by the state, from those by the values of words, (samples, words).

    ``diagonal`` (2^n half lines) is scratch.
    """
    diagonal[:lanes] = 0
    single, factor = np.zeros((n, lanes), state.dtype), np.zeros(4 * lanes, state.dtype)
    for w in range(len(flips)):
        for lane in range(min(lanes, samples - first)):
            g = 2 * given[first + lane, w]
            if flips[w] == 0 and (signs[w] & (signs[w] - 1)) == 0:
                diagonal[lane] += g
                for place in range(n):
                    if signs[w] == 1 << place:
                        single[place, lane] += g
    for place in range(n):
        half = lanes << place
        for i in range(0, half, lanes):
            for lane in range(lanes):
                diagonal[half + i + lane] = diagonal[i + lane] - 2 * single[place, lane]
    for w in range(len(flips)):
        if flips[w] == 0 and (signs[w] & (signs[w] - 1)) != 0:
            for x in range(1 << n):
                sign = 2 - 4 * parity(x & signs[w])
                for lane in range(min(lanes, samples - first)):
                    diagonal[x * lanes + lane] += sign * given[first + lane, w]
    for x in range(1 << n):
        scale(lam, x, state, diagonal, x * lanes)
    for w in range(len(flips)):
        if flips[w] == 0:
            continue
        factor[:] = 0
        phase = 2 * POWERS[ys[w] & 3]
        for lane in range(min(lanes, samples - first)):
            for h in range(2):
                g = (1 - 2 * h) * phase * given[first + lane, w]
                factor[2 * h * lanes + lane] = g.real
                factor[(2 * h + 1) * lanes + lane] = g.imag
        for x in range(1 << n):
            at = 2 * lanes * parity(x & signs[w])
            add_times(lam, x ^ flips[w], state, x, factor, at)
