"""Circuits that learn: small functions of weights and wires on PennyLane's operations."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pennylane as qml
import torch
from torch import Tensor

from quantum.errors import QuantumError

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Ansatz:
    """A circuit with weights, in layers.

    Attributes
    ----------
    name
        For messages and drawings.
    layers
        Their number.
    shape
        Of the weights of one layer, by number of wires.
    apply
        Applies a layer, by its weights, its number and the wires.
    """

    name: str
    layers: int
    shape: Callable[[int], Shape]
    apply: Callable[[Any, int, Any], None]

    def __post_init__(self) -> None:
        if self.layers < 1:
            raise QuantumError(f"{self.name} needs at least one layer, got {self.layers}")

    def weights(self, wires: int) -> Shape:
        """Return the shape of all weights."""
        return (self.layers, *self.shape(wires))

    def __call__(self, w: Any, wires: Any) -> None:
        """Apply all layers."""
        for layer in range(self.layers):
            self.apply(w[layer], layer, wires)


def strongly_entangling(layers: int) -> Ansatz:
    """Return layers of rotations about all axes, each with a ring of CNOT.

    The ring of layer l joins wires that are l mod (n − 1) + 1 apart.

    References
    ----------
    Schuld, Bocharov, Svore and Wiebe, "Circuit-centric quantum classifiers", Phys. Rev. A 101,
    2020.

    Examples
    --------
    >>> strongly_entangling(layers=4).weights(8)
    (4, 8, 3)
    """

    def apply(w: Any, layer: int, wires: Any) -> None:
        for i, wire in enumerate(wires):
            qml.Rot(w[i, 0], w[i, 1], w[i, 2], wires=wire)
        n = len(wires)
        for i in range(n if n > 1 else 0):
            qml.CNOT(wires=[wires[i], wires[(i + layer % (n - 1) + 1) % n]])

    return Ansatz("strongly_entangling", layers, lambda n: (n, 3), apply)


def hardware_efficient(layers: int) -> Ansatz:
    """Return layers of RY and RZ on each wire, and of CZ between neighbours.

    References
    ----------
    Kandala et al., "Hardware-efficient variational quantum eigensolver", Nature 549, 2017.

    Examples
    --------
    >>> hardware_efficient(layers=2).weights(3)
    (2, 3, 2)
    """

    def apply(w: Any, layer: int, wires: Any) -> None:
        for i, wire in enumerate(wires):
            qml.RY(w[i, 0], wires=wire)
            qml.RZ(w[i, 1], wires=wire)
        for pair in pairwise(wires):
            qml.CZ(wires=pair)

    return Ansatz("hardware_efficient", layers, lambda n: (n, 2), apply)


def separable(layers: int) -> Ansatz:
    """Return layers of rotations about all axes, without any entanglement: a rival to the others.

    References
    ----------
    Bowles, Ahmed and Schuld, "Better than classical? The subtle art of benchmarking quantum machine
    learning models", arXiv:2403.07059, 2024.
    """

    def apply(w: Any, layer: int, wires: Any) -> None:
        for i, wire in enumerate(wires):
            qml.Rot(w[i, 0], w[i, 1], w[i, 2], wires=wire)

    return Ansatz("separable", layers, lambda n: (n, 3), apply)


def small_angles(w: Tensor) -> None:
    """Fill weights so that a circuit begins near one that rotates nothing; see `QuantumLayer`."""
    torch.nn.init.normal_(w, 0.0, 0.01)
