"""Random circuits of all kinds of instructions, and what they do by dense matrices."""

import numpy as np

from quantum.simulation.instructions import (
    Angle,
    Circuit,
    PauliRotation,
    Permutation,
    Phase,
    Rotation,
    Unitary,
    Word,
)

PAULIS = {
    "I": np.eye(2),
    "X": np.array([[0, 1], [1, 0]]),
    "Y": np.array([[0, -1j], [1j, 0]]),
    "Z": np.diag([1, -1]),
}


def random_circuit(rng, wires, length, shared=4, batched=3, prepared=False):
    """Return a circuit whose gates are on random wires, in random order."""

    def angle():
        slot = int(rng.integers(-1, shared + batched))
        return Angle(slot, float(rng.normal()), float(rng.normal()))

    def instruction():
        order = [int(wire) for wire in rng.permutation(wires)]
        count = int(rng.integers(1, wires + 1))
        some, values = tuple(order[:count]), tuple(bool(b) for b in rng.integers(0, 2, count))
        rest, on = tuple(some[1:]), tuple(values[1:])
        size = min(count, 3)
        match rng.choice(["rotation", "free", "phase", "word", "unitary", "permutation", "cnot"]):
            case "rotation":
                return Rotation(str(rng.choice(list("XYZ"))), some[0], angle(), rest, on)
            case "free":
                return Rotation(str(rng.choice(list("XYZ"))), some[0], angle())
            case "phase":
                return Phase(some[: count - 1], values[: count - 1], angle())
            case "word":
                return PauliRotation("".join(rng.choice(list("XYZ"), count)), some, angle())
            case "unitary":
                matrix = rng.normal(size=(2**size, 2**size, 2)) @ [1, 1j]
                matrix = np.linalg.qr(matrix)[0]
                return Unitary(matrix, some[:size], some[size:], values[size:])
            case "permutation":
                return Permutation(
                    rng.permutation(2**size), some[:size], some[size:], values[size:]
                )
        return Permutation(np.array([1, 0]), some[:1], rest, on)

    def word():
        count = int(rng.integers(0, wires + 1))
        chosen = rng.permutation(wires)[:count]
        kind = rng.choice(["XYZ", "Z"])
        return Word(tuple((int(wire), str(rng.choice(list(kind)))) for wire in chosen))

    steps = [instruction() for _ in range(length)]
    return Circuit(wires, steps, shared, batched, [word() for _ in range(3)], prepared)


def on_wires(matrix, wires, n, controls=(), values=()):
    """Return a matrix on some of n wires as one on all, by the entries of basis states."""
    full = np.zeros((2**n, 2**n), complex)
    for x in range(2**n):
        bits = [(x >> (n - 1 - wire)) & 1 for wire in range(n)]
        if any(bits[c] != v for c, v in zip(controls, values, strict=True)):
            full[x, x] = 1
            continue
        column = int("".join(str(bits[wire]) for wire in wires) or "0", 2)
        for row in range(2 ** len(wires)):
            y = list(bits)
            for place, wire in enumerate(wires):
                y[wire] = (row >> (len(wires) - 1 - place)) & 1
            full[int("".join(map(str, y)), 2), x] += matrix[row, column]
    return full


def kron(letters):
    """Return the matrix of a word."""
    out = np.eye(1)
    for letter in letters:
        out = np.kron(out, PAULIS[letter])
    return out


def dense(circuit, shared, sample, initial=None):
    """Return the state and the expectation values of one sample."""
    n, entries = circuit.wires, [*shared, *sample]

    def angle_of(angle):
        return angle.offset + (angle.factor * entries[angle.slot] if angle.slot >= 0 else 0.0)

    def rotation(word, angle):
        theta, p = angle_of(angle), kron(word)
        return np.cos(theta / 2) * np.eye(len(p)) - 1j * np.sin(theta / 2) * p

    state = np.eye(2**n)[0].astype(complex) if initial is None else initial
    for step in circuit.instructions:
        match step:
            case Rotation(axis, wire, angle, controls, values):
                matrix = on_wires(rotation(axis, angle), (wire,), n, controls, values)
            case Phase(wires, values, angle):
                phase = np.array([[np.exp(1j * angle_of(angle))]])
                matrix = on_wires(phase, (), n, wires, values)
            case PauliRotation(word, wires, angle):
                matrix = on_wires(rotation(word, angle), wires, n)
            case Unitary(given, wires, controls, values):
                matrix = on_wires(given, wires, n, controls, values)
            case Permutation(images, wires, controls, values):
                matrix = on_wires(np.eye(len(images))[:, images], wires, n, controls, values)
        state = matrix @ state
    values = []
    for word in circuit.words:
        letters = dict(word.letters)
        p = kron("".join(letters.get(wire, "I") for wire in range(n)))
        values.append((state.conj() @ p @ state).real)
    return state, np.array(values)
