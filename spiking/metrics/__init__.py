"""What a network costs, in the terms of NeuroBench, and our networks in NeuroBench itself."""

from spiking.metrics.benchmark_model import BenchmarkModel
from spiking.metrics.counters import (
    SynapticOperations,
    activation_sparsity,
    connection_sparsity,
    footprint,
    synaptic_operations,
)

__all__ = [
    "footprint",
    "connection_sparsity",
    "activation_sparsity",
    "synaptic_operations",
    "SynapticOperations",
    "BenchmarkModel",
]
