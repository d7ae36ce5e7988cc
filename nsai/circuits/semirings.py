r"""Semirings: one graph, many questions.

=============  ===========================  ====================================================
semiring       :math:`\oplus, \otimes`      what comes out
=============  ===========================  ====================================================
Probability    +, ×                         weighted model count
Log            log-sum-exp, +               its logarithm
Counting       +, × on Python's integers    number of models
MaxProduct     max, ×                       weight of the best model, and the model
Godel          max, min                     the strongest weakest literal of a model
Expectation    on pairs                     weighted count, and weighted sum of an additive value
Entropy        on pairs                     the same of the logarithm of the weight
Gradient       on pairs                     weighted count, and its derivatives
=============  ===========================  ====================================================

`Circuit` answers the usual questions faster; semirings are for new ones, and to check answers.
A new one is a class with `zero`, `one`, `plus` and `times`, see `Semiring`.

References
----------
Goodman, "Semiring parsing", Computational Linguistics 25, 1999: the Viterbi semiring with its
derivation, here `MaxProduct`.
"""

from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from nsai.circuits.expectation import Entropy, Expectation, Gradient
from nsai.circuits.fold import Semiring, evaluate

__all__ = [
    "Counting",
    "Entropy",
    "Expectation",
    "Godel",
    "Gradient",
    "Log",
    "MaxProduct",
    "Probability",
    "Semiring",
    "evaluate",
]


class Probability(Semiring[Any]):
    """Sums of products: of probabilities, other weights, fractions or anything with + and ×.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from nsai.circuits.cardinality import cardinality
    >>> third = [Fraction(1, 3)] * 2
    >>> evaluate(cardinality(2, 1, 1), Probability(), third, [1 - p for p in third])
    Fraction(4, 9)
    """

    zero, one = 0, 1

    def plus(self, a: Any, b: Any) -> Any:
        """Return a + b."""
        return a + b

    def times(self, a: Any, b: Any) -> Any:
        """Return a · b."""
        return a * b


class Counting(Probability):
    """Numbers of models, in integers of any size; weights are not needed.

    Examples
    --------
    >>> from nsai.circuits.cardinality import cardinality
    >>> evaluate(cardinality(100, 50, 50), Counting())
    100891344545564193334812497256
    """

    def literal(self, weight: Any, literal: int) -> Any:
        """Return 1."""
        return 1


class Log(Semiring[Any]):
    """Logarithms of sums of products; the weights are not logarithms.

    For values: the derivative of log-sum-exp is NaN where all is zero. `Circuit.log_wmc` has exact
    gradients.
    """

    zero, one = -torch.inf, 0.0

    def plus(self, a: Tensor, b: Tensor) -> Tensor:
        """Return log(exp a + exp b)."""
        return torch.logaddexp(a, b)

    def times(self, a: Tensor | float, b: Tensor) -> Tensor:
        """Return a + b."""
        return a + b

    def literal(self, weight: Tensor, literal: int) -> Tensor:
        """Return the logarithm of the weight."""
        return weight.log()


class Godel(Semiring[Any]):
    r"""Best and worst: :math:`\max_{x \models \varphi} \min_i w(x_i)` for weights in [0, 1].

    Both operations are idempotent, so that any decomposable graph gives the same result, be it
    deterministic or not.
    """

    zero, one = 0, 1

    def plus(self, a: Any, b: Any) -> Any:
        """Return the larger."""
        if isinstance(a, Tensor):
            return torch.maximum(a, b)
        return b.clamp(min=a) if isinstance(b, Tensor) else max(a, b)

    def times(self, a: Any, b: Any) -> Any:
        """Return the smaller."""
        if isinstance(a, Tensor):
            return torch.minimum(a, b)
        return b.clamp(max=a) if isinstance(b, Tensor) else min(a, b)


class MaxProduct(Semiring[tuple[Any, Any]]):
    """The weight of the best model and the model, bool (..., variables); weights ≥ 0.

    Parameters
    ----------
    variables
        Number of variables of the circuit.

    Examples
    --------
    >>> from nsai.circuits.cardinality import cardinality
    >>> p = torch.tensor([[0.5, 0.75, 0.25]])
    >>> value, model = evaluate(cardinality(3, 1, 1), MaxProduct(3), p, 1 - p)
    >>> value, model
    (tensor([0.2812]), tensor([[False,  True, False]]))
    """

    zero, one = (0, False), (1, False)

    def __init__(self, variables: int) -> None:
        self.variables = variables

    def plus(self, a: tuple[Any, Any], b: tuple[Any, Any]) -> tuple[Any, Any]:
        """Return the better of two; the first of equals."""
        first = a[0] >= b[0]
        return torch.where(first, a[0], b[0]), torch.where(first[..., None], a[1], b[1])

    def times(self, a: tuple[Any, Any], b: tuple[Any, Any]) -> tuple[Any, Any]:
        """Return both together."""
        return a[0] * b[0], a[1] | b[1]

    def literal(
        self, weight: Float[Tensor, "*batch"], literal: int
    ) -> tuple[Float[Tensor, "*batch"], Bool[Tensor, "*batch variables"]]:
        """Return the weight, and a model with one bit."""
        chosen = torch.arange(1, self.variables + 1, device=weight.device) == literal
        return weight, chosen.expand(*weight.shape, self.variables)
