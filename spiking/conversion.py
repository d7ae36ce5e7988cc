r"""From a trained network of rectified units to one of spiking neurons."""

import copy
import math
from collections import OrderedDict
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils import fuse_conv_bn_eval, fuse_linear_bn_eval

from spiking.layers.clip_floor_shift import ClipFloorShift
from spiking.neurons.leaky_integrator import LeakyIntegrator
from spiking.neurons.lif import LIF
from spiking.sequential import Sequential

Initial = Literal["zero", "half"]

FOREVER = 1e20
"""Seconds: a time constant of which no step loses anything."""

_WEIGHTED = (nn.Linear, nn.Conv2d)
_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
_PASSED = (nn.AvgPool2d, nn.Flatten)


def convert(
    network: nn.Sequential,
    x: Float[Tensor, "samples ..."],
    *,
    percentile: float | None = 99.9,
    initial: Initial = "half",
    dt: float = 1e-3,
) -> Sequential:
    r"""Return a spiking network whose rates are a trained network's activations.

    A neuron without a leak that loses its threshold at each spike counts: after T steps of an
    input z it has fired :math:`T \min(1, \max(0, z))` times, but for what is left in it. That is a
    rectified unit with a ceiling of one spike a step. So that the ceiling is not met, activations
    are divided by a scale λ of their layer, and weights take it up,

    .. math:: \tilde W^l = W^l \lambda^{l-1} / \lambda^l, \qquad \tilde b^l = b^l / \lambda^l .

    The rates approach :math:`\min(1, a^l / \lambda^l)` as 1/T. Inputs are given as they are, at
    every step, and the last layer's potential divided by T is the output: see `constant_input` and
    `mean_output`.

    Parameters
    ----------
    network
        Linear, Conv2d, BatchNorm1d and BatchNorm2d after one of them, AvgPool2d, Flatten, Dropout,
        and ReLU or `ClipFloorShift`, ending with a Linear or Conv2d; as it is in evaluation mode.
    x
        Training samples by which the scales are chosen.
    percentile
        λ is this percentile of the layer's positive activations, 100 for their maximum; None for
        :math:`\lambda = 1`, without balancing. A `ClipFloorShift` has its own λ.
    initial
        Potential before the first step: "zero", or "half" the threshold, which makes the counts
        round to the nearest where they would round down.
    dt
        Time step, in seconds; it changes nothing but the unit of rates.

    Raises
    ------
    ValueError
        For a layer that cannot be converted, by its name and type, or a parameter out of range.

    References
    ----------
    Diehl et al., "Fast-classifying, high-accuracy spiking deep networks through weight and
    threshold balancing", IJCNN 2015 (the maximum). Rueckauer et al., "Conversion of
    continuous-valued deep networks to efficient event-driven networks for image classification",
    Frontiers in Neuroscience 11, 2017, section 2 (the percentile, reset by subtraction, batch
    normalisation). Bu et al., "Optimal ANN-SNN conversion for high-accuracy and ultra-low-latency
    spiking neural networks", ICLR 2022 (the initial potential).

    Examples
    --------
    >>> g = torch.Generator().manual_seed(0)
    >>> relu = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    >>> x = torch.rand(100, 4, generator=g)
    >>> spiking = convert(relu, x)
    >>> outputs, record = spiking(constant_input(x, steps=500))
    >>> bool((mean_output(outputs) - relu(x)).abs().max() < 0.02)
    True
    """
    if percentile is not None and not 0 < percentile <= 100:
        raise ValueError(f"percentile must be in (0, 100], got {percentile}")
    if initial not in ("zero", "half"):
        raise ValueError(f"initial must be one of zero, half, got {initial!r}")
    if not len(x):
        raise ValueError("x must hold samples, got none")
    layers = fused(network)
    made: OrderedDict[str, nn.Module] = OrderedDict()
    before = 1.0
    with torch.no_grad():
        for k, (name, layer) in enumerate(layers):
            x = layer(x)
            if isinstance(layer, _PASSED):
                made[name] = layer
            elif isinstance(layer, _WEIGHTED):
                last = k == len(layers) - 1
                after = 1.0 if last else _scale(layers[k + 1][1], x, percentile)
                made[name] = _scaled(layer, before / after, 1 / after)
                before = after
            else:
                start = 0.5 if initial == "half" else 0.0
                made[name] = LIF(x.shape[1:], FOREVER, dt, v_leak=start)
        made["potential"] = LeakyIntegrator(x.shape[1:], FOREVER, dt)
    return Sequential(made)


