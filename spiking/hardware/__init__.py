"""Neuromorphic chips: integers on cores, spikes on a mesh, and what they cost."""

from spiking.hardware.ann import ann_energy
from spiking.hardware.chips import DIGITAL, LOIHI, LOIHI2, SPINNAKER2, TRUENORTH, Chip, load_chip
from spiking.hardware.costs import EnergyReport, Events, LatencyReport
from spiking.hardware.errors import CapacityError, ChipError, HardwareError, NetworkError
from spiking.hardware.faults import flip_bits, silence
from spiking.hardware.integers import (
    Activity,
    Format,
    IntegerNetwork,
    Population,
    Projection,
    as_mantissas,
    run_by_clock,
    run_by_events,
    sign_mode_of,
)
from spiking.hardware.placing import (
    LinkLoads,
    PlacedNetwork,
    crossing,
    link_loads,
    partition,
    place,
    route,
)
from spiking.hardware.quantization_aware import StraightThrough, train_quantized
from spiking.hardware.quantize import LayerReport, QuantizedNetwork, quantize
from spiking.hardware.reading import read
from spiking.hardware.simulate import Run, simulate
from spiking.hardware.specification import Specification, run_in_floats, specification_of

__all__ = [
    "Chip",
    "load_chip",
    "LOIHI",
    "LOIHI2",
    "SPINNAKER2",
    "TRUENORTH",
    "DIGITAL",
    "IntegerNetwork",
    "Population",
    "Projection",
    "Format",
    "as_mantissas",
    "sign_mode_of",
    "quantize",
    "train_quantized",
    "StraightThrough",
    "simulate",
    "ann_energy",
    "silence",
    "flip_bits",
    "Run",
    "EnergyReport",
    "LatencyReport",
    "Events",
    "QuantizedNetwork",
    "LayerReport",
    "Specification",
    "read",
    "specification_of",
    "run_in_floats",
    "run_by_events",
    "run_by_clock",
    "Activity",
    "partition",
    "crossing",
    "place",
    "PlacedNetwork",
    "LinkLoads",
    "link_loads",
    "route",
    "HardwareError",
    "ChipError",
    "NetworkError",
    "CapacityError",
]
