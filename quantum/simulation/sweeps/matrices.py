"""Matrices of the gates of a tile, from the angles of its samples.

Four samples are done at a time, in float64: a factor turns numbers of four of them in pairs.
"""

import numpy as np

from quantum.simulation.sweeps.codes import (
    BATCHED,
    DENSE,
    FACTORS,
    FIXED,
    GATHER,
    HALVES,
    KIND,
    LAST,
    MATRIX,
    MIX,
    MIX_IF,
    PARITY,
    PHASE,
    POWERS,
    RX,
    RY,
    TABLE,
    TURN,
)
from quantum.simulation.sweeps.compiled import compiled
from quantum.simulation.sweeps.lines import FOUR, copy_four, rotate

KINDS = 4  # of an angle: cosine and sine of its half, and of itself
SHARED = KINDS * FOUR  # numbers of an angle that all samples share


@compiled
def trig_of(factors, angles, shared, batched, padded):
    """Return cosines and sines of the angles of factors, and of their halves.

    First those that all samples share, four times each, (factors, 4, 4); then those of each sample,
    (columns, 4, padded). `trig_at` says where they are. Samples that are missing have angle 0.
    """
    given, columns = len(shared), 0
    for f in range(len(factors)):
        columns += factors[f, 1] >= given
    out = np.zeros(SHARED * len(factors) + columns * KINDS * padded)
    for f in range(len(factors)):
        slot = factors[f, 1]
        at, step = trig_at(f, 0, factors, given, padded)
        for b in range(FOUR if slot < given else padded):
            half = angles[f, 1] / 2
            if slot >= given:
                half += angles[f, 0] * (batched[b, slot - given] if b < len(batched) else 0.0) / 2
            elif slot >= 0:
                half += angles[f, 0] * shared[slot] / 2
            c, s = np.cos(half), np.sin(half)
            out[at + b], out[at + step + b] = c, s
            out[at + 2 * step + b], out[at + 3 * step + b] = c * c - s * s, 2 * c * s
    return out


@compiled
def trig_at(f, b, factors, given, padded):
    """Return where the cosine of half the angle of a factor is for a sample and those behind it.

    And how far the sine is behind it, and the cosine and the sine of the angle behind that.
    ``given`` is the number of slots that all samples share.
    """
    if factors[f, 1] < given:
        return SHARED * f, FOUR
    return SHARED * len(factors) + factors[f, 3] * KINDS * padded + b, padded


@compiled
def multiply_by(kind, trig, at, step, inverse, m):
    """Multiply a matrix by a rotation on its left, both of four samples.

    A rotation turns real and imaginary parts of both rows in pairs.
    """
    sine = at + step
    if kind == PHASE:  # of the second row only
        at, sine = at + 2 * step, at + 3 * step
    for column in range(0, 4 * FOUR, 2 * FOUR):
        tr, ti = column, column + FOUR
        br, bi = tr + 4 * FOUR, ti + 4 * FOUR
        if kind == RX:
            a, b, i, j = tr, bi, br, ti
        elif kind == RY:
            a, b, i, j = br, tr, bi, ti
        else:
            a, b, i, j = tr, ti, bi, br
        if inverse:
            a, b, i, j = b, a, j, i
        if kind != PHASE:
            rotate(m, a, b, trig, at, trig, sine)
        rotate(m, i, j, trig, at, trig, sine)


@compiled
def multiply_by_constant(u, inverse, m):
    """Multiply a matrix of four samples by a constant one, or by its inverse, on its left."""
    v = u[0, 0], u[0, 1], u[1, 0], u[1, 1]
    if inverse:
        v = np.conj(u[0, 0]), np.conj(u[1, 0]), np.conj(u[0, 1]), np.conj(u[1, 1])
    for i in range(4 * FOUR):
        if i % (2 * FOUR) < FOUR:  # a real part; the imaginary one is behind it
            top, bottom = complex(m[i], m[i + FOUR]), complex(m[i + 4 * FOUR], m[i + 5 * FOUR])
            up, down = v[0] * top + v[1] * bottom, v[2] * top + v[3] * bottom
            m[i], m[i + FOUR] = up.real, up.imag
            m[i + 4 * FOUR], m[i + 5 * FOUR] = down.real, down.imag


@compiled
def prepare(
    first, lanes, every, inverse, code, factors, fixed, trig, given, padded, product, matrices
):
    """Write the matrices of a tile; those that all samples share only if ``every``.

    ``product`` (8 · 4, in float64) is scratch.
    """
    for k in range(len(code)):
        kind, m = code[k, KIND], code[k, MATRIX] * HALVES * lanes
        if kind in (GATHER, DENSE) or not (every or code[k, BATCHED]):
            continue
        for lane in range(0, lanes, FOUR):
            if kind in (MIX, MIX_IF):
                multiply_out(
                    code, k, first + lane, inverse, factors, fixed, trig, given, padded, product
                )
                for h in range(HALVES):
                    copy_four(matrices, m + h * lanes + lane, product, h * FOUR)
            else:
                at, step = trig_at(code[k, FACTORS], first + lane, factors, given, padded)
                for i in range(FOUR):
                    put_phases(
                        kind, code[k, TABLE], inverse, trig, at + i, step, lanes, matrices,
                        m + lane + i,
                    )  # fmt: skip


@compiled
def multiply_out(code, k, b, inverse, factors, fixed, trig, given, padded, product):
    """Write the product of the factors of a gate on one qubit for four samples, or its inverse."""
    product[:] = 0
    for i in range(FOUR):
        product[i] = product[6 * FOUR + i] = 1
    count = code[k, LAST] - code[k, FACTORS]
    for i in range(count):
        f = code[k, FACTORS] + (count - 1 - i if inverse else i)
        if factors[f, 0] == FIXED:
            multiply_by_constant(fixed[factors[f, 2]], inverse, product)
        else:
            at, step = trig_at(f, b, factors, given, padded)
            multiply_by(factors[f, 0], trig, at, step, inverse, product)


@compiled
def put_phases(kind, ys, inverse, trig, at, step, lanes, matrices, m):
    """Write what a rotation about a Pauli word takes for a sample."""
    c, s = trig[at], trig[at + step]
    s = -s if inverse else s
    if kind == TURN:
        matrices[m] = trig[at + 2 * step]
        matrices[m + lanes] = -trig[at + 3 * step] if inverse else trig[at + 3 * step]
        return
    for h in range(2):
        if kind == PARITY:
            matrices[m + 2 * h * lanes] = c
            matrices[m + (2 * h + 1) * lanes] = (2 * h - 1) * s
        else:  # exp(−iθ/2 P) on a pair, for both signs of P
            # P maps the first of a pair to i^y times the second
            w = (1 - 2 * h) * POWERS[ys & 3]
            up, down, start = -1j * s * np.conj(w), -1j * s * w, m + h * HALVES * lanes
            entries = complex(c, 0), up, down, complex(c, 0)
            for e in range(4):
                matrices[start + 2 * e * lanes] = entries[e].real
                matrices[start + (2 * e + 1) * lanes] = entries[e].imag
