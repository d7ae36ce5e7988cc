r"""Circuits run on tiles of samples, forwards and backwards.

A tile holds as many samples as a line (see `lines`); its state is 2^n lines. Backwards, states are
computed anew by inverse gates, ψ and λ together, so that memory does not depend on depth: with λ
the gradient of the output by the state, a factor exp(−iθK) of a circuit has the gradient
:math:`\operatorname{Im}⟨λ|K|ψ⟩`, both taken behind it. Those of a gate on one qubit are linear in
four moments (`lines.measure`), and go from the last of its factors to the first as a vector turns.

Instructions are rows of integers: what it is, the place of its qubit, which samples' basis states
it acts on (those whose bits under a mask have a value), a bit mask of flips and one of signs, and
where its matrices, its factors and its table begin.
"""

import numpy as np

from quantum.simulation.sweeps.codes import (
    BATCHED,
    HALVES,
)
from quantum.simulation.sweeps.compiled import compiled
from quantum.simulation.sweeps.gates import backward, begin, forward
from quantum.simulation.sweeps.gradients import collect
from quantum.simulation.sweeps.lines import FOUR, add_line, move
from quantum.simulation.sweeps.matrices import prepare
from quantum.simulation.sweeps.words import expectations, seed


@compiled
def run_forward(
    tiles, start, n, code, factors, fixed, tables, dense, trig, given, padded, flips, signs, ys,
    samples, matrices, state, other, squares, sums, initial, kept, values,
):  # fmt: skip
    """Run some tiles: values of words to ``values``, states to ``kept`` (tiles · numbers).

    They begin with the states ``initial`` (tiles · numbers), or with |0…0⟩ if that is None.
    """
    lanes, product = len(state) >> (n + 1), np.empty(HALVES * FOUR)
    for tile in tiles:
        first = tile * lanes
        prepare(
            first, lanes, tile == tiles[0], False, code, factors, fixed, trig, given, padded,
            product, matrices,
        )  # fmt: skip
        if initial is None:
            begin(start, n, code, lanes, matrices, state)
        else:
            for x in range(1 << n):
                move(state, x, initial, tile << n | x)
        swapped = forward(start, n, code, lanes, matrices, tables, dense, state, other)
        final = other if swapped else state
        if kept is not None:
            for x in range(1 << n):
                move(kept, tile << n | x, final, x)
        expectations(n, lanes, flips, signs, ys, final, squares, sums, first, samples, values)


@compiled
def run_backward(
    tiles, start, n, code, factors, angles, fixed, turns, tables, dense, trig, given, padded,
    flips, signs, ys, samples, matrices, psi, lam, other, another, squares, sums, kept, of_values,
    of_states, of_shared, of_batched, of_initial,
):  # fmt: skip
    """Take some tiles back, and add gradients by slots.

    ``of_values`` are the gradients by values of words, ``of_states`` (tiles · numbers) those by
    states, or None; ``of_initial`` gets those by the states at the beginning, unless it is None.
    """
    lanes, product = len(psi) >> (n + 1), np.empty(HALVES * FOUR)
    sums[:] = 0
    for tile in tiles:
        first = tile * lanes
        prepare(
            first, lanes, tile == tiles[0], True, code, factors, fixed, trig, given, padded,
            product, matrices,
        )  # fmt: skip
        for x in range(1 << n):
            move(psi, x, kept, tile << n | x)
        seed(n, lanes, flips, signs, ys, psi, squares, lam, first, samples, of_values)
        if of_states is not None:
            for x in range(1 << n):
                add_line(lam, x, of_states, tile << n | x)
        for k in range(len(code)):
            if code[k, BATCHED]:
                for i in range(k * HALVES * lanes, (k + 1) * HALVES * lanes):
                    sums[i] = 0
        _, last = backward(
            start, n, code, lanes, matrices, tables, dense, psi, lam, other, another, sums
        )
        if of_initial is not None:
            for x in range(1 << n):
                move(of_initial, tile << n | x, last, x)
        collect(
            first, samples, lanes, 1, code, factors, angles, turns, trig, given, padded, sums,
            product, of_shared, of_batched,
        )  # fmt: skip
    collect(
        0, samples, lanes, 0, code, factors, angles, turns, trig, given, padded, sums, product,
        of_shared, of_batched,
    )  # fmt: skip
