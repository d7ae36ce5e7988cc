"""How weights of circuits begin."""

from dataclasses import dataclass
from typing import Any

import pennylane as qml
import torch
from torch import Tensor

from quantum.ansatz.base import Ansatz, Shape
from quantum.errors import QuantumError


def small_angles(w: Tensor, scale: float = 0.01, generator: torch.Generator | None = None) -> None:
    """Fill weights so that a circuit begins near one that rotates nothing; see `QuantumLayer`.

    Parameters
    ----------
    w
        Weights, filled in place by a normal distribution around 0.
    scale
        Its standard deviation, in radians.
    generator
        Source of the angles.
    """
    torch.nn.init.normal_(w, 0.0, scale, generator=generator)


@dataclass(frozen=True)
class BlockIdentity(Ansatz):
    """What `block_identity` returns."""

    ansatz: Ansatz
    blocks: int

    def shape(self, wires: int) -> Shape:
        """Return the shape of one layer of the ansatz."""
        return self.ansatz.shape(wires)

    def weights(self, wires: int) -> Shape:
        """Return (2 blocks, ...): the weights of the ansatz and of its inverse, in turn."""
        return (2 * self.blocks, *self.ansatz.weights(wires))

    def part(self, w: Any, layer: int, wires: int) -> Any:
        """Return the weights of a layer."""
        half, inner = self._place(layer)
        return self.ansatz.part(w[half], inner, wires)

    def apply(self, w: Any, layer: int, wires: Any) -> None:
        """Apply a layer, or its inverse."""
        half, inner = self._place(layer)
        applied = qml.adjoint(self.ansatz.apply, lazy=False) if half % 2 else self.ansatz.apply
        applied(w, inner, wires)

    def readout(self, wires: Any) -> Any:
        """Return the wires that carry the answer of the ansatz."""
        return self.ansatz.readout(wires)

    def initialise(self, w: Tensor, generator: torch.Generator | None = None) -> None:
        """Fill weights as the ansatz begins, those of an inverse with what it inverts."""
        for block in range(self.blocks):
            self.ansatz.initialise(w[2 * block], generator)
            w[2 * block + 1] = w[2 * block]

    def _place(self, layer: int) -> tuple[int, int]:
        """Return which half of which block a layer is of, and its number in the ansatz."""
        half, inner = divmod(layer, self.ansatz.layers)
        return half, self.ansatz.layers - 1 - inner if half % 2 else inner


def block_identity(ansatz: Ansatz, blocks: int = 1) -> BlockIdentity:
    r"""Return an ansatz of blocks :math:`U(\theta)\,U(\theta')^\dagger` that begin as the identity.

    The angles are those that the ansatz begins with, and those of an inverse are the same but
    weights of their own: the circuit begins as if it were not there, whatever the ansatz, and can
    become what a circuit of that depth can. So the first gradient is that of one block, and does
    not vanish with their number. A layer that embeds its features before each layer (``reupload``)
    begins otherwise.

    Parameters
    ----------
    ansatz
        U, with L layers.
    blocks
        M; the result has 2 L M layers.

    Returns
    -------
    BlockIdentity
        With weights (2 M, ...), where ... is the shape that U has.

    Raises
    ------
    QuantumError
        For no blocks.

    References
    ----------
    Grant, Wossnig, Ostaszewski and Benedetti, "An initialization strategy for addressing barren
    plateaus in parametrized quantum circuits", Quantum 3, 214, 2019, equations 3 and 4.

    Examples
    --------
    >>> from quantum import QuantumLayer, angle_embedding, strongly_entangling
    >>> ansatz = block_identity(strongly_entangling(layers=3), blocks=2)
    >>> ansatz.layers, ansatz.weights(2)
    (12, (4, 3, 2, 3))
    >>> layer = QuantumLayer(2, angle_embedding, ansatz).double()
    >>> layer(torch.full((1, 2), torch.pi / 3).double()).detach().round(decimals=6).tolist()
    [[0.5, 0.5]]
    """
    if blocks < 1:
        raise QuantumError(f"block_identity needs at least one block, got {blocks}")
    return BlockIdentity(2 * ansatz.layers * blocks, ansatz, blocks)
