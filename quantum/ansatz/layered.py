"""Ansätze of layers that are all alike."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pennylane as qml

from quantum.ansatz.base import Ansatz, Shape


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


@dataclass(frozen=True)
class RealAmplitudes(Ansatz):
    """Layers of CNOT between neighbours, even pairs and then odd ones, and of RY on each wire.

    Real states stay real.

    Attributes
    ----------
    layers
        Their number.
    entangling
        Whether the CNOT are there; without them it is the twin that tells what they are good for.

    References
    ----------
    Mari et al., "Transfer learning in hybrid classical-quantum neural networks", Quantum 4, 340,
    2020, of dressed quantum circuits.

    Examples
    --------
    >>> real_amplitudes(layers=6).weights(4)
    (6, 4)
    """

    entangling: bool = True

    def shape(self, wires: int) -> Shape:
        """Return an angle a wire."""
        return (wires,)

    def apply(self, w: Any, layer: int, wires: Any) -> None:
        """Apply a layer."""
        for pair in _even_then_odd(wires) if self.entangling else ():
            qml.CNOT(wires=pair)
        for i, wire in enumerate(wires):
            qml.RY(w[i], wires=wire)


def _even_then_odd(wires: Any) -> Iterator[tuple[Any, Any]]:
    pairs = list(pairwise(wires))
    yield from pairs[::2]
    yield from pairs[1::2]


separable, strongly_entangling = Separable, StronglyEntangling  # written as functions of layers
hardware_efficient, real_amplitudes = HardwareEfficient, RealAmplitudes
