r"""Density matrices of circuits with noise.

A density matrix of n qubits is a state vector of 2n wires: a gate U acts as U on the first n and as
:math:`\bar U` on the others, and a channel as its superoperator on both places of its wires.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from pennylane.tape import QuantumScript
from torch import Tensor

from quantum.errors import QuantumError, UnsupportedError
from quantum.noise.channels import superoperator
from quantum.noise.programs import Channel, Program, Step, program_of
from quantum.simulation.instructions import (
    Circuit,
    Instruction,
    Matrix,
    PauliRotation,
    Permutation,
    Phase,
    Rotation,
    Unitary,
)
from quantum.simulation.plain import applied
from quantum.simulation.run import require_memory, run
from quantum.simulation.schedule import schedule


def density_matrices(circuit: QuantumScript | Program, wires: Any = None) -> Tensor:
    r"""Return the states that circuits with noise end in.

    Without gradients by the sweeps of the simulator, else one step at a time by torch, whose
    gradients are exact, to parameters of gates and of channels, and of any order.

    Parameters
    ----------
    circuit
        Tape of PennyLane; parameters with an axis are those of a batch.
    wires
        Number of wires or their labels in order; those that the circuit uses unless given.

    Returns
    -------
    Tensor
        (batch, 2^n, 2^n), complex; a batch of one for a circuit without.

    Raises
    ------
    QuantumError
        If they do not fit in the memory that is free; before it is taken.

    Examples
    --------
    >>> import pennylane as qml
    >>> tape = QuantumScript([qml.X(0), qml.AmplitudeDamping(0.25, wires=0)])
    >>> density_matrices(tape).real.round(decimals=6).tolist()
    [[[0.25, 0.0], [0.0, 0.75]]]
    """
    program = circuit if isinstance(circuit, Program) else program_of(circuit, wires)
    n, samples = program.wires, len(program.batched)
    simple = not program.has_gradients and program.batched.device.type == "cpu"
    held = 3 if simple else 3 + 3 * len(program.steps)  # measured: 2.3 states a step
    size = 8 if program.batched.dtype == torch.float32 else 16
    try:
        require_memory(held * samples * size << 2 * n, n, samples)
    except QuantumError as error:
        raise QuantumError(
            f"{error}; density matrices grow as 4^n, trajectories of states as 2^n"
        ) from None
    found = _by_sweeps(program) if simple else _by_torch(program)
    return found.reshape(-1, 1 << n, 1 << n)


def _begin(program: Program) -> Tensor | None:
    if program.initial is None:
        return None
    return torch.einsum("ba,bc->bac", program.initial, program.initial.conj()).flatten(1)


def _by_sweeps(program: Program) -> Tensor:
    n = program.wires
    circuit = Circuit(
        2 * n, list(doubled(program.steps, n)), len(program.shared), program.batched.shape[1],
        prepared=program.initial is not None,
    )  # fmt: skip
    plan = schedule(circuit)
    _, states = run(
        plan, program.shared.detach(), program.batched.detach(), _begin(program), states=True
    )
    assert states is not None
    return states


def _by_torch(program: Program) -> Tensor:
    n, dtype = program.wires, program.batched.dtype
    kind = torch.complex64 if dtype == torch.float32 else torch.complex128
    begin = _begin(program)
    if begin is None:
        begin = torch.zeros((len(program.batched), 4**n), dtype=kind, device=program.batched.device)
        begin[:, 0] = 1
    state = begin.to(kind).reshape(-1, *[2] * (2 * n))
    swapped = [0, *range(n + 1, 2 * n + 1), *range(1, n + 1)]
    for step in program.steps:
        if isinstance(step, Channel):
            places = (*step.wires, *(n + wire for wire in step.wires))
            state = multiplied(superoperator(step.kraus).to(state), state, places)
        else:  # Uρ, its adjoint ρU†, and UρU†
            half = applied(step, state, program.shared, program.batched)
            state = applied(step, half.conj().permute(swapped), program.shared, program.batched)
    return state


def multiplied(matrix: Tensor, state: Tensor, wires: Sequence[int]) -> Tensor:
    """Return states, (batch, 2, …, 2), after a matrix, (2^k, 2^k) or one a sample, on k wires."""
    axes, front = [1 + wire for wire in wires], list(range(1, 1 + len(wires)))
    moved = state.movedim(axes, front)
    out = matrix @ moved.reshape(len(state), matrix.shape[-1], -1)
    return out.reshape(moved.shape).movedim(front, axes)


def doubled(steps: Sequence[Step], n: int) -> Iterator[Instruction]:
    """Yield what acts on density matrices as vectors; channels that follow each other are one."""
    known: dict[int, Tensor] = {}
    waiting: tuple[Tensor, tuple[int, ...]] | None = None
    for step in steps:
        if isinstance(step, Channel):
            if id(step) not in known:
                known[id(step)] = superoperator(step.kraus.detach())
            matrix = known[id(step)]
            if waiting is not None and waiting[1] == step.wires:
                waiting = matrix @ waiting[0], step.wires
                continue
            if waiting is not None:
                yield _dense(*waiting, n)
            waiting = matrix, step.wires
            continue
        if waiting is not None:
            yield _dense(*waiting, n)
            waiting = None
        yield step
        yield conjugated(step, n)
    if waiting is not None:
        yield _dense(*waiting, n)


def _dense(matrix: Tensor, wires: tuple[int, ...], n: int) -> Instruction:
    return Unitary(matrix.numpy(), (*wires, *(n + wire for wire in wires)))


def conjugated(step: Instruction, n: int) -> Instruction:
    """Return the complex conjugate of an instruction, n wires further on.

    Raises
    ------
    UnsupportedError
        For an instruction of another kind.
    """

    def shifted(wires: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(n + wire for wire in wires)

    match step:
        case Rotation(axis, wire, angle, controls):
            sign = 1 if axis == "Y" else -1
            return replace(step, wire=n + wire, angle=angle.times(sign), controls=shifted(controls))
        case Phase(wires, _, angle):
            return replace(step, wires=shifted(wires), angle=angle.times(-1))
        case PauliRotation(word, wires, angle):
            sign = 1 if word.count("Y") % 2 else -1
            return replace(step, wires=shifted(wires), angle=angle.times(sign))
        case Unitary(matrix, wires, controls):
            return replace(
                step, matrix=np.conj(matrix), wires=shifted(wires), controls=shifted(controls)
            )
        case Matrix(entries, wires, controls):
            half = len(entries) // 2  # imaginary parts are the second half
            turned = (*entries[:half], *(entry.times(-1) for entry in entries[half:]))
            return replace(step, entries=turned, wires=shifted(wires), controls=shifted(controls))
        case Permutation(_, wires, controls):
            return replace(step, wires=shifted(wires), controls=shifted(controls))
    raise UnsupportedError(f"{type(step).__name__} is not simulated on density matrices")
