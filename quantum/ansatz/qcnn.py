"""Quantum convolutional networks: the same gate everywhere, then half of the wires."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from quantum.ansatz.base import Ansatz, Shape
from quantum.ansatz.blocks import Block, conditional_rotation, su4
from quantum.errors import QuantumError


@dataclass(frozen=True)
class QCNN(Ansatz):
    r"""Convolutions of neighbours, each followed by pooling, which halves the wires.

    A convolution applies one block to all pairs of neighbours, even ones, then odd ones, with the
    same weights. Pooling measures the first of each even pair and turns the second accordingly: by
    the principle of deferred measurement, a controlled gate whose control is left out afterwards.
    The last layer on two wires is fully connected, as its block is any gate on them. With weights
    that are shared there are :math:`O(\log n)` of them, 18 a layer unless other blocks are given.

    On a ring a convolution commutes with shifts by two wires; all l layers turn a shift by
    :math:`2^l` wires into a shift of the answer by one.

    Attributes
    ----------
    layers
        Of convolution and pooling; :math:`\lceil n/2^l\rceil` wires are read.
    block
        Of a convolution.
    pool
        Of pooling, from the wire that is left out to its neighbour; `discard` for none.
    shared
        Whether all pairs of a layer have the same weights.
    periodic
        Whether the last wire is next to the first.

    Raises
    ------
    QuantumError
        If a layer finds only one wire.

    References
    ----------
    Cong, Choi and Lukin, "Quantum convolutional neural networks", Nature Physics 15, 2019, fig. 1.

    Examples
    --------
    >>> ansatz = qcnn(layers=3)
    >>> ansatz.weights(8), ansatz.readout(range(8))
    ((3, 18), (7,))
    """

    block: Block = su4
    pool: Block = conditional_rotation
    shared: bool = True
    periodic: bool = True

    def left(self, wires: Any, layer: int) -> tuple[Any, ...]:
        """Return the wires that a layer finds."""
        found = tuple(wires)
        for _ in range(layer):
            found = found[1::2] if len(found) % 2 == 0 else (*found[1::2], found[-1])
        if len(found) < 2 and layer < self.layers:
            raise QuantumError(
                f"layer {layer + 1} of {self.layers} finds {len(found)} wire of {len(wires)}; "
                "every layer halves them and needs two"
            )
        return found

    def readout(self, wires: Any) -> tuple[Any, ...]:
        """Return the wires that all layers leave."""
        return self.left(wires, self.layers)

    def bonds(self, wires: Any, layer: int) -> list[tuple[Any, Any]]:
        """Return the pairs that a convolution joins, in order."""
        found = self.left(wires, layer)
        around = [(found[-1], found[0])] if self.periodic and len(found) > 2 else []
        pairs = list(pairwise(found))
        return pairs[::2] + pairs[1::2] + around

    def shape(self, wires: int) -> Shape:
        """Return the number of weights of a layer, if they are shared."""
        return (self.block.size + self.pool.size,)

    def weights(self, wires: int) -> Shape:
        """Return (layers, weights) if they are shared, and else (weights,), layer by layer."""
        sizes = [self._size(wires, layer) for layer in range(self.layers)]
        return super().weights(wires) if self.shared else (sum(sizes),)

    def part(self, w: Any, layer: int, wires: int) -> Any:
        """Return the weights of a layer."""
        if self.shared:
            return w[layer]
        start = sum(self._size(wires, before) for before in range(layer))
        return w[start : start + self._size(wires, layer)]

    def apply(self, w: Any, layer: int, wires: Any) -> None:
        """Apply a convolution and pooling."""
        found = self.left(wires, layer)
        bonds, pooled = self.bonds(wires, layer), list(zip(found[::2], found[1::2], strict=False))
        start = 0
        for block, pairs in ((self.block, bonds), (self.pool, pooled)):
            for pair in pairs:
                block.apply(w[start : start + block.size], pair)
                start += 0 if self.shared else block.size
            start += block.size if self.shared else 0

    def _size(self, wires: int, layer: int) -> int:
        bonds, found = self.bonds(range(wires), layer), self.left(range(wires), layer)
        if self.shared:
            return self.block.size + self.pool.size
        return self.block.size * len(bonds) + self.pool.size * (len(found) // 2)


qcnn = QCNN
