"""Formulas: what is said. A formula is a sympy Boolean expression."""

from nsai.logic.cardinality import Cardinality, at_least, at_most, exactly, exactly_one
from nsai.logic.errors import FormulaError, ParseError, UnsatisfiableError

__all__ = [
    "Cardinality",
    "FormulaError",
    "ParseError",
    "UnsatisfiableError",
    "at_least",
    "at_most",
    "exactly",
    "exactly_one",
]
