"""Hybrid quantum-classical circuits: PennyLane's language, simulated in vectors of samples."""

from quantum.compiling import CompiledCircuit, compile  # noqa: A004
from quantum.device import FastQubit
from quantum.errors import InputError, QuantumError, UnsupportedError

__all__ = [
    "CompiledCircuit",
    "FastQubit",
    "InputError",
    "QuantumError",
    "UnsupportedError",
    "compile",
]
