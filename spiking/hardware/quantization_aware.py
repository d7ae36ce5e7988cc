"""Training with weights that a chip can hold."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils import parametrize

from spiking.hardware.chips.chip import Chip
from spiking.hardware.integers.format import Format
from spiking.hardware.quantize import grid, sizes_of
from spiking.layers.delayed_linear import DelayedLinear

CONNECTIONS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, DelayedLinear)


class StraightThrough(nn.Module):
    """Rounds weights as `spiking.hardware.quantize` does, and passes gradients as if it did not.

    The largest weight takes the whole mantissa.

    Parameters
    ----------
    bits
        Size of a weight.
    size
        That of the chip.

    References
    ----------
    Bengio, Léonard and Courville, "Estimating or propagating gradients through stochastic neurons
    for conditional computation", arXiv:1308.3432, 2013.

    Examples
    --------
    >>> StraightThrough(3, 8)(torch.tensor([-1.0, 0.2, 0.9]))
    tensor([-1.0000,  0.3333,  1.0000])
    """

    def __init__(self, bits: int, size: int) -> None:
        super().__init__()
        self.bits, self.size = bits, size

    def forward(self, weight: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Return the rounded weights."""
        with torch.no_grad():
            mixed = bool((weight > 0).any() and (weight < 0).any())
            step, top = grid(mixed, self.bits, self.size)
            unit = weight.abs().max() * step / top
            rounded = (weight / unit).round() * unit if unit > 0 else weight
        return weight + (rounded - weight).detach()

    def right_inverse(self, weight: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Return the weights as they are."""
        return weight


def train_quantized(network: nn.Module, chip: Chip | Format, *, bits: int | None = None) -> None:
    """Let all linear layers and convolutions of a network compute with rounded weights.

    What learns are the weights before rounding. `quantize` takes the network as it is.

    Parameters
    ----------
    network
        Changed in place.
    chip
        Whose sizes are taken, or the sizes.
    bits
        Size of a weight; that of the chip unless given.

    Examples
    --------
    >>> layer = nn.Linear(4, 3)
    >>> train_quantized(layer, Format(), bits=3)
    >>> len((layer.weight / layer.weight.abs().max()).detach().mul(3).round().unique()) <= 7
    True
    """
    sizes = chip if isinstance(chip, Format) else sizes_of(chip)
    for part in network.modules():
        if isinstance(part, CONNECTIONS):
            how = StraightThrough(sizes.weight if bits is None else bits, sizes.weight)
            parametrize.register_parametrization(part, "weight", how)
