"""Matrices of the gates of a tile, from the angles of its samples."""

import numpy as np

from quantum.simulation.sweeps.codes import (
    BATCHED,
    DENSE,
    FACTORS,
    FIXED,
    FLIP,
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


@compiled
def half_angles(factors, angles, shared):
    """Return cosine and sine of half the angles that all samples share, (factors, 2)."""
    out = np.zeros((len(factors), 2))
    for f in range(len(factors)):
        slot = factors[f, 1]
        if slot < len(shared):
            half = (angles[f, 0] * (shared[slot] if slot >= 0 else 0.0) + angles[f, 1]) / 2
            out[f] = np.cos(half), np.sin(half)
    return out


@compiled
def own_half_angles(factors, angles, given, batched):
    """Return cosine and sine of half the angles that each sample has, (batch, columns, 2).

    Slots below ``given`` are shared by all; a factor of another one says its column.
    """
    columns = 0
    for f in range(len(factors)):
        columns += factors[f, 1] >= given
    out = np.empty((len(batched), columns, 2))
    for f in range(len(factors)):
        slot, column = factors[f, 1], factors[f, 3]
        if slot >= given:
            for b in range(len(batched)):
                half = (angles[f, 0] * batched[b, slot - given] + angles[f, 1]) / 2
                out[b, column, 0], out[b, column, 1] = np.cos(half), np.sin(half)
    return out


@compiled
def half_angle(f, b, factors, ready, given, own):
    """Return cosine and sine of half the angle of a factor for a sample.

    ``ready`` (factors, 2) holds those that all samples share, of slots below ``given``, and ``own``
    (batch, columns, 2) the others.
    """
    if factors[f, 1] < given:
        return ready[f, 0], ready[f, 1]
    return own[b, factors[f, 3], 0], own[b, factors[f, 3], 1]


@compiled
def factor_of(kind, c, s, u):
    """Return the four entries of a factor; ``u`` is its matrix if it is constant."""
    none = 0j
    if kind == FIXED:
        return u[0, 0], u[0, 1], u[1, 0], u[1, 1]
    if kind == PHASE:
        return 1 + 0j, none, none, complex(c * c - s * s, 2 * c * s)
    if kind == RX:
        return complex(c, 0), complex(0, -s), complex(0, -s), complex(c, 0)
    if kind == RY:
        return complex(c, 0), complex(-s, 0), complex(s, 0), complex(c, 0)
    return complex(c, -s), none, none, complex(c, s)


@compiled
def put_matrix(to, m, lane, lanes, a, b, c, d):
    """Write the entries of a matrix for a sample."""
    entries = (a, b, c, d)
    for e in range(4):
        to[m + 2 * e * lanes + lane] = entries[e].real
        to[m + (2 * e + 1) * lanes + lane] = entries[e].imag


@compiled
def prepare(
    first, samples, lanes, every, inverse, code, factors, fixed, ready, given, own, matrices,
):  # fmt: skip
    """Write the matrices of a tile; those that all samples share only if ``every``."""
    for k in range(len(code)):
        kind, m = code[k, KIND], code[k, MATRIX] * HALVES * lanes
        if kind in (GATHER, DENSE) or not (every or code[k, BATCHED]):
            continue
        for lane in range(lanes if code[k, BATCHED] else 1):
            b = min(first + lane, samples - 1)
            if kind in (MIX, MIX_IF):
                u = (1 + 0j, 0j, 0j, 1 + 0j)
                for f in range(code[k, FACTORS], code[k, LAST]):
                    c, s = half_angle(f, b, factors, ready, given, own)
                    v = factor_of(factors[f, 0], c, s, fixed[factors[f, 2]])
                    u = (
                        v[0] * u[0] + v[1] * u[2],
                        v[0] * u[1] + v[1] * u[3],
                        v[2] * u[0] + v[3] * u[2],
                        v[2] * u[1] + v[3] * u[3],
                    )
                if inverse:
                    u = np.conj(u[0]), np.conj(u[2]), np.conj(u[1]), np.conj(u[3])
                put_matrix(matrices, m, lane, lanes, u[0], u[1], u[2], u[3])
                continue
            c, s = half_angle(code[k, FACTORS], b, factors, ready, given, own)
            s = -s if inverse else s
            if kind == TURN:
                matrices[m + lane] = c * c - s * s
                matrices[m + lanes + lane] = 2 * c * s
                continue
            for h in range(2):
                if kind == PARITY:
                    matrices[m + 2 * h * lanes + lane] = c
                    matrices[m + (2 * h + 1) * lanes + lane] = (2 * h - 1) * s
                else:  # exp(−iθ/2 P) on a pair, for both signs of P
                    # P maps the first of a pair to i^y times the second
                    w = (1 - 2 * h) * POWERS[code[k, TABLE] & 3]
                    at, up, down = m + h * HALVES * lanes, -1j * s * np.conj(w), -1j * s * w
                    put_matrix(matrices, at, lane, lanes, complex(c, 0), up, down, complex(c, 0))
        if not code[k, BATCHED]:
            for start in range(m, m + (2 if kind == FLIP else 1) * HALVES * lanes, lanes):
                for lane in range(1, lanes):
                    matrices[start + lane] = matrices[start]
