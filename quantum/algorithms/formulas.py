"""Formulas to search: their clauses, and random ones."""

from collections.abc import Sequence
from math import comb

import numpy as np
import sympy
from sympy.logic.boolalg import Boolean

from quantum.errors import InputError

WIDTH = 3  # literals of a clause
LARGEST = 16  # symbols of a planted formula, whose table has 2^16 rows


Literal = tuple[sympy.Symbol, bool]  # and the value by which it holds


def clauses_of(formula: Boolean) -> list[list[Literal]]:
    """Return the clauses of a conjunction; none if it is true.

    Raises
    ------
    InputError
        For a part that is no clause.

    Examples
    --------
    >>> a, b = sympy.symbols("a b")
    >>> clauses_of((a | ~b) & b)
    [[(b, True)], [(a, True), (b, False)]]
    """
    if formula == sympy.true:
        return []
    found = []
    for part in formula.args if isinstance(formula, sympy.And) else (formula,):
        literals = part.args if isinstance(part, sympy.Or) else (part,)
        pairs = [(x.args[0], False) if isinstance(x, sympy.Not) else (x, True) for x in literals]
        if not all(isinstance(symbol, sympy.Symbol) for symbol, _ in pairs):
            raise InputError(f"{part} is no clause; sympy.to_cnf gives a formula of them")
        found.append(pairs)
    return found


def random_formula(
    symbols: Sequence[sympy.Symbol], clauses: int, rng: np.random.Generator
) -> Boolean:
    """Return a conjunction of different random clauses of three literals.

    Parameters
    ----------
    symbols
        Of which each clause has three.
    clauses
        Their number; at 4.27 a symbol half of all large formulas have a model.
    rng
        Source of randomness.

    Raises
    ------
    InputError
        For more clauses than there are.

    References
    ----------
    Mitchell, Selman and Levesque, "Hard and easy distributions of SAT problems", AAAI 1992.

    Examples
    --------
    >>> formula = random_formula(sympy.symbols("x:5"), 10, np.random.default_rng(0))
    >>> len(formula.args)
    10
    """
    most = comb(len(symbols), WIDTH) << WIDTH
    if not 1 <= clauses <= most:
        raise InputError(f"expected 1 to {most} clauses of {len(symbols)} symbols, got {clauses}")
    found: dict[tuple[int, ...], Boolean] = {}
    while len(found) < clauses:
        own, values = _drawn(len(symbols), rng)
        found[(*own, *values)] = _clause(symbols, own, values)
    return sympy.And(*found.values())


def planted_formula(
    symbols: Sequence[sympy.Symbol], models: int, rng: np.random.Generator
) -> Boolean:
    """Return random clauses that a hidden assignment satisfies, until few others do.

    Only clauses that exclude another assignment are taken.

    Parameters
    ----------
    symbols
        At least three, at most 16.
    models
        At most so many are left.
    rng
        Source of randomness.

    Raises
    ------
    InputError
        For another number of symbols, or no model.

    Examples
    --------
    >>> symbols = sympy.symbols("x:4")
    >>> formula = planted_formula(symbols, 1, np.random.default_rng(0))
    >>> len(list(sympy.satisfiable(formula, all_models=True)))
    1
    """
    n = len(symbols)
    if not WIDTH <= n <= LARGEST or models < 1:
        raise InputError(f"expected {WIDTH} to {LARGEST} symbols and a model, got {n} and {models}")
    rows = np.arange(1 << n)[:, None] >> np.arange(n)[::-1] & 1
    hidden, holds = rows[rng.integers(1 << n)], np.ones(1 << n, bool)
    found = []
    while holds.sum() > models:
        own, values = _drawn(n, rng)
        kept = (rows[:, own] == values).any(1)
        if (hidden[own] == values).any() and (holds & ~kept).any():
            holds &= kept
            found.append(_clause(symbols, own, values))
    return sympy.And(*found)


def _drawn(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return which symbols a clause has, and by which values it holds."""
    return np.sort(rng.choice(n, WIDTH, replace=False)), rng.integers(2, size=WIDTH)


def _clause(symbols: Sequence[sympy.Symbol], own: np.ndarray, values: np.ndarray) -> Boolean:
    literals = (symbols[i] if v else ~symbols[i] for i, v in zip(own, values, strict=True))
    return sympy.Or(*literals)
