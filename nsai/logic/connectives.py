r"""What each connective means, once: the clauses that it demands of its operands.

A connective g with operands x is two lists of clauses over the operands and their negations,
one for g and one for ¬g:

.. math:: g \Leftrightarrow \bigwedge_i \bigvee_j \ell_{ij}, \qquad
          \neg g \Leftrightarrow \bigwedge_i \bigvee_j \ell'_{ij}

Distribution and Tseitin's encoding both read them from here. Counts are not listed: their
clauses are exponentially many (see `nsai.logic.counting`).
"""

from sympy import And, Equivalent, Implies, Nand, Nor, Not, Or, Xor
from sympy.logic.boolalg import ITE, Boolean, Exclusive, Xnor

from nsai.logic.cardinality import Cardinality
from nsai.logic.errors import FormulaError
from nsai.logic.expressions import shown

# A part of a formula, and whether it is taken as it stands (True) or negated.
Signed = tuple[Boolean, bool]
Clauses = list[list[Signed]]


def clauses_of(node: Boolean, sign: bool) -> Clauses:
    """Return the clauses over the operands of a connective that say that it holds, or fails.

    Parameters
    ----------
    node
        A connective of sympy. An exclusive or of many is split into two halves.
    sign
        True for the connective, False for its negation.

    Raises
    ------
    FormulaError
        If it is another function.

    Examples
    --------
    >>> from sympy.abc import a, b
    >>> clauses_of(a >> b, True)
    [[(a, False), (b, True)]]
    >>> clauses_of(a >> b, False)
    [[(a, True)], [(b, False)]]
    """
    x = node.args
    if isinstance(node, Not):
        return [[(x[0], not sign)]]
    if isinstance(node, Nand | Nor | Xnor):
        kind = {Nand: And, Nor: Or, Xnor: Xor}[type(node)]
        return [[(kind(*x, evaluate=False), not sign)]]
    if isinstance(node, And | Or):
        together = isinstance(node, And) == sign
        return [[(f, sign)] for f in x] if together else [[(f, sign) for f in x]]
    if isinstance(node, Implies):
        a, b = x
        return [[(a, False), (b, True)]] if sign else [[(a, True)], [(b, False)]]
    if isinstance(node, Equivalent):
        if not sign:
            return [[(f, True) for f in x], [(f, False) for f in x]]
        circle = zip(x, (*x[1:], x[0]), strict=True)
        return [[(f, False), (g, True)] for f, g in circle]
    if isinstance(node, Xor):
        a, b = (Xor(*part) for part in (x[: len(x) // 2], x[len(x) // 2 :]))
        return [[(a, True), (b, sign)], [(a, False), (b, not sign)]]
    if isinstance(node, ITE):
        a, b, c = x
        return [[(a, False), (b, sign)], [(a, True), (c, sign)]]
    if isinstance(node, Exclusive):
        return [[(Cardinality(0, 1, *x), sign)]]
    raise FormulaError(f"{type(node).__name__} is no connective that is known: {shown(node)}")
