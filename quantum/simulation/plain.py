"""Circuits by plain torch, one instruction at a time: on any device, and to check against."""

from collections.abc import Sequence
from functools import singledispatch
from typing import Any

import torch
from torch import Tensor

from quantum.simulation.instructions import (
    Angle,
    Circuit,
    Instruction,
    Matrix,
    PauliRotation,
    Permutation,
    Phase,
    Rotation,
    Unitary,
    Word,
)
from quantum.simulation.schedule import PAULIS


def run_plainly(
    circuit: Circuit, shared: Tensor, batched: Tensor, initial: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Return expectation values, (batch, words), and states, (batch, 2^wires); see `run`."""
    n, dtype = circuit.wires, batched.dtype
    kind = torch.complex64 if dtype == torch.float32 else torch.complex128
    shape = (len(batched), *[2] * n)
    state = torch.zeros(shape, dtype=kind, device=batched.device)
    state.flatten(1)[:, 0] = 1
    if initial is not None:
        state = initial.to(kind).reshape(shape)
    for step in circuit.instructions:
        state = applied(step, state, shared, batched)
    values = [_value(state, word) for word in circuit.words]
    out = torch.stack(values, 1) if values else batched.new_zeros((len(batched), 0))
    return out, state.flatten(1)


def _angle(angle: Angle, shared: Tensor, batched: Tensor) -> Tensor:
    """Return the angle of each sample, (batch,)."""
    if angle.slot < 0:
        given = torch.zeros_like(batched[:, :1].sum(1))
    elif angle.slot < len(shared):
        given = shared[angle.slot].expand(len(batched))
    else:
        given = batched[:, angle.slot - len(shared)]
    return angle.factor * given.to(batched.dtype) + angle.offset


@singledispatch
def applied(step: Instruction, state: Tensor, shared: Tensor, batched: Tensor) -> Tensor:
    """Return a state, (batch, 2, …, 2), after an instruction."""
    raise TypeError(f"expected an instruction, got {type(step).__name__}")


@applied.register
def _(step: Rotation, state: Tensor, shared: Tensor, batched: Tensor) -> Tensor:
    pauli = torch.as_tensor(PAULIS[step.axis]).to(state)
    matrix = _rotation(_angle(step.angle, shared, batched), pauli)
    return _controlled(matrix, state, (step.wire,), step.controls, step.values)


@applied.register
def _(step: Phase, state: Tensor, shared: Tensor, batched: Tensor) -> Tensor:
    phase = torch.exp(1j * _angle(step.angle, shared, batched)).to(state.dtype)
    if not step.wires:
        return state * phase.reshape(-1, *[1] * (state.ndim - 1))
    ones = torch.ones_like(phase)
    zeros = torch.zeros_like(phase)
    first, last = (ones, phase) if step.values[-1] else (phase, ones)
    matrix = torch.stack([first, zeros, zeros, last], 1).reshape(-1, 2, 2)
    return _controlled(matrix, state, step.wires[-1:], step.wires[:-1], step.values[:-1])


@applied.register
def _(step: PauliRotation, state: Tensor, shared: Tensor, batched: Tensor) -> Tensor:
    pauli = torch.ones((1, 1), dtype=state.dtype, device=state.device)
    for letter in step.word:
        pauli = torch.kron(pauli, torch.as_tensor(PAULIS[letter]).to(state))
    matrix = _rotation(_angle(step.angle, shared, batched), pauli)
    return _controlled(matrix, state, step.wires, (), ())


@applied.register
def _(step: Unitary, state: Tensor, shared: Tensor, batched: Tensor) -> Tensor:
    matrix = torch.as_tensor(step.matrix).to(state)[None]
    return _controlled(matrix, state, step.wires, step.controls, step.values)


@applied.register
def _(step: Matrix, state: Tensor, shared: Tensor, batched: Tensor) -> Tensor:
    parts = [_angle(entry, shared, batched) for entry in step.entries]
    re, im = torch.stack(parts, 1).reshape(len(batched), 2, -1).unbind(1)
    size = 2 ** len(step.wires)
    matrix = torch.complex(re, im).reshape(-1, size, size)
    return _controlled(matrix, state, step.wires, step.controls, step.values)


@applied.register
def _(step: Permutation, state: Tensor, shared: Tensor, batched: Tensor) -> Tensor:
    images = torch.as_tensor(step.images, device=state.device)
    matrix = torch.zeros(1, len(images), len(images), dtype=state.dtype, device=state.device)
    matrix[0, images, torch.arange(len(images), device=state.device)] = 1
    return _controlled(matrix, state, step.wires, step.controls, step.values)


def _rotation(angle: Tensor, pauli: Tensor) -> Tensor:
    """Return exp(−iθP/2), (batch, size, size)."""
    half = angle[:, None, None] / 2
    eye = torch.eye(len(pauli), dtype=pauli.dtype, device=pauli.device)
    return torch.cos(half) * eye - 1j * torch.sin(half) * pauli


def _controlled(
    matrix: Tensor,
    state: Tensor,
    wires: Sequence[int],
    controls: Sequence[int],
    values: Sequence[bool],
) -> Tensor:
    """Return a state with matrices, (batch or 1, 2^k, 2^k), on wires where controls have values."""
    chosen = dict(zip(controls, values, strict=True))
    where: list[Any] = [slice(None), *(int(chosen[w]) if w in chosen else slice(None)
                            for w in range(state.ndim - 1))]  # fmt: skip
    part = state[tuple(where)]
    left = [w for w in range(state.ndim - 1) if w not in chosen]
    axes = [1 + left.index(wire) for wire in wires]
    moved = part.movedim(axes, list(range(1, 1 + len(axes))))
    out = matrix @ moved.reshape(len(state), matrix.shape[-1], -1)
    new = state.clone()
    new[tuple(where)] = out.reshape(moved.shape).movedim(list(range(1, 1 + len(axes))), axes)
    return new


def _value(state: Tensor, word: Word) -> Tensor:
    turned = state
    for wire, letter in word.letters:
        matrix = torch.as_tensor(PAULIS[letter]).to(state)[None]
        turned = _controlled(matrix, turned, (wire,), (), ())
    return (state.conj() * turned).flatten(1).sum(1).real
