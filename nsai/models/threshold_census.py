r"""How many Boolean functions one threshold unit computes, counted exactly.

A unit that falls in an input (negative weight) becomes one that rises in it when that input
is complemented, so every threshold function is a *monotone* threshold function with some of
the inputs that it depends on complemented, in exactly one way:

.. math:: T(n) = \sum_{f \text{ monotone, threshold}} 2^{\text{inputs that } f \text{ depends on}}

Monotone functions are few (6, 20, 168, 7,581 for n = 2 … 5, Dedekind 1897), and permuting the
inputs changes nothing, so one linear programme a class decides them all: 30 programmes for the
65,536 functions of four inputs, 210 for the four milliard of five.

Reference: Muroga, *Threshold Logic and its Applications*, Wiley 1971, which tabulates T(n).
"""

import itertools
from dataclasses import dataclass

from nsai.models.threshold import (
    Impossibility,
    ThresholdUnit,
    infeasibility_certificate,
    realise,
)

Table = tuple[int, ...]


@dataclass(frozen=True)
class Census:
    """The threshold functions among all functions of n inputs.

    Attributes
    ----------
    inputs
        n.
    threshold
        Number of functions of n inputs that one unit computes.
    monotone
        Number of monotone functions of n inputs.
    monotone_threshold
        How many of those one unit computes.
    units
        A unit for each class of monotone threshold functions, up to permuted inputs.
    proofs
        A proof of impossibility for each other class of monotone functions.
    """

    inputs: int
    threshold: int
    monotone: int
    monotone_threshold: int
    units: tuple[ThresholdUnit, ...]
    proofs: tuple[Impossibility, ...]

    @property
    def functions(self) -> int:
        """All Boolean functions of n inputs."""
        return 2 ** (2**self.inputs)


def monotone_functions(n: int) -> list[Table]:
    """Return the truth tables of all functions that never fall when an input rises.

    Examples
    --------
    >>> [len(monotone_functions(n)) for n in range(5)]
    [2, 3, 6, 20, 168]
    """
    if not 0 <= n <= 5:
        raise ValueError(f"n must lie in 0 … 5 (7,828,354 functions at n = 6), got {n}")
    if n == 0:
        return [(0,), (1,)]
    smaller = monotone_functions(n - 1)
    return [
        low + high
        for low in smaller
        for high in smaller
        if all(a <= b for a, b in zip(low, high, strict=True))
    ]


def census(n: int) -> Census:
    """Count the threshold functions of n inputs, each class with its certificate.

    Parameters
    ----------
    n
        Number of inputs, 0 to 5.

    Raises
    ------
    ValueError
        If n is out of range.
    ArithmeticError
        If a class is decided by neither certificate.

    Examples
    --------
    >>> census(2).threshold, census(2).functions  # all but XOR and its complement
    (14, 16)
    """
    orders = _permutations(n)
    seen: set[Table] = set()
    units, proofs = [], []
    threshold = monotone_threshold = 0
    tables = monotone_functions(n)
    for table in tables:
        if table in seen:
            continue
        orbit = {tuple(table[corner] for corner in order) for order in orders}
        seen |= orbit
        unit = realise(table)
        if unit is not None:
            units.append(unit)
            monotone_threshold += len(orbit)
            threshold += len(orbit) * 2 ** _relevant(table, n)
            continue
        proof = infeasibility_certificate(table)
        if proof is None:
            raise ArithmeticError(f"neither weights nor a proof were found for {table}")
        proofs.append(proof)
    return Census(n, threshold, len(tables), monotone_threshold, tuple(units), tuple(proofs))


def _permutations(n: int) -> list[list[int]]:
    """For every order of the inputs, which corner each corner of the cube comes from."""
    return [
        [sum(((corner >> i) & 1) << j for i, j in enumerate(order)) for corner in range(2**n)]
        for order in itertools.permutations(range(n))
    ]


def _relevant(table: Table, n: int) -> int:
    """Count the inputs whose flip changes the value at some corner."""
    return sum(
        any(table[corner] != table[corner ^ (1 << i)] for corner in range(2**n)) for i in range(n)
    )
