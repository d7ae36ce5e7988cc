r"""A layer whose thresholded output satisfies clauses, always.

The variables are taken in an order. Resolution, done once at construction, gives each the clauses
over it and the variables before it, so that an assignment that satisfies them one variable after
the other can be completed. In the forward pass a clause whose other literals are all false forces
its last variable A. With v(l) the probability of a literal (h, or 1 − h if it is negated) and
v(¬l) = 1 − v(l),

.. math:: h_A \leftarrow \max\Bigl(h_A, \max_{C \ni A} \min_{l \in C, l \ne A} v(\neg l)\Bigr),
          \qquad
          h_A \leftarrow \min\Bigl(h_A, \min_{C \ni \neg A} \max_{l \in C, l \ne \neg A} v(l)\Bigr)

over the clauses C that force it: A becomes as certain as the least certain reason for it, which is
the rule of the papers. Here a clause acts only where it is violated after the threshold, so that
outputs that satisfy the clauses already come back unchanged.

Papers: Giunchiglia, Lukasiewicz, "Multi-label classification neural networks with hard logical
constraints", JAIR 72 (2021) (the layer, for clauses in strata); Stoian, Tatomir, Lukasiewicz,
Giunchiglia, "PiShield: a PyTorch package for learning with requirements", IJCAI 2024 (any
clauses).
"""

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from jaxtyping import Float
from sympy import And, Not, Or, S, Symbol, to_cnf
from sympy.logic.boolalg import Boolean
from torch import Tensor, nn

from nsai.logic.errors import FormulaError, UnsatisfiableError
from nsai.logic.expressions import natural

# a literal is the place of its variable in the order, and whether it stands there unnegated
Clause = frozenset[tuple[int, bool]]


class ClauseShield(nn.Module):
    """Move each row of probabilities, in order, until clauses hold after the threshold 1/2.

    A variable holds if its probability is above 1/2. A variable changes sides only if the clauses
    and the variables before it force that, and its probability changes only then.

    Parameters
    ----------
    clauses
        A formula, or several that are to hold together: clauses, or small formulas that are
        rewritten as clauses (an implication, an equivalence).
    variables
        What the columns are; by default the names in the clauses, sorted.
    order
        In which the variables are taken; an earlier one changes only if no values of the later
        ones would do. By default the order of the columns.
    most
        Largest number of clauses that resolution may come to.

    Attributes
    ----------
    variables, order
        Names of the columns, and of the variables as they are taken.

    Raises
    ------
    UnsatisfiableError
        If nothing satisfies the clauses; `core` and the message show the fewest that contradict
        each other.
    FormulaError
        For other nodes than connectives, a variable without a column, or too many resolvents.

    Examples
    --------
    >>> from sympy import symbols
    >>> cat, pet, wild = symbols("cat pet wild")
    >>> shield = ClauseShield([cat >> pet, ~pet | ~wild])
    >>> shield(torch.tensor([[0.75, 0.25, 0.625], [0.25, 0.75, 0.25]])).tolist()
    [[0.75, 0.75, 0.25], [0.25, 0.75, 0.25]]
    """

    def __init__(
        self,
        clauses: Boolean | Iterable[Boolean],
        variables: Sequence[Symbol | str] | None = None,
        order: Sequence[Symbol | str] | None = None,
        *,
        most: int = 20_000,
    ) -> None:
        super().__init__()
        parts = [clauses] if isinstance(clauses, Boolean) else list(clauses)
        self.formula = And(*parts)
        given = [clause for part in parts for clause in _clauses(part)]
        named = sorted({symbol.name for clause in given for symbol, _ in clause}, key=natural)
        self.variables = tuple(named if variables is None else map(str, variables))
        self.order = tuple(self.variables if order is None else map(str, order))
        if len(set(self.variables)) < len(self.variables) or not self.variables:
            raise ValueError(f"variables must be one or more and differ, got {self.variables}")
        missing = [name for name in named if name not in self.variables]
        if missing:
            raise FormulaError(f"no column for {', '.join(missing)}; got {self.variables}")
        if sorted(self.order) != sorted(self.variables):
            raise ValueError(f"order must name each of {self.variables} once, got {self.order}")
        self._columns = [self.variables.index(name) for name in self.order]
        place = {name: i for i, name in enumerate(self.order)}
        read = [frozenset((place[s.name], positive) for s, positive in c) for c in given]
        levels = _resolve(read, len(self.order), most)
        if levels is None:
            raise self._unsatisfiable(read, most)
        # of each variable, the other literals of every clause: (clauses, variables before it)
        self._levels = [
            [(sign, sorted(clause - {(i, sign)})) for clause in level for sign in _signs(clause, i)]
            for i, level in enumerate(levels)
        ]

    def forward(self, p: Float[Tensor, "batch variables"]) -> Float[Tensor, "batch variables"]:
        """Return the rows with the clauses satisfied, in the dtype of p; p must be in [0, 1].

        The gradient of a variable that was moved goes to the reason that set it.
        """
        n = len(self.variables)
        if p.ndim != 2 or p.shape[1] != n:
            raise ValueError(
                f"p must be (batch, {n}), one column for each of {self.variables}, "
                f"got {tuple(p.shape)}"
            )
        if not bool(((p >= 0) & (p <= 1)).all()):
            raise ValueError("p must be in [0, 1], got some outside or NaN")
        # the least number above the threshold, for reasons that 1 - h rounds down to it
        half = torch.tensor(0.5, dtype=p.dtype, device=p.device)
        above = torch.nextafter(half, torch.ones_like(half))
        done: list[Tensor] = []
        for column, level in zip(self._columns, self._levels, strict=True):
            h = p[:, column]
            for sign, others in level:
                # a reason is the negation of a literal that failed to satisfy the clause
                reasons = [1 - done[j] if positive else done[j] for j, positive in others]
                held = [done[j] <= 0.5 if positive else done[j] > 0.5 for j, positive in others]
                certain = torch.stack(reasons).min(0).values if reasons else torch.ones_like(h)
                forced = torch.stack(held).all(0) if held else torch.ones_like(h, dtype=torch.bool)
                if sign:
                    wanted = torch.where(certain > above, certain, above)
                    h = torch.where(forced & (p[:, column] <= 0.5) & (wanted > h), wanted, h)
                else:
                    wanted = torch.where(certain < 0.5, half, 1 - certain)
                    h = torch.where(forced & (p[:, column] > 0.5) & (wanted < h), wanted, h)
            done.append(h)
        back = [self._columns.index(column) for column in range(n)]
        return torch.stack([done[i] for i in back], 1)

    def extra_repr(self) -> str:
        """Return the formula."""
        return str(self.formula)

    def _unsatisfiable(self, clauses: list[Clause], most: int) -> UnsatisfiableError:
        core = list(dict.fromkeys(clauses))
        for clause in list(core):
            fewer = [other for other in core if other != clause]
            if _resolve(fewer, len(self.order), most) is None:
                core = fewer
        shown = [
            Or(*(Symbol(self.order[i]) if s else ~Symbol(self.order[i]) for i, s in sorted(c)))
            for c in core
        ]
        lines = "\n".join(f"  {clause}" for clause in shown)
        return UnsatisfiableError(f"nothing satisfies these clauses together:\n{lines}", (*shown,))


