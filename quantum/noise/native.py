r"""Circuits in the gates that a machine has, and what they cost there.

Any gate on one qubit is :math:`R_Z(\alpha)\sqrt X R_Z(\beta)\sqrt X R_Z(\gamma)`; turns about Z are
turns of the frame of reference and take neither time nor error.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import networkx as nx
import numpy as np
import pennylane as qml
from pennylane.math import decomposition
from pennylane.operation import Operator
from pennylane.tape import QuantumScript

from quantum.errors import InputError, UnsupportedError
from quantum.noise.models import VIRTUAL, Machine
from quantum.noise.routing import Routed, route

KNOWN = frozenset(
    ["CNOT", "CZ", "SWAP", "RX", "RY", "RZ", "Rot", "PhaseShift", "Hadamard", "PauliX", "PauliY",
     "PauliZ", "S", "T", "SX", "GlobalPhase", "Identity", "QubitUnitary"]
)  # fmt: skip


def to_native(tape: QuantumScript, entangling: str = "CZ") -> QuantumScript:
    """Return a circuit of RZ, SX and one gate on two wires, equal up to a global phase.

    Gates on one wire that follow each other become one, and pairs that undo each other vanish.

    Parameters
    ----------
    tape
        The circuit; measurements stay.
    entangling
        "CZ" or "CNOT".

    Raises
    ------
    InputError
        For another gate.
    UnsupportedError
        For an operation that does not decompose.

    References
    ----------
    McKay, Wood, Sheldon, Chow and Gambetta, "Efficient Z gates for quantum computing", Physical
    Review A 96, 022330, 2017, eq. 10.

    Examples
    --------
    >>> tape = QuantumScript([qml.Hadamard(0), qml.CNOT([0, 1]), qml.RY(0.4, 1)])
    >>> [op.name for op in to_native(tape, "CNOT").operations]
    ['RZ', 'SX', 'RZ', 'CNOT', 'SX', 'RZ', 'SX', 'RZ']
    """
    if entangling not in ("CZ", "CNOT"):
        raise InputError(f"the gate on two wires must be CZ or CNOT, got {entangling!r}")
    with qml.QueuingManager.stop_recording():
        (plain,), _ = qml.transforms.decompose(tape, gate_set=set(KNOWN))
        pairs = [part for op in plain.operations for part in _pairs(op, entangling)]
        merged = list(_merged(_without_inverses(list(_merged(pairs)))))
        return tape.copy(operations=[part for op in merged for part in _pulses(op)])


def _pairs(op: Operator, entangling: str) -> Iterator[Operator]:
    """Yield an operation with one kind of gate on two wires."""
    if len(op.wires) > 2 or (len(op.wires) == 2 and op.name not in ("CNOT", "CZ", "SWAP")):
        raise UnsupportedError(f"{op.name} does not decompose into gates on one and two wires")
    if op.name == "SWAP":
        a, b = op.wires
        for pair in ([a, b], [b, a], [a, b]):
            yield from _pairs(qml.CNOT(pair), entangling)
    elif op.name in ("CNOT", "CZ") and op.name != entangling:
        turn = qml.Hadamard(op.wires[1])
        yield from (turn, qml.CZ(op.wires) if entangling == "CZ" else qml.CNOT(op.wires), turn)
    elif op.wires:
        yield op


def _merged(ops: Sequence[Operator]) -> Iterator[Operator]:
    """Yield operations with gates on one wire as one matrix between those on two."""
    waiting: dict[object, np.ndarray] = {}

    def written(wire: object) -> Iterator[Operator]:
        matrix = waiting.pop(wire, None)
        if matrix is not None and not np.allclose(matrix, matrix[0, 0] * np.eye(2), atol=1e-12):
            yield qml.QubitUnitary(matrix, wires=wire)

    for op in ops:
        if len(op.wires) == 1:
            wire = op.wires[0]
            matrix = np.asarray(qml.math.toarray(op.matrix()), complex)
            waiting[wire] = matrix @ waiting.get(wire, np.eye(2))
            continue
        for wire in op.wires:
            yield from written(wire)
        yield op
    for wire in list(waiting):
        yield from written(wire)


def _without_inverses(ops: Sequence[Operator]) -> list[Operator]:
    """Return operations without pairs of equal gates on two wires that follow each other."""
    found: list[Operator | None] = []
    last: dict[object, int] = {}  # the latest operation of each wire
    for op in ops:
        before = {last.get(w, -1) for w in op.wires}
        place = before.pop() if len(before) == 1 else -1
        twin = found[place] if place >= 0 and len(op.wires) == 2 else None
        if twin is not None and _equal(twin, op):
            found[place] = None
            for w in op.wires:
                last[w] = max((i for i, o in enumerate(found) if o is not None and w in o.wires),
                              default=-1)  # fmt: skip
            continue
        last |= dict.fromkeys(op.wires, len(found))
        found.append(op)
    return [op for op in found if op is not None]


def _equal(a: Operator, b: Operator) -> bool:
    alike = a.wires == b.wires or (a.name == "CZ" and set(a.wires) == set(b.wires))
    return a.name == b.name and alike


def _pulses(op: Operator) -> Iterator[Operator]:
    """Yield a gate on one wire as turns about Z and at most two pulses."""
    if len(op.wires) != 1:
        yield op
        return
    wire = op.wires[0]
    matrix = np.asarray(qml.math.toarray(op.matrix()), complex)
    first, theta, last, _ = (float(v) for v in decomposition.zyz_rotation_angles(matrix, True))
    theta = theta % (4 * np.pi)
    if np.isclose(np.sin(theta / 2), 0, atol=1e-10):
        yield from _turn(first + last + (np.pi * 2 if np.cos(theta / 2) < 0 else 0), wire)
    elif np.isclose(theta, np.pi / 2, atol=1e-10):  # one pulse
        yield from _turn(first - np.pi / 2, wire)
        yield qml.SX(wire)
        yield from _turn(last + np.pi / 2, wire)
    else:
        yield from _turn(first, wire)
        yield qml.SX(wire)
        yield from _turn(theta + np.pi, wire)
        yield qml.SX(wire)
        yield from _turn(last + np.pi, wire)


def _turn(angle: float, wire: object) -> Iterator[Operator]:
    """Yield a turn about Z, unless it is one by nothing."""
    reduced = (angle + np.pi) % (2 * np.pi) - np.pi
    if abs(reduced) > 1e-10:
        yield qml.RZ(reduced, wires=wire)


@dataclass(frozen=True)
class Cost:
    """What a circuit costs on a machine.

    Attributes
    ----------
    depth
        Pulses and gates on two wires on the longest path; turns about Z do not count.
    two_depth
        Gates on two wires on the longest path.
    one_qubit, two_qubit
        Numbers of pulses and of gates on two wires.
    duration
        Seconds, each gate as soon as its wires are free.
    fidelity
        Product of (1 − error) of all gates: an estimate of the share of runs without an error.
    """

    depth: int
    two_depth: int
    one_qubit: int
    two_qubit: int
    duration: float
    fidelity: float


def cost_of(tape: QuantumScript, machine: Machine) -> Cost:
    """Return what a circuit costs on a machine, as it is: see `transpile` for its native gates."""
    depth: dict[object, int] = {}
    twos: dict[object, int] = {}
    time: dict[object, float] = {}
    counts = [0, 0]
    for op in tape.operations:
        if op.name in VIRTUAL or not op.wires:
            continue
        if len(op.wires) > 2:
            raise InputError(f"{op.name} acts on {len(op.wires)} wires; decompose it first")
        several = len(op.wires) == 2
        counts[several] += 1
        lasts = machine.two_time if several else machine.one_time
        for table, more in ((depth, 1), (twos, int(several)), (time, lasts)):
            latest = max(table.get(w, 0) for w in op.wires) + more
            table.update(dict.fromkeys(op.wires, latest))
    one, two = counts
    return Cost(
        max(depth.values(), default=0),
        max(twos.values(), default=0),
        one,
        two,
        float(max(time.values(), default=0.0)),
        (1 - machine.one_error) ** one * (1 - machine.two_error) ** two,
    )


def transpile(
    tape: QuantumScript, machine: Machine, bonds: nx.Graph | None = None, *, seed: int = 0
) -> tuple[Routed, Cost]:
    """Return a circuit in native gates on bonds of a machine, and what it costs there.

    Parameters
    ----------
    tape
        The circuit; measurements are left out.
    machine
        Whose gates and errors.
    bonds
        Graph of its qubits, such as `heavy_hex`; all are neighbours unless given.
    seed
        Of the routing.

    Examples
    --------
    >>> from quantum.noise import IBM_HERON, line
    >>> tape = QuantumScript([qml.CNOT([0, 1]), qml.CNOT([1, 2]), qml.CNOT([2, 0])])
    >>> routed, cost = transpile(tape, IBM_HERON, line(3))
    >>> cost.two_qubit
    6
    """
    with qml.QueuingManager.stop_recording():
        (plain,), _ = qml.transforms.decompose(tape, gate_set=set(KNOWN))
    graph = nx.complete_graph(len(tape.wires)) if bonds is None else bonds
    found = route(plain.copy(measurements=[]), graph, seed=seed)
    native = to_native(found.tape, machine.entangling)
    return Routed(native, found.start, found.end, found.swaps), cost_of(native, machine)
