"""Neuromorphic chips: integers on cores, spikes on a mesh, and what they cost."""

from spiking.hardware.errors import CapacityError, ChipError, HardwareError, NetworkError
from spiking.hardware.integers import Activity, run_by_clock, run_by_events
from spiking.hardware.network import IntegerNetwork, Population, Projection
from spiking.hardware.weights import as_mantissas, sign_mode_of

__all__ = [
    "IntegerNetwork",
    "Population",
    "Projection",
    "as_mantissas",
    "sign_mode_of",
    "run_by_events",
    "run_by_clock",
    "Activity",
    "HardwareError",
    "ChipError",
    "NetworkError",
    "CapacityError",
]
