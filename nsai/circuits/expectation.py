r"""Semirings of pairs: a weighted count, and something that is linear in it.

References
----------
Eisner, "Parameter estimation for probabilistic finite-state transducers", ACL 2002: the
expectation semiring, and derivatives by it.

Li and Eisner, "First- and second-order expectation semirings with applications to
minimum-risk training on translation forests", EMNLP 2009, table 1.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from nsai.circuits.fold import Columns, Semiring, columns


class Expectation(Semiring[tuple[Any, Any]]):
    r"""Pairs :math:`(Z, R)`: the weighted count, and the sum of an additive value of each model.

    With the value :math:`v(x) = \sum_i v_i(x_i)`,

    .. math:: Z = \sum_{x \models \varphi} w(x), \qquad R = \sum_{x \models \varphi} w(x)\,v(x)

    and R / Z is the expectation of v given the formula.

    .. math:: (p, r) \oplus (q, s) = (p + q, r + s), \qquad
              (p, r) \otimes (q, s) = (pq, ps + qr)

    Parameters
    ----------
    positive, negative
        What each variable adds when true and when false: (..., variables), or sequences.

    Examples
    --------
    >>> from nsai.circuits import cardinality
    >>> from nsai.circuits.semirings import evaluate
    >>> cost = Expectation([10, 20, 30], [0, 0, 0])
    >>> evaluate(cardinality(3, 1, 1), cost, [1, 2, 3], [1, 1, 1])
    (6, 140)
    """

    zero, one = (0, 0), (1, 0)

    def __init__(self, positive: Columns, negative: Columns) -> None:
        size = positive.shape[-1] if isinstance(positive, Tensor) else len(positive)
        self.added = columns(positive, size), columns(negative, size)

    def plus(self, a: tuple[Any, Any], b: tuple[Any, Any]) -> tuple[Any, Any]:
        """Return the sums."""
        return a[0] + b[0], a[1] + b[1]

    def times(self, a: tuple[Any, Any], b: tuple[Any, Any]) -> tuple[Any, Any]:
        """Return the product and, by its rule, what it adds."""
        return a[0] * b[0], self.scaled(a[0], b[1]) + self.scaled(b[0], a[1])

    def scaled(self, p: Any, r: Any) -> Any:
        """Return p · r."""
        return p * r

    def literal(self, weight: Any, literal: int) -> tuple[Any, Any]:
        """Return the weight, and the weight times what the literal adds."""
        return weight, weight * self.added[literal < 0][abs(literal) - 1]


class Entropy(Expectation):
    r"""Pairs :math:`(Z, \sum_x w(x) \log w(x))`, of which `of` makes the entropy.

    Examples
    --------
    >>> from nsai.circuits import cardinality
    >>> from nsai.circuits.semirings import evaluate
    >>> p = torch.tensor([[0.5, 0.5]])
    >>> Entropy.of(evaluate(cardinality(2, 1, 1), Entropy(), p, 1 - p))  # log 2
    tensor([0.6931])
    """

    def __init__(self) -> None:
        super().__init__([], [])

    def literal(self, weight: Tensor, literal: int) -> tuple[Tensor, Tensor]:
        """Return w and w · log w, which is 0 at 0."""
        return weight, torch.xlogy(weight, weight)

    @staticmethod
    def of(value: tuple[Float[Tensor, "*batch"], Float[Tensor, "*batch"]]) -> Tensor:
        """Return log Z − R / Z, in nats; NaN where no model is possible."""
        total, weighted = value
        return total.log() - weighted / total


class Gradient(Expectation):
    r"""Dual numbers: Z, and its derivative by the weight of each literal, (..., 2, variables).

    :math:`Z + \sum_k \varepsilon_k\, \partial Z / \partial w_k` with
    :math:`\varepsilon_k \varepsilon_l = 0`. Nothing is divided, so zeros are exact. Every node
    carries all derivatives: a reference, slow beside the backward pass of `Circuit`.

    Parameters
    ----------
    variables
        Number of variables of the circuit.

    Examples
    --------
    >>> from nsai.circuits import cardinality
    >>> from nsai.circuits.semirings import evaluate
    >>> p = torch.tensor([0.5, 0.25])
    >>> evaluate(cardinality(2, 1, 1), Gradient(2), p, 1 - p)[1]  # by p, by 1 - p
    tensor([[0.7500, 0.5000],
            [0.2500, 0.5000]])
    """

    def __init__(self, variables: int) -> None:
        super().__init__([], [])
        self.variables = variables

    def scaled(self, p: Any, r: Any) -> Any:
        """Return every derivative times p."""
        return (p[..., None, None] if isinstance(p, Tensor) else p) * r

    def literal(
        self, weight: Float[Tensor, "*batch"], literal: int
    ) -> tuple[Float[Tensor, "*batch"], Float[Tensor, "*batch 2 variables"]]:
        """Return the weight, whose derivative by itself is 1."""
        slope = weight.new_zeros(2, self.variables)
        slope[int(literal < 0), abs(literal) - 1] = 1
        return weight, slope.expand(*weight.shape, 2, self.variables)
