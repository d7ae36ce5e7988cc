r"""Fuzzy semantics: what the connectives do to truths between 0 and 1.

Each semantics is a small class over tensors. A *truth* is a tensor (..., batch), and a stack of
truths has one more axis in front. Every one of them gives classical truth at 0 and 1.

================  ==================================  =======================================
semantics         a ∧ b, a ∨ b                        a → b: S-implication | residuum
================  ==================================  =======================================
``Product``       ab, a + b − ab                      1 − a + ab (Reichenbach) | Goguen
``LogProduct``    the same, computed on logarithms    the same
``Lukasiewicz``   max(a + b − 1, 0), min(a + b, 1)    min(1 − a + b, 1) is both
``Goedel``        min(a, b), max(a, b)                max(1 − a, b) (Kleene–Dienes) | Gödel
================  ==================================  =======================================

¬a is 1 − a throughout. The residuum (``implication="residuum"``) is 1 where a ≤ b and otherwise
b / a (Goguen) or b (Gödel); the S-implication ¬a ∨ b is the default, because the residua are flat
where they hold and Goguen's gradient grows like 1 / a. ``a ↔ b`` is ¬(a ⊕ b) with the
S-implication and min(a → b, b → a) with the residuum; ``a ⊕ b`` is in both a + b − 2ab (product),
abs(a − b) (Łukasiewicz) and max(min(a, ¬b), min(¬a, b)) (Gödel).

"At least k of n" is, under Product, the probability of the count if the operands were independent
(Poisson–binomial); under Gödel the k-th largest truth; under Łukasiewicz
clip(Σ x − (k − 1), 0, 1), which is ∨ at k = 1 and ∧ at k = n. "At most k" is ¬(at least k + 1), and
a count between two bounds is the ∧ of both, except under Product, where it is the exact sum.

Gradients (in the reference's words): Product's pass to every operand, weighted by the
other truths; Gödel's is *single-passing*, nothing reaches more than one variable of a formula
(at equals, one of them); Łukasiewicz' ∧ of n is one or zero, and zero on
all but 1 / n! of the cube (*vanishing*). All are finite everywhere, 0 and 1 included.

Reference: van Krieken, Acar, van Harmelen, "Analyzing differentiable fuzzy logic operators",
Artificial Intelligence 302 (2022), 103602.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from torch import Tensor


class Semantics(ABC):
    """One way to read the connectives.

    Parameters
    ----------
    implication
        "s" for the S-implication ¬a ∨ b, "residuum" for the residuum of the conjunction.
    """

    def __init__(self, implication: str = "s") -> None:
        if implication not in ("s", "residuum"):
            raise ValueError(f'implication must be "s" or "residuum", got {implication!r}')
        self.implication = implication

    def embed(self, p: Tensor) -> Tensor:
        """Return the truth of variables that hold to the degrees p, in [0, 1]."""
        return p

    def score(self, truth: Tensor) -> Tensor:
        """Return what `evaluate` reports for a truth: itself, or its logarithm."""
        return truth

    def truth(self, score: Tensor) -> Tensor:
        """Return a score as a degree in [0, 1]."""
        return score

    def loss(self, score: Tensor) -> Tensor:
        """Return the loss of a score: 0 where the formula holds."""
        return 1 - score

    def not_(self, x: Tensor) -> Tensor:
        """Return ¬x."""
        return 1 - x

    @abstractmethod
    def and_(self, xs: Tensor) -> Tensor:
        """Return the conjunction of a stack of truths."""

    def or_(self, xs: Tensor) -> Tensor:
        """Return the disjunction of a stack of truths."""
        return self.not_(self.and_(self.not_(xs)))

    @abstractmethod
    def count(self, low: int, high: int, xs: Tensor) -> Tensor:
        """Return "from low to high of these hold", both inclusive."""

    @abstractmethod
    def residuum(self, a: Tensor, b: Tensor) -> Tensor:
        """Return the largest c with a ∧ c ≤ b."""

    def implies(self, a: Tensor, b: Tensor) -> Tensor:
        """Return a → b."""
        if self.implication == "residuum":
            return self.residuum(a, b)
        return self.or_(torch.stack((self.not_(a), b)))

    def xor(self, a: Tensor, b: Tensor) -> Tensor:
        """Return a ⊕ b."""
        return self.count(1, 1, torch.stack((a, b)))

    def iff(self, a: Tensor, b: Tensor) -> Tensor:
        """Return a ↔ b."""
        if self.implication == "residuum":
            return self.and_(torch.stack((self.residuum(a, b), self.residuum(b, a))))
        return self.not_(self.xor(a, b))


class Product(Semantics):
    """The product t-norm; each connective is exact for independent operands."""

    def and_(self, xs: Tensor) -> Tensor:
        """Return the conjunction of a stack of truths."""
        return xs.prod(0)

    def or_(self, xs: Tensor) -> Tensor:
        """Return the disjunction of a stack of truths."""
        # not 1 - prod(1 - x), which is 0 for small x
        return _fold(lambda a, b: a + b * (1 - a), xs)

    def residuum(self, a: Tensor, b: Tensor) -> Tensor:
        """Return the largest c with a ∧ c ≤ b."""
        quotient = b / a.clamp_min(torch.finfo(a.dtype).tiny)
        return torch.where(a <= b, torch.ones_like(a), quotient)

    def count(self, low: int, high: int, xs: Tensor) -> Tensor:
        """Return "from low to high of these hold", both inclusive."""
        low, high, xs = _fewer(self, low, high, xs)
        counts = [torch.ones_like(xs[0])]
        for x in xs:
            counts = _next_counts(
                [c * (1 - x) for c in counts],
                [c * x for c in counts],
                lambda a, b: a + b,
                high,
            )
        return torch.stack(counts[low : high + 1]).sum(0)


class LogProduct(Semantics):
    r"""The product t-norm on logarithms; the score is the log-truth and the loss its negative.

    A truth t is carried as the pair (log t, log(1 − t)), (2, batch): a negation swaps the two,
    and nothing is ever subtracted, as in

    .. math:: \log(1 - ab) = \mathrm{logaddexp}(\log(1 - a),\; \log a + \log(1 - b))

    so that truths far below the smallest float, and far nearer to 1 than the spacing there, keep
    their full precision. Below ε = √tiny of the dtype (1e-19 in float32) the logarithm goes on as
    its tangent: at 0 it is log ε − 1 and its slope 1 / ε, whose square still is a finite float.
    The residuum is 1 where a is false up to e²⁰ ε (5e-11 in float32).
    """

    def embed(self, p: Tensor) -> Tensor:
        """Return the pair (log p, log(1 − p))."""
        complement = torch.where(p == 1, _log(1 - p), torch.log1p(-p.clamp_max(_below_one(p))))
        return torch.stack((_log(p), complement))

    def score(self, truth: Tensor) -> Tensor:
        """Return the log-truth."""
        return truth[0]

    def truth(self, score: Tensor) -> Tensor:
        """Return the exponential."""
        return score.exp()

    def loss(self, score: Tensor) -> Tensor:
        """Return the negative log-truth."""
        return -score

    def not_(self, x: Tensor) -> Tensor:
        """Return ¬x, the pair swapped."""
        return x.flip(-2)

    def and_(self, xs: Tensor) -> Tensor:
        """Return the conjunction of a stack of truths."""

        def both(a: Tensor, b: Tensor) -> Tensor:
            (a_true, a_false), (b_true, b_false) = a.unbind(-2), b.unbind(-2)
            false = torch.logaddexp(a_false, a_true + b_false)
            return torch.stack((a_true + b_true, false), -2)

        return _fold(both, xs)

    def residuum(self, a: Tensor, b: Tensor) -> Tensor:
        """Return the largest c with a ∧ c ≤ b."""
        # nothing is left to compare where a is a disjunction of zeros, each of them about ε
        false = math.log(torch.finfo(a.dtype).tiny) / 2 + 20
        true = torch.where(a[0] < false, torch.zeros_like(a[0]), (b[0] - a[0]).clamp_max(0))
        return torch.stack((true, _log(-torch.expm1(true))))

    def count(self, low: int, high: int, xs: Tensor) -> Tensor:
        """Return "from low to high of these hold", both inclusive."""
        low, high, xs = _fewer(self, low, high, xs)
        counts = [torch.zeros_like(xs[0, 0])]
        for true, false in xs:
            counts = _next_counts(
                [c + false for c in counts], [c + true for c in counts], torch.logaddexp, high
            )
        outside = counts[:low] + counts[high + 1 :]
        inside = torch.stack(counts[low : high + 1]).logsumexp(0)
        return torch.stack((inside, torch.stack(outside).logsumexp(0)))


class Lukasiewicz(Semantics):
    """The Łukasiewicz t-norm: bounded sums. At a kink the gradient is that of the sloping side."""

    def and_(self, xs: Tensor) -> Tensor:
        """Return the conjunction of a stack of truths."""
        return (1 - (1 - xs).sum(0)).clamp_min(0)

    def or_(self, xs: Tensor) -> Tensor:
        """Return the disjunction of a stack of truths."""
        return xs.sum(0).clamp_max(1)

    def residuum(self, a: Tensor, b: Tensor) -> Tensor:
        """Return the largest c with a ∧ c ≤ b."""
        return (1 - a + b).clamp_max(1)

    def xor(self, a: Tensor, b: Tensor) -> Tensor:
        """Return the distance of the two."""
        return torch.where(a < b, b - a, a - b)

    def count(self, low: int, high: int, xs: Tensor) -> Tensor:
        """Return "from low to high of these hold", both inclusive."""
        total = xs.sum(0)
        return self.and_(
            torch.stack(((total - (low - 1)).clamp(0, 1), (high + 1 - total).clamp(0, 1)))
        )


class Goedel(Semantics):
    """The Gödel t-norm: minimum and maximum. The gradient reaches one operand."""

    def and_(self, xs: Tensor) -> Tensor:
        """Return the conjunction of a stack of truths."""
        return xs.min(0).values  # amin would share the gradient among equals

    def or_(self, xs: Tensor) -> Tensor:
        """Return the disjunction of a stack of truths."""
        return xs.max(0).values

    def residuum(self, a: Tensor, b: Tensor) -> Tensor:
        """Return the largest c with a ∧ c ≤ b."""
        return torch.where(a <= b, torch.ones_like(a), b)

    def count(self, low: int, high: int, xs: Tensor) -> Tensor:
        """Return "from low to high of these hold", both inclusive."""
        n = len(xs)
        bounds = []
        if low > 0:
            bounds.append(xs.kthvalue(n - low + 1, 0).values)
        if high < n:
            bounds.append(1 - xs.kthvalue(n - high, 0).values)
        return self.and_(torch.stack(bounds))


_NAMES: dict[str, Callable[[], Semantics]] = {
    "product": Product,
    "log_product": LogProduct,
    "lukasiewicz": Lukasiewicz,
    "goedel": Goedel,
}


def semantics_named(semantics: str | Semantics) -> Semantics:
    """Return a semantics by name, with the S-implication; an instance is returned as it is.

    Parameters
    ----------
    semantics
        "product", "log_product", "lukasiewicz" or "goedel", or an instance.

    Examples
    --------
    >>> semantics_named("goedel").implication
    's'
    """
    if isinstance(semantics, Semantics):
        return semantics
    if semantics not in _NAMES:
        raise ValueError(f"semantics must be one of {', '.join(_NAMES)}, got {semantics!r}")
    return _NAMES[semantics]()


def _fold(combine: Callable[[Tensor, Tensor], Tensor], xs: Tensor) -> Tensor:
    """Join a stack with an associative operation of two, as a balanced tree."""
    while len(xs) > 1:
        half = len(xs) // 2
        xs = torch.cat((combine(xs[:half], xs[half : 2 * half]), xs[2 * half :]))
    return xs[0]


def _fewer(meaning: Semantics, low: int, high: int, xs: Tensor) -> tuple[int, int, Tensor]:
    """Count what fails rather than what holds if that takes fewer counts."""
    n = len(xs)
    if n - low < high:
        return n - high, n - low, meaning.not_(xs)
    return low, high, xs


def _next_counts(
    stay: list[Tensor],
    rise: list[Tensor],
    add: Callable[[Tensor, Tensor], Tensor],
    high: int,
) -> list[Tensor]:
    """Return the weight of each count after one more operand; high + 1 means "more than high"."""
    counts = [stay[0], *(add(a, b) for a, b in zip(stay[1:], rise[:-1], strict=True)), rise[-1]]
    if len(counts) > high + 2:
        # what was beyond the bound stays there
        counts[high + 1 :] = [add(counts[high + 1], counts[high + 2])]
    return counts


def _log(p: Tensor) -> Tensor:
    """Return log p, continued below ε by its tangent."""
    epsilon = math.sqrt(torch.finfo(p.dtype).tiny)
    safe = p.clamp_min(epsilon)
    return safe.log() + torch.where(p < epsilon, (p - epsilon) / epsilon, torch.zeros_like(p))


def _below_one(p: Tensor) -> float:
    return 1 - torch.finfo(p.dtype).eps / 2
