"""Gates of two wires that larger circuits are made of."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pennylane as qml


@dataclass(frozen=True)
class Block:
    """A circuit on two wires with a few weights.

    Attributes
    ----------
    size
        Number of weights.
    apply
        Function of the weights and the two wires; of a module, so that layers can be saved whole.
    """

    size: int
    apply: Callable[[Any, Any], None]


def _su4(w: Any, wires: Any) -> None:
    first, second = wires
    qml.Rot(w[0], w[1], w[2], wires=first)
    qml.Rot(w[3], w[4], w[5], wires=second)
    qml.IsingXX(w[6], wires=wires)
    qml.IsingYY(w[7], wires=wires)
    qml.IsingZZ(w[8], wires=wires)
    qml.Rot(w[9], w[10], w[11], wires=first)
    qml.Rot(w[12], w[13], w[14], wires=second)


def _ry_cnot(w: Any, wires: Any) -> None:
    qml.RY(w[0], wires=wires[0])
    qml.RY(w[1], wires=wires[1])
    qml.CNOT(wires=wires)


def _conditional_rotation(w: Any, wires: Any) -> None:
    qml.ctrl(qml.Rot(w[0], w[1], w[2], wires=wires[1]), control=wires[0])


def _discard(w: Any, wires: Any) -> None:
    pass


# Any gate on two wires but for a phase: Vatan and Williams, "Optimal quantum circuits for general
# two-qubit gates", Phys. Rev. A 69, 032315, 2004, equations 5 and 6.
su4 = Block(15, _su4)
# The least that entangles; keeps real states real.
ry_cnot = Block(2, _ry_cnot)
# What a wire does if its neighbour, which is left out afterwards, was measured as 1. A rotation
# for 0 as well would add nothing behind `su4`, which ends with one.
conditional_rotation = Block(3, _conditional_rotation)
# The neighbour is left out, and nobody asks what it was.
discard = Block(0, _discard)
