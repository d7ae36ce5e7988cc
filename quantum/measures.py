"""What a layer measures: functions of wires that return measurements of PennyLane."""

from typing import Any

import pennylane as qml


def expval_z(wires: Any) -> list[Any]:
    """Return ⟨Z⟩ of each wire."""
    return [qml.expval(qml.Z(wire)) for wire in wires]


def expval_first(wires: Any) -> list[Any]:
    """Return ⟨Z⟩ of the first wire."""
    return [qml.expval(qml.Z(wires[0]))]


def probabilities(wires: Any) -> Any:
    """Return the probability of each basis state."""
    return qml.probs(wires=wires)
