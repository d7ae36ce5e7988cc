r"""The variance of gradients of random circuits, without any sampling.

Behind a rotation by a uniformly random angle, the squares of an observable's coefficients by words
of Pauli matrices are averaged over the pairs of words that the rotation mixes; a Clifford gate
moves them. So their expectations are 4^n numbers that go through the circuit backwards, like a
Markov chain, and all weights but one are averaged exactly.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import torch
from pennylane.wires import Wires

from quantum.analysis.expressiveness import Circuit
from quantum.errors import InputError, UnsupportedError
from quantum.measures import expval_first
from quantum.simulation.instructions import Angle, Instruction, Matrix, PauliRotation, Rotation
from quantum.simulation.plain import applied
from quantum.simulation.schedule import PAULIS
from quantum.tracing import Trace, trace

LETTERS = "IXZY"  # as two bits, whose exclusive or is the product of letters


@dataclass(frozen=True, eq=False)
class _Move:
    """What an instruction does to the words on its wires, (4^k,) each.

    Those that mix become themselves and their image in equal parts; others become their image.
    """

    wires: tuple[int, ...]
    images: np.ndarray
    mixes: np.ndarray
    slot: int = -1
    factor: float = 1.0


def gradient_variance(
    circuit: Circuit,
    n_qubits: int,
    weight: Sequence[int],
    *,
    shape: Sequence[int] | None = None,
    measure: Callable[[Any], Any] = expval_first,
) -> float:
    r"""Return the exact variance of a derivative, :math:`\partial\langle O\rangle/\partial w_k`.

    All weights are independent and uniform from 0 to 2π. The mean of the derivative is then 0.

    Parameters
    ----------
    circuit
        Function of weights and wires, of Clifford gates and of rotations by words of Pauli
        matrices, each with a weight of its own.
    n_qubits
        Number of wires; memory is 8 · 4^n bytes.
    weight
        Index of the weight.
    shape
        Of all weights; that of the ansatz unless given.
    measure
        Function of wires that returns one expectation value.

    Raises
    ------
    UnsupportedError
        For other gates, a weight that is used twice, or an observable of several words whose
        products are not averaged away.

    References
    ----------
    Letcher, Woerner and Zoufal, "Tight and efficient gradient bounds for parameterized quantum
    circuits", Quantum 8, 2024.

    Examples
    --------
    >>> import pennylane as qml
    >>> gradient_variance(lambda w, wires: qml.RY(w[0], wires[0]), 1, (0,), shape=(1,))
    0.5
    """
    shape = tuple(circuit.weights(n_qubits) if shape is None else shape)  # type: ignore[attr-defined]

    def function(w: Any) -> Any:
        circuit(w, range(n_qubits))
        return measure(range(n_qubits))

    found = trace(function, {}, {"w": shape}, Wires(range(n_qubits)))
    moves = [_move(step) for step in reversed(found.circuit.instructions)]
    chosen = int(np.ravel_multi_index(tuple(weight), shape))
    _require_once([move.slot for move in moves], int(np.prod(shape)))
    words, squares = _observable(found, n_qubits)
    _require_no_products(words, moves, n_qubits)
    moments = np.zeros(4**n_qubits)
    moments[[_number(word) for word in words]] = squares
    seen = False
    for move in moves:
        moments = _moved(moments, move, n_qubits, derived=move.slot == chosen)
        seen = seen or move.slot == chosen
    diagonal = moments.reshape((4,) * n_qubits)[np.ix_(*[[0, 2]] * n_qubits)]
    return float(diagonal.sum()) if seen else 0.0


def _observable(found: Trace, n_qubits: int) -> tuple[list[list[int]], np.ndarray]:
    """Return the words of what is measured, a letter a wire, and squares of their coefficients."""
    if found.kind != "expval" or (found.weights is not None and found.weights.shape[1] != 1):
        raise InputError("expected a circuit that measures one expectation value")
    weights = np.ones(len(found.circuit.words)) if found.weights is None else found.weights[:, 0]
    if len(weights) != 1 and found.weights is None:
        raise InputError(f"expected one expectation value, got {len(weights)}")
    words = []
    for word in found.circuit.words:
        letters = dict(word.letters)
        words.append([LETTERS.index(letters.get(wire, "I")) for wire in range(n_qubits)])
    return words, np.asarray(weights, float) ** 2


def _require_once(slots: Iterable[int], weights: int) -> None:
    used = [slot for slot in slots if slot >= 0]
    if len(used) != len(set(used)) or max(used, default=0) >= weights:
        raise UnsupportedError("each weight must be the angle of one rotation, and of one only")


def _require_no_products(
    words: Sequence[Sequence[int]], moves: Sequence[_Move], n_qubits: int
) -> None:
    """Raise an error unless the product of any two words meets a rotation that it mixes with.

    Only then is the expectation of the product of their coefficients 0.
    """
    products = {tuple(np.bitwise_xor(a, b).tolist()) for a, b in combinations(words, 2)}
    for move in moves:
        left = set()
        for word in products:
            local = _number([word[wire] for wire in move.wires])
            if move.slot >= 0 and move.mixes[local]:
                continue
            image = int(local if move.slot >= 0 else move.images[local])
            new = list(word)
            for place, wire in enumerate(reversed(move.wires)):
                new[wire] = image >> 2 * place & 3
            left.add(tuple(new))
        products = left
    if products:
        raise UnsupportedError(
            "two words of the observable stay correlated: no rotation averages their product away"
        )


def _number(word: Sequence[int]) -> int:
    return int(sum(letter << 2 * place for place, letter in enumerate(reversed(word))))


def _moved(moments: np.ndarray, move: _Move, n_qubits: int, *, derived: bool) -> np.ndarray:
    """Return the moments before an instruction, or before its derivative by its angle."""
    count = len(move.wires)
    axes = moments.reshape((4,) * n_qubits)
    front = np.moveaxis(axes, move.wires, range(count)).reshape(4**count, -1)
    new = np.zeros_like(front)
    if move.slot < 0:
        new[move.images] = front
    else:
        mixed = (front + front[move.images])[move.mixes] / 2
        new[move.mixes] = mixed * (move.factor**2 if derived else 1.0)
        if not derived:
            new[~move.mixes] = front[~move.mixes]
    back = new.reshape((4,) * n_qubits)
    return np.moveaxis(back, range(count), move.wires).reshape(-1)


def _move(step: Instruction) -> _Move:
    if isinstance(step, Rotation) and step.angle.slot >= 0 and not step.controls:
        return _mixing(step.axis, (step.wire,), step.angle)
    if isinstance(step, PauliRotation) and step.angle.slot >= 0:
        return _mixing(step.word, step.wires, step.angle)
    return _clifford(step)


def _mixing(word: str, wires: tuple[int, ...], angle: Angle) -> _Move:
    if angle.factor == 0 or angle.factor != round(angle.factor):
        raise UnsupportedError(f"an angle of {angle.factor} times a weight has another period")
    axis = _number([LETTERS.index(letter) for letter in word])
    every = np.arange(4 ** len(word))
    parity = np.zeros(len(every), int)
    for place in range(len(word)):
        a, b = every >> 2 * place & 3, axis >> 2 * place & 3
        parity += (a > 0) & (b > 0) & (a != b)
    return _Move(wires, every ^ axis, parity % 2 == 1, angle.slot, abs(angle.factor))


def _clifford(step: Instruction) -> _Move:
    """Return where a constant gate moves words, Q to U†QU up to a sign."""
    angles = step.entries if isinstance(step, Matrix) else [getattr(step, "angle", Angle())]
    wires = _wires_of(step)
    if any(angle.slot >= 0 for angle in angles) or len(wires) > 4:
        raise UnsupportedError(f"{type(step).__name__} with a weight is no rotation by a word")
    places = {wire: i for i, wire in enumerate(wires)}
    changes: dict[str, Any] = {
        name: tuple(places[wire] for wire in getattr(step, name))
        for name in ("wires", "controls") if hasattr(step, name)
    } | ({"wire": places[step.wire]} if isinstance(step, Rotation) else {})  # fmt: skip
    count = len(wires)
    basis = torch.eye(2**count, dtype=torch.complex128).reshape(-1, *[2] * count)
    nothing = torch.zeros(2**count, 0, dtype=torch.float64)
    unitary = applied(replace(step, **changes), basis, nothing[0], nothing).flatten(1).T.numpy()
    words = _words(count)
    turned = unitary.conj().T @ words @ unitary
    overlaps = np.einsum("aij,bji->ab", words, turned).real / 2**count
    images = np.abs(overlaps).argmax(0)
    if not np.allclose(np.abs(overlaps[images, np.arange(len(images))]), 1):
        raise UnsupportedError(f"a constant {type(step).__name__} is no Clifford gate")
    return _Move(wires, images, np.zeros(len(images), bool))


def _wires_of(step: Instruction) -> tuple[int, ...]:
    own = (step.wire,) if isinstance(step, Rotation) else step.wires
    return (*own, *getattr(step, "controls", ()))


def _words(count: int) -> np.ndarray:
    """Return the matrices of all words of some letters, (4^count, 2^count, 2^count)."""
    letters = np.stack([np.eye(2), *(PAULIS[letter] for letter in LETTERS[1:])])
    words = np.ones((1, 1, 1), complex)
    for _ in range(count):
        words = np.stack([np.kron(word, letter) for word in words for letter in letters])
    return words
