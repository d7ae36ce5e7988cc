"""Tseitin's encoding: a literal for each part of a formula, tied to it in both directions."""

from collections.abc import Mapping

from sympy import S
from sympy.logic.boolalg import Boolean

from nsai.logic.cardinality import Cardinality
from nsai.logic.connectives import Signed, clauses_of
from nsai.logic.counting import Clause, count_literals
from nsai.logic.expressions import operands, postorder


class Encoder:
    """Clauses that grow as formulas are demanded or asked for their literal.

    Equal parts share a literal. Every auxiliary variable is determined by the symbols.

    Parameters
    ----------
    number
        The variable of each symbol, 1..n.

    Examples
    --------
    >>> from sympy.abc import a, b
    >>> encoder = Encoder({a: 1, b: 2})
    >>> encoder.literal(a & b), encoder.clauses
    (3, [(-3, 1), (-3, 2), (3, -1, -2)])
    """

    def __init__(self, number: Mapping[Boolean, int]) -> None:
        self.clauses: list[Clause] = []
        self.variables = len(number)
        self._literal: dict[Boolean, int] = dict(number)

    def new(self) -> int:
        """Return a new auxiliary variable; whoever asks adds the clauses that determine it."""
        self.variables += 1
        return self.variables

    def literal(self, formula: Boolean) -> int:
        """Return a literal that holds iff the formula does."""
        if formula not in self._literal:
            for node in postorder(formula):
                if node not in self._literal:
                    self._literal[node] = self._defined(node)
        return self._literal[formula]

    def demand(self, formula: Boolean, when: int | None = None) -> None:
        """Add clauses that say that the formula holds, or, given `when`, that `when` implies it."""
        unless = () if when is None else (-when,)
        waiting: list[Signed] = [(formula, True)]
        for node, sign in waiting:  # grows
            if not operands(node):
                if node in (S.true, S.false):
                    if (node == S.true) != sign:
                        self._add(unless)
                else:
                    self._add((*unless, self._signed((node, sign))))
            elif isinstance(node, Cardinality):
                counted = self._counted(node)
                if sign:
                    for literal in counted:
                        self._add((*unless, literal))
                else:
                    self._add((*unless, *(-literal for literal in counted)))
            else:
                for clause in clauses_of(node, sign):
                    if len(clause) == 1:
                        waiting.append(clause[0])
                    else:
                        self._add((*unless, *map(self._signed, _flat(clause))))

    def _defined(self, node: Boolean) -> int:
        if node in (S.true, S.false):
            constant = self.new()
            self._add((constant if node == S.true else -constant,))
            return constant
        if isinstance(node, Cardinality):
            counted = self._counted(node)
            if len(counted) == 1:
                return counted[0]
            made = self.new()
            for literal in counted:
                self._add((-made, literal))
            self._add((made, *(-literal for literal in counted)))
            return made
        holds = clauses_of(node, True)
        if len(holds) == 1 and len(holds[0]) == 1:
            return self._signed(holds[0][0])
        rows = [[self._signed(part) for part in clause] for clause in holds]
        others = [[self._signed(part) for part in clause] for clause in clauses_of(node, False)]
        made = self.new()
        for row in rows:
            self._add((-made, *row))
        for row in others:
            self._add((made, *row))
        return made

    def _counted(self, node: Boolean) -> list[int]:
        inputs = [self.literal(f) for f in node.operands]
        return count_literals(inputs, node.low, node.high, self.new, self._add)

    def _signed(self, part: Signed) -> int:
        formula, sign = part
        return self.literal(formula) if sign else -self.literal(formula)

    def _add(self, clause: Clause) -> None:
        short = tuple(dict.fromkeys(clause))
        if not any(-literal in short for literal in short):
            self.clauses.append(short)


def _flat(clause: list[Signed]) -> list[Signed]:
    """Open the members of a disjunction that are disjunctions themselves."""
    opened: list[Signed] = []
    waiting = list(reversed(clause))
    while waiting:
        node, sign = waiting.pop()
        whole = isinstance(node, Cardinality) or not operands(node)
        inner = [] if whole else clauses_of(node, sign)
        if len(inner) == 1:
            waiting.extend(reversed(inner[0]))
        else:
            opened.append((node, sign))
    return opened
