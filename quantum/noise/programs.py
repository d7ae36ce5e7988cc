"""Circuits with noise: instructions of the simulator, and channels between them."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pennylane as qml
import torch
from pennylane.operation import Channel as PennyLaneChannel
from pennylane.tape import QuantumScript
from pennylane.wires import Wires
from torch import Tensor

from quantum.errors import InputError, QuantumError
from quantum.noise.channels import require_channel
from quantum.simulation.instructions import Angle, Instruction, with_slot
from quantum.simulation.translate import beginning_of, instructions_of


@dataclass(frozen=True, eq=False)
class Channel:
    """Kraus operators, (operators, 2^k, 2^k), on k wires."""

    kraus: Tensor
    wires: tuple[int, ...]


Step = Instruction | Channel


@dataclass(frozen=True, eq=False)
class Program:
    r"""A circuit with noise and the parameters of a batch.

    Attributes
    ----------
    wires
        Number of wires.
    steps
        In order.
    shared
        (shared,), parameters that all samples have.
    batched
        (batch, batched), those of each sample; their slots follow.
    initial
        (batch, 2^wires), states to begin with; None for \|0…0⟩.
    is_batched
        Whether results have the batch as their first axis.
    """

    wires: int
    steps: Sequence[Step]
    shared: Tensor
    batched: Tensor
    initial: Tensor | None
    is_batched: bool

    @property
    def channels(self) -> list[Channel]:
        """Its channels."""
        return [step for step in self.steps if isinstance(step, Channel)]

    @property
    def has_gradients(self) -> bool:
        """Whether anything in it is to have a gradient."""
        given = [self.shared, self.batched, *(step.kraus for step in self.channels)]
        given += [] if self.initial is None else [self.initial]
        return torch.is_grad_enabled() and any(part.requires_grad for part in given)

    def repeated(self, count: int) -> "Program":
        """Return the program of a batch so many times as large, (count · batch, ...)."""
        first = None if self.initial is None else self.initial.repeat(count, 1)
        return replace(self, batched=self.batched.repeat(count, 1), initial=first)


def program_of(tape: QuantumScript, wires: Any = None) -> Program:
    """Return a circuit of PennyLane with its parameters.

    Parameters
    ----------
    tape
        Operations and channels; parameters with an axis are those of a batch.
    wires
        Number of wires or their labels in order; those that the circuit uses unless given.

    Raises
    ------
    QuantumError
        For a wire that is not among the labels.
    InputError
        For a parameter that is NaN or infinite, or a channel that does not preserve the trace.
    """
    labels = labels_of(tape.wires if wires is None else wires)
    missing = [wire for wire in tape.wires if wire not in labels]
    if missing:
        raise QuantumError(f"wire {missing[0]!r} is not among the wires {labels.tolist()}")
    first, rest = beginning_of(tape.operations)
    steps, values = _steps(rest, {wire: i for i, wire in enumerate(labels)})
    dtype = _dtype(values)
    tensors = [torch.as_tensor(value, dtype=dtype) for value in values]
    if any(not bool(torch.isfinite(value).all()) for value in tensors):
        raise InputError("a parameter of the circuit is NaN or infinite")
    mine = [value for value in tensors if value.ndim]
    others = [value for value in tensors if not value.ndim]
    initial = None if first is None else _initial(first, labels, dtype)
    sizes = {len(value) for value in mine}
    if initial is not None and len(initial) > 1:
        sizes.add(len(initial))
    if len(sizes) > 1:
        raise InputError(f"parameters have batches of {' and '.join(map(str, sorted(sizes)))}")
    batch = sizes.pop() if sizes else 1
    return Program(
        len(labels),
        _with_order(steps, [value.ndim > 0 for value in tensors]),
        torch.stack(others) if others else torch.zeros(0, dtype=dtype),
        torch.stack(mine, 1) if mine else torch.zeros((batch, 0), dtype=dtype),
        None if initial is None else initial.expand(batch, -1),
        bool(mine) or bool(first is not None and first.batch_size),
    )


def labels_of(wires: Any) -> Wires:
    """Return wires by their labels, or by their number."""
    return Wires(range(wires) if isinstance(wires, int) else wires)


def _steps(operations: Sequence[Any], places: Mapping[Any, int]) -> tuple[list[Step], list[Any]]:
    """Return steps, with slots as they come, and the values of the slots."""
    values: list[Any] = []

    def angle_of(value: Any) -> Angle:
        values.append(value)
        return Angle(len(values) - 1)

    steps: list[Step] = []
    known: dict[int, Channel] = {}  # by operation, as noise puts in the same many times
    for op in operations:
        if isinstance(op, PennyLaneChannel):
            if id(op) not in known:
                known[id(op)] = Channel(_kraus(op), tuple(places[wire] for wire in op.wires))
            steps.append(known[id(op)])
        else:
            steps += instructions_of(op, places, angle_of)
    return steps, values


def _with_order(steps: Sequence[Step], own: Sequence[bool]) -> list[Step]:
    """Return steps whose slots count first what all samples share."""
    order = np.argsort(own, kind="stable")
    slots = np.empty(len(own), int)
    slots[order] = np.arange(len(own))
    return [
        step if isinstance(step, Channel) else with_slot(step, lambda slot: Angle(int(slots[slot])))
        for step in steps
    ]


def _kraus(op: PennyLaneChannel) -> Tensor:
    with warnings.catch_warnings():  # PennyLane makes Y real where a PauliError has none
        warnings.simplefilter("ignore", np.exceptions.ComplexWarning)
        parts = [torch.as_tensor(part, dtype=torch.complex128) for part in op.kraus_matrices()]
    kraus = torch.stack(parts)
    require_channel(kraus, op.name)
    return kraus


def _initial(first: Any, labels: Wires, dtype: torch.dtype) -> Tensor:
    given = first.state_vector(wire_order=labels)
    state = given if isinstance(given, Tensor) else torch.as_tensor(qml.math.toarray(given))
    kind = torch.complex64 if dtype == torch.float32 else torch.complex128
    return state.to(kind).reshape(-1, 2 ** len(labels))


def _dtype(values: Sequence[Any]) -> torch.dtype:
    """Return the type of results: that of torch's tensors, float64 for all others."""
    found = [v.dtype for v in values if isinstance(v, Tensor) and v.is_floating_point()]
    return torch.float32 if found and all(t == torch.float32 for t in found) else torch.float64
