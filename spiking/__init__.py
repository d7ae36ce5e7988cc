"""Spiking networks: neurons, layers over time, fast on a CPU and with exact gradients.

Axes are (time, batch, ...) everywhere, units are SI.
"""

from spiking.checkpoint import checkpointed
from spiking.closed_form import Solution, firing_rate, siegert_rate, solve_lif
from spiking.conversion import constant_input, convert, mean_output
from spiking.encodings import encode_delta, encode_latency, encode_population, encode_rate
from spiking.events import (
    EventIntegrator,
    EventLIF,
    SortedEvents,
    events_of_arrays,
    first_spike_loss,
    frames_of_events,
)
from spiking.exchange import ExchangeError, from_nir, load_nir, save_nir, to_nir
from spiking.graph import Graph
from spiking.hearing import Cochlea, HairCell, equally_loud, erb, erb_spaced, hear
from spiking.layers import (
    ClipFloorShift,
    Delay,
    DelayedLinear,
    DelayedPopulation,
    Linear,
    Liquid,
    Recurrent,
    Scale,
    SumPool2d,
    Threshold,
)
from spiking.neurons import (
    IF,
    LIF,
    AdaptiveLIF,
    CubaLIF,
    Integrator,
    Izhikevich,
    LeakyIntegrator,
    Neuron,
    Record,
    Temporal,
    time_constant,
)
from spiking.phase import decode_phase, encode_phase
from spiking.sequential import ForeignNeuron, NetworkRecord, Sequential
from spiking.surrogates import ArcTan, Boxcar, FastSigmoid, Foreign, Surrogate, Triangular
from spiking.unroll import unroll

__all__ = [
    "LIF",
    "CubaLIF",
    "AdaptiveLIF",
    "Izhikevich",
    "LeakyIntegrator",
    "IF",
    "Integrator",
    "Neuron",
    "Temporal",
    "Linear",
    "Recurrent",
    "Delay",
    "DelayedLinear",
    "DelayedPopulation",
    "Liquid",
    "Sequential",
    "EventLIF",
    "EventIntegrator",
    "SortedEvents",
    "Cochlea",
    "HairCell",
    "hear",
    "equally_loud",
    "erb",
    "erb_spaced",
    "events_of_arrays",
    "frames_of_events",
    "first_spike_loss",
    "Graph",
    "Scale",
    "Threshold",
    "SumPool2d",
    "Record",
    "NetworkRecord",
    "ForeignNeuron",
    "encode_rate",
    "encode_latency",
    "encode_delta",
    "encode_population",
    "encode_phase",
    "decode_phase",
    "to_nir",
    "from_nir",
    "save_nir",
    "load_nir",
    "ExchangeError",
    "time_constant",
    "solve_lif",
    "Solution",
    "firing_rate",
    "siegert_rate",
    "unroll",
    "checkpointed",
    "Surrogate",
    "FastSigmoid",
    "ArcTan",
    "Triangular",
    "Boxcar",
    "Foreign",
    "convert",
    "constant_input",
    "mean_output",
    "ClipFloorShift",
]
