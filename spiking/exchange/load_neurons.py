"""Nodes with a state as neurons, discretised with a time step."""

from collections.abc import Callable
from typing import Any, get_args

import nir
import torch
from torch import Tensor, nn

from spiking.exchange.discretisation import jump_gain
from spiking.exchange.errors import ExchangeError
from spiking.exchange.load_layers import How
from spiking.exchange.parameters import Notes, Shape, fits
from spiking.layers.delays import Delay
from spiking.neurons.cuba_lif import CubaLIF
from spiking.neurons.integrate_and_fire import IF, Integrator
from spiking.neurons.leaky_integrator import LeakyIntegrator
from spiking.neurons.lif import LIF, Reset
from spiking.neurons.neuron import Method
from spiking.sequential import Sequential

TOLERANCE = 1e-6  # of the weight of a jump, which a tool may have kept as float32


class Numbers:
    """Parameters of a node, and what is noted in it."""

    def __init__(self, node: Any, neurons: Shape, how: How) -> None:
        self.node, self.neurons, self.how = node, neurons, how
        self.notes = Notes.of(node)
        noted: Any = self.notes.text("method", get_args(Method), "exact")
        self.noted_method: Method = noted
        self.method: Method = how.method or noted

    def __getitem__(self, name: str) -> Tensor:
        """Return a parameter, shared between neurons as it was."""
        value = self.notes.gather(name, getattr(self.node, name), self.neurons)
        if not fits(value, self.neurons):
            raise ExchangeError(f"its {tuple(value.shape)} neurons do not take {self.neurons}")
        return value

    def gain(self, name: str, note: str, tau: Tensor | None) -> Tensor | None:
        """Return the weight of the input; None for a jump, if the weight is still that of one."""
        value = self[name]
        if self.notes.text(note, ("jump",)) is None:
            return value
        dt = float(self.notes.values.get("dt", self.how.dt))
        jump = torch.tensor(1 / dt).double()
        if tau is not None:
            jump = jump_gain(tau, dt, self.noted_method)
        if not torch.allclose(value.double(), jump.expand_as(value), rtol=TOLERANCE, atol=0):
            raise ExchangeError(
                f"its metadata say that the input is a jump, but {name} is not that of one: remove "
                f"{note!r} from the metadata"
            )
        return None

    def firing(self) -> dict[str, Any]:
        """Return what neurons that spike have."""
        wait = self.notes.values.get("refractory", 0.0)
        late = bool(self.notes.values.get("reset_delay", False)) and self.how.reset is None
        return {
            "threshold": self["v_threshold"],
            "v_reset": self["v_reset"],
            "reset": self.how.reset or self.notes.text("reset", get_args(Reset), "zero"),
            "reset_delay": late,
            "refractory": self.notes.gather("refractory", wait, self.neurons),
            "surrogate": self.how.surrogate,
        }


def lif(node: Any, shape: Shape, how: How) -> nn.Module:
    """Return LIF neurons."""
    own = Numbers(node, shape, how)
    tau = own["tau"]
    rest = own.firing() | {"v_leak": own["v_leak"], "method": own.method}
    return LIF(shape, tau, how.dt, r=own.gain("r", "input", tau), **rest)


def cuba_lif(node: Any, shape: Shape, how: How) -> nn.Module:
    """Return LIF neurons with a synaptic current."""
    own = Numbers(node, shape, how)
    syn, mem = own["tau_syn"], own["tau_mem"]
    r, w = own.gain("r", "input", mem), own.gain("w_in", "synapse", syn)
    rest = own.firing() | {"v_leak": own["v_leak"], "method": own.method}
    return CubaLIF(shape, syn, mem, how.dt, r=r, w=w, **rest)


def leaky_integrator(node: Any, shape: Shape, how: How) -> nn.Module:
    """Return leaky integrators."""
    own = Numbers(node, shape, how)
    tau = own["tau"]
    r = own.gain("r", "input", tau)
    return LeakyIntegrator(shape, tau, how.dt, r=r, v_leak=own["v_leak"], method=own.method)


def cuba_integrator(node: Any, shape: Shape, how: How) -> nn.Module:
    """Return leaky integrators of a synaptic current, itself one of the input."""
    own = Numbers(node, shape, how)
    current = LeakyIntegrator(shape, own["tau_syn"], how.dt, r=own["w_in"], method=own.method)
    tau, r, v_leak = own["tau_mem"], own["r"], own["v_leak"]
    membrane = LeakyIntegrator(shape, tau, how.dt, r=r, v_leak=v_leak, method=own.method)
    return Sequential(current, membrane)


def integrate_and_fire(node: Any, shape: Shape, how: How) -> nn.Module:
    """Return neurons without a leak."""
    own = Numbers(node, shape, how)
    return IF(shape, how.dt, r=own.gain("r", "input", None), **own.firing())


def integrator(node: Any, shape: Shape, how: How) -> nn.Module:
    """Return integrators."""
    own = Numbers(node, shape, how)
    return Integrator(shape, how.dt, r=own.gain("r", "input", None))


def delay(node: Any, shape: Shape, how: How) -> nn.Module:
    """Return delays."""
    if len(shape) != 1:
        raise ExchangeError(f"only vectors can be late, not {shape}")
    own = Notes.of(node)
    values = own.gather("delay", node.delay, shape)
    longest = max(float(own.values.get("most", 0.0)), values.max().item())
    return Delay(shape[0], values, how.dt, most=longest)


LOADERS: dict[type, Callable[[Any, Shape, How], nn.Module]] = {
    nir.LIF: lif,
    nir.CubaLIF: cuba_lif,
    nir.LI: leaky_integrator,
    nir.CubaLI: cuba_integrator,
    nir.IF: integrate_and_fire,
    nir.I: integrator,
    nir.Delay: delay,
}
