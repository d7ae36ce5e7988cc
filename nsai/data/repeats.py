"""Sequences that repeat themselves: what comes next is what came after the same symbol before."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Int
from torch import Tensor


class Repeats(NamedTuple):
    """Sequences of distinct symbols, over and over.

    Attributes
    ----------
    tokens
        Symbols, int64 (rows, length + 1).
    known
        (rows, length): whether the symbol behind a place can be told from what came before it,
        because the symbol at the place has come before.
    """

    tokens: Int[Tensor, "rows places"]
    known: Bool[Tensor, "rows length"]


def repeats(
    rows: int, length: int, *, symbols: int, least: int, most: int, generator: torch.Generator
) -> Repeats:
    """Draw sequences, each of its own distinct symbols and with a period of its own.

    As neither symbols nor periods are the same twice, there is nothing to know by heart: to go on
    one has to look up. Olsson et al. 2022 call a head that does an *induction head*.

    Parameters
    ----------
    rows
        Number of sequences.
    length
        Symbols to predict in each.
    symbols
        Size of the vocabulary.
    least, most
        Smallest and largest period, all equally likely.
    generator
        Source of the draws, on the CPU.

    Raises
    ------
    ValueError
        If the periods are not 1 ≤ least ≤ most ≤ symbols.

    References
    ----------
    Olsson et al., "In-context learning and induction heads", Transformer Circuits, 2022.

    Examples
    --------
    >>> g = torch.Generator().manual_seed(0)
    >>> tokens, known = repeats(1, 7, symbols=10, least=3, most=3, generator=g)
    >>> tokens.tolist(), known.int().tolist()
    ([[1, 2, 3, 1, 2, 3, 1, 2]], [[0, 0, 0, 1, 1, 1, 1]])
    """
    if not 1 <= least <= most <= symbols:
        raise ValueError(
            f"expected 1 <= least <= most <= symbols, got {least}, {most} and {symbols}"
        )
    periods = torch.randint(least, most + 1, (rows, 1), generator=generator)
    drawn = torch.rand(rows, symbols, generator=generator).argsort(1)
    places = torch.arange(length + 1)
    return Repeats(drawn.gather(1, places % periods), places[:-1] >= periods)
