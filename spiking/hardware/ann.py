"""What a network without spikes costs: arithmetic, and the memory that it is fed from."""

from collections import Counter
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spiking.hardware.chips import DIGITAL, Chip
from spiking.hardware.costs import EnergyReport, Events
from spiking.hardware.errors import HardwareError

CONVOLUTIONS: dict[type[nn.Module], Any] = {
    nn.Conv1d: F.conv1d,
    nn.Conv2d: F.conv2d,
    nn.Conv3d: F.conv3d,
}
WIDTH = {"int8": 1, "float32": 4}  # bytes


@torch.no_grad()
def ann_energy(
    network: nn.Module,
    inputs: Tensor,
    chip: Chip = DIGITAL,
    *,
    numbers: Literal["int8", "float32"] = "int8",
    batch: int = 1,
    skip_zeros: bool = False,
) -> EnergyReport:
    r"""Count the energy of linear layers and convolutions, event by event.

    A multiplication reads a weight and an activation, in words that are used whole, and adds to a
    sum in a register; a result is written once. Weights come from the smallest memory that holds
    those of all layers, activations from the smallest for those around a layer:

    .. math:: E = n \left(e_{mul} + e_{add} + \frac{e_{weight}}{\text{batch}} + e_{act}\right)
        + n_{out}\, e_{act} .

    Biases, other layers and control are left out, in favour of this network; so is static power.

    Parameters
    ----------
    network
        Module whose linear layers and convolutions are counted.
    inputs
        Samples, (batch, ...), on which it is run.
    chip
        With figures for arithmetic and memory.
    numbers
        What it computes in; sums of 8-bit integers have 32 bits.
    batch
        Samples that share the reading of a weight.
    skip_zeros
        Whether an activation that is zero costs nothing but its reading once a layer.

    Raises
    ------
    HardwareError
        For a chip without such figures, a network without such layers, or another batch.

    Examples
    --------
    >>> layer = nn.Linear(100, 10)  # 1,000 weights are in 8 KiB, at 10 pJ a word of 8 bytes
    >>> report = ann_energy(layer, torch.rand(5, 100))
    >>> f"{report.per_sample * 1e9:.3f} nJ"
    '2.812 nJ'
    """
    if chip.arithmetic is None or chip.memory is None:
        raise HardwareError(f"{chip.name} has no figures for arithmetic and memory; DIGITAL has")
    if batch < 1:
        raise HardwareError(f"batch must be 1 or more, got {batch}")
    layers: list[Any] = [m for m in network.modules() if isinstance(m, (nn.Linear, *CONVOLUTIONS))]
    if not layers:
        raise HardwareError(f"{type(network).__name__} has no linear layer and no convolution")
    found: Counter[str] = Counter()
    largest = 0

    def seen(layer: nn.Module, given: tuple[Tensor], result: Tensor) -> None:
        nonlocal largest
        x = given[0]
        largest = max(largest, (x.numel() + result.numel()) // len(x))
        found["multiply"] += _multiplications(layer, x, result, skip_zeros)
        found["look"] += x.numel() if skip_zeros else 0
        found["write"] += result.numel()

    hooks = [layer.register_forward_hook(seen) for layer in layers]
    try:
        network(inputs)
    finally:
        for hook in hooks:
            hook.remove()
    width, memory, arithmetic = WIDTH[numbers], chip.memory, chip.arithmetic
    weights = memory.holding(width * sum(layer.weight.numel() for layer in layers))
    states = memory.holding(width * largest)
    weight, state = (width * memory.per_byte(name) for name in (weights, states))
    multiply = getattr(arithmetic, f"multiply_{numbers}")
    add = arithmetic.add_int32 if numbers == "int8" else arithmetic.add_float32
    count = found["multiply"]
    rows = (
        ("multiply", count, multiply),
        ("add", count, add),
        (f"read weight, {weights}", count / batch, weight),
        (f"read activation, {states}", count + found["look"], state),
        (f"write activation, {states}", found["write"], state),
    )
    return EnergyReport(tuple(Events(n, float(k), e) for n, k, e in rows), None, len(inputs))


def _multiplications(layer: Any, x: Tensor, result: Tensor, skip_zeros: bool) -> int:
    """Return multiplications of a layer, with those by the zeros around an image unless skipped."""
    if not skip_zeros:
        return result.numel() * layer.weight[0].numel()
    if isinstance(layer, nn.Linear):
        return int((x != 0).sum()) * layer.out_features
    sums = CONVOLUTIONS[type(layer)](
        (x != 0).double(),
        torch.ones_like(layer.weight, dtype=torch.float64),
        None,
        layer.stride,
        layer.padding,
        layer.dilation,
        layer.groups,
    )
    return int(sums.sum())
