"""Gradients by angles, from the moments of gates."""

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
    TABLE,
    TURN,
)
from quantum.simulation.sweeps.compiled import compiled
from quantum.simulation.sweeps.lines import FOUR, copy_four, rotate
from quantum.simulation.sweeps.matrices import trig_at


@compiled
def collect(
    first, samples, lanes, each, code, factors, angles, turns, trig, given, padded, sums, moments,
    of_shared, of_batched,
):  # fmt: skip
    """Add gradients by all slots, from moments.

    With ``each``, those of the samples of a tile, and of instructions that differ between samples;
    else of the others, summed over samples. ``moments`` (8 · 4, in float64) is scratch.
    """
    for k in range(len(code)):
        if code[k, KIND] in (GATHER, DENSE) or code[k, BATCHED] != each:
            continue
        s = k * HALVES * lanes
        if each:
            for lane in range(0, min(lanes, samples - first), FOUR):
                for h in range(HALVES):
                    copy_four(moments, h * FOUR, sums, s + h * lanes + lane)
                b = first + lane
                collect_four(
                    code, k, b, min(FOUR, samples - b), factors, angles, turns, trig, given,
                    padded, moments, of_shared, of_batched,
                )  # fmt: skip
        else:
            moments[:] = 0
            for h in range(HALVES):
                for lane in range(lanes):
                    moments[h * FOUR] += sums[s + h * lanes + lane]
            collect_four(
                code, k, 0, 1, factors, angles, turns, trig, given, padded, moments, of_shared,
                of_batched,
            )  # fmt: skip


@compiled
def collect_four(
    code, k, b, count, factors, angles, turns, trig, given, padded, moments, of_shared, of_batched
):
    """Add the gradients by the slots of an instruction, from its moments for up to four samples.

    Those of a gate on one qubit are ⟨0|0⟩, ⟨1|1⟩, X and Y, and are lost.
    """
    kind, first = code[k, KIND], code[k, FACTORS]
    of_x, of_y, of_z = 2 * FOUR, 3 * FOUR, 0
    if kind in (TURN, PARITY, FLIP):
        for i in range(count):
            found = of_phase(kind, code[k, TABLE], moments, i)
            add(first, b + i, factors, angles, found, of_shared, of_batched)
        return
    for i in range(FOUR):
        zero, one = moments[i], moments[FOUR + i]
        moments[i], moments[FOUR + i] = zero - one, zero + one
    for f in range(code[k, LAST] - 1, first - 1, -1):
        form = factors[f, 0]
        if form == FIXED:
            turn_back(turns[factors[f, 2]], moments)
            continue
        at = of_x if form == RX else of_y if form == RY else of_z
        for i in range(count):
            found = moments[at + i]
            if form == PHASE:  # it takes ⟨1|1⟩, which is (whole − z) / 2
                found -= moments[FOUR + i]
            add(f, b + i, factors, angles, found / 2, of_shared, of_batched)
        c, step = trig_at(f, b, factors, given, padded)
        c += 2 * step  # of the whole angle
        p, q = (of_y, of_z) if form == RX else (of_z, of_x) if form == RY else (of_x, of_y)
        rotate(moments, p, q, trig, c, trig, c + step)


@compiled
def of_phase(kind, ys, moments, i):
    """Return the gradient by the angle of a rotation about a Pauli word for a sample."""
    if kind == TURN:
        return -moments[FOUR + i]
    if kind == PARITY:  # the imaginary parts of even and odd states
        return (moments[FOUR + i] - moments[3 * FOUR + i]) / 2
    # the word is X or Y on a pair, with a sign
    h = 2 + (ys & 1)
    found = (moments[h * FOUR + i] - moments[(4 + h) * FOUR + i]) / 2
    return found if (ys & 3) < 2 else -found


@compiled
def turn_back(turn, moments):
    """Write the moments X, Y and Z before a constant factor from those behind it."""
    for i in range(FOUR):
        x, y, z = moments[2 * FOUR + i], moments[3 * FOUR + i], moments[i]
        moments[2 * FOUR + i] = turn[0, 0] * x + turn[1, 0] * y + turn[2, 0] * z
        moments[3 * FOUR + i] = turn[0, 1] * x + turn[1, 1] * y + turn[2, 1] * z
        moments[i] = turn[0, 2] * x + turn[1, 2] * y + turn[2, 2] * z


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
