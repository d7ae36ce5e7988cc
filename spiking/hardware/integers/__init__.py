"""Neurons and synapses in integers."""

from spiking.hardware.integers.format import Format
from spiking.hardware.integers.network import IntegerNetwork
from spiking.hardware.integers.population import Population
from spiking.hardware.integers.projection import Projection
from spiking.hardware.integers.running import Activity, run_by_clock, run_by_events
from spiking.hardware.integers.weights import as_mantissas, sign_mode_of

__all__ = [
    "Format",
    "IntegerNetwork",
    "Population",
    "Projection",
    "Activity",
    "run_by_clock",
    "run_by_events",
    "as_mantissas",
    "sign_mode_of",
]
