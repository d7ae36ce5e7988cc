"""Formulas: what is said. A formula is a sympy Boolean expression."""

from nsai.logic.cardinality import Cardinality, at_least, at_most, exactly, exactly_one
from nsai.logic.cnf import CNF, to_cnf
from nsai.logic.errors import FormulaError, ParseError, UnsatisfiableError
from nsai.logic.expressions import check_names, symbols_of
from nsai.logic.parser import parse
from nsai.logic.printer import to_text
from nsai.logic.questions import (
    counterexample,
    entails,
    equivalent,
    is_tautology,
    model,
    models,
    require_satisfiable,
    satisfiable,
    unsatisfiable_core,
)

__all__ = [
    "at_least",
    "at_most",
    "Cardinality",
    "check_names",
    "CNF",
    "counterexample",
    "entails",
    "equivalent",
    "exactly",
    "exactly_one",
    "FormulaError",
    "is_tautology",
    "model",
    "models",
    "parse",
    "ParseError",
    "require_satisfiable",
    "satisfiable",
    "symbols_of",
    "to_cnf",
    "to_text",
    "unsatisfiable_core",
    "UnsatisfiableError",
]
