r"""Formulas in text: the usual symbols and words, read by operator precedence.

========  ==========================  ==============================================
binds     written                     means
========  ==========================  ==============================================
tightest  ``not ~ ! ¬``               negation
\          ``and & && ∧``              conjunction
\          ``xor ^ ⊕``                 exclusive or
\          ``or | || ∨``               disjunction
\          ``implies -> => →``         implication; a -> b -> c is a -> (b -> c)
loosest   ``iff <-> <=> ↔``           equivalence; a <-> b <-> c is (a <-> b) <-> c
========  ==========================  ==============================================

Besides: ``true``, ``false``, parentheses, names of letters, digits and ``_``, any other name in
``'quotes'``, and the functions of `FUNCTIONS`. Nothing is evaluated as Python.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from sympy import ITE, And, Equivalent, Implies, Not, Or, S, Symbol, Xor
from sympy.logic.boolalg import Boolean

from nsai.logic.cardinality import Cardinality
from nsai.logic.errors import ParseError
from nsai.logic.tokens import Token, tokens_of

PRECEDENCE = {"iff": 1, "implies": 2, "or": 3, "xor": 4, "and": 5, "not": 6}
MAX_DEPTH = 100  # of parentheses, and of connectives: sympy recurses over its expressions

# name: how many numbers come first, and what is built of the numbers and the formulas
FUNCTIONS: dict[str, tuple[int, Callable[[list[int], list[Boolean]], Boolean]]] = {
    "exactly_one": (0, lambda _, x: Cardinality(1, 1, *x)),
    "exactly": (1, lambda k, x: Cardinality(k[0], k[0], *x)),
    "at_most": (1, lambda k, x: Cardinality(0, k[0], *x)),
    "at_least": (1, lambda k, x: Cardinality(k[0], len(x), *x)),
    "between": (2, lambda k, x: Cardinality(k[0], k[1], *x)),
    "all_equal": (0, lambda _, x: Equivalent(*x)),
    "ite": (0, lambda _, x: ITE(*x)),
}
EXACT = {"ite": 3}


@dataclass
class _Group:
    """An open parenthesis or function call: what was read in it and still waits."""

    opening: Token
    function: str = ""
    operands: list[tuple[Boolean, int]] = field(default_factory=list)  # with their depth
    operators: list[Token] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    arguments: list[tuple[Boolean, int]] = field(default_factory=list)


def parse(text: str) -> Boolean:
    """Return the formula that a text says, as a sympy expression.

    Parameters
    ----------
    text
        A formula; see the table above.

    Raises
    ------
    ParseError
        Where the text is no formula: with the position, what was found and what expected.

    Examples
    --------
    >>> parse("rain and not umbrella -> wet")
    Implies(rain & ~umbrella, wet)
    >>> parse("exactly_one(red, 'light blue') | ¬a")
    ~a | exactly_one(light blue, red)
    >>> parse("a and or b")
    Traceback (most recent call last):
    nsai.logic.errors.ParseError: found 'or', expected a formula
      a and or b
            ^
    """
    return _Reader(text).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens_of(text)
        self.groups = [_Group(self.tokens[-1])]
        self.place = 0

    def read(self) -> Boolean:
        wants_operand = True
        while True:
            token = self.tokens[self.place]
            self.place += 1
            if wants_operand:
                wants_operand = self._operand(token)
            elif token.kind == "end":
                if len(self.groups) > 1:
                    opening = self.groups[-1].opening
                    opened = f"')' for the '(' at position {opening.position}"
                    raise self._wrong(token, f"an operator or {opened}")
                return self._whole()[0]
            else:
                wants_operand = self._operator(token)

    def _operand(self, token: Token) -> bool:
        """Read where a formula is expected; return whether one is still expected."""
        group = self.groups[-1]
        if token.kind == "not":
            group.operators.append(token)
            return True
        if token.kind == "(":
            self._open(_Group(token))
            return True
        if token.kind in ("true", "false"):
            group.operands.append((S.true if token.kind == "true" else S.false, 0))
            return False
        if token.kind != "name":
            raise self._wrong(token, "a formula")
        following = self.tokens[self.place]
        if following.kind == "(" and not token.quoted:
            self.place += 1
            self._call(token, following)
            return True
        group.operands.append((Symbol(token.text), 0))
        return False

    def _operator(self, token: Token) -> bool:
        """Read after a formula; return whether another formula is expected."""
        group = self.groups[-1]
        if token.kind in PRECEDENCE and token.kind != "not":
            self._reduce(PRECEDENCE[token.kind])
            group.operators.append(token)
            return True
        if token.kind == "," and group.function:
            group.arguments.append(self._whole())
            return True
        if token.kind == ")" and len(self.groups) > 1:
            made = self._close(token) if group.function else self._whole()
            self.groups.pop()
            self.groups[-1].operands.append(made)
            return False
        closing = " or ')'" if len(self.groups) > 1 else " or the end"
        raise self._wrong(token, f"an operator{', a comma' * bool(group.function)}{closing}")

    def _open(self, group: _Group) -> None:
        if len(self.groups) > MAX_DEPTH:
            message = f"parentheses more than {MAX_DEPTH} deep"
            raise ParseError(self.text, group.opening.position, message)
        self.groups.append(group)

    def _call(self, name: Token, opening: Token) -> None:
        function = name.text.lower()
        if function not in FUNCTIONS:
            known = ", ".join(FUNCTIONS)
            message = f"found the unknown function {name.text!r}, expected an operator or {known}"
            raise ParseError(self.text, name.position, message)
        group = _Group(opening, function)
        self._open(group)
        for _ in range(FUNCTIONS[function][0]):
            number, comma = self.tokens[self.place : self.place + 2]
            if number.kind != "number":
                raise self._wrong(number, f"a number first in {function}")
            if comma.kind != ",":
                raise self._wrong(comma, f"a comma and formulas in {function}")
            group.numbers.append(int(number.text))
            self.place += 2

    def _close(self, token: Token) -> tuple[Boolean, int]:
        group = self.groups[-1]
        group.arguments.append(self._whole())
        formulas = [formula for formula, _ in group.arguments]
        wanted = EXACT.get(group.function, len(formulas))
        if len(formulas) != wanted:
            message = f"{group.function} takes {wanted} formulas, found {len(formulas)}"
            raise ParseError(self.text, token.position, message)
        depth = 1 + max(depth for _, depth in group.arguments)
        self._check(depth, token)
        return FUNCTIONS[group.function][1](group.numbers, formulas), depth

    def _whole(self) -> tuple[Boolean, int]:
        self._reduce(0)
        return self.groups[-1].operands.pop()

    def _reduce(self, precedence: int) -> None:
        """Apply the operators that bind tighter than the one that comes."""
        group = self.groups[-1]
        while group.operators and PRECEDENCE[group.operators[-1].kind] > precedence:
            token = group.operators.pop()
            run = 1
            while group.operators and group.operators[-1].kind == token.kind:
                group.operators.pop()
                run += 1
            if token.kind == "not":
                formula, depth = group.operands.pop()
                made = (Not(formula) if run % 2 else formula), depth + 1
            else:
                x = group.operands[-run - 1 :]
                del group.operands[-run - 1 :]
                made = _joined(token.kind, [formula for formula, _ in x])
                chained = run if token.kind in ("implies", "iff") else 1
                made = made, chained + max(depth for _, depth in x)
            self._check(made[1], token)
            group.operands.append(made)

    def _check(self, depth: int, token: Token) -> None:
        if depth > MAX_DEPTH:
            message = f"connectives nested more than {MAX_DEPTH} deep"
            raise ParseError(self.text, token.position, message)

    def _wrong(self, token: Token, expected: str) -> ParseError:
        return ParseError(self.text, token.position, f"found {token}, expected {expected}")


def _joined(kind: str, x: list[Boolean]) -> Boolean:
    """Join formulas by one operator: ∧, ∨ and ⊕ at once, → from the right, ↔ from the left."""
    if kind in ("and", "or", "xor"):
        return {"and": And, "or": Or, "xor": Xor}[kind](*x)
    if kind == "implies":
        made = x[-1]
        for premise in reversed(x[:-1]):
            made = Implies(premise, made)
        return made
    made = x[0]
    for other in x[1:]:
        made = Equivalent(made, other)
    return made
