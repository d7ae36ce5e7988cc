"""Nodes without a state as layers."""

from collections.abc import Callable
from typing import Any, NamedTuple

import nir
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import skip_init

from spiking.exchange.errors import ExchangeError
from spiking.exchange.parameters import Notes, Shape, as_tensor, fits, shape_of
from spiking.layers.elementwise import Scale, Threshold
from spiking.layers.linear import Linear
from spiking.layers.pooling import SumPool2d
from spiking.neurons.lif import Reset
from spiking.neurons.neuron import Method
from spiking.surrogates import Surrogate


class How(NamedTuple):
    """How a graph is made to run; see `spiking.from_nir`."""

    dt: float
    method: Method | None
    reset: Reset | None
    surrogate: Surrogate | None
    loop: bool = False  # whether a layer brings spikes back to their neurons


PRODUCTS: dict[str, type[nn.Linear]] = {"dense": nn.Linear, "events": Linear}


def linear(node: Any, shape: Shape, how: How) -> nn.Module:
    """Return W x + b."""
    weight, bias = as_tensor(node.weight), getattr(node, "bias", None)
    if weight.dim() != 2 or shape != weight.shape[1:]:
        raise ExchangeError(f"its weights {tuple(weight.shape)} do not take input {shape}")
    product = Notes.of(node).text("product", PRODUCTS, "dense" if how.loop else "events")
    outputs, inputs = weight.shape
    layer = skip_init(
        PRODUCTS[str(product)], inputs, outputs, bias=bias is not None, dtype=weight.dtype
    )
    return _filled(layer, weight, bias)


def convolution(node: Any, shape: Shape, how: How) -> nn.Module:
    """Return a convolution."""
    flat = isinstance(node, nir.Conv1d)
    weight, bias, groups = as_tensor(node.weight), as_tensor(node.bias), int(node.groups)
    outputs, inputs, *kernel = weight.shape
    space = shape_of(node.input_shape)
    if (
        len(shape) != len(kernel) + 1
        or shape[0] != inputs * groups
        or space not in (None, shape[1:])
    ):
        told = f" and size {space}" if space else ""
        raise ExchangeError(
            f"its weights {tuple(weight.shape)} in {groups} groups{told} do not take input {shape}"
        )
    own = bool(Notes.of(node).values.get("no_bias", False)) and not bool(bias.any())
    layer = skip_init(
        nn.Conv1d if flat else nn.Conv2d,
        inputs * groups,
        outputs,
        tuple(kernel),
        stride=_sizes(node.stride, len(kernel)),
        padding=node.padding
        if isinstance(node.padding, str)
        else _sizes(node.padding, len(kernel)),
        dilation=_sizes(node.dilation, len(kernel)),
        groups=groups,
        bias=not own,
        dtype=weight.dtype,
    )
    return _filled(layer, weight, None if own else bias)


def sum_pool(node: Any, shape: Shape, how: How) -> nn.Module:
    """Return sums of patches."""
    return SumPool2d(*(_sizes(v, 2) for v in (node.kernel_size, node.stride, node.padding)))


def average_pool(node: Any, shape: Shape, how: How) -> nn.Module:
    """Return means of patches; what is padded counts."""
    return nn.AvgPool2d(*(_sizes(v, 2) for v in (node.kernel_size, node.stride, node.padding)))


def flatten(node: Any, shape: Shape, how: How) -> nn.Module:
    """Return a flattening, whose dimensions count the batch."""
    dims = (int(node.start_dim), int(node.end_dim))
    if any(not -len(shape) <= dim < len(shape) for dim in dims):
        raise ExchangeError(f"its dimensions {dims} are not those of input {shape}")
    return nn.Flatten(*(dim + 1 if dim >= 0 else dim for dim in dims))


def scale(node: Any, shape: Shape, how: How) -> nn.Module:
    """Return factors."""
    return Scale(_numbers(node, "scale", shape))


def threshold(node: Any, shape: Shape, how: How) -> nn.Module:
    """Return thresholds without a state."""
    return Threshold(_numbers(node, "threshold", shape), how.surrogate)


LOADERS: dict[type, Callable[[Any, Shape, How], nn.Module]] = {
    nir.Affine: linear,
    nir.Linear: linear,
    nir.Conv1d: convolution,
    nir.Conv2d: convolution,
    nir.SumPool2d: sum_pool,
    nir.AvgPool2d: average_pool,
    nir.Flatten: flatten,
    nir.Scale: scale,
    nir.Threshold: threshold,
}


def _numbers(node: Any, name: str, shape: Shape) -> Tensor:
    """Return a parameter that fits a shape."""
    value = Notes.of(node).gather(name, getattr(node, name), shape)
    if not fits(value, shape):
        raise ExchangeError(f"its {name} {tuple(value.shape)} does not take input {shape}")
    return value


def _sizes(value: Any, dimensions: int) -> Any:
    """Return one whole number for each dimension."""
    sizes = np.broadcast_to(np.asarray(value), dimensions)
    return tuple(int(n) for n in sizes)


def _filled(layer: Any, weight: Tensor, bias: Any) -> nn.Module:
    """Set the parameters of a layer."""
    with torch.no_grad():
        layer.weight.copy_(weight)
        if bias is not None:
            layer.bias.copy_(as_tensor(bias))
    return layer
