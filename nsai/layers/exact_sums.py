r"""Linear forms with whole coefficients, evaluated on floats so that the sign is never wrong.

A float64 sum with a bound on its error decides nearly all cases. The others, which are those on
the boundary of a constraint, go through error-free transformations: every product and every sum
is a float and the float that rounding took from it (Dekker; Knuth),

.. math:: a + b = s + e, \qquad a \cdot b = p + e,

so the terms still add up to the exact value while passes over them gather it in the last one.
Nothing underflows, since a whole number times a float is a multiple of the smallest float. What
even that does not decide (overflow, or numbers of very different size) is added up in rational
numbers.

References: Ogita, Rump, Oishi, "Accurate sum and dot product", SIAM J. Sci. Comput. 26 (2005),
algorithms 3.1–4.3; Shewchuk, "Adaptive precision floating-point arithmetic", DCG 18 (1997).
"""

from collections.abc import Sequence
from fractions import Fraction

import torch
from jaxtyping import Float, Int
from torch import Tensor

_SPLITTER = 2.0**27 + 1
_PASSES = 4


def two_sum(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Return the rounded sum and what rounding took away.

    Examples
    --------
    >>> s, e = two_sum(*torch.tensor([1.0, 1e-20], dtype=torch.float64))
    >>> s.item(), e.item()
    (1.0, 1e-20)
    """
    s = a + b
    back = s - a
    return s, (a - (s - back)) + (b - back)


def two_product(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Return the rounded product of float64 numbers and what rounding took away.

    Examples
    --------
    >>> p, e = two_product(*torch.tensor([0.1, 3.0], dtype=torch.float64))
    >>> p.item(), e.item()
    (0.30000000000000004, -2.7755575615628914e-17)
    """
    p = a * b
    (a_high, a_low), (b_high, b_low) = _halves(a), _halves(b)
    error = ((a_high * b_high - p) + a_high * b_low + a_low * b_high) + a_low * b_low
    return p, error


def _halves(a: Tensor) -> tuple[Tensor, Tensor]:
    scaled = _SPLITTER * a
    high = scaled - (scaled - a)
    return high, a - high


class LinearForms:
    """Linear forms Σ w_j v_j + w_last over float64 values, exact in sign.

    Parameters
    ----------
    weights
        One row of whole numbers a form; the last is its constant.

    Examples
    --------
    >>> forms = LinearForms([[1, -3, 0]])
    >>> v = torch.tensor([[0.3, 0.1], [3.0, 1.0]], dtype=torch.float64)
    >>> forms.signed(v).sign().tolist(), (v[:, 0] - 3 * v[:, 1]).sign().tolist()
    ([[-1.0], [0.0]], [-1.0, 0.0])
    """

    def __init__(self, weights: Sequence[Sequence[int]]) -> None:
        self.weights = [list(row) for row in weights]
        self.parts: list[Tensor] = []
        rest = self.weights
        while any(any(row) for row in rest) or not self.parts:
            # whole numbers beyond 2⁵³ take several floats
            floats = [[float(w) for w in row] for row in rest]
            self.parts.append(torch.tensor(floats, dtype=torch.float64))
            rest = [
                [w - int(f) for w, f in zip(row, near, strict=True)]
                for row, near in zip(rest, floats, strict=True)
            ]

    def signed(
        self, values: Float[Tensor, "batch k"], digits: int = 53
    ) -> Float[Tensor, "batch forms"]:
        """Return every form of every row of values; the sign is exact, the size approximate.

        Parameters
        ----------
        values
            One row of values a case.
        digits
            Binary digits that every value fits in, fewer than 53 for those of a narrower dtype.
        """
        main = self.parts[0].to(values.device)
        v = torch.cat((values, torch.ones_like(values[:, :1])), 1)
        result = v @ main.T
        size = v.abs() @ main.abs().T
        error = size * (v.shape[1] + 4) * 2.0**-51
        # not <=: what is not a number is not decided either
        undecided = ~(result.abs() > error)
        if digits < 53 and len(self.parts) == 1:
            # all terms are multiples of one unit, and their sums are below 2⁵³ of it: no rounding
            exponent = torch.frexp(v).exponent.masked_fill(v == 0, 1).amin(1)
            unit = torch.ldexp(torch.ones_like(v[:, 0]), exponent - digits)
            undecided &= size >= (unit * 2.0**52)[:, None]
        rows, forms = undecided.nonzero(as_tuple=True)
        if len(rows):
            result[rows, forms] = self.at(forms, values[rows])
        return result

    def at(
        self, forms: Int[Tensor, " cases"], values: Float[Tensor, "cases k"]
    ) -> Float[Tensor, " cases"]:
        """Return one form a row of values, to the last bit or two, with its exact sign."""
        v = torch.cat((values, torch.ones_like(values[:, :1])), 1)
        terms: list[Tensor] = []
        for part in self.parts:
            w = part.to(values.device)[forms]
            p, error = two_product(w, v)
            terms += [*p.unbind(1), *error.unbind(1)]
        for _ in range(_PASSES):
            for j in range(1, len(terms)):
                terms[j], terms[j - 1] = two_sum(terms[j - 1], terms[j])
            top, rest = terms[-1], torch.stack(terms[:-1])
            left = rest.abs().sum(0)
            sure = (top.abs() > 4 * left) | ((top == 0) & (left == 0))
            if bool(sure.all()):
                break
        result = top + rest.sum(0)
        for case in (~sure).nonzero()[:, 0].tolist():
            result[case] = self._rational(int(forms[case]), values[case].tolist())
        return result

    def _rational(self, form: int, values: list[float]) -> float:
        """Return a form, added up in rational numbers and rounded to a float of its sign."""
        weights = self.weights[form]
        total = Fraction(weights[-1]) + sum(
            (w * Fraction(v) for w, v in zip(weights[:-1], values, strict=True)), Fraction(0)
        )
        try:
            rounded = float(total)
        except OverflowError:
            rounded = float("inf") if total > 0 else float("-inf")
        smallest = 5e-324 if total > 0 else -5e-324
        return rounded if rounded or not total else smallest
