"""Hybrid quantum-classical circuits: PennyLane's language, simulated in vectors of samples."""

from quantum.ansatz import (
    Ansatz,
    hardware_efficient,
    separable,
    small_angles,
    strongly_entangling,
)
from quantum.compiling import CompiledCircuit, compile  # noqa: A004
from quantum.device import FastQubit
from quantum.embeddings import amplitude_embedding, angle_embedding, iqp_embedding
from quantum.errors import InputError, QuantumError, UnsupportedError
from quantum.hamiltonians import ground_energy, hamiltonian, ising_chain, qaoa
from quantum.kernels import FidelityKernel, ProjectedKernel, target_alignment
from quantum.layer import QuantumLayer
from quantum.measures import expval_first, expval_z, probabilities

__all__ = [
    "Ansatz",
    "CompiledCircuit",
    "FastQubit",
    "FidelityKernel",
    "InputError",
    "ProjectedKernel",
    "QuantumError",
    "QuantumLayer",
    "UnsupportedError",
    "amplitude_embedding",
    "angle_embedding",
    "compile",
    "expval_first",
    "expval_z",
    "ground_energy",
    "hamiltonian",
    "hardware_efficient",
    "iqp_embedding",
    "ising_chain",
    "probabilities",
    "qaoa",
    "separable",
    "small_angles",
    "strongly_entangling",
    "target_alignment",
]