def _signs(clause: Clause, i: int) -> list[bool]:
    return [sign for j, sign in clause if j == i]


def _clauses(formula: Any) -> list[frozenset[tuple[Symbol, bool]]]:
    """Return a formula as clauses of (variable, whether unnegated), without tautologies."""
    found = []
    cnf = to_cnf(formula, simplify=False)
    if cnf in (S.true, S.false):
        return [] if cnf == S.true else [frozenset()]
    for clause in cnf.args if isinstance(cnf, And) else [cnf]:
        literals = set()
        for literal in clause.args if isinstance(clause, Or) else [clause]:
            symbol = literal.args[0] if isinstance(literal, Not) else literal
            if not isinstance(symbol, Symbol):
                raise FormulaError(
                    f"{formula} is not made of clauses: {literal} is no variable; counts must "
                    "be written as clauses first"
                )
            literals.add((symbol, literal is symbol))
        if not any((symbol, not sign) in literals for symbol, sign in literals):
            found.append(frozenset(literals))
    return found


def _resolve(clauses: Iterable[Clause], variables: int, most: int) -> list[list[Clause]] | None:
    """Return the clauses that bound each variable by those before it, None if there are none."""
    levels: list[list[Clause]] = [[] for _ in range(variables)]
    left = _minimal(clauses)
    for i in reversed(range(variables)):
        for_it = [c for c in left if (i, True) in c]
        against = [c for c in left if (i, False) in c]
        levels[i] = for_it + against
        resolvents = {
            (a - {(i, True)}) | (b - {(i, False)})
            for a in for_it
            for b in against
            if not any((j, not s) in b for j, s in a if j != i)
        }
        chosen = set(levels[i])
        left = _minimal([*(c for c in left if c not in chosen), *resolvents])
        if len(left) > most:
            raise FormulaError(f"resolution makes more than {most} clauses; try another order")
    return None if frozenset() in left else levels


def _minimal(clauses: Iterable[Clause]) -> list[Clause]:
    """Leave out clauses that another one implies."""
    kept: list[Clause] = []
    containing: dict[tuple[int, bool], list[Clause]] = {}
    for clause in sorted(set(clauses), key=lambda c: (len(c), sorted(c))):
        shorter = [other for literal in clause for other in containing.get(literal, [])]
        if any(other <= clause for other in shorter) or (kept and not kept[0]):
            continue
        kept.append(clause)
        if clause:
            containing.setdefault(min(clause), []).append(clause)
    return kept
