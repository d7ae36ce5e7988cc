"""Spiking networks: neurons, layers over time, fast on a CPU and with exact gradients.

Axes are (time, batch, ...) everywhere, units are SI.
"""

from spiking.encodings import encode_delta, encode_latency, encode_population, encode_rate
from spiking.checkpoint import checkpointed
from spiking.delayed_linear import DelayedLinear
from spiking.delays import Delay
from spiking.exact import Solution, solve_lif
from spiking.firing_rates import firing_rate, siegert_rate
from spiking.linear import Linear
from spiking.neurons import (
    LIF,
    AdaptiveLIF,
    CubaLIF,
    Izhikevich,
    LeakyIntegrator,
    Neuron,
    Record,
    Temporal,
    time_constant,
)
from spiking.recurrent import Recurrent
from spiking.sequential import ForeignNeuron, NetworkRecord, Sequential
from spiking.surrogates import ArcTan, Boxcar, FastSigmoid, Foreign, Surrogate, Triangular
from spiking.unroll import unroll

__all__ = [
    "LIF",
    "CubaLIF",
    "AdaptiveLIF",
    "Izhikevich",
    "LeakyIntegrator",
    "Neuron",
    "Temporal",
    "Linear",
    "Recurrent",
    "Delay",
    "DelayedLinear",
    "Sequential",
    "Record",
    "NetworkRecord",
    "ForeignNeuron",
    "encode_rate",
    "encode_latency",
    "encode_delta",
    "encode_population",
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
]
