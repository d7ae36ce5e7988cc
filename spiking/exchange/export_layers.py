"""Layers without a state as nodes of NIR."""

from collections.abc import Callable
from typing import Any, NamedTuple

import nir
import numpy as np
import torch
from torch import Tensor, nn

from spiking.exchange.errors import UnsupportedLayerError
from spiking.exchange.parameters import Shape, Spread, as_array, notes
from spiking.layers.elementwise import Scale, Threshold
from spiking.layers.linear import Linear
from spiking.layers.pooling import SumPool2d, pair


class Place(NamedTuple):
    """Where a layer stands: its path in the network, the shape of a step of its input, and dt."""

    name: str
    shape: Shape
    dt: float | None

    def refuse(self, layer: nn.Module, reason: str) -> UnsupportedLayerError:
        """Return the error for a layer that has no node."""
        return UnsupportedLayerError(self.name, type(layer).__name__, reason)


def linear(layer: nn.Linear, place: Place) -> nir.NIRNode:
    """Return W x + b, and a note of how the product is summed, which may round differently."""
    if len(place.shape) != 1:
        raise place.refuse(layer, f"it must see vectors, not {place.shape}; flatten before it")
    own = notes(product="events" if isinstance(layer, Linear) else "dense")
    weight = as_array(layer.weight)
    if layer.bias is None:
        return nir.Linear(weight, metadata=own)
    return nir.Affine(weight, as_array(layer.bias), metadata=own)


def convolution(layer: nn.Conv1d | nn.Conv2d, place: Place) -> nir.NIRNode:
    """Return a convolution; NIR's has always a bias, so that a missing one is noted."""
    if layer.padding_mode != "zeros":
        raise place.refuse(layer, f"NIR pads with zeros, not by {layer.padding_mode!r}")
    bias = layer.weight.new_zeros(len(layer.weight)) if layer.bias is None else layer.bias
    how: dict[str, Any] = {
        "stride": layer.stride,
        "padding": layer.padding,
        "dilation": layer.dilation,
    }
    flat = isinstance(layer, nn.Conv1d)
    if flat:
        how = {key: value if isinstance(value, str) else value[0] for key, value in how.items()}
    kind = nir.Conv1d if flat else nir.Conv2d
    return kind(
        input_shape=place.shape[1] if flat else place.shape[1:],
        weight=as_array(layer.weight),
        bias=as_array(bias),
        groups=layer.groups,
        metadata=notes(no_bias=layer.bias is None),
        **how,
    )


def sum_pool(layer: SumPool2d, place: Place) -> nir.NIRNode:
    """Return sums of patches."""
    return nir.SumPool2d(*map(np.array, (layer.kernel_size, layer.stride, layer.padding)))


def average_pool(layer: nn.AvgPool2d, place: Place) -> nir.NIRNode:
    """Return means of patches."""
    padded = any(pair(layer.padding))
    if layer.ceil_mode or layer.divisor_override or (padded and not layer.count_include_pad):
        raise place.refuse(
            layer, "NIR has neither ceil_mode nor divisor_override nor count_include_pad=False"
        )
    sizes = (layer.kernel_size, layer.stride, layer.padding)
    return nir.AvgPool2d(*(np.array(pair(size)) for size in sizes))


def flatten(layer: nn.Flatten, place: Place) -> nir.NIRNode:
    """Return a flattening; NIR counts dimensions without the batch."""
    start, end = layer.start_dim, layer.end_dim
    if start == 0 or end == 0 or -start > len(place.shape) or -end > len(place.shape):
        raise place.refuse(layer, "it flattens the batch")
    start, end = (dim - 1 if dim > 0 else dim for dim in (start, end))
    start = start % len(place.shape)  # nir counts from the front in some places
    return nir.Flatten({"input": np.array(place.shape)}, start, end)


def scale(layer: Scale, place: Place) -> nir.NIRNode:
    """Return factors, one for each number."""
    spread = Spread(place.shape)
    return nir.Scale(spread("scale", layer.scale), metadata=notes(shapes=spread.shapes))


def threshold(layer: Threshold, place: Place) -> nir.NIRNode:
    """Return thresholds, one for each number."""
    spread = Spread(place.shape)
    values = spread("threshold", layer.threshold)
    return nir.Threshold(values, metadata=notes(shapes=spread.shapes))


EXPORTERS: dict[type[nn.Module], Callable[[Any, Place], nir.NIRNode]] = {
    Linear: linear,
    nn.Linear: linear,
    nn.Conv1d: convolution,
    nn.Conv2d: convolution,
    SumPool2d: sum_pool,
    nn.AvgPool2d: average_pool,
    nn.Flatten: flatten,
    Scale: scale,
    Threshold: threshold,
}


def output_shape(layer: nn.Module, place: Place) -> Shape:
    """Return the shape of a layer's output, found by running it once."""
    first: Tensor | None = next((p for p in layer.parameters()), None)
    x = torch.zeros(1, *place.shape) if first is None else first.new_zeros(1, *place.shape)
    try:
        with torch.no_grad():
            return tuple(layer(x).shape[1:])
    except (ValueError, RuntimeError, IndexError) as error:
        raise place.refuse(layer, f"it does not take input {place.shape}: {error}") from error
