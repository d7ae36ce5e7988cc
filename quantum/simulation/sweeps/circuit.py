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

from quantum.simulation.sweeps.compiled import compiled, inlined
from quantum.simulation.sweeps.lines import (
    add_times,
    measure,
    measure_all,
    mix,
    mix_all,
    move,
    overlap,
    probability,
    scale,
    split,
    turn,
    unmix_all,
)

# kinds of instructions
MIX, MIX_IF, TURN, PARITY, FLIP, GATHER, DENSE = range(7)
# their columns
KIND, PLACE, MASK, VALUE, XMASK, ZMASK, MATRIX, FACTORS, LAST, BATCHED, TABLE = range(11)
COLUMNS = 11
# kinds of factors of a gate on one qubit
RX, RY, RZ, PHASE, FIXED = range(5)
HALVES = 8  # of a matrix
POWERS = (1 + 0j, 1j, -1 + 0j, -1j)  # of i


@compiled
def parity(x):
    """Return whether the number of bits that are set is odd."""
    x ^= x >> 32
    x ^= x >> 16
    x ^= x >> 8
    x ^= x >> 4
    x ^= x >> 2
    x ^= x >> 1
    return x & 1


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
def half_angle(f, b, factors, angles, ready, given, batched):
    """Return cosine and sine of half the angle of a factor for a sample.

    ``ready`` (factors, 2) holds those that all samples share, of slots below ``given``.
    """
    slot = factors[f, 1]
    if slot < given:
        return ready[f, 0], ready[f, 1]
    theta = angles[f, 0] * batched[b, slot - given] + angles[f, 1]
    return np.cos(theta / 2), np.sin(theta / 2)


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
    first, samples, lanes, every, inverse, code, factors, angles, fixed, ready, given, batched,
    matrices,
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
                    c, s = half_angle(f, b, factors, angles, ready, given, batched)
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
            c, s = half_angle(code[k, FACTORS], b, factors, angles, ready, given, batched)
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


@compiled
def expanded(q, mask):
    """Return a number with zeros put in at the bits of a mask."""
    while mask:
        bit = mask & -mask
        q = ((q & ~(bit - 1)) << 1) | (q & (bit - 1))
        mask ^= bit
    return q


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
def count_bits(x):
    """Return the number of bits that are set."""
    count = 0
    while x:
        x &= x - 1
        count += 1
    return count


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


@compiled
def spread(a, mask):
    """Return a number with its bits at those of a mask, the lowest first."""
    out = 0
    while mask:
        bit = mask & -mask
        out |= bit if a & 1 else 0
        a >>= 1
        mask ^= bit
    return out


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
    first, samples, lanes, each, code, factors, angles, turns, ready, given, batched, sums,
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
                    code, k, first + lane, factors, angles, turns, ready, given, batched,
                    sums[s + lane : s + HALVES * lanes : lanes], of_shared, of_batched,
                )  # fmt: skip
        else:
            found = np.zeros(HALVES)
            for h in range(HALVES):
                for lane in range(lanes):
                    found[h] += sums[s + h * lanes + lane]
            collect_one(
                code, k, 0, factors, angles, turns, ready, given, batched, found, of_shared,
                of_batched,
            )  # fmt: skip


@compiled
def collect_one(
    code, k, b, factors, angles, turns, ready, given, batched, sums, of_shared, of_batched
):
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
                c, s = half_angle(f, b, factors, angles, ready, given, batched)
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


@compiled
def run_forward(
    tiles, start, n, code, factors, angles, fixed, tables, dense, ready, given, batched, flips,
    signs, ys, samples, matrices, state, other, squares, sums, initial, kept, values,
):  # fmt: skip
    """Run some tiles: values of words to ``values``, states to ``kept`` (tiles, numbers).

    They begin with the states ``initial`` (tiles, numbers), or with |0…0⟩ if that is None.
    """
    lanes = len(state) >> (n + 1)
    for tile in tiles:
        first = tile * lanes
        prepare(
            first, samples, lanes, tile == tiles[0], False, code, factors, angles, fixed, ready,
            given, batched, matrices,
        )  # fmt: skip
        if initial is None:
            begin(start, n, code, lanes, matrices, state)
        else:
            state[:] = initial[tile]
        swapped = forward(start, n, code, lanes, matrices, tables, dense, state, other)
        final = other if swapped else state
        if kept is not None:
            kept[tile] = final
        expectations(n, lanes, flips, signs, ys, final, squares, sums, first, samples, values)


@compiled
def run_backward(
    tiles, start, n, code, factors, angles, fixed, turns, tables, dense, ready, given, batched,
    flips, signs, ys, samples, matrices, psi, lam, other, another, squares, sums, kept, of_values,
    of_states, of_shared, of_batched, of_initial,
):  # fmt: skip
    """Take some tiles back, and add gradients by slots.

    ``of_values`` are the gradients by values of words, ``of_states`` (tiles, numbers) those by
    states, or None; ``of_initial`` gets those by the states at the beginning, unless it is None.
    """
    lanes = len(psi) >> (n + 1)
    sums[:] = 0
    for tile in tiles:
        first = tile * lanes
        prepare(
            first, samples, lanes, tile == tiles[0], True, code, factors, angles, fixed, ready,
            given, batched, matrices,
        )  # fmt: skip
        psi[:] = kept[tile]
        seed(n, lanes, flips, signs, ys, psi, squares, lam, first, samples, of_values)
        if of_states is not None:
            lam += of_states[tile]
        for k in range(len(code)):
            if code[k, BATCHED]:
                sums[k * HALVES * lanes : (k + 1) * HALVES * lanes] = 0
        _, last = backward(
            start, n, code, lanes, matrices, tables, dense, psi, lam, other, another, sums
        )
        if of_initial is not None:
            of_initial[tile] = last
        collect(
            first, samples, lanes, 1, code, factors, angles, turns, ready, given, batched, sums,
            of_shared, of_batched,
        )  # fmt: skip
    collect(
        0, samples, lanes, 0, code, factors, angles, turns, ready, given, batched, sums, of_shared,
        of_batched,
    )  # fmt: skip
