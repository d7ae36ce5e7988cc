r"""Counting connectives: how many of some formulas hold, kept as one node of the expression.

Written out in ∧, ∨ and ¬, "exactly one of n" takes n² literals, and what it meant is lost to
whoever compiles it. Here it stays a node with n arguments:

.. math:: \mathrm{AtMost}(k; x_1, \dots, x_n) = \Big[\sum_i [x_i] \le k\Big]

All of them are sympy Boolean functions: they nest in ``&``, ``|`` and ``~`` and answer to
``subs``, ``xreplace`` and ``free_symbols``.
"""

from collections.abc import Iterable
from typing import Any

from sympy import And, Integer, S, default_sort_key
from sympy.core.sympify import sympify
from sympy.logic.boolalg import Boolean, BooleanFunction, as_Boolean

from nsai.logic.errors import FormulaError


class Cardinality(BooleanFunction):
    """A node that holds when the number of its operands that hold is in [low, high].

    The arguments are low, high and the operands, in sympy's canonical order; an operand that
    stands there twice counts twice. Constants among the operands are counted at once.

    Parameters
    ----------
    low, high
        Bounds of the number of operands that hold, both inclusive.
    operands
        Formulas.

    Examples
    --------
    >>> from sympy.abc import a, b, c
    >>> node = Cardinality(1, 2, a, b, c)
    >>> node.subs({a: True, b: True})
    ~c
    >>> node.subs({a: True})
    at_most(1, b, c)
    """

    @classmethod
    def eval(cls, low: Any, high: Any, *operands: Any) -> Boolean | None:
        """Count constants, and return a simpler node where there is one."""
        if not (low.is_Integer and high.is_Integer):
            raise FormulaError(f"bounds must be integers, got {low} and {high}")
        least, most = int(low), int(high)
        formulas = sorted(map(as_Boolean, operands), key=default_sort_key)
        rest = [f for f in formulas if f not in (S.true, S.false)]
        held = sum(f == S.true for f in formulas)
        n = len(rest)
        least, most = max(least - held, 0), min(most - held, n)
        if least > most:
            return S.false
        if least == 0 and most == n:
            return S.true
        if least == n:
            return And(*rest)
        if most == 0:
            return And(*(~f for f in rest))
        if (Integer(least), Integer(most), *rest) != (low, high, *operands):
            return cls(least, most, *rest)
        return None

    @property
    def low(self) -> int:
        """Smallest number of operands that may hold."""
        return int(self.args[0])

    @property
    def high(self) -> int:
        """Largest number of operands that may hold."""
        return int(self.args[1])

    @property
    def operands(self) -> tuple[Boolean, ...]:
        """The formulas that are counted."""
        return self.args[2:]

    def negated(self) -> Boolean:
        """Return the negation: fewer than low or more than high."""
        n = len(self.operands)
        fewer = Cardinality(0, self.low - 1, *self.operands) if self.low > 0 else S.false
        more = Cardinality(self.high + 1, n, *self.operands) if self.high < n else S.false
        return fewer | more

    def to_nnf(self, simplify: bool = True, form: Any = None) -> Boolean:
        """Return itself: a count is not expanded."""
        return self

    def _eval_simplify(self, **_: Any) -> Boolean:
        return self

    def _sympystr(self, printer: Any) -> str:
        operands = ", ".join(printer.doprint(f) for f in self.operands)
        n = len(self.operands)
        if self.low == self.high == 1:
            return f"exactly_one({operands})"
        if self.low == self.high:
            return f"exactly({self.low}, {operands})"
        if self.low == 0:
            return f"at_most({self.high}, {operands})"
        if self.high == n:
            return f"at_least({self.low}, {operands})"
        return f"between({self.low}, {self.high}, {operands})"


def exactly_one(formulas: Iterable[Boolean]) -> Boolean:
    """Return "exactly one of these holds", as one node.

    Examples
    --------
    >>> from sympy.abc import a, b, c
    >>> exactly_one([a, b, c])
    exactly_one(a, b, c)
    """
    return exactly(1, formulas)


def exactly(k: int, formulas: Iterable[Boolean]) -> Boolean:
    """Return "exactly k of these hold", as one node.

    Examples
    --------
    >>> from sympy.abc import a, b, c
    >>> exactly(2, [a, b, c])
    exactly(2, a, b, c)
    """
    return Cardinality(_number(k), _number(k), *map(sympify, formulas))


def at_most(k: int, formulas: Iterable[Boolean]) -> Boolean:
    """Return "at most k of these hold", as one node.

    Examples
    --------
    >>> from sympy.abc import a, b
    >>> at_most(1, [a, b]), at_most(0, [a, b])
    (at_most(1, a, b), ~a & ~b)
    """
    return Cardinality(0, _number(k), *map(sympify, formulas))


def at_least(k: int, formulas: Iterable[Boolean]) -> Boolean:
    """Return "at least k of these hold", as one node.

    Examples
    --------
    >>> from sympy.abc import a, b, c
    >>> at_least(2, [a, b, c])
    at_least(2, a, b, c)
    """
    operands = tuple(map(sympify, formulas))
    return Cardinality(_number(k), len(operands), *operands)


def _number(k: int) -> int:
    if isinstance(k, bool) or not isinstance(k, int):
        raise FormulaError(f"k must be an integer, got {k!r}")
    return k
