"""A formula as a differentiable constraint on probabilities, under a fuzzy semantics."""

from collections.abc import Sequence

from jaxtyping import Float
from sympy import Symbol
from sympy.logic.boolalg import Boolean
from torch import Tensor, nn

from nsai.logic.errors import FormulaError
from nsai.logic.expressions import natural
from nsai.logic.fuzzy import Semantics, column_of, evaluate, semantics_named


class FuzzyConstraint(nn.Module):
    """How true a formula is of each row of probabilities, and the loss that raises it.

    Parameters
    ----------
    formula
        A sympy Boolean expression.
    semantics
        "product", "log_product", "lukasiewicz" or "goedel", or an instance of one of those
        classes of `nsai.logic.fuzzy`, which say how each behaves.
    variables
        What the columns are; by default the formula's variables sorted by name. More than those
        of the formula are allowed.

    Attributes
    ----------
    variables
        Names of the columns, in order.

    Raises
    ------
    ValueError
        For an unknown semantics, a name that comes twice, or a variable without a column.

    Examples
    --------
    >>> import torch
    >>> from sympy.abc import a, b
    >>> constraint = FuzzyConstraint(a >> b)
    >>> p = torch.tensor([[1.0, 0.25], [0.0, 0.5]])
    >>> constraint(p).tolist(), constraint.loss(p).tolist()
    ([0.25, 1.0], [0.75, 0.0])
    """

    def __init__(
        self,
        formula: Boolean,
        semantics: str | Semantics = "product",
        variables: Sequence[Symbol | str] | None = None,
    ) -> None:
        super().__init__()
        own = sorted((symbol.name for symbol in formula.free_symbols), key=natural)
        if not own:
            raise FormulaError(f"a constraint must have variables, got {formula}")
        self.formula = formula
        self.semantics = semantics_named(semantics)
        self.variables = tuple(own if variables is None else column_of(variables))
        missing = [name for name in own if name not in self.variables]
        if missing:
            raise FormulaError(
                f"no column for {', '.join(missing)} of {formula}; got {[*self.variables]}"
            )

    def forward(self, p: Float[Tensor, "batch variables"]) -> Float[Tensor, " batch"]:
        """Return the truth of each row, in [0, 1]; p must be in [0, 1]."""
        return self.semantics.truth(self._score(p))

    def loss(self, p: Float[Tensor, "batch variables"]) -> Float[Tensor, " batch"]:
        """Return 1 − truth of each row, or −log truth under `LogProduct`."""
        return self.semantics.loss(self._score(p))

    def extra_repr(self) -> str:
        """Return the formula and the semantics."""
        return f"{self.formula}, {type(self.semantics).__name__}"

    def _score(self, p: Tensor) -> Tensor:
        return evaluate(self.formula, p, self.variables, self.semantics)
