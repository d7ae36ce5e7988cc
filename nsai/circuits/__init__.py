"""Circuits: what formulas compile to, and how fast they are evaluated."""

from nsai.circuits.cardinality import cardinality
from nsai.circuits.checked import circuit_from
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
from nsai.circuits.properties import check, is_decomposable, is_deterministic, is_smooth
from nsai.circuits.smooth import smooth

__all__ = [
    "NNF",
    "Circuit",
    "CircuitError",
    "CircuitFormatError",
    "CompilationError",
    "NNFBuilder",
    "PropertyError",
    "cardinality",
    "check",
    "circuit_from",
    "compile",
    "is_decomposable",
    "is_deterministic",
    "is_smooth",
    "read_nnf",
    "read_sdd",
    "smooth",
]
