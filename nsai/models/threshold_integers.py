r"""Threshold functions without a solver: small integers for them, exchanges against.

A unit with given integers computes a function, no argument needed. Against a function speaks an
*exchange*: two corners where it is 1 and two where it is 0 with the same sum,

.. math:: x + x' = z + z', \qquad f(x) = f(x') = 1, \quad f(z) = f(z') = 0

as any weights would give both pairs the same total. Up to eight inputs an exchange exists
against every function that is no threshold function (Muroga 1971, section 7.2), so small tables
and small integers decide everything with neither floating point nor optimisation.

Counting goes by *self-dual* functions: a unit of n inputs and a threshold is a weighted vote of
n + 1 members, ``sign(w·s)`` with s of −1 and +1 and an odd total weight. By Chow's theorem
(1961) the sums of the corners where the vote is won name the function, so permutations and
complements are counted, not listed.

References: Muroga, *Threshold Logic and its Applications*, Wiley 1971. Chow, "On the
characterization of threshold functions", Switching Circuit Theory 1961, 34–38.
"""

import itertools
import math
from collections import Counter
from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

from nsai.models.threshold import corners

LARGEST_CHUNK = 20_000_000  # numbers held at once while votes are counted


@dataclass(frozen=True)
class Votes:
    """The threshold functions of n inputs that first appear at some total weight.

    Attributes
    ----------
    total
        The total weight of the n + 1 members, threshold included.
    classes
        Weights of one vote a class, up to permuted and complemented members, (classes, n + 1).
    functions
        Number of functions of n inputs in these classes.
    """

    total: int
    classes: Int[Tensor, "classes members"]
    functions: int


def computed_tables(n: int, largest: int) -> Int[Tensor, " functions"]:
    """Return every function that integer weights up to `largest` compute, as sorted codes.

    Parameters
    ----------
    n
        Number of inputs, 1 to 5.
    largest
        Largest absolute weight; the threshold is free.

    Returns
    -------
    Tensor
        Truth tables read as binary numbers, corner 0 being the least significant bit.

    Examples
    --------
    >>> len(computed_tables(3, 2)), len(computed_tables(4, 3))
    (104, 1882)
    """
    if not 1 <= n <= 5:
        raise ValueError(f"n must lie in 1 … 5, got {n}")
    if largest < 1:
        raise ValueError(f"largest must be at least 1, got {largest}")
    weights = torch.tensor(list(itertools.product(range(-largest, largest + 1), repeat=n)))
    totals = weights @ corners(n).T
    powers = 2 ** torch.arange(2**n)
    thresholds = range(-n * largest, n * largest + 2)
    return torch.cat([((totals >= t) * powers).sum(1).unique() for t in thresholds]).unique()


def exchanges(n: int) -> Int[Tensor, "exchanges 4"]:
    """Return all pairs of pairs of corners with the same sum: ones first, then zeros.

    Examples
    --------
    >>> exchanges(2).tolist()  # against XOR's complement, and against XOR
    [[0, 3, 1, 2], [1, 2, 0, 3]]
    """
    sums: dict[tuple[int, ...], list[tuple[int, int]]] = {}
    cube = corners(n)
    for pair in itertools.combinations(range(2**n), 2):
        sums.setdefault(tuple(cube[list(pair)].sum(0).tolist()), []).append(pair)
    found = [a + b for pairs in sums.values() for a, b in itertools.permutations(pairs, 2)]
    return torch.tensor(sorted(found), dtype=torch.int64).reshape(-1, 4)


