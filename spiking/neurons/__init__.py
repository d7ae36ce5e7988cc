"""Neurons: one a file, each a pure step and a layer that takes all time steps at once."""

from spiking.neurons.adaptive_lif import AdaptiveLIF
from spiking.neurons.cuba_lif import CubaLIF
from spiking.neurons.integrate_and_fire import IF, Integrator
from spiking.neurons.izhikevich import Izhikevich
from spiking.neurons.leaky_integrator import LeakyIntegrator
from spiking.neurons.lif import LIF
from spiking.neurons.neuron import Neuron, Record, Temporal, time_constant

__all__ = [
    "AdaptiveLIF",
    "CubaLIF",
    "IF",
    "Integrator",
    "Izhikevich",
    "LIF",
    "LeakyIntegrator",
    "Neuron",
    "Record",
    "Temporal",
    "time_constant",
]
