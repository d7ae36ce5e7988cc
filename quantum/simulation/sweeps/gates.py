"""Instructions on the state of a tile, forwards and backwards."""

import numpy as np

from quantum.simulation.sweeps.codes import (
    FLIP,
    GATHER,
    HALVES,
    KIND,
    MASK,
    MATRIX,
    MIX,
    MIX_IF,
    PARITY,
    PLACE,
    TABLE,
    TURN,
    VALUE,
    XMASK,
    ZMASK,
    count_bits,
    expanded,
    parity,
    spread,
)
from quantum.simulation.sweeps.compiled import compiled, inlined
from quantum.simulation.sweeps.lines import (
    measure,
    measure_all,
    mix,
    mix_all,
    move,
    overlap,
    split,
    turn,
    unmix_all,
)


@inlined
def forward_one(code, k, n, lanes, matrices, tables, dense, state, other):
    """Apply an instruction; return whether the state is in the other array now."""
    kind, m = code[k, KIND], code[k, MATRIX] * HALVES * lanes
    mask, value = code[k, MASK], code[k, VALUE]
    xmask, zmask = code[k, XMASK], code[k, ZMASK]
    if kind == MIX:
        mix_all(state, 1 << (n - 1), code[k, PLACE], matrices, m)
    elif kind == MIX_IF:
        bit = 1 << code[k, PLACE]
        for q in range(1 << (n - 1 - count_bits(mask))):
            i = expanded(q, mask | bit) | value
            mix(state, i, i | bit, matrices, m)
    elif kind == TURN:
        for q in range(1 << (n - count_bits(mask))):
            turn(state, expanded(q, mask) | value, matrices, m)
    elif kind == PARITY:
        for x in range(1 << n):
            turn(state, x, matrices, m + 2 * lanes * parity(x & zmask))
    elif kind == FLIP:
        bit = xmask & -xmask
        for q in range(1 << (n - 1)):
            i = expanded(q, bit)
            mix(state, i, i ^ xmask, matrices, m + HALVES * lanes * parity(i & zmask))
    elif kind == GATHER:
        table = tables[code[k, TABLE]]
        for x in range(1 << n):
            move(other, x, state, table[x])
        return True
    else:
        multiply(code, k, n, lanes, dense, state)
    return False


@compiled
def multiply(code, k, n, lanes, dense, state):
    """Multiply a state by a matrix on several qubits, those of the mask of signs."""
    zmask, size = code[k, ZMASK], 1 << count_bits(code[k, ZMASK])
    outside = zmask | code[k, MASK]
    at, line = code[k, MATRIX], 2 * lanes
    places, old = np.zeros(size, np.int64), np.zeros((size, line), state.dtype)
    for a in range(size):
        places[a] = spread(a, zmask)
    for q in range(1 << (n - count_bits(outside))):
        base = expanded(q, outside) | code[k, VALUE]
        for a in range(size):
            start = (base | places[a]) * line
            old[a] = state[start : start + line]
        for a in range(size):
            start = (base | places[a]) * line
            for lane in range(lanes):
                re, im = 0.0, 0.0
                for c in range(size):
                    u = dense[at + a * size + c]
                    re += u.real * old[c, lane] - u.imag * old[c, lanes + lane]
                    im += u.real * old[c, lanes + lane] + u.imag * old[c, lane]
                state[start + lane] = re
                state[start + lanes + lane] = im


@inlined
def backward_one(code, k, n, lanes, matrices, tables, dense, psi, lam, other, another, sums, s):
    """Add moments of an instruction to sums at s, and take it back from ψ and λ.

    Returns whether both are in the other arrays now.
    """
    kind, m = code[k, KIND], code[k, MATRIX] * HALVES * lanes
    mask, value = code[k, MASK], code[k, VALUE]
    xmask, zmask = code[k, XMASK], code[k, ZMASK]
    if kind == MIX:
        unmix_all(psi, lam, 1 << (n - 1), code[k, PLACE], matrices, m, sums, s)
    elif kind == MIX_IF:
        bit = 1 << code[k, PLACE]
        for q in range(1 << (n - 1 - count_bits(mask))):
            i = expanded(q, mask | bit) | value
            measure(psi, lam, i, i | bit, sums, s)
            mix(psi, i, i | bit, matrices, m)
            mix(lam, i, i | bit, matrices, m)
    elif kind == TURN:
        for q in range(1 << (n - count_bits(mask))):
            x = expanded(q, mask) | value
            overlap(psi, lam, x, x, sums, s)
            turn(psi, x, matrices, m)
            turn(lam, x, matrices, m)
    elif kind == PARITY:
        for x in range(1 << n):
            odd = parity(x & zmask)
            overlap(psi, lam, x, x, sums, s + 2 * lanes * odd)
            turn(psi, x, matrices, m + 2 * lanes * odd)
            turn(lam, x, matrices, m + 2 * lanes * odd)
    elif kind == FLIP:
        bit = xmask & -xmask
        for q in range(1 << (n - 1)):
            i = expanded(q, bit)
            odd = parity(i & zmask)
            measure(psi, lam, i, i ^ xmask, sums, s + 4 * lanes * odd)
            at = m + HALVES * lanes * odd
            mix(psi, i, i ^ xmask, matrices, at)
            mix(lam, i, i ^ xmask, matrices, at)
    elif kind == GATHER:
        table = tables[code[k, TABLE] + 1]  # the inverse follows
        for x in range(1 << n):
            move(other, x, psi, table[x])
            move(another, x, lam, table[x])
        return True
    else:
        multiply(code, k, n, lanes, dense, psi)
        multiply(code, k, n, lanes, dense, lam)
    return False


@compiled
def begin(start, n, code, lanes, matrices, state):
    """Write |0…0⟩ after the first instructions, which act on one qubit each, the lowest first."""
    if start < n:
        state[:] = 0
    state[:lanes] = 1
    state[lanes : 2 * lanes] = 0
    for k in range(start):
        m, bit = code[k, MATRIX] * HALVES * lanes, 1 << code[k, PLACE]
        for i in range(bit):
            split(state, i, i | bit, matrices, m)


@compiled
def forward(start, n, code, lanes, matrices, tables, dense, state, other):
    """Run a circuit on a tile; return whether the state is in the other array."""
    swapped = False
    for k in range(start, len(code)):
        if forward_one(code, k, n, lanes, matrices, tables, dense, state, other):
            state, other = other, state
            swapped = not swapped
    return swapped


@compiled
def backward(start, n, code, lanes, matrices, tables, dense, psi, lam, other, another, sums):
    """Take a circuit back from ψ and λ, down to its start; moments go to sums."""
    for k in range(len(code) - 1, start - 1, -1):
        s = k * HALVES * lanes
        if backward_one(
            code, k, n, lanes, matrices, tables, dense, psi, lam, other, another, sums, s
        ):
            psi, lam, other, another = other, another, psi, lam
    for k in range(start):  # on different qubits: their moments do not depend on each other
        measure_all(psi, lam, 1 << (n - 1), code[k, PLACE], sums, k * HALVES * lanes)
    return psi, lam
