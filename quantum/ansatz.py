"""Circuits that learn: small functions of weights and wires on PennyLane's operations."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pennylane as qml
import torch
from torch import Tensor

from quantum.errors import QuantumError

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Ansatz(ABC):
    """A circuit with weights, in layers.

    Attributes
    ----------
    layers
        Their number.

    Raises
    ------
    QuantumError
        For no layers.
    """

    layers: int

    def __post_init__(self) -> None:
        if self.layers < 1:
            raise QuantumError(f"{type(self).__name__} needs at least one layer, got {self.layers}")

    @abstractmethod
    def shape(self, wires: int) -> Shape:
        """Return the shape of the weights of one layer, by number of wires."""

    @abstractmethod
    def apply(self, w: Any, layer: int, wires: Any) -> None:
        """Apply a layer, by its weights, its number and the wires."""

    def weights(self, wires: int) -> Shape:
        """Return the shape of all weights."""
        return (self.layers, *self.shape(wires))

    def __call__(self, w: Any, wires: Any) -> None:
        """Apply all layers."""
        for layer in range(self.layers):
            self.apply(w[layer], layer, wires)


class Separable(Ansatz):
    """Layers of rotations about all axes, without any entanglement: a rival to the others.

    References
    ----------
    Bowles, Ahmed and Schuld, "Better than classical? The subtle art of benchmarking quantum machine
    learning models", arXiv:2403.07059, 2024.
    """

    def shape(self, wires: int) -> Shape:
        """Return three angles a wire."""
        return (wires, 3)

    def apply(self, w: Any, layer: int, wires: Any) -> None:
        """Apply a layer."""
        for i, wire in enumerate(wires):
            qml.Rot(w[i, 0], w[i, 1], w[i, 2], wires=wire)


class StronglyEntangling(Separable):
    """Layers of rotations about all axes, each with a ring of CNOT.

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

    def apply(self, w: Any, layer: int, wires: Any) -> None:
        """Apply a layer."""
        super().apply(w, layer, wires)
        n = len(wires)
        for i in range(n if n > 1 else 0):
            qml.CNOT(wires=[wires[i], wires[(i + layer % (n - 1) + 1) % n]])


class HardwareEfficient(Ansatz):
    """Layers of RY and RZ on each wire, and of CZ between neighbours.

    References
    ----------
    Kandala et al., "Hardware-efficient variational quantum eigensolver", Nature 549, 2017.

    Examples
    --------
    >>> hardware_efficient(layers=2).weights(3)
    (2, 3, 2)
    """

    def shape(self, wires: int) -> Shape:
        """Return two angles a wire."""
        return (wires, 2)

    def apply(self, w: Any, layer: int, wires: Any) -> None:
        """Apply a layer."""
        for i, wire in enumerate(wires):
            qml.RY(w[i, 0], wires=wire)
            qml.RZ(w[i, 1], wires=wire)
        for pair in pairwise(wires):
            qml.CZ(wires=pair)


separable, strongly_entangling = Separable, StronglyEntangling  # written as functions of layers
hardware_efficient = HardwareEfficient


def small_angles(w: Tensor) -> None:
    """Fill weights so that a circuit begins near one that rotates nothing; see `QuantumLayer`."""
    torch.nn.init.normal_(w, 0.0, 0.01)