def constant_input(x: Float[Tensor, "batch ..."], steps: int) -> Float[Tensor, "steps batch ..."]:
    """Return an input that is the same at every step, without a copy.

    Parameters
    ----------
    x
        Samples.
    steps
        T.

    Examples
    --------
    >>> constant_input(torch.ones(2, 3), 5).shape
    torch.Size([5, 2, 3])
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
    return x.expand(steps, *x.shape)


def mean_output(potential: Float[Tensor, "time batch ..."]) -> Float[Tensor, "batch ..."]:
    """Return the mean input of the last layer, which stands for the output of the network.

    Parameters
    ----------
    potential
        What a network made by `convert` returns: sums over time. Those of fewer steps are given by
        a part of them, ``potential[:steps]``.

    Examples
    --------
    >>> mean_output(torch.tensor([[[1.0]], [[3.0]]]))
    tensor([[1.5000]])
    """
    return potential[-1] / len(potential)


def fused(network: nn.Sequential) -> list[tuple[str, Any]]:
    """Return named layers that can be converted, in evaluation mode, batch normalisation fused.

    Raises
    ------
    ValueError
        For a layer that cannot be converted, by its name and type.
    """
    layers: list[tuple[str, Any]] = []
    for name, layer in copy.deepcopy(network).eval().named_children():
        before: Any = layers[-1][1] if layers else None
        weighted = isinstance(before, _WEIGHTED)
        if isinstance(layer, nn.Dropout | nn.Dropout2d | nn.Identity):
            continue
        if isinstance(layer, _NORMS):
            if not weighted or layer.running_mean is None:
                raise _refusal(name, layer, "batch normalisation must follow Linear or Conv2d")
            fuse = fuse_conv_bn_eval if isinstance(before, nn.Conv2d) else fuse_linear_bn_eval
            layers[-1] = (layers[-1][0], fuse(before, layer))
        elif isinstance(layer, nn.ReLU | ClipFloorShift):
            if not weighted:
                raise _refusal(name, layer, "an activation must follow Linear or Conv2d")
            layers.append((name, layer))
        elif isinstance(layer, (*_WEIGHTED, *_PASSED)):
            if weighted:
                raise _refusal(name, layer, f"{layers[-1][0]} before it has no activation")
            layers.append((name, layer))
        else:
            raise _refusal(name, layer, "it has no spiking counterpart here")
    if not layers or not isinstance(layers[-1][1], _WEIGHTED):
        raise ValueError("network must end with Linear or Conv2d, which gives the output")
    return layers


def _scale(activation: nn.Module, z: Tensor, percentile: float | None) -> float:
    if isinstance(activation, ClipFloorShift):
        return activation.scale.item()
    if percentile is None:
        return 1.0
    positive = z[z > 0].double()
    if not len(positive):
        return 1.0
    place = math.ceil(percentile / 100 * len(positive))
    return positive.kthvalue(max(1, place)).values.item()


def _scaled(layer: nn.Module, weight: float, bias: float) -> nn.Module:
    """Return a copy with its weights and its bias multiplied."""
    made = copy.deepcopy(layer)
    assert isinstance(made, _WEIGHTED)
    made.weight.data.mul_(weight)
    if made.bias is not None:
        made.bias.data.mul_(bias)
    return made.eval().requires_grad_(False)


def _refusal(name: str, layer: nn.Module, reason: str) -> ValueError:
    return ValueError(f"layer {name} ({type(layer).__name__}) cannot be converted: {reason}")
