"""Neurons and delays as nodes of NIR: parameters in continuous time, the rest as notes."""

from collections.abc import Callable
from typing import Any

import nir
import torch
from torch import Tensor, nn

from spiking.exchange.discretisation import jump_gain
from spiking.exchange.export_layers import Place
from spiking.exchange.parameters import Spread, as_array, notes
from spiking.layers.delays import Delay
from spiking.neurons.cuba_lif import CubaLIF
from spiking.neurons.integrate_and_fire import IF, Integrator
from spiking.neurons.leaky_integrator import LeakyIntegrator
from spiking.neurons.lif import LIF
from spiking.neurons.neuron import Neuron


def lif(layer: LIF, place: Place) -> nir.NIRNode:
    """Return a LIF neuron."""
    spread = Spread(layer.neurons)
    fields = {
        "tau": spread("tau", layer.tau_mem),
        "r": _gain(layer, "r", layer.tau_mem, spread, place),
        "v_leak": spread("v_leak", layer.v_leak),
        **_firing(layer, spread),
    }
    return nir.LIF(**fields, metadata=_notes(layer, spread, input=_kind(layer.r)))


def cuba_lif(layer: CubaLIF, place: Place) -> nir.NIRNode:
    """Return a LIF neuron with a synaptic current."""
    spread = Spread(layer.neurons)
    fields = {
        "tau_syn": spread("tau_syn", layer.tau_syn),
        "tau_mem": spread("tau_mem", layer.tau_mem),
        "r": _gain(layer, "r", layer.tau_mem, spread, place),
        "v_leak": spread("v_leak", layer.v_leak),
        "w_in": _gain(layer, "w", layer.tau_syn, spread, place),
        **_firing(layer, spread),
    }
    kinds = {"input": _kind(layer.r), "synapse": _kind(layer.w)}
    return nir.CubaLIF(**fields, metadata=_notes(layer, spread, **kinds))


def leaky_integrator(layer: LeakyIntegrator, place: Place) -> nir.NIRNode:
    """Return a leaky integrator."""
    spread = Spread(layer.neurons)
    tau, v_leak = spread("tau", layer.tau_mem), spread("v_leak", layer.v_leak)
    r = _gain(layer, "r", layer.tau_mem, spread, place)
    return nir.LI(tau, r, v_leak, metadata=_notes(layer, spread, input=_kind(layer.r)))


def integrate_and_fire(layer: IF, place: Place) -> nir.NIRNode:
    """Return a neuron without a leak."""
    spread = Spread(layer.neurons)
    r = spread.fill(1 / layer.dt) if layer.r is None else spread("r", layer.r)
    fields = _firing(layer, spread)
    return nir.IF(r, **fields, metadata=_notes(layer, spread, input=_kind(layer.r), method=None))


def integrator(layer: Integrator, place: Place) -> nir.NIRNode:
    """Return an integrator."""
    spread = Spread(layer.neurons)
    r = spread.fill(1 / layer.dt) if layer.r is None else spread("r", layer.r)
    return nir.I(r, metadata=_notes(layer, spread, input=_kind(layer.r), method=None))


def delay(layer: Delay, place: Place) -> nir.NIRNode:
    """Return delays, as exact as a step sees them."""
    seconds = layer.delay
    if layer.learn:  # it is divided by dt in its own type, before it meets the input's
        seconds = (layer.delay / layer.dt).double() * layer.dt
    return nir.Delay(as_array(seconds), metadata=notes(most=layer.most))


EXPORTERS: dict[type[nn.Module], Callable[[Any, Place], nir.NIRNode]] = {
    LIF: lif,
    CubaLIF: cuba_lif,
    LeakyIntegrator: leaky_integrator,
    IF: integrate_and_fire,
    Integrator: integrator,
    Delay: delay,
}


def _firing(layer: LIF, spread: Spread) -> dict[str, Any]:
    """Return threshold and reset potential."""
    return {
        "v_threshold": spread("v_threshold", layer.threshold),
        "v_reset": spread("v_reset", layer.v_reset),
    }


def _gain(layer: Any, name: str, tau: Tensor, spread: Spread, place: Place) -> Any:
    """Return the weight of an input that lasts; that of a jump where there is none."""
    value = getattr(layer, name)
    if value is not None:
        return spread("w_in" if name == "w" else name, value)
    gain = jump_gain(tau, layer.dt, layer.method)
    if not bool(gain.isfinite().all()):
        raise place.refuse(layer, "nothing decays in a step of dt; this is an IF neuron")
    return torch.broadcast_to(gain, spread.neurons).detach().cpu().numpy().copy()


def _kind(gain: Tensor | None) -> str | None:
    return "jump" if gain is None else None


def _notes(layer: Neuron, spread: Spread, **more: Any) -> dict[str, Any]:
    """Return what NIR has no word for."""
    values: dict[str, Any] = {"dt": layer.dt, "method": getattr(layer, "method", None)}
    if isinstance(layer, LIF):
        values |= {"reset": layer.reset, "reset_delay": layer.reset_delay}
        if layer.wait is not None:
            seconds = (layer.wait.double() * layer.dt).to(layer.wait.dtype)
            values["refractory"] = spread("refractory", seconds)
    return notes(**(values | more), shapes=spread.shapes)
