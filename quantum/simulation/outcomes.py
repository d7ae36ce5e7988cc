"""What measured basis states tell: words that are measured together, signs, and marginals."""

from collections.abc import Iterable, Sequence

import numpy as np
from torch import Tensor

from quantum.simulation.instructions import Word


def together(words: Sequence[Word]) -> list[tuple[dict[int, str], list[int]]]:
    """Return groups of words that differ on no wire: letters by wire, and the words' numbers.

    Each word goes to the first group that it agrees with.

    Examples
    --------
    >>> together([Word(((0, "Z"), (1, "Z"))), Word(((0, "X"),)), Word(((1, "Z"),))])
    [({0: 'Z', 1: 'Z'}, [0, 2]), ({0: 'X'}, [1])]
    """
    groups: list[tuple[dict[int, str], list[int]]] = []
    for index, word in enumerate(words):
        fitting = (
            group
            for group in groups
            if all(group[0].get(wire, letter) == letter for wire, letter in word.letters)
        )
        group = next(fitting, None)
        if group is None:
            groups.append(group := ({}, []))
        group[0].update(word.letters)
        group[1].append(index)
    return groups


def signs(wires: Iterable[int], n: int) -> np.ndarray:
    """Return (−1) to the number of bits that are set on some of n wires, (2^n,).

    Examples
    --------
    >>> signs([1], 2).tolist()
    [1.0, -1.0, 1.0, -1.0]
    """
    basis, found = np.arange(1 << n), np.ones(1 << n)
    for wire in wires:
        found *= 1 - 2 * (basis >> (n - 1 - wire) & 1)
    return found


def marginals(probabilities: Tensor, wires: Sequence[int]) -> Tensor:
    """Return probabilities of some wires, (batch, 2^k) in their order, from those of all.

    Parameters
    ----------
    probabilities
        (batch, 2^n).
    wires
        k of n.
    """
    n = probabilities.shape[1].bit_length() - 1
    shaped = probabilities.reshape(-1, *[2] * n)
    rest = [1 + wire for wire in range(n) if wire not in wires]
    kept = sorted(wires)
    out = shaped.sum(rest) if rest else shaped
    return out.permute(0, *(1 + kept.index(wire) for wire in wires)).flatten(1)
