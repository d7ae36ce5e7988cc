"""How true a formula is when its variables are true to a degree in [0, 1].

A formula is read as it stands, connective by connective, under one of the semantics of
`nsai.logic.tnorms`, which says what each does and how its gradient behaves. The semantics can be
imported from here as well.

This module imports torch, and `nsai.logic` does not import it: write ``nsai.logic.fuzzy``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product
from typing import Any

import torch
from jaxtyping import Float
from sympy import ITE, And, Equivalent, Implies, Not, Or, S, Symbol, Xor
from sympy.logic.boolalg import Boolean
from torch import Tensor

from nsai.logic.cardinality import Cardinality
from nsai.logic.errors import FormulaError
from nsai.logic.expressions import natural
from nsai.logic.tnorms import (
    Goedel,
    LogProduct,
    Lukasiewicz,
    Product,
    Semantics,
    semantics_named,
)

__all__ = [
    "Goedel",
    "LogProduct",
    "Lukasiewicz",
    "Product",
    "Semantics",
    "TautologyGap",
    "column_of",
    "evaluate",
    "semantics_named",
    "tautology_gap",
]


def evaluate(
    formula: Boolean,
    values: Float[Tensor, "batch variables"],
    variables: Sequence[Symbol | str],
    semantics: str | Semantics = "product",
) -> Float[Tensor, " batch"]:
    """Return how true a formula is, row by row.

    Parameters
    ----------
    formula
        A sympy Boolean expression, counting nodes among them. It is read as it stands: formulas
        that are classically equivalent may differ in between 0 and 1.
    values
        How true each variable is, (batch, variables), in [0, 1]. float16 and bfloat16 are
        computed and returned in float32.
    variables
        What the columns are; columns that the formula does not name are ignored.
    semantics
        A name, see `semantics_named`, or an instance.

    Returns
    -------
    Tensor
        (batch,): truths in [0, 1], or log-truths under `LogProduct`.

    Raises
    ------
    ValueError
        For values of the wrong shape or outside [0, 1], and (as `FormulaError`) for a formula
        with other nodes than connectives and variables, or a variable that is no column.

    Examples
    --------
    >>> from sympy.abc import a, b
    >>> p = torch.tensor([[0.5, 0.25]])
    >>> [evaluate(a | b, p, [a, b], name).item() for name in ("product", "lukasiewicz", "goedel")]
    [0.625, 0.75, 0.5]
    """
    meaning = semantics_named(semantics)
    columns = column_of(variables)
    if values.ndim != 2 or values.shape[1] != len(columns):
        raise ValueError(
            f"values must be (batch, {len(columns)}), one column a variable, "
            f"got {tuple(values.shape)}"
        )
    if not bool(((values >= 0) & (values <= 1)).all()):
        raise ValueError("values must be in [0, 1], got some outside or NaN")
    missing = sorted(map(str, formula.free_symbols - set(map(Symbol, columns))))
    missing = [name for name in missing if name not in columns]
    if missing:
        raise FormulaError(f"no column for {', '.join(missing)} of {formula}; got {[*columns]}")
    p = values.to(torch.promote_types(values.dtype, torch.float32))
    known: dict[Any, Tensor] = {}

    def visit(node: Any) -> Tensor:
        if node not in known:
            known[node] = _node(node, meaning, visit, p, columns)
        return known[node]

    return meaning.score(visit(formula))


def column_of(variables: Sequence[Symbol | str]) -> dict[str, int]:
    """Return the column of each variable, and raise a ValueError for a name that comes twice."""
    columns = {str(name): i for i, name in enumerate(variables)}
    if len(columns) < len(variables):
        names = [str(name) for name in variables]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"variables must differ, got {', '.join(twice)} more than once")
    return columns


def _node(
    node: Any,
    meaning: Semantics,
    visit: Callable[[Any], Tensor],
    p: Tensor,
    columns: dict[str, int],
) -> Tensor:
    """Evaluate one node, given how to evaluate those below it."""
    if isinstance(node, Symbol):
        return meaning.embed(p[:, columns[node.name]])
    if node in (S.true, S.false):
        return meaning.embed(p.new_full(p.shape[:1], float(bool(node))))
    if isinstance(node, Cardinality):
        operands = torch.stack([visit(f) for f in node.operands])
        return meaning.count(node.low, node.high, operands)
    if not isinstance(node, Not | And | Or | Implies | Equivalent | Xor | ITE):
        raise FormulaError(f"{node} is neither a connective nor a variable")
    x = [visit(f) for f in node.args]
    match node:
        case Not():
            return meaning.not_(x[0])
        case And():
            return meaning.and_(torch.stack(x))
        case Or():
            return meaning.or_(torch.stack(x))
        case Implies():
            return meaning.implies(*x)
        case Xor():
            return reduce(meaning.xor, x)
        case Equivalent() if len(x) == 2:
            return meaning.iff(*x)
        case Equivalent():
            return meaning.or_(torch.stack((_all(meaning, x), _all(meaning, x, meaning.not_))))
        case _:
            then = meaning.and_(torch.stack((x[0], x[1])))
            other = meaning.and_(torch.stack((meaning.not_(x[0]), x[2])))
            return meaning.or_(torch.stack((then, other)))


def _all(
    meaning: Semantics, x: list[Tensor], of: Callable[[Tensor], Tensor] = lambda x: x
) -> Tensor:
    return meaning.and_(torch.stack([of(part) for part in x]))


@dataclass(frozen=True)
class TautologyGap:
    """How far a classical tautology falls short of 1.

    Attributes
    ----------
    formula
        The tautology.
    score
        The lowest truth found; an upper bound of the infimum.
    point
        Where it was found: the truth of each variable.
    """

    formula: Boolean
    score: float
    point: dict[str, float]

    @property
    def gap(self) -> float:
        """1 − score."""
        return 1 - self.score

    @property
    def holds(self) -> bool:
        """Whether nothing below 1 was found, up to rounding."""
        return self.gap <= 1e-9

    def __str__(self) -> str:
        if self.holds:
            return f"{self.formula} scores 1 at every point tried"
        at = ", ".join(f"{name} = {value:.4g}" for name, value in self.point.items())
        return f"{self.formula} is a tautology but scores {self.score:.4g} at {at}"


def tautology_gap(
    formula: Boolean,
    semantics: str | Semantics = "product",
    *,
    points: int = 20_000,
    steps: int = 100,
    seed: int = 0,
) -> TautologyGap:
    """Look for the lowest truth of a classical tautology.

    All points of the finest grid over [0, 1]^n that has at most `points` of them (at random from
    the quarters when even 3^n is too many), then descent along the gradient's signs from the best.

    Parameters
    ----------
    formula
        A tautology of at most 16 variables.
    semantics
        A name or an instance.
    points
        Most points of the grid.
    steps
        Steps of descent, halving from 1/8 down.
    seed
        Of the random points.

    Raises
    ------
    FormulaError
        If the formula is not a tautology (the message shows where it fails), or too large.

    Examples
    --------
    >>> from sympy import Or, Not
    >>> from sympy.abc import a
    >>> print(tautology_gap(Or(a, Not(a), evaluate=False), "product"))
    a | ~a is a tautology but scores 0.75 at a = 0.5
    """
    names = sorted((symbol.name for symbol in formula.free_symbols), key=natural)
    n = len(names)
    if not 1 <= n <= 16:
        raise FormulaError(f"a tautology must have 1 to 16 variables, got {n}")
    meaning = semantics_named(semantics)

    def truth(at: Tensor) -> Tensor:
        return meaning.truth(evaluate(formula, at, names, meaning))

    corners = torch.tensor(list(product((0.0, 1.0), repeat=n)), dtype=torch.float64)
    failing = corners[truth(corners) < 0.5]
    if len(failing):
        at = ", ".join(
            f"{name} = {bool(v)}" for name, v in zip(names, failing[0].tolist(), strict=True)
        )
        raise FormulaError(f"{formula} is not a tautology: it fails at {at}")
    x = torch.cat((corners, _grid(n, points, seed)))
    best = x[truth(x).argsort()[:64]]
    lowest = truth(best)
    x = best.clone()
    for step in range(steps):
        x.requires_grad_()
        (slope,) = torch.autograd.grad(truth(x).sum(), x)
        x = (x.detach() - 2.0 ** (-3 - 24 * step / steps) * slope.sign()).clamp(0, 1)
        here = truth(x)
        lower = here < lowest
        best = torch.where(lower[:, None], x, best)
        lowest = torch.where(lower, here, lowest)
    worst = int(lowest.argmin())
    where = dict(zip(names, best[worst].tolist(), strict=True))
    return TautologyGap(formula, min(float(lowest[worst]), 1.0), where)


def _grid(n: int, points: int, seed: int) -> Tensor:
    """Return the points of a grid over the cube, or random ones of its quarters."""
    levels = min(int(points ** (1 / n) + 1e-9), 101)
    if levels >= 3:
        levels -= levels % 2 == 0  # an odd number has 1/2 among them
        axis = torch.linspace(0, 1, levels, dtype=torch.float64)
        return torch.cartesian_prod(*[axis] * n).reshape(-1, n)
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 5, (points, n), generator=generator).double() / 4
