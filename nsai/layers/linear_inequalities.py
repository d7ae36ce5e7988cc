r"""Linear inequalities in exact arithmetic: reading them, and eliminating variables from them.

Fourier–Motzkin elimination: whatever bounds the last variable from above and from below,

.. math:: \ell(x_1, \dots, x_{n-1}) \le x_n \le u(x_1, \dots, x_{n-1}),

leaves :math:`\ell \le u` for every pair of bounds as what the others must satisfy, and so on down
to no variable at all. If that leaves 0 ≤ b with b ≥ 0, then any values that respect the bounds one
variable after the other can be completed, and otherwise nothing satisfies the inequalities.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import reduce
from typing import Any

from sympy import Add, Eq, Ge, Gt, Le, Lt, Mul, Symbol
from sympy.core.relational import Relational

from nsai.logic.errors import FormulaError, ParseError, UnsatisfiableError

# coefficients by name, the constant under ""
Linear = dict[str, Fraction]


@dataclass(frozen=True)
class Inequality:
    """Σ coefficients · x ≤ bound (< where strict, = where equal).

    Attributes
    ----------
    coefficients
        Whole numbers without a common factor, one a variable.
    bound
        The right-hand side.
    strict, equal
        Which relation it is.
    slack
        How far the bound moves inwards per unit of margin: at least the sum of the absolute
        coefficients, and for a derived inequality the same sum of those that it came from.
    sources
        Indices of the constraints that it was derived from.
    """

    coefficients: tuple[int, ...]
    bound: Fraction
    strict: bool = False
    equal: bool = False
    slack: Fraction = Fraction(0)
    sources: frozenset[int] = frozenset()


def read(constraint: Relational | str) -> list[tuple[Linear, str]]:
    """Return the constraint as linear forms f with "<=", "<" or "==", for f ≤ 0 and so on.

    Parameters
    ----------
    constraint
        A sympy relation, or text such as ``"y1 - 2*y2 <= 3"`` or ``"0 <= y1 <= y2"``. Text is
        parsed here and never evaluated. A float is read as the decimal number it prints as.

    Raises
    ------
    FormulaError
        If it is not linear; for text, a `ParseError` with the position.

    Examples
    --------
    >>> read("y1 - 2*y2 <= 3")
    [({'y1': Fraction(1, 1), 'y2': Fraction(-2, 1), '': Fraction(-3, 1)}, '<=')]
    """
    if isinstance(constraint, str):
        return _Reader(constraint).relations()
    signs: dict[Any, str] = {Le: "<=", Lt: "<", Ge: ">=", Gt: ">", Eq: "=="}
    if type(constraint) not in signs:
        raise FormulaError(f"a constraint must be <=, <, >=, > or ==, got {constraint}")
    left, right = constraint.args
    sign = signs[type(constraint)]
    return [_relation(_linear(left, constraint), sign, _linear(right, constraint))]


def _relation(left: Linear, sign: str, right: Linear) -> tuple[Linear, str]:
    if sign in (">", ">="):
        left, right, sign = right, left, sign.replace(">", "<")
    return _plus(left, _times({"": Fraction(-1)}, right) or {}), sign


def _plus(a: Linear, b: Linear) -> Linear:
    return {name: a.get(name, Fraction(0)) + b.get(name, Fraction(0)) for name in {**a, **b}}


def _times(a: Linear, b: Linear) -> Linear | None:
    """Return the product, or None if it is not linear."""
    if any(a[name] for name in a if name):
        a, b = b, a
    if any(a[name] for name in a if name):
        return None
    return {name: a.get("", Fraction(0)) * value for name, value in b.items()}


def _linear(expression: Any, whole: Any) -> Linear:
    """Return a sympy expression as a linear form."""
    if isinstance(expression, Symbol):
        return {expression.name: Fraction(1)}
    if expression.is_Rational:
        return {"": Fraction(int(expression.p), int(expression.q))}
    if expression.is_Float and expression.is_finite:
        return {"": Fraction(repr(float(expression)))}
    if isinstance(expression, Add | Mul):
        parts = [_linear(part, whole) for part in expression.args]
        if isinstance(expression, Add):
            return reduce(_plus, parts)
        result: Linear | None = {"": Fraction(1)}
        for part in parts:
            result = None if result is None else _times(result, part)
        if result is not None:
            return result
    raise FormulaError(f"{whole} is not linear with rational coefficients: it has {expression}")


class _Reader:
    """A parser of linear relations, by recursive descent."""

    TOKEN = re.compile(
        r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?)|(?P<name>[^\W\d]\w*)"
        r"|(?P<sign><=|>=|==|=|<|>)|(?P<other>[-+*/()])|(?P<end>$))"
    )

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.advance()

    def advance(self) -> None:
        match = self.TOKEN.match(self.text, self.position)
        if match is None:
            start = len(self.text) - len(self.text[self.position :].lstrip())
            raise ParseError(self.text, start, f"unexpected {self.text[start]!r}")
        self.kind = match.lastgroup or ""
        self.token = match[self.kind]
        self.start, self.position = match.start(self.kind), match.end()

    def fail(self, message: str) -> ParseError:
        return ParseError(self.text, self.start, message)

    def relations(self) -> list[tuple[Linear, str]]:
        found = []
        left = self.sum()
        while self.kind == "sign":
            sign = "==" if self.token == "=" else self.token
            self.advance()
            right = self.sum()
            found.append(_relation(left, sign, right))
            left = right
        if self.kind != "end" or not found:
            wanted = "the end" if found else "<=, <, >=, > or =="
            raise self.fail(f"expected {wanted}, got {self.token or 'the end'}")
        return found

    def sum(self) -> Linear:
        result = self.product()
        while self.token in ("+", "-"):
            scale = {"": Fraction(1 if self.token == "+" else -1)}
            self.advance()
            result = _plus(result, _times(scale, self.product()) or {})
        return result

    def product(self) -> Linear:
        result = self.factor()
        while self.token in ("*", "/"):
            divide = self.token == "/"
            self.advance()
            start = self.start
            other = self.factor()
            if divide:
                if any(other[name] for name in other if name) or not other.get(""):
                    raise ParseError(self.text, start, "can divide only by a number but 0")
                other = {"": 1 / other[""]}
            joined = _times(result, other)
            if joined is None:
                raise ParseError(self.text, start, "a product of variables is not linear")
            result = joined
        return result

    def factor(self) -> Linear:
        kind, token = self.kind, self.token
        if token in ("+", "-"):
            self.advance()
            return _times({"": Fraction(token + "1")}, self.factor()) or {}
        if token == "(":
            self.advance()
            inside = self.sum()
            if self.token != ")":
                raise self.fail(f"expected ), got {self.token or 'the end'}")
            self.advance()
            return inside
        if kind not in ("number", "name"):
            raise self.fail(f"expected a number or a variable, got {token or 'the end'}")
        self.advance()
        return {token: Fraction(1)} if kind == "name" else {"": Fraction(token)}


def inequality(
    form: Linear, sign: str, order: Sequence[str], source: int, margin: Fraction = Fraction(0)
) -> Inequality:
    """Return a form and its sign as an inequality over variables in an order."""
    bound = -form.get("", Fraction(0))
    strict = sign == "<"
    if strict and margin:
        bound, strict = bound - margin, False
    values = [form.get(name, Fraction(0)) for name in order]
    return _primitive(
        values, bound, Inequality((), bound, strict, sign == "==", Fraction(0), frozenset({source}))
    )


def _primitive(values: Sequence[Fraction], bound: Fraction, like: Inequality) -> Inequality:
    """Return the inequality scaled to whole coefficients without a common factor."""
    common = math.lcm(*(v.denominator for v in values))
    whole = [int(v * common) for v in values]
    divisor = math.gcd(*whole) or 1
    scale = Fraction(common, divisor)
    coefficients = tuple(w // divisor for w in whole)
    slack = max(like.slack * scale, Fraction(sum(map(abs, coefficients))))
    if not any(coefficients):
        slack = Fraction(0)
    return replace(
        like,
        coefficients=coefficients,
        bound=bound * scale,
        slack=Fraction(0) if like.equal else slack,
    )


def _combine(a: Inequality, p: int, b: Inequality, q: int) -> Inequality:
    """Return p·a + q·b; the factor of an inequality must not be negative."""
    values = [Fraction(p * x + q * y) for x, y in zip(a.coefficients, b.coefficients, strict=True)]
    like = Inequality(
        (),
        Fraction(0),
        a.strict or b.strict,
        a.equal and b.equal,
        abs(p) * a.slack + abs(q) * b.slack,
        a.sources | b.sources,
    )
    return _primitive(values, p * a.bound + q * b.bound, like)


def eliminate(
    inequalities: Sequence[Inequality], variables: int, most: int = 20_000
) -> list[list[Inequality]]:
    """Return for each variable the inequalities that bound it by the variables before it.

    Parameters
    ----------
    inequalities
        Over that many variables.
    variables
        Their number.
    most
        Largest number of inequalities to go on with.

    Raises
    ------
    UnsatisfiableError
        If nothing satisfies them; `core` has the indices of constraints that contradict each
        other, not necessarily the fewest.
    FormulaError
        If there would be more than `most` inequalities at once.
    """
    levels: list[list[Inequality]] = [[] for _ in range(variables)]
    rows = _tightest(inequalities)
    for i in reversed(range(variables)):
        bounding = [row for row in rows if row.coefficients[i]]
        rest = [row for row in rows if not row.coefficients[i]]
        equalities = [row for row in bounding if row.equal]
        if equalities:
            pivot = min(equalities, key=lambda row: sum(map(bool, row.coefficients)))
            own = pivot.coefficients[i]
            levels[i] = [pivot]
            for row in bounding:
                if row is not pivot:
                    factor = -row.coefficients[i] if own > 0 else row.coefficients[i]
                    rest.append(_combine(row, abs(own), pivot, factor))
        else:
            levels[i] = bounding
            uppers = [row for row in bounding if row.coefficients[i] > 0]
            lowers = [row for row in bounding if row.coefficients[i] < 0]
            if len(uppers) * len(lowers) > 50 * most:
                raise _too_many(most)
            rest += [
                _combine(upper, -lower.coefficients[i], lower, upper.coefficients[i])
                for upper in uppers
                for lower in lowers
            ]
        rows = _tightest(rest)
        if len(rows) > most:
            raise _too_many(most)
    return levels


def _too_many(most: int) -> FormulaError:
    return FormulaError(
        f"eliminating variables makes more than {most} inequalities; try another order, or name "
        "first the variables that share many constraints"
    )


def _tightest(rows: Sequence[Inequality]) -> list[Inequality]:
    """Keep the tightest of inequalities with equal coefficients, and check the constant ones."""
    kept: dict[tuple[tuple[int, ...], bool], Inequality] = {}
    for row in rows:
        if not any(row.coefficients):
            if row.bound < 0 or (row.bound == 0 and row.strict) or (row.equal and row.bound):
                raise UnsatisfiableError("contradiction", tuple(sorted(row.sources)))
            continue
        key = (row.coefficients, row.equal)
        other = kept.get(key)
        if row.equal:
            if other is not None and other.bound != row.bound:
                raise UnsatisfiableError(
                    "contradiction", tuple(sorted(row.sources | other.sources))
                )
            kept[key] = other or row
        elif other is None:
            kept[key] = row
        else:
            best = min(row, other, key=lambda r: (r.bound, not r.strict, len(r.sources)))
            kept[key] = replace(best, slack=max(row.slack, other.slack))
    return list(kept.values())


def minimal_core(
    inequalities: Sequence[Inequality], variables: int, core: Sequence[int]
) -> list[int]:
    """Shrink the indices of contradicting constraints until none can be left out."""
    core = list(core)
    for candidate in list(core):
        if candidate not in core:
            continue
        fewer = [row for row in inequalities if row.sources <= set(core) - {candidate}]
        try:
            eliminate(fewer, variables)
        except UnsatisfiableError as error:
            core = [index for index in error.core if isinstance(index, int)]
    return core
