r"""What gates and readout of a machine get wrong, as channels behind the gates of a circuit.

A gate of a machine lasts a time t, in which each of its qubits relaxes with :math:`T_1` and
:math:`T_2`; whatever else goes wrong is taken as depolarising, of the strength λ with which the
whole has the average infidelity r that was measured:

.. math:: \lambda = \frac{F_\mathrm{relax} - F_\mathrm{pro}}{F_\mathrm{relax} - 1/d^2}, \qquad
   F_\mathrm{pro} = 1 - \frac{d + 1}{d}\,r, \qquad
   F_\mathrm{relax} = \Big(\frac{1 + e^{-t/T_1} + 2e^{-t/T_2}}{4}\Big)^k .
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pennylane as qml
from pennylane.operation import Operator

from quantum.errors import InputError
from quantum.noise.channels import depolarizing, relaxation_fidelity

VIRTUAL = frozenset(
    ["RZ", "PhaseShift", "U1", "PauliZ", "S", "T", "Identity", "GlobalPhase", "Barrier"]
)  # turns of the frame, not pulses


@dataclass(frozen=True)
class Machine:
    """Figures of a quantum computer: times in seconds, errors as probabilities.

    Attributes
    ----------
    name
        Of the machine.
    source
        Where the figures come from.
    qubits
        Their number.
    entangling
        Its gate on two qubits, "CZ" or "CNOT" up to turns of single qubits.
    one_error, two_error
        Average infidelities of gates on one and on two qubits.
    one_time, two_time
        How long they last.
    t1, t2
        Times of relaxation and of dephasing, infinite where gates are short beside them.
    p10, p01
        Probability to read 1 where it was 0, and 0 where it was 1.

    Raises
    ------
    InputError
        For figures that contradict each other.
    """

    name: str
    source: str
    qubits: int
    entangling: str
    one_error: float
    two_error: float
    one_time: float
    two_time: float
    t1: float
    t2: float
    p10: float
    p01: float

    def __post_init__(self) -> None:
        if not 0 < self.t2 <= 2 * self.t1:
            raise InputError(f"T2 must be positive and at most 2 T1, got {self.t2} and {self.t1}")
        self.strength(1)
        self.strength(2)

    def strength(self, qubits: int) -> float:
        """Return λ of what is depolarising in a gate on one or two qubits.

        Raises
        ------
        InputError
            If relaxation alone is worse than the gate is said to be.
        """
        error, time = (
            (self.one_error, self.one_time) if qubits == 1 else (self.two_error, self.two_time)
        )
        d = 2**qubits
        relaxed = relaxation_fidelity(time, self.t1, self.t2, qubits)
        process = 1 - (d + 1) / d * error
        if process > relaxed + 1e-12:
            lowest = (1 - relaxed) * d / (d + 1)
            raise InputError(
                f"{self.name}: an error of {error:.2e} on {qubits} qubits is less than relaxation "
                f"alone makes, {lowest:.2e}"
            )
        return max(0.0, (relaxed - process) / (relaxed - 1 / d**2))

    def after(self, op: Operator) -> list[Operator]:
        """Return the channels that follow an operation; none behind a turn of the frame.

        Raises
        ------
        InputError
            For an operation on more than two wires, which no machine has.
        """
        if op.name in VIRTUAL or not op.wires:
            return []
        if len(op.wires) > 2:
            raise InputError(f"{op.name} acts on {len(op.wires)} wires; decompose it first")
        return self.gate_noise(op.wires)

    def gate_noise(self, wires: Any) -> list[Operator]:
        """Return the channels of a gate on one or two wires."""
        time = self.one_time if len(wires) == 1 else self.two_time
        found: list[Operator] = []
        if math.isfinite(self.t1) or math.isfinite(self.t2):
            found = [
                qml.ThermalRelaxationError(0.0, self.t1, self.t2, time, wires=w) for w in wires
            ]
        strength = self.strength(len(wires))
        if len(wires) == 1:
            return [*found, qml.DepolarizingChannel(0.75 * strength, wires=wires)]
        return [*found, qml.QubitChannel(depolarizing(strength, 2).numpy(), wires=wires)]

    def noise_model(self) -> qml.NoiseModel:
        """Return the channels of all gates in PennyLane's form, for ``qml.noise.add_noise``.

        Examples
        --------
        >>> from quantum.noise import IBM_EAGLE
        >>> tape = qml.tape.QuantumScript([qml.SX(0), qml.RZ(0.1, 0), qml.CNOT([0, 1])])
        >>> (noisy,), _ = qml.noise.add_noise(tape, IBM_EAGLE.noise_model())
        >>> [op.name for op in noisy.operations[:4]]
        ['SX', 'ThermalRelaxationError', 'DepolarizingChannel', 'RZ']
        """

        def is_pulse(op: Operator) -> bool:
            return isinstance(op, Operator) and op.name not in VIRTUAL and bool(op.wires)

        return qml.NoiseModel({qml.BooleanFn(is_pulse): _queued(self.after)})


def _queued(after: Callable[[Operator], list[Operator]]) -> Callable[..., None]:
    def noise(op: Operator, **kwargs: Any) -> None:
        """Queue what follows an operation, by making it."""
        after(op)

    return noise


def with_noise(tape: qml.tape.QuantumScript, machine: Machine) -> qml.tape.QuantumScript:
    """Return a circuit with the channels of a machine behind each gate.

    The same as ``qml.noise.add_noise`` with `Machine.noise_model`, without its search.
    """
    known: dict[Any, list[Operator]] = {}  # the same objects for the same wires, which is quicker
    operations: list[Operator] = []
    with qml.QueuingManager.stop_recording():
        for op in tape.operations:
            operations.append(op)
            if op.name not in VIRTUAL:
                if op.wires not in known:
                    known[op.wires] = machine.after(op)
                operations += known[op.wires]
    return tape.copy(operations=operations)
