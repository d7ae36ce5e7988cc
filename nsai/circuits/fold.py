r"""A circuit folded over a semiring: what ∨ and ∧ do is up to the user.

A semiring is a set with :math:`\oplus` and :math:`\otimes`, both associative, :math:`\oplus`
commutative, :math:`\otimes` distributing over :math:`\oplus`, with neutral elements 0 and 1, and
:math:`0 \otimes a = 0`. Here :math:`\otimes` must commute, too. A decomposable, deterministic and
smooth circuit then computes

.. math:: \bigoplus_{x \models \varphi} \bigotimes_i w(x_i)

References
----------
Kimmig, Van den Broeck and De Raedt, "Algebraic model counting", J. Applied Logic 22, 2017:
which property each kind of semiring needs.
"""

from collections.abc import Sequence
from functools import reduce
from typing import Any, Generic, TypeVar

import numpy as np
from jaxtyping import Float
from torch import Tensor

from nsai.circuits.nnf import NNF, Kind
from nsai.circuits.smooth import smooth

Value = TypeVar("Value")
Columns = Float[Tensor, "*batch variables"] | Sequence[Any]


class Semiring(Generic[Value]):
    """Two operations on values: subclass it, and give them.

    Values are tensors of shape (...), or Python objects, or tuples of them. Plain numbers as `zero`
    and `one` do for tensors, too.

    Attributes
    ----------
    zero, one
        Neutral elements of `plus` and `times`.
    neutral
        Whether the two literals of a variable always sum to `one`, so that no circuit has to be
        smoothed.

    Examples
    --------
    >>> class Possible(Semiring[bool]):
    ...     zero, one = False, True
    ...
    ...     def plus(self, a: bool, b: bool) -> bool:
    ...         return a or b
    ...
    ...     def times(self, a: bool, b: bool) -> bool:
    ...         return a and b
    >>> from nsai.circuits.cardinality import cardinality
    >>> evaluate(cardinality(3, 2, 2), Possible(), [True, True, False], [True, True, False])
    False
    """

    zero: Any
    one: Any
    neutral: bool = False

    def plus(self, a: Value, b: Value) -> Value:
        """Return a ⊕ b, what an ∨ computes."""
        raise NotImplementedError

    def times(self, a: Value, b: Value) -> Value:
        """Return a ⊗ b, what an ∧ computes."""
        raise NotImplementedError

    def literal(self, weight: Any, literal: int) -> Value:
        """Return the value of a literal, ±(variable + 1), of a weight; the weight itself."""
        return weight


def evaluate(
    nnf: NNF,
    semiring: Semiring[Value],
    positive: Columns | None = None,
    negative: Columns | None = None,
) -> Value:
    """Fold a circuit over a semiring.

    Parameters
    ----------
    nnf
        A decomposable graph, deterministic where ⊕ is not idempotent. It need not be smooth.
    semiring
        What ∨, ∧ and literals mean.
    positive, negative
        Weight of each variable and of its negation: tensors (..., variables) or sequences. Both
        may be left out where the semiring's literals need none.

    Raises
    ------
    ValueError
        If there is not a weight for every variable, or only one of the two is given.

    Examples
    --------
    >>> from nsai.circuits.cardinality import cardinality
    >>> from nsai.circuits.semirings import Probability
    >>> import torch
    >>> p = torch.tensor([[0.5, 0.25]])
    >>> evaluate(cardinality(2, 1, 1), Probability(), p, 1 - p)
    tensor([0.5000])
    """
    if (positive is None) != (negative is None):
        raise ValueError("expected both positive and negative, or neither")
    given = columns(positive, nnf.variables), columns(negative, nnf.variables)

    def value_of(literal: int) -> Value:
        return semiring.literal(given[literal < 0][abs(literal) - 1], literal)

    def constant(value: Any) -> Any:
        """Return a constant in the shape that weights have."""
        if not nnf.variables:
            return value
        return semiring.times(value, semiring.plus(value_of(1), value_of(-1)))

    graph = nnf if semiring.neutral else smooth(nnf)  # of constants, a smooth graph has only 0
    uses = np.bincount(graph.child, minlength=len(graph)).tolist()
    values: list[Any] = []
    for kind, literal, children in graph.nodes():
        if kind is Kind.LITERAL:
            values.append(value_of(literal))
        elif children:
            join = semiring.times if kind is Kind.AND else semiring.plus
            values.append(reduce(join, (values[child] for child in children)))
        else:
            values.append(
                constant(semiring.one if kind in (Kind.TRUE, Kind.AND) else semiring.zero)
            )
        for child in children:
            uses[child] -= 1
            if not uses[child]:
                values[child] = None  # no longer needed: a batch of values may be large
    return values[-1]


def columns(weights: Columns | None, variables: int) -> Sequence[Any]:
    """Return the weight of each variable."""
    if weights is None:
        return [None] * variables
    found = weights.unbind(-1) if isinstance(weights, Tensor) else weights
    if len(found) != variables:
        raise ValueError(f"expected a weight for each of {variables} variables, got {len(found)}")
    return found
