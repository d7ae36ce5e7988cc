"""Formulas as text that `parse` reads back."""

from sympy import ITE, And, Equivalent, Implies, Nand, Nor, Not, Or, S, Symbol, Xor
from sympy.logic.boolalg import Boolean, Exclusive, Xnor

from nsai.logic.cardinality import Cardinality
from nsai.logic.errors import FormulaError
from nsai.logic.expressions import operands, postorder, shown, symbols_of
from nsai.logic.parser import PRECEDENCE
from nsai.logic.tokens import name_text

ATOM = 9  # binds tighter than every operator
JOINED = {And: "and", Or: "or", Xor: "xor", Nand: "and", Nor: "or", Xnor: "xor"}

# A text, and how tightly its outermost operator binds.
Written = tuple[str, int]


def to_text(formula: Boolean) -> str:
    r"""Return a formula in text, such that ``parse(to_text(formula))`` is the formula.

    Connectives that sympy would simplify, because they were built with ``evaluate=False``, come
    back simplified; Nand, Nor and Xnor as negations.

    Raises
    ------
    FormulaError
        If a part is no connective and no Boolean symbol, or two symbols have one name.

    Examples
    --------
    >>> from sympy import Symbol
    >>> from sympy.abc import a, b, c
    >>> print(to_text((a & ~b) >> (c | Symbol("it's so"))))
    a & ~b -> c | 'it\'s so'
    >>> print(to_text(Cardinality(0, 1, a, b, c) ^ ITE(a, b, c)))
    ite(a, b, c) ^ at_most(1, a, b, c)
    """
    symbols_of(formula)
    written: dict[Boolean, Written] = {}
    for node in postorder(formula):
        written[node] = _written(node, [written[inner] for inner in operands(node)])
    return written[formula][0]


def _written(node: Boolean, inner: list[Written]) -> Written:
    if isinstance(node, Symbol):
        return name_text(node.name), ATOM
    if node in (S.true, S.false):
        return ("true" if node == S.true else "false"), ATOM
    if isinstance(node, Cardinality):
        return _call(_count_name(node), inner)
    if isinstance(node, Not):
        return _negated(inner[0])
    if isinstance(node, ITE):
        return _call("ite(", inner)
    if isinstance(node, Exclusive):
        return _call("at_most(1, ", inner)
    if isinstance(node, Implies):
        return _infix(" -> ", "implies", inner)
    if isinstance(node, Equivalent):
        return _infix(" <-> ", "iff", inner) if len(inner) == 2 else _call("all_equal(", inner)
    if type(node) in JOINED:
        kind = JOINED[type(node)]
        sign = {"and": " & ", "or": " | ", "xor": " ^ "}[kind]
        made = _infix(sign, kind, inner) if len(inner) > 1 else _alone(kind, inner)
        return _negated(made) if isinstance(node, Nand | Nor | Xnor) else made
    raise FormulaError(f"{type(node).__name__} has no form in text: {shown(node)}")


def _alone(kind: str, inner: list[Written]) -> Written:
    return inner[0] if inner else ("true" if kind == "and" else "false", ATOM)


def _call(opening: str, inner: list[Written]) -> Written:
    return f"{opening}{', '.join(text for text, _ in inner)})", ATOM


def _infix(sign: str, kind: str, inner: list[Written]) -> Written:
    binds = PRECEDENCE[kind]
    return sign.join(text if b > binds else f"({text})" for text, b in inner), binds


def _negated(inner: Written) -> Written:
    text, binds = inner
    return (f"~{text}" if binds >= PRECEDENCE["not"] else f"~({text})"), PRECEDENCE["not"]


def _count_name(node: Boolean) -> str:
    low, high, n = node.low, node.high, len(node.operands)
    if low == high == 1:
        return "exactly_one("
    if low == high:
        return f"exactly({low}, "
    if low == 0:
        return f"at_most({high}, "
    return f"at_least({low}, " if high == n else f"between({low}, {high}, "
