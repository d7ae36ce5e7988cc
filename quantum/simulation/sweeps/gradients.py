"""Gradients by angles, from the moments of gates."""

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
    PARITY,
    PHASE,
    RX,
    RY,
    RZ,
    TABLE,
    TURN,
)
from quantum.simulation.sweeps.compiled import compiled
from quantum.simulation.sweeps.matrices import half_angle


@compiled
def turned(kind, c, s, u, x, y, z):
    """Return the moments X, Y and Z before a factor from those behind it."""
    if kind == FIXED:
        return (
            u[0, 0] * x + u[1, 0] * y + u[2, 0] * z,
            u[0, 1] * x + u[1, 1] * y + u[2, 1] * z,
            u[0, 2] * x + u[1, 2] * y + u[2, 2] * z,
        )
    c, s = c * c - s * s, 2 * c * s
    if kind == RX:
        return x, c * y + s * z, c * z - s * y
    if kind == RY:
        return c * x - s * z, y, c * z + s * x
    return c * x + s * y, c * y - s * x, z


@compiled
def collect(
    first, samples, lanes, each, code, factors, angles, turns, ready, given, own, sums,
    of_shared, of_batched,
):  # fmt: skip
    """Add gradients by all slots, from moments.

    With ``each``, those of the samples of a tile, and of instructions that differ between samples;
    else of the others, summed over samples.
    """
    for k in range(len(code)):
        if code[k, KIND] in (GATHER, DENSE) or code[k, BATCHED] != each:
            continue
        s = k * HALVES * lanes
        if each:
            for lane in range(min(lanes, samples - first)):
                collect_one(
                    code, k, first + lane, factors, angles, turns, ready, given, own,
                    sums[s + lane : s + HALVES * lanes : lanes], of_shared, of_batched,
                )  # fmt: skip
        else:
            found = np.zeros(HALVES)
            for h in range(HALVES):
                for lane in range(lanes):
                    found[h] += sums[s + h * lanes + lane]
            collect_one(
                code, k, 0, factors, angles, turns, ready, given, own, found, of_shared,
                of_batched,
            )  # fmt: skip


@compiled
def collect_one(code, k, b, factors, angles, turns, ready, given, own, sums, of_shared, of_batched):
    """Add the gradients by the slots of an instruction, from its moments."""
    kind, first = code[k, KIND], code[k, FACTORS]
    if kind == TURN:
        add(first, b, factors, angles, -sums[1], of_shared, of_batched)
    elif kind == PARITY:  # the imaginary parts of even and odd states
        add(first, b, factors, angles, (sums[1] - sums[3]) / 2, of_shared, of_batched)
    elif kind == FLIP:  # the word is X or Y on a pair, with a sign
        y = code[k, TABLE] & 3
        found = sums[2 + (y & 1)] - sums[6 + (y & 1)]
        found = found if y < 2 else -found
        add(first, b, factors, angles, found / 2, of_shared, of_batched)
    else:
        x, y, z = float(sums[2]), float(sums[3]), float(sums[0] - sums[1])
        for f in range(code[k, LAST] - 1, first - 1, -1):
            form, c, s = factors[f, 0], 0.0, 0.0
            if form != FIXED:
                c, s = half_angle(f, b, factors, ready, given, own)
                # a phase takes ⟨1|1⟩, which is (whole − z) / 2
                found = z if form == RZ else x if form == RX else y
                found = found if form != PHASE else z - whole(sums)
                add(f, b, factors, angles, found / 2, of_shared, of_batched)
            x, y, z = turned(form, c, s, turns[factors[f, 2]], x, y, z)


@compiled
def whole(sums):
    """Return the moment of the identity."""
    return sums[0] + sums[1]


@compiled
def add(f, b, factors, angles, found, of_shared, of_batched):
    """Add the gradient by the angle of a factor to that of its slot."""
    slot = factors[f, 1]
    if slot < 0:
        return
    if slot < len(of_shared):
        of_shared[slot] += angles[f, 0] * found
    else:
        of_batched[b, slot - len(of_shared)] += angles[f, 0] * found
