"""Circuits: what formulas compile to, and how fast they are evaluated."""

from nsai.circuits.cardinality import cardinality
from nsai.circuits.circuit import Circuit
from nsai.circuits.compiler import compile  # noqa: A004 - circuits.compile, as re.compile
from nsai.circuits.errors import (
    CircuitError,
    CircuitFormatError,
    CompilationError,
    PropertyError,
)
from nsai.circuits.formats import read_nnf, read_sdd
from nsai.circuits.nnf import NNF, NNFBuilder

__all__ = [
    "NNF",
    "Circuit",
    "CircuitError",
    "CircuitFormatError",
    "CompilationError",
    "NNFBuilder",
    "PropertyError",
    "cardinality",
    "compile",
    "read_nnf",
    "read_sdd",
]
