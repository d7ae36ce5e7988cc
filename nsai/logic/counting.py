r"""Counts as clauses, through a sequential counter.

Paper: Sinz, "Towards an optimal CNF encoding of Boolean cardinality constraints", CP 2005,
here with equivalences both ways, so that every auxiliary variable is determined by the inputs
and the number of models stays that of the formula.

.. math:: s_{i,j} \Leftrightarrow s_{i-1,j} \lor (x_i \land s_{i-1,j-1})

where s_ij says that at least j of the first i inputs hold; s_i0 is true, s_ij with j > i false.
With n inputs and bound k these are n·k variables and at most 4·n·k clauses.
"""

from collections.abc import Callable, Sequence
from itertools import combinations

Clause = tuple[int, ...]


def at_least_literals(
    inputs: Sequence[int],
    k: int,
    new: Callable[[], int],
    add: Callable[[Clause], None],
) -> list[int]:
    """Return literals that say "at least 1, 2, …, k of the inputs hold".

    Parameters
    ----------
    inputs
        Literals, n of them, n ≥ k.
    k
        Largest bound that is asked for.
    new
        Makes an auxiliary variable.
    add
        Takes a clause.

    Examples
    --------
    >>> clauses: list[Clause] = []
    >>> at_least_literals([1, 2], 1, lambda: 3, clauses.append)
    [3]
    >>> clauses
    [(-3, 1, 2), (3, -2), (3, -1)]
    """
    last: list[int] = []
    for x in inputs:
        now: list[int] = []
        for j in range(min(len(last) + 1, k)):
            before = last[j] if j < len(last) else None
            below = last[j - 1] if j else None
            if before is None and below is None:
                now.append(x)
                continue
            s = new()
            now.append(s)
            add((-s, x) if before is None else (-s, before, x))
            if below is not None:
                add((-s, below))
                add((s, -x, -below))
            else:
                add((s, -x))
            if before is not None:
                add((s, -before))
        last = now
    return last


def count_literals(
    inputs: Sequence[int],
    low: int,
    high: int,
    new: Callable[[], int],
    add: Callable[[Clause], None],
) -> list[int]:
    """Return literals, one or two, that hold together iff low to high of the inputs hold.

    Whichever are fewer to count, those that hold or those that fail, are counted.
    """
    n = len(inputs)
    top = high + 1 if high < n else low
    other = n - low + 1 if low > 0 else n - high
    if other < top:
        inputs, low, high, top = [-x for x in inputs], n - high, n - low, other
    reached = at_least_literals(inputs, top, new, add)
    least = [reached[low - 1]] if low > 0 else []
    most = [-reached[high]] if high < n else []
    return least + most


def direct_clauses(n: int, low: int, high: int) -> list[list[tuple[int, bool]]]:
    """Return the clauses without auxiliaries of "low to high of n hold": (place, sign) each.

    Examples
    --------
    >>> direct_clauses(3, 0, 1)
    [[(0, False), (1, False)], [(0, False), (2, False)], [(1, False), (2, False)]]
    """
    few = [[(i, True) for i in some] for some in combinations(range(n), n - low + 1) if low > 0]
    many = [[(i, False) for i in some] for some in combinations(range(n), high + 1)]
    return few + many