def fewest_units(units: Int[Tensor, " units"], n: int) -> Int[Tensor, " functions"]:
    """Return how many of these units an or must collect for each function of n inputs.

    Parameters
    ----------
    units
        Codes of the functions at hand, as `computed_tables` returns them.
    n
        Number of inputs, 1 to 4.

    Returns
    -------
    Tensor
        A number for each of the 2**2**n codes; −1 where no or is enough.

    Examples
    --------
    >>> needed = fewest_units(computed_tables(2, 1), 2)
    >>> int(needed[0b1000]), int(needed[0b0110])  # and, exclusive or
    (1, 2)
    """
    if not 1 <= n <= 4:
        raise ValueError(f"n must lie in 1 … 4, got {n}")
    needed, reached, number = torch.full((2**2**n,), -1), torch.tensor([0]), 0
    while len(reached):
        needed[reached] = number
        number += 1
        fresh = torch.zeros(2**2**n, dtype=torch.bool)
        for unit in units:
            fresh[reached | unit] = True
        reached = (fresh & (needed < 0)).nonzero()[:, 0]
    return needed


def votes(n: int, largest_total: int) -> list[Votes]:
    """Find all threshold functions of n inputs by trying all votes, light ones first.

    Parameters
    ----------
    n
        Number of inputs, 1 to 7.
    largest_total
        Total weight at which the search ends.

    Returns
    -------
    list of Votes
        The new functions at each odd total that has any.

    Examples
    --------
    >>> [(found.total, found.functions) for found in votes(2, 9)]
    [(1, 6), (3, 8)]
    """
    if not 1 <= n <= 7:
        raise ValueError(f"n must lie in 1 … 7, got {n}")
    signs = 2 * corners(n + 1) - 1
    seen = torch.zeros(0, dtype=torch.int64)
    digits = 2 ** (7 * torch.arange(n + 1))  # half a Chow parameter is at most 64, at n = 7
    found = []
    for total in range(1, largest_total + 1, 2):
        weights = _partitions(total, n + 1)
        chunks = weights.split(max(1, LARGEST_CHUNK // len(signs)))
        chow = torch.cat([_chow_parameters(part, signs) for part in chunks])
        keys = (chow // 2 * digits).sum(1)  # all are even
        fresh = (~torch.isin(keys, seen)).nonzero()[:, 0]
        names, where = keys[fresh].unique(return_inverse=True)
        if not len(names):
            continue
        first = torch.full((len(names),), len(keys)).scatter_reduce(0, where, fresh, "amin")
        seen = torch.cat([seen, names])
        size = sum(_orbit(row) for row in chow[first].tolist())
        found.append(Votes(total, weights[first], size))
    return found


def _chow_parameters(
    weights: Int[Tensor, "votes members"], signs: Int[Tensor, "corners members"]
) -> Int[Tensor, "votes members"]:
    """For each vote, how often each member is on the winning side more than not."""
    won = (weights.float() @ signs.float().T > 0).float()  # totals are far below 2**24
    return (won @ signs.float()).long()


def _orbit(chow: list[int]) -> int:
    """Count the functions that permuting and complementing the members makes of one."""
    alike = math.prod(math.factorial(k) for k in Counter(chow).values())
    return math.factorial(len(chow)) // alike * 2 ** sum(c != 0 for c in chow)


def _partitions(total: int, parts: int) -> Int[Tensor, "ways parts"]:
    """All ways to write `total` as a sum of `parts` falling numbers, zeros included."""
    rows = torch.empty(1, 0, dtype=torch.int64)
    left, cap = torch.tensor([total]), torch.tensor([total])
    for remaining in range(parts, 0, -1):
        low = -(-left // remaining)  # the parts to come may not exceed this one
        high = torch.minimum(left, cap)
        ways = high - low + 1
        keep = ways > 0
        rows, left, low, ways = (v[keep] for v in (rows, left, low, ways))
        start = (ways.cumsum(0) - ways).repeat_interleave(ways)
        part = low.repeat_interleave(ways) + torch.arange(int(ways.sum())) - start
        if remaining == 1:
            part = left.repeat_interleave(ways)
        rows = torch.cat([rows.repeat_interleave(ways, 0), part[:, None]], 1)
        left, cap = left.repeat_interleave(ways) - part, part
    return rows
