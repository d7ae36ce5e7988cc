"""PennyLane's operations and measurements as instructions and words."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pennylane as qml
import torch
from pennylane.operation import Channel, Operator, StatePrepBase
from pennylane.ops import MidMeasure

from quantum.errors import UnsupportedError
from quantum.simulation.instructions import (
    Angle,
    Instruction,
    Matrix,
    PauliRotation,
    Permutation,
    Phase,
    Rotation,
    Unitary,
    Word,
)

Controls = tuple[tuple[int, ...], tuple[bool, ...]]
AngleOf = Callable[[Any], Angle]

ROTATIONS = {"RX": "X", "RY": "Y", "RZ": "Z"}
ISING = {"IsingXX": "XX", "IsingYY": "YY", "IsingZZ": "ZZ"}
PHASES = {"CPhaseShift00": (False, False), "CPhaseShift01": (False, True),
          "CPhaseShift10": (True, False)}  # fmt: skip
NOTHING = ("Barrier", "Snapshot", "Identity", "WireCut")
NATIVE = {*ROTATIONS, *ISING, *PHASES, "Rot", "PhaseShift", "U1", "GlobalPhase", "MultiRZ",
          "PauliRot"}  # fmt: skip
MATRICES = ("QubitUnitary", "DiagonalQubitUnitary")
WIDEST = 8  # wires of a matrix


def is_native(op: Operator) -> bool:
    """Return whether an operation is one or a few instructions, without being decomposed."""
    base = op
    while isinstance(base, qml.ops.Controlled):
        base = base.base
    if base.name in NOTHING and base is op:
        return True
    if base.name in NATIVE:
        return base is op or base.name not in {*ISING, *PHASES, "MultiRZ", "PauliRot"}
    if len(base.wires) > WIDEST or not base.has_matrix:
        return False
    return base.name in MATRICES or _is_constant(base)


def parameters_of(op: Operator) -> list[Any]:
    """Return the parameters of a native operation, each a number or one of each sample.

    Those of a matrix that has gradients or a batch are its real parts by rows, then its imaginary
    parts; other matrices have none.
    """
    base = op
    while isinstance(base, qml.ops.Controlled):
        base = base.base
    if base.name in NATIVE:
        return list(base.data)
    if base.name not in MATRICES or _is_constant(base):
        return []
    matrix = torch.as_tensor(base.matrix())
    flat = matrix.to(torch.complex128).reshape(*matrix.shape[:-2], -1)
    return [*flat.real.unbind(-1), *flat.imag.unbind(-1)]


def _is_constant(op: Operator) -> bool:
    """Return whether an operation has no parameter but matrices without gradient or batch."""
    if op.batch_size is not None or any(
        isinstance(part, torch.Tensor) and part.requires_grad for part in op.data
    ):
        return False
    return op.num_params == 0 or op.name in MATRICES or not op.has_decomposition


def instructions_of(
    op: Operator, places: Mapping[Any, int], angle_of: AngleOf
) -> Iterator[Instruction]:
    """Yield the instructions of an operation.

    Parameters
    ----------
    op
        Operation of PennyLane.
    places
        Number of each wire.
    angle_of
        Gives a parameter its angle.

    Raises
    ------
    UnsupportedError
        If it has no form here; the message names it.
    """
    if isinstance(op, MidMeasure | qml.ops.Conditional):
        raise UnsupportedError(
            f"{op.name} is a measurement in the middle of a circuit, which is not simulated here; "
            "use default.qubit for it"
        )
    if isinstance(op, Channel):
        raise UnsupportedError(
            f"{op.name} is a channel of noise, which has no place in a circuit of pure states; the "
            "device nsai.qubit takes it, and so does quantum.noise"
        )
    base = op
    controls: tuple[int, ...] = ()
    values: tuple[bool, ...] = ()
    while isinstance(base, qml.ops.Controlled):
        controls = (*controls, *(places[wire] for wire in base.control_wires))
        values = (*values, *(bool(value) for value in base.control_values))
        base = base.base
    if is_native(op):
        wires = tuple(places[wire] for wire in base.wires)
        yield from _native(base, wires, (controls, values), angle_of)
    elif op.has_decomposition:
        for part in op.decomposition():
            yield from instructions_of(part, places, angle_of)
    else:
        raise UnsupportedError(
            f"{op.name} has neither a decomposition nor a constant matrix on at most {WIDEST} "
            "wires; use default.qubit for it"
        )


def _native(
    op: Operator, wires: tuple[int, ...], controls: Controls, angle_of: AngleOf
) -> Iterator[Instruction]:
    name = op.name
    if name in NOTHING:
        return
    if name in ROTATIONS:
        yield Rotation(ROTATIONS[name], wires[0], angle_of(op.data[0]), *controls)
    elif name == "Rot":
        for axis, part in zip("ZYZ", op.data, strict=True):
            yield Rotation(axis, wires[0], angle_of(part), *controls)
    elif name in ("PhaseShift", "U1"):
        yield Phase((*controls[0], *wires), (*controls[1], True), angle_of(op.data[0]))
    elif name == "GlobalPhase":
        yield Phase(*controls, angle_of(op.data[0]).times(-1))
    elif name in PHASES:
        yield Phase(wires, PHASES[name], angle_of(op.data[0]))
    elif name in ISING:
        yield PauliRotation(ISING[name], wires, angle_of(op.data[0]))
    elif name == "MultiRZ":
        yield PauliRotation("Z" * len(wires), wires, angle_of(op.data[0]))
    elif name == "PauliRot":
        yield _pauli_rotation(op.hyperparameters["pauli_word"], wires, angle_of(op.data[0]))
    elif not _is_constant(op):
        yield Matrix(tuple(angle_of(part) for part in parameters_of(op)), wires, *controls)
    else:
        yield _constant(np.asarray(qml.math.toarray(op.matrix()), complex), wires, controls)


def _pauli_rotation(word: str, wires: tuple[int, ...], angle: Angle) -> Instruction:
    kept = [(wire, letter) for wire, letter in zip(wires, word, strict=True) if letter != "I"]
    if not kept:
        return Phase((), (), angle.times(-0.5))
    return PauliRotation("".join(p for _, p in kept), tuple(wire for wire, _ in kept), angle)


def _constant(matrix: np.ndarray, wires: tuple[int, ...], controls: Controls) -> Instruction:
    """Return a matrix as what it is: a permutation, a phase, or a matrix."""
    images = np.abs(matrix).argmax(0)
    moves = np.zeros_like(matrix)
    moves[images, np.arange(len(matrix))] = 1
    if np.array_equal(matrix, moves) and (len(wires) > 1 or controls[0]):
        return Permutation(images, wires, *controls)
    diagonal = np.diag(matrix)
    if np.array_equal(matrix, np.diag(diagonal)) and (len(wires) > 1 or controls[0]):
        turned = np.flatnonzero(diagonal != 1)
        if len(turned) == 1:  # as of CZ and CCZ
            bits = [bool(turned[0] >> place & 1) for place in reversed(range(len(wires)))]
            angle = Angle(offset=float(np.angle(diagonal[turned[0]])))
            return Phase((*controls[0], *wires), (*controls[1], *bits), angle)
    return Unitary(matrix, wires, *controls)


def beginning_of(operations: Sequence[Operator]) -> tuple[Operator | None, Sequence[Operator]]:
    """Return the state that a circuit begins with, if it gives one, and the operations behind it.

    Raises
    ------
    UnsupportedError
        If a state is given later.
    """
    first, rest = (operations[0], operations[1:]) if operations else (None, operations)
    if not isinstance(first, StatePrepBase):
        first, rest = None, operations
    late = [op.name for op in rest if isinstance(op, StatePrepBase)]
    if late:
        raise UnsupportedError(f"{late[0]} gives a state in the middle of a circuit")
    return first, rest


def words_of(observable: Operator, places: Mapping[Any, int]) -> dict[Word, float]:
    """Return an observable as words of Pauli matrices, each with its coefficient.

    Raises
    ------
    UnsupportedError
        If it is none, or its coefficients have gradients.
    """
    sentence = observable.pauli_rep
    if sentence is None and observable.has_matrix and len(observable.wires) <= WIDEST:
        matrix = np.asarray(qml.math.toarray(observable.matrix()), complex)
        sentence = qml.pauli_decompose(matrix, wire_order=observable.wires, pauli=True)
    if sentence is None:
        raise UnsupportedError(f"{observable.name} is no sum of words of Pauli matrices")
    found = {}
    for word, coefficient in sentence.items():
        letters = sorted((places[wire], letter) for wire, letter in word.items())
        value = complex(qml.math.toarray(coefficient))
        if abs(value.imag) > 1e-12:
            raise UnsupportedError(f"{observable.name} is not Hermitian: {word} has {value}")
        found[Word(tuple(letters))] = value.real
    return found


def words_and_weights(
    observables: Sequence[Operator], places: Mapping[Any, int]
) -> tuple[list[Word], np.ndarray]:
    """Return the different words of observables, and their coefficients, (words, observables)."""
    sums = [words_of(observable, places) for observable in observables]
    words = list(dict.fromkeys(word for found in sums for word in found))
    return words, np.array([[found.get(word, 0.0) for found in sums] for word in words]).reshape(
        len(words), len(sums)
    )
