"""Clauses without auxiliary variables: ∨ distributed over ∧, within a budget."""

from collections.abc import Iterable, Mapping
from math import comb

from sympy import S
from sympy.logic.boolalg import Boolean

from nsai.logic.cardinality import Cardinality
from nsai.logic.connectives import Clauses, Signed, clauses_of
from nsai.logic.counting import Clause, direct_clauses
from nsai.logic.errors import FormulaError
from nsai.logic.expressions import operands, shown


def distribute(
    formulas: Iterable[Boolean], number: Mapping[Boolean, int], budget: int
) -> tuple[Clause, ...]:
    """Return the clauses of formulas that hold together.

    Parameters
    ----------
    formulas
        What holds.
    number
        The variable of each symbol.
    budget
        Most clauses that any part may take.

    Raises
    ------
    FormulaError
        If a part takes more clauses than the budget.

    Examples
    --------
    >>> from sympy.abc import a, b
    >>> distribute([a ^ b], {a: 1, b: 2}, budget=10)
    ((1, 2), (-1, -2))
    """
    known: dict[Signed, list[Clause]] = {}
    total: dict[Clause, None] = {}
    for formula in formulas:
        root = (formula, True)
        stack = [(root, False)]
        while stack:
            part, ready = stack.pop()
            if part in known:
                continue
            if not operands(part[0]):
                known[part] = _leaf(part, number)
                continue
            rows = _rows(part, budget)
            if ready:
                known[part] = _multiplied(part[0], rows, known, budget)
            else:
                stack.append((part, True))
                stack.extend((inner, False) for row in rows for inner in row)
        total.update(dict.fromkeys(known[root]))
    _check(len(total), budget, "the formulas together")
    return tuple(total)


def _leaf(part: Signed, number: Mapping[Boolean, int]) -> list[Clause]:
    node, sign = part
    if node in (S.true, S.false):
        return [] if (node == S.true) == sign else [()]
    return [(number[node] if sign else -number[node],)]


def _rows(part: Signed, budget: int) -> Clauses:
    """Return the clauses of a part over its operands."""
    node, sign = part
    if not isinstance(node, Cardinality):
        return clauses_of(node, sign)
    n, low, high = len(node.operands), node.low, node.high
    few = comb(n, n - low + 1) if low else 0
    many = comb(n, high + 1)
    if sign:
        _check(few + many, budget, shown(node))
        return [[(node.operands[i], s) for i, s in row] for row in direct_clauses(n, low, high)]
    less = direct_clauses(n, 0, low - 1) if low and _fits(comb(n, low), budget, node) else [[]]
    more = direct_clauses(n, high + 1, n) if high < n and _fits(many, budget, node) else [[]]
    _check(len(less) * len(more), budget, shown(node))
    return [[(node.operands[i], s) for i, s in a + b] for a in less for b in more]


def _fits(clauses: int, budget: int, node: Boolean) -> bool:
    _check(clauses, budget, shown(node))
    return True


def _check(clauses: int, budget: int, what: str) -> None:
    if clauses > budget:
        remedy = 'use method="tseitin" or raise the budget'
        raise FormulaError(f"{what}: more than {budget} clauses by distribution; {remedy}")


def _multiplied(
    node: Boolean, rows: Clauses, known: Mapping[Signed, list[Clause]], budget: int
) -> list[Clause]:
    """Return the clauses of a conjunction of disjunctions of parts whose clauses are known."""
    made: dict[Clause, None] = {}
    for row in rows:
        partial: dict[Clause, None] = {(): None}
        for part in row:
            partial = {
                merged: None
                for clause in partial
                for other in known[part]
                if (merged := _merged(clause, other)) is not None
            }
            _check(len(partial), budget, shown(node))
        made.update(partial)
        _check(len(made), budget, shown(node))
    return list(made)


def _merged(clause: Clause, other: Clause) -> Clause | None:
    """Return the disjunction of two clauses in order of variables, None for a tautology."""
    literals = {*clause, *other}
    if any(-literal in literals for literal in other):
        return None
    return tuple(sorted(literals, key=abs))
