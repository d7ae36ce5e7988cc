r"""Smoothed n-gram models: what counting alone can predict.

Papers: Kneser and Ney, "Improved backing-off for m-gram language modeling", ICASSP 1995; Chen
and Goodman, "An empirical study of smoothing techniques for language modeling", TR-10-98,
Harvard 1998, section 3 (modified Kneser–Ney, interpolated); Witten and Bell, "The zero-frequency
problem", IEEE Transactions on Information Theory 37 (1991), method C.

.. math:: p_k(w \mid h) = \frac{c(hw) - D_{c(hw)}}{\sum_v c(hv)} + \gamma(h)\, p_{k-1}(w \mid h'),
          \qquad p_0(w) = \frac{1}{\text{symbols}}

where h' is the context h without its first symbol, γ(h) is the mass that the discounts D set
free, and below the highest order c(hw) counts in how many *different* places hw was seen, that
is, the distinct symbols before it. Witten–Bell keeps plain counts, discounts nothing, and adds
to the denominator the number of distinct symbols that followed h; γ(h) is their share.

Shapes: tokens (time,).
"""

from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

# What each n-gram keeps of its context's mass, and what each context has to spare.
Tables = tuple[Tensor, Tensor]
Smoothing = Literal["kneser-ney", "witten-bell"]

FALLBACK = (0.5, 1.0, 1.5)  # KenLM's discounts where the counts of counts give none


class NGram:
    """An interpolated n-gram model of a sequence of symbols.

    Parameters
    ----------
    tokens
        The training text, int64 (time,).
    symbols
        Size of the vocabulary.
    order
        Longest n-gram; the context is one shorter.
    smoothing
        ``"kneser-ney"`` (modified, three discounts an order) or ``"witten-bell"``.
    discount
        Multiplies the discounts of Kneser–Ney, which stay below the count that they reduce.

    Raises
    ------
    ValueError
        If the text is shorter than `order`, a symbol is out of range or a choice unknown.

    Examples
    --------
    >>> text = torch.tensor([0, 1, 0, 1, 0, 1, 0, 0])
    >>> model = NGram(text, symbols=2, order=2)
    >>> p = model.distribution(torch.tensor([1]))  # after a 1 there was always a 0
    >>> bool(p[0] > 0.7), round(float(p.sum()), 9)
    (True, 1.0)
    """

    def __init__(
        self,
        tokens: Int[Tensor, " time"],
        *,
        symbols: int,
        order: int,
        smoothing: Smoothing = "kneser-ney",
        discount: float = 1.0,
    ) -> None:
        if not 1 <= order <= len(tokens):
            raise ValueError(
                f"order must lie in [1, {len(tokens)}], the text's length; got {order}"
            )
        if smoothing not in ("kneser-ney", "witten-bell"):
            expected = "'kneser-ney' or 'witten-bell'"
            raise ValueError(f"smoothing must be {expected}, got {smoothing!r}")
        if discount <= 0:
            raise ValueError(f"discount must be positive, got {discount}")
        self.symbols, self.order = symbols, order
        self._check(tokens)
        # Order k knows its n-grams as sorted codes: number of the context · symbols + symbol.
        self._codes: list[Tensor] = []
        self._top: list[Tables] = []
        self._lower: list[Tables] = []
        place = torch.zeros_like(tokens)  # of the n-gram that ends at each symbol of the text
        for k in range(1, order + 1):
            context = place if k == 1 else place.roll(1)
            code = (context * symbols + tokens)[k - 1 :]
            known, number, count = code.unique(return_inverse=True, return_counts=True)
            if k > 1 and smoothing == "kneser-ney":
                # One place of each n-gram, and what it extends to the left, once each.
                some = torch.empty_like(known).scatter_(0, number, torch.arange(k - 1, len(tokens)))
                seen = torch.bincount(place[some], minlength=len(self._codes[-1]))
                self._lower[-1] = _kneser_ney(seen, self._contexts(k - 1), discount)
            self._codes.append(known)
            contexts = self._contexts(k)
            kneser_ney = smoothing == "kneser-ney"
            made = (
                _kneser_ney(count, contexts, discount)
                if kneser_ney
                else _witten_bell(count, contexts)
            )
            self._top.append(made)
            self._lower.append(made)
            place = torch.cat((place[: k - 1], number))

    def _contexts(self, k: int) -> tuple[Tensor, int]:
        """Return the context of each n-gram of order k, and how many contexts there are."""
        return self._codes[k - 1] // self.symbols, 1 if k == 1 else len(self._codes[k - 2])

    def log_prob(self, tokens: Int[Tensor, " time"]) -> Float[Tensor, " time"]:
        """Return log p of each symbol given those before it, in nats.

        Parameters
        ----------
        tokens
            A text, int64 (time,); its first symbols have shorter contexts.
        """
        self._check(tokens)
        return self._chain(tokens)[-1].log()

    def losses(self, tokens: Int[Tensor, " time"]) -> Float[Tensor, " order"]:
        """Return the mean of −log p for this model and for those of every lower order."""
        self._check(tokens)
        return torch.stack([-p.log().mean() for p in self._chain(tokens)])

    def distribution(self, context: Int[Tensor, " time"]) -> Float[Tensor, " symbols"]:
        """Return the probability of each symbol after a context."""
        near = context[max(0, len(context) - self.order + 1) :]
        ends = torch.arange(self.symbols)[:, None]
        return self._chain(torch.cat((near.expand(self.symbols, -1), ends), 1))[-1][:, -1]

    def _check(self, tokens: Tensor) -> None:
        low, high = int(tokens.min()), int(tokens.max())
        if low < 0 or high >= self.symbols:
            raise ValueError(f"symbols must lie in [0, {self.symbols}), got {low} to {high}")

    def _chain(self, tokens: Tensor) -> list[Tensor]:
        """Return the probability of each symbol under the models of order 1, 2, …"""
        lower = torch.full(tokens.shape, 1 / self.symbols, dtype=torch.float64)
        context = torch.zeros_like(tokens)  # −1 where training never saw it
        answers = []
        for known, *tables in zip(self._codes, self._top, self._lower, strict=True):
            code = context * self.symbols + tokens
            place = torch.searchsorted(known, code).clamp(max=len(known) - 1)
            found = (context >= 0) & (known[place] == code)
            top, lower = (
                torch.where(found, kept[place], 0.0)
                + torch.where(context >= 0, spare[context.clamp(min=0)], 1.0) * lower
                for kept, spare in tables
            )
            answers.append(top)
            context = F.pad(torch.where(found, place, -1)[..., :-1], (1, 0), value=-1)
        return answers


