"""What all circuits that learn have in common."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import pi
from typing import Any

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

    def part(self, w: Any, layer: int, wires: int) -> Any:
        """Return the weights of a layer out of all, by number of wires."""
        return w[layer]

    def readout(self, wires: Any) -> Any:
        """Return the wires that carry the answer: all, unless the circuit leaves some out."""
        return wires

    def initialise(self, w: Tensor, generator: torch.Generator | None = None) -> None:
        """Fill all weights in place, as they begin: uniform from 0 to 2π."""
        torch.nn.init.uniform_(w, 0.0, 2 * pi, generator=generator)

    def __call__(self, w: Any, wires: Any) -> None:
        """Apply all layers."""
        for layer in range(self.layers):
            self.apply(self.part(w, layer, len(wires)), layer, wires)
