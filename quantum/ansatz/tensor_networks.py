"""Circuits in the form of tensor networks: a staircase of gates, and a tree of them."""

from abc import abstractmethod
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from quantum.ansatz.base import Ansatz, Shape
from quantum.ansatz.blocks import Block, su4
from quantum.errors import QuantumError


@dataclass(frozen=True)
class _Network(Ansatz):
    """A network of n − 1 blocks on n wires; its last wire is read."""

    layers: int = 1
    block: Block = su4

    @abstractmethod
    def pairs(self, wires: Any) -> list[tuple[Any, Any]]:
        """Return the wires of each block, in order."""

    def shape(self, wires: int) -> Shape:
        """Return (blocks, weights of one)."""
        if wires < 2:
            raise QuantumError(f"{type(self).__name__} joins at least two wires, got {wires}")
        return (wires - 1, self.block.size)

    def apply(self, w: Any, layer: int, wires: Any) -> None:
        """Apply all blocks."""
        for i, pair in enumerate(self.pairs(wires)):
            self.block.apply(w[i], pair)

    def readout(self, wires: Any) -> tuple[Any, ...]:
        """Return the last wire, the only one that has met all others."""
        return (wires[-1],)


@dataclass(frozen=True)
class MPS(_Network):
    """A staircase of blocks, each on a wire and the next: a matrix product state.

    Run backwards, one layer makes any matrix product state of bond dimension 2, if its block is any
    gate; run forwards it reads one.

    Attributes
    ----------
    layers
        Staircases, one after the other.
    block
        On two wires.

    References
    ----------
    Huggins et al., "Towards quantum machine learning with tensor networks", Quantum Science and
    Technology 4, 2019, fig. 3.

    Examples
    --------
    >>> mps().weights(8), mps().pairs(range(4))
    ((1, 7, 15), [(0, 1), (1, 2), (2, 3)])
    """

    def pairs(self, wires: Any) -> list[tuple[Any, Any]]:
        """Return the wires of each block, in order."""
        return list(pairwise(wires))


@dataclass(frozen=True)
class TTN(_Network):
    r"""A tree of blocks: each leaves its second wire to the next level.

    A wire is read after :math:`\lceil\log_2 n\rceil` blocks at most, so that gradients of its
    measurement do not vanish exponentially. A number of wires that is no power of two leaves the
    last wire of a level alone.

    Attributes
    ----------
    layers
        Trees, one after the other.
    block
        On two wires.

    References
    ----------
    Huggins et al., "Towards quantum machine learning with tensor networks", Quantum Science and
    Technology 4, 2019, fig. 2. Grant et al., "Hierarchical quantum classifiers", npj Quantum
    Information 4, 2018, fig. 1.

    Examples
    --------
    >>> ttn().weights(8), ttn().pairs(range(4))
    ((1, 7, 15), [(0, 1), (2, 3), (1, 3)])
    """

    def pairs(self, wires: Any) -> list[tuple[Any, Any]]:
        """Return the wires of each block, level by level."""
        found: list[tuple[Any, Any]] = []
        left = list(wires)
        while len(left) > 1:
            found += zip(left[::2], left[1::2], strict=False)
            left = left[1::2] + ([left[-1]] if len(left) % 2 else [])
        return found


mps, ttn = MPS, TTN
