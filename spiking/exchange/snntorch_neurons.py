"""Neurons of snntorch as our own, where the dynamics are the same."""

from typing import Any

import torch
from torch import Tensor, nn

from spiking.exchange.discretisation import euler_time_constant
from spiking.exchange.export_layers import Place
from spiking.neurons.cuba_lif import CubaLIF
from spiking.neurons.integrate_and_fire import IF
from spiking.neurons.lif import LIF
from spiking.neurons.neuron import Temporal

RECURRENT = ("RLeaky", "RSynaptic")
KNOWN = ("Leaky", "Synaptic", *RECURRENT)


def own_neuron(neuron: Any, place: Place) -> Temporal:
    r"""Return neurons of ours that fire as those of snntorch do.

    A decay β of a step is Euler's, :math:`\beta = 1 - dt / \tau`, as in snntorch's own exchange.

    Raises
    ------
    UnsupportedLayerError
        For another neuron than Leaky, Synaptic, RLeaky and RSynaptic, or dynamics that ours do not
        have.
    """
    kind = type(neuron).__name__
    dt = _require_dynamics(neuron, kind, place)
    beta = neuron.beta.detach().double().clamp(0, 1)
    threshold = neuron.threshold.detach()
    reset = {
        "threshold": threshold,
        "reset": neuron.reset_mechanism,
        "reset_delay": neuron.reset_delay and neuron.reset_mechanism == "subtract",
    }
    own: LIF
    if "Synaptic" in kind:
        alpha = neuron.alpha.detach().double().clamp(0, 1)
        if bool((alpha == 1).any()) or bool((beta == 1).any()):
            raise place.refuse(neuron, "NIR has no current or potential here that never decays")
        times = (euler_time_constant(alpha, dt), euler_time_constant(beta, dt))
        own = CubaLIF(place.shape, *times, dt, method="euler", **reset)
    elif bool((beta == 1).all()):
        own = IF(place.shape, dt, **reset)
    elif bool((beta == 1).any()):
        raise place.refuse(neuron, "in NIR, all neurons of a layer leak or none does")
    else:
        own = LIF(place.shape, euler_time_constant(beta, dt), dt, method="euler", **reset)
    return own


def _require_dynamics(neuron: Any, kind: str, place: Place) -> float:
    """Return the time step, if the neuron is one that ours can be."""
    if kind not in KNOWN:
        raise place.refuse(neuron, f"of snntorch's neurons NIR has {', '.join(KNOWN)}")
    if place.dt is None:
        raise place.refuse(neuron, "it has no time step of its own; give dt, in seconds")
    if neuron.state_quant or neuron.inhibition:
        raise place.refuse(neuron, "NIR has neither state_quant nor inhibition")
    if bool((neuron.graded_spikes_factor != 1).any()):
        raise place.refuse(neuron, "NIR has no graded spikes; scale what comes after it")
    reset, late = neuron.reset_mechanism, neuron.reset_delay
    if reset == "zero" and late and kind != "Leaky":
        raise place.refuse(
            neuron, "its reset to zero also loses the input of the step after a spike"
        )
    if reset == "subtract" and not late:
        raise place.refuse(
            neuron,
            "without reset_delay it subtracts twice after a potential of more than two thresholds",
        )
    if not late and kind == "RSynaptic":
        raise place.refuse(neuron, "without reset_delay, snntorch leaves its potential as it is")
    return place.dt


def connection_of(neuron: Any, place: Place) -> nn.Module:
    """Return what brings the spikes of RLeaky and RSynaptic back to it."""
    if neuron.all_to_all:
        return neuron.recurrent
    weights: Tensor = neuron.recurrent.V.detach()
    (size,) = place.shape if len(place.shape) == 1 else (0,)
    if not size:
        raise place.refuse(neuron, f"one-to-one connections need a vector, not {place.shape}")
    layer = nn.Linear(size, size, bias=False, dtype=weights.dtype)
    with torch.no_grad():
        layer.weight.copy_(torch.diag(weights.expand(size)))
    return layer