def _witten_bell(count: Tensor, contexts: tuple[Tensor, int]) -> Tables:
    context, size = contexts
    kinds = torch.bincount(context, minlength=size).double()
    total = torch.bincount(context, weights=count.double(), minlength=size) + kinds
    return count / total[context], torch.where(total > 0, kinds / total, 1.0)


def _kneser_ney(count: Tensor, contexts: tuple[Tensor, int], scale: float) -> Tables:
    context, size = contexts
    cut = torch.minimum(discounts(count) * scale, 0.99 * torch.arange(4, dtype=torch.float64))[
        count.clamp(max=3)
    ]
    total = torch.bincount(context, weights=count.double(), minlength=size)
    freed = torch.bincount(context, weights=cut, minlength=size)
    kept = torch.where(count > 0, (count - cut) / total[context], 0.0)
    return kept, torch.where(total > 0, freed / total, 1.0)


def discounts(count: Int[Tensor, " ngrams"]) -> Float[Tensor, " 4"]:
    r"""Return what modified Kneser–Ney takes from counts of 0, 1, 2 and of 3 or more.

    .. math:: Y = \frac{n_1}{n_1 + 2 n_2}, \qquad D_j = j - (j + 1)\, Y\, \frac{n_{j+1}}{n_j}

    with n_j the number of n-grams seen j times (Chen and Goodman 1998, equation 26). Where that
    gives no value in (0, j), as in an order without singletons, KenLM's ½, 1 and 1½ are taken.

    Examples
    --------
    >>> discounts(torch.tensor([1, 1, 1, 1, 2, 2, 3, 4]))
    tensor([0.0000, 0.5000, 1.2500, 1.0000], dtype=torch.float64)
    """
    n = [int((count == j).sum()) for j in range(5)]
    made = [0.0]
    for j in (1, 2, 3):
        if n[1] and n[j]:
            d = j - (j + 1) * n[1] / (n[1] + 2 * n[2]) * n[j + 1] / n[j]
            made.append(d if 0 < d < j else FALLBACK[j - 1])
        else:
            made.append(FALLBACK[j - 1])
    return torch.tensor(made, dtype=torch.float64)
