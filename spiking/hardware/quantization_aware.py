"""Training with weights that a chip can hold."""

import math
from collections.abc import Sequence
from typing import Any, cast

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils import parametrize

from spiking.hardware.chips.chip import Chip
from spiking.hardware.errors import NetworkError
from spiking.hardware.integers.format import Format
from spiking.hardware.quantize import grid, require_bits, sizes_of
from spiking.layers.delayed_linear import DelayedLinear
from spiking.layers.recurrent import Recurrent
from spiking.neurons.neuron import Temporal
from spiking.sequential import Sequential, layers_of

CONNECTIONS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, DelayedLinear)


class StraightThrough(nn.Module):
    """Rounds weights as `spiking.hardware.quantize` does, and passes gradients as if it did not.

    The largest weight takes the whole mantissa. Weights that lead to the same neurons share a
    scale: theirs differ by powers of two.

    Parameters
    ----------
    bits
        Size of a weight.
    size
        That of the chip.
    beside
        Layers whose weights lead to the same neurons.

    References
    ----------
    Bengio, Léonard and Courville, "Estimating or propagating gradients through stochastic neurons
    for conditional computation", arXiv:1308.3432, 2013.

    Examples
    --------
    >>> StraightThrough(3, 8)(torch.tensor([-1.0, 0.2, 0.9]))
    tensor([-1.0000,  0.3333,  1.0000])
    """

    def __init__(self, bits: int, size: int, beside: Sequence[nn.Module] = ()) -> None:
        super().__init__()
        self.bits, self.size, self.beside = bits, size, tuple(beside)

    def forward(self, weight: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Return the rounded weights."""
        with torch.no_grad():
            step, top = self._grid(weight)
            largest = max([self._reach(weight), *(self._reach(raw(part)) for part in self.beside)])
            own = self._reach(weight)
            shift = math.ceil(math.log2(own / largest) - 1e-6) if own > 0 else 0
            unit = largest * 2.0**shift * step
            rounded = (weight / unit).round().clamp(max=top / step) * unit if own > 0 else weight
        return weight + (rounded - weight).detach()

    def _grid(self, weight: Tensor) -> tuple[int, int]:
        mixed = bool((weight > 0).any() and (weight < 0).any())
        return grid(mixed, self.bits, self.size)

    def _reach(self, weight: Tensor) -> float:
        """Return what the lowest bit stands for if the largest weight takes all bits."""
        return float(weight.abs().max()) / self._grid(weight)[1]

    def right_inverse(self, weight: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Return the weights as they are."""
        return weight


def train_quantized(network: nn.Module, chip: Chip | Format, *, bits: int | None = None) -> None:
    """Let all linear layers and convolutions of a network compute with rounded weights.

    What learns are the weights before rounding. `quantize` takes the network as it is; what it
    rounds is then no more than the last digits of a float, where the neurons of a layer share
    their time constants.

    Parameters
    ----------
    network
        Changed in place.
    chip
        Whose sizes are taken, or the sizes.
    bits
        Size of a weight; that of the chip unless given.

    Raises
    ------
    NetworkError
        For a normalisation, with which weights would not be those that were rounded, or bits that
        the chip has not.

    Examples
    --------
    >>> layer = nn.Linear(4, 3)
    >>> train_quantized(layer, Format(), bits=3)
    >>> len((layer.weight / layer.weight.abs().max()).detach().mul(3).round().unique()) <= 7
    True
    """
    sizes = chip if isinstance(chip, Format) else sizes_of(chip)
    size = sizes.weight if bits is None else bits
    require_bits(size, sizes)
    for name, part in network.named_modules():
        if isinstance(part, nn.modules.batchnorm._NormBase | nn.LayerNorm | nn.GroupNorm):
            raise NetworkError(
                f"layer {name}: {type(part).__name__} would scale weights after they are rounded; "
                "multiply it into the weights before it, or train without it"
            )
    beside = _beside(network)
    for part in [part for part in network.modules() if isinstance(part, CONNECTIONS)]:
        others = [other for other in beside.get(part, ()) if other is not part]
        _own_class(part)
        parametrize.register_parametrization(
            part, "weight", StraightThrough(size, sizes.weight, others)
        )


def raw(layer: nn.Module) -> Tensor:
    """Return the weights of a layer before they are rounded."""
    if parametrize.is_parametrized(layer, "weight"):
        found: Any = layer.parametrizations
        return cast(Tensor, found.weight.original)
    return cast(Tensor, layer.weight)


def _own_class(layer: nn.Module) -> None:
    """Give a layer that has parametrizations a class that it does not share with its copies.

    torch writes a property into that class, and a copy of the layer has the same one.
    """
    if parametrize.is_parametrized(layer):
        shared = type(layer)
        held = {k: v for k, v in vars(shared).items() if k not in ("__dict__", "__weakref__")}
        layer.__class__ = type(shared.__name__, shared.__bases__, held)


def _beside(network: nn.Module) -> dict[nn.Module, list[nn.Module]]:
    """Return the layers that lead to the same neurons as a layer, itself included."""
    found: dict[nn.Module, list[nn.Module]] = {}
    for sequence in (part for part in network.modules() if isinstance(part, Sequential)):
        pending: list[nn.Module] = []
        for _, layer in layers_of(sequence):
            if isinstance(layer, CONNECTIONS):
                pending.append(layer)
            elif isinstance(layer, Recurrent):
                together = list(pending)
                together += [m for m in layer.connection.modules() if isinstance(m, CONNECTIONS)]
                found |= dict.fromkeys(together, together)
            if isinstance(layer, Temporal):
                pending = []
    return found
