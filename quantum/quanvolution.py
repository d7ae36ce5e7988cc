"""A convolution whose filters are random circuits: Henderson's quanvolution."""

from collections.abc import Callable
from itertools import product
from typing import Any

import pennylane as qml
import torch
from torch import Tensor, nn

from quantum.ansatz import Ansatz
from quantum.compiling import CompiledCircuit
from quantum.errors import QuantumError


class Quanvolution(nn.Module):
    """Fixed random circuits on every window of an image.

    A pixel above the threshold turns its qubit by π about Y, a random circuit follows, and what
    comes out is the number of ones in the most probable outcome, a whole number. As a window has no
    more than 2^pixels different inputs, all answers are simulated once and looked up: nothing here
    learns, and no gradient passes.

    Parameters
    ----------
    side
        Pixels of a window along each axis.
    channels
        Number of random circuits.
    ansatz
        Of the random circuits, such as `strongly_entangling` (layers=3).
    threshold
        Above which a pixel is a one.
    generator
        Source of the weights of the ansatz, uniform from 0 to 2π.

    Raises
    ------
    QuantumError
        For an empty window or no channels.

    References
    ----------
    Henderson, Shakya, Pradhan and Cook, "Quanvolutional neural networks: powering image recognition
    with quantum circuits", Quantum Machine Intelligence 2, 2020; thresholds and read-out as in
    Bowles, Ahmed and Schuld, arXiv:2403.07059, 2024.

    Examples
    --------
    >>> from quantum import strongly_entangling
    >>> g = torch.Generator().manual_seed(0)
    >>> layer = Quanvolution(2, channels=5, ansatz=strongly_entangling(3), generator=g)
    >>> layer(torch.zeros(10, 1, 8, 8)).shape
    torch.Size([10, 5, 7, 7])
    """

    table: Tensor

    def __init__(
        self,
        side: int,
        channels: int,
        ansatz: Ansatz,
        generator: torch.Generator,
        *,
        threshold: float = 0.0,
    ) -> None:
        super().__init__()
        if side < 1 or channels < 1:
            raise QuantumError(f"expected side and channels >= 1, got {side} and {channels}")
        self.side, self.threshold = side, threshold
        pixels = side**2
        bits = torch.tensor(list(product([0.0, 1.0], repeat=pixels)), dtype=torch.float64)
        circuit = CompiledCircuit(_filter(ansatz, pixels), {}, wires=pixels, init={})
        shape = (channels, *ansatz.weights(pixels))
        weights = 2 * torch.pi * torch.rand(shape, generator=generator, dtype=torch.float64)
        with torch.no_grad():
            of_each = [circuit(bits, w.expand(len(bits), *w.shape)) for w in weights]
        # Rounded, so that a tie is not broken by the last digit.
        likeliest = torch.stack(of_each).round(decimals=9).argmax(-1)
        self.register_buffer("table", bits.sum(-1)[likeliest].float())

    def forward(self, x: Tensor) -> Tensor:
        """Return counts of ones, (batch, channels, height − side + 1, width − side + 1).

        Parameters
        ----------
        x
            Images of one channel, (batch, 1, height, width).
        """
        ones = (x > self.threshold).to(self.table)
        kernel = 2.0 ** torch.arange(self.side**2 - 1, -1, -1, device=x.device)
        number = nn.functional.conv2d(ones, kernel.view(1, 1, self.side, self.side).to(ones))
        return self.table[:, number[:, 0].long()].transpose(0, 1)


def _filter(ansatz: Ansatz, pixels: int) -> Callable[[Any, Any], Any]:
    def circuit(x: Any, w: Any) -> Any:
        for i in range(pixels):
            qml.RY(torch.pi * x[i], wires=i)
        ansatz(w, range(pixels))
        return qml.probs(wires=range(pixels))

    return circuit
