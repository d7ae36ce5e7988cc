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

from collections.abc import Sequence
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
        self._smooth(Counts(tokens, symbols=symbols, order=order), smoothing, discount)

    @classmethod
    def of(cls, counts: "Counts", smoothing: Smoothing, discount: float = 1.0) -> "NGram":
        """Return a model from counts that are there already."""
        model = cls.__new__(cls)
        model._smooth(counts, smoothing, discount)
        return model

    def _smooth(self, counts: "Counts", smoothing: Smoothing, discount: float) -> None:
        if smoothing not in ("kneser-ney", "witten-bell"):
            expected = "'kneser-ney' or 'witten-bell'"
            raise ValueError(f"smoothing must be {expected}, got {smoothing!r}")
        if discount <= 0:
            raise ValueError(f"discount must be positive, got {discount}")
        self.symbols, self.order = counts.symbols, len(counts.codes)
        self._codes = counts.codes
        # What a model of order k takes of its own n-grams, and of those below them.
        self._top: list[Tables] = []
        self._lower: list[Tables] = []
        for k, (count, places) in enumerate(zip(counts.counts, counts.places, strict=True)):
            contexts = counts.contexts(k)
            if smoothing == "witten-bell":
                self._top.append(_witten_bell(count, contexts))
                self._lower.append(self._top[-1])
            else:
                self._top.append(_kneser_ney(count, contexts, discount))
                self._lower.append(_kneser_ney(places, contexts, discount))

    def log_prob(self, tokens: Int[Tensor, " time"]) -> Float[Tensor, " time"]:
        """Return log p of each symbol given those before it, in nats.

        Parameters
        ----------
        tokens
            A text, int64 (time,); its first symbols have shorter contexts.
        """
        _check(tokens, self.symbols)
        return self._chain(tokens)[-1].log()

    def losses(self, tokens: Int[Tensor, " time"]) -> Float[Tensor, " order"]:
        """Return the mean of −log p for this model and for those of every lower order."""
        _check(tokens, self.symbols)
        return torch.stack([-p.log().mean() for p in self._chain(tokens)])

    def distribution(self, context: Int[Tensor, " time"]) -> Float[Tensor, " symbols"]:
        """Return the probability of each symbol after a context."""
        near = context[max(0, len(context) - self.order + 1) :]
        ends = torch.arange(self.symbols)[:, None]
        return self._chain(torch.cat((near.expand(self.symbols, -1), ends), 1))[-1][:, -1]

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


class Counts:
    """How often each n-gram of a text occurs, for every order at once.

    Parameters
    ----------
    tokens
        The text, int64 (time,).
    symbols
        Size of the vocabulary.
    order
        Longest n-gram.

    Attributes
    ----------
    codes
        The n-grams of each order as sorted numbers: number of the context · symbols + last symbol.
    counts
        How often each occurs.
    places
        How many different symbols stand before each; of the highest order, how often it occurs.

    Raises
    ------
    ValueError
        If the text is shorter than `order`, or a symbol is out of range.

    Examples
    --------
    >>> counts = Counts(torch.tensor([0, 1, 0, 1, 1]), symbols=2, order=2)
    >>> counts.counts[0].tolist(), counts.counts[1].tolist()  # 0, 1; 01, 10, 11
    ([2, 3], [2, 1, 1])
    >>> counts.places[0].tolist()  # 0 only after 1; 1 after 0 and 1
    [1, 2]
    """

    def __init__(self, tokens: Int[Tensor, " time"], *, symbols: int, order: int) -> None:
        if not 1 <= order <= len(tokens):
            raise ValueError(
                f"order must lie in [1, {len(tokens)}], the text's length; got {order}"
            )
        _check(tokens, symbols)
        self.symbols = symbols
        self.codes: list[Tensor] = []
        self.counts: list[Tensor] = []
        self.places: list[Tensor] = []
        place = torch.zeros_like(tokens)  # of the n-gram that ends at each symbol of the text
        for k in range(order):
            context = place if k == 0 else place.roll(1)
            code = (context * symbols + tokens)[k:]
            known, number, count = code.unique(return_inverse=True, return_counts=True)
            if k > 0:  # one place of each n-gram, and what it extends to the left, once each
                some = torch.empty_like(known).scatter_(0, number, torch.arange(k, len(tokens)))
                self.places.append(torch.bincount(place[some], minlength=len(self.codes[-1])))
            self.codes.append(known)
            self.counts.append(count)
            place = torch.cat((place[:k], number))
        self.places.append(self.counts[-1])

    def contexts(self, k: int) -> tuple[Int[Tensor, " ngrams"], int]:
        """Return the context of each n-gram of order k + 1, and how many contexts there are."""
        return self.codes[k] // self.symbols, 1 if k == 0 else len(self.codes[k - 1])


def hindsight_losses(
    train: Int[Tensor, " lessons"],
    validation: Int[Tensor, " exam"],
    *,
    symbols: int,
    orders: int,
    scales: Sequence[float] = (0.9, 1.0, 1.1, 1.2),
) -> dict[Smoothing, Float[Tensor, " orders"]]:
    """Return the loss of the best n-gram of each order on the very text that it is chosen by.

    A rival that is too strong, if anything: whoever beats it beats every n-gram of these kinds.

    Parameters
    ----------
    train, validation
        Texts, int64 (lessons,) and (exam,).
    symbols
        Size of the vocabulary.
    orders
        Longest n-gram.
    scales
        What the discounts of Kneser–Ney are multiplied by, in turn.

    Returns
    -------
    dict of Tensor
        For each smoothing the mean of −log p by order, in nats a symbol.

    Examples
    --------
    >>> text = torch.arange(60) % 3
    >>> losses = hindsight_losses(text[:40], text[40:], symbols=3, orders=2)
    >>> bool(losses["kneser-ney"][1] < losses["kneser-ney"][0])
    True
    """
    counts = Counts(train, symbols=symbols, order=orders)
    discounted = [NGram.of(counts, "kneser-ney", scale).losses(validation) for scale in scales]
    return {
        "witten-bell": NGram.of(counts, "witten-bell").losses(validation),
        "kneser-ney": torch.stack(discounted).min(0).values,
    }


def _check(tokens: Tensor, symbols: int) -> None:
    low, high = int(tokens.min()), int(tokens.max())
    if low < 0 or high >= symbols:
        raise ValueError(f"symbols must lie in [0, {symbols}), got {low} to {high}")


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
