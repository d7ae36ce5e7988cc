"""What classical searches cost on average, exactly: the rivals of QAOA."""

from collections.abc import Mapping, Sequence

import numpy as np
import sympy
from sympy.logic.boolalg import Boolean

from quantum.algorithms.formulas import Literal, clauses_of
from quantum.errors import InputError

LARGEST = 1 << 12  # states, of a linear system with as many unknowns


def expected_evaluations(energies: np.ndarray, temperature: float) -> float:
    r"""Return the mean number of energies that a walk looks at until it sees the least.

    It begins anywhere, proposes to flip one bit drawn at random, and does so with probability
    :math:`\min(1, e^{-\Delta E/T})` (Metropolis). The mean is exact: with P the matrix of
    transitions between the other states, the steps from each of them solve
    :math:`(1 - P)\,t = 1`.

    Parameters
    ----------
    energies
        (2^n,), of all assignments of n bits.
    temperature
        T, positive.

    Raises
    ------
    InputError
        If the number of energies is no power of two up to 2^12, or the temperature not positive.

    References
    ----------
    Metropolis et al., Journal of Chemical Physics 21, 1953; Kemeny and Snell, "Finite Markov
    chains", 1960, theorem 3.3.5.

    Examples
    --------
    >>> round(expected_evaluations(np.array([1.0, 0.0]), 1.0), 9)  # the first, or the second
    1.5
    """
    found = np.asarray(energies, float)
    n = _bits(len(found))
    if not temperature > 0:
        raise InputError(f"expected a positive temperature, got {temperature}")
    moves = np.arange(len(found)) ^ (1 << np.arange(n))[:, None]
    taken = np.exp(-np.maximum(found[moves] - found, 0) / temperature) / n
    return _steps(taken, found > found.min())


def expected_flips(formula: Boolean, symbols: Sequence[sympy.Symbol], noise: float) -> float:
    r"""Return one more than the mean number of flips of WalkSAT until the fewest clauses fail.

    It begins anywhere. It draws a clause that fails, and flips one of its variables: any with the
    probability ``noise``, else one by which the fewest other clauses begin to fail.

    Parameters
    ----------
    formula
        A conjunction of clauses.
    symbols
        All variables, in the order of bits.
    noise
        From 0 to 1, not 0 where the search could be caught.

    Raises
    ------
    InputError
        For more than 12 symbols, others in the formula, a part that is no clause, or a noise that
        is no probability.

    References
    ----------
    Selman, Kautz and Cohen, "Noise strategies for improving local search", AAAI 1994.

    Examples
    --------
    >>> a = sympy.Symbol("a")
    >>> expected_flips(a, [a], noise=0.5)
    1.5
    """
    n = _bits(1 << len(symbols))
    others = sorted(formula.free_symbols - set(symbols), key=str)
    if others:
        raise InputError(f"{others[0]} is not among the symbols")
    if not 0 <= noise <= 1:
        raise InputError(f"expected a noise from 0 to 1, got {noise}")
    clauses = clauses_of(formula)
    bits = 1 << np.arange(n)[::-1]
    values = dict(zip(symbols, (np.arange(1 << n) & bits[:, None]) > 0, strict=True))
    fails = np.array([_fails(clause, values) for clause in clauses], bool).reshape(-1, 1 << n)
    energies = fails.sum(0)
    moves = np.arange(1 << n) ^ bits[:, None]
    breaks = np.array([(fails[:, move] & ~fails).sum(0) for move in moves])  # (symbols, 2^n)
    taken = np.zeros((n, 1 << n))
    for clause, failing in zip(clauses, fails, strict=True):
        own = sorted({symbols.index(symbol) for symbol, _ in clause})
        least = breaks[own] == breaks[own].min(0)
        share = noise / len(own) + (1 - noise) * least / least.sum(0)
        taken[own] += share * failing / np.maximum(energies, 1)
    return _steps(taken[::-1], energies > energies.min())


def _fails(clause: list[Literal], values: Mapping[sympy.Symbol, np.ndarray]) -> np.ndarray:
    """Return where all literals of a clause are false."""
    return np.all([values[symbol] != value for symbol, value in clause], axis=0)


def _bits(states: int) -> int:
    """Return how many bits so many states have."""
    n = states.bit_length() - 1
    if states != 1 << n or n < 1 or states > LARGEST:
        raise InputError(f"expected 2 to {LARGEST} states, a power of two, got {states}")
    return n


def _steps(taken: np.ndarray, open_: np.ndarray) -> float:
    """Return the mean steps of a walk, and one, by its probabilities to flip bits, (bits, 2^n)."""
    rest = np.flatnonzero(open_)
    place = np.full(len(open_), -1)
    place[rest] = np.arange(len(rest))
    matrix = np.diag(taken.sum(0)[rest])
    for bit, chance in enumerate(taken):
        other = place[rest ^ (1 << bit)]
        inside = np.flatnonzero(other >= 0)
        matrix[inside, other[inside]] -= chance[rest[inside]]
    return 1 + float(np.linalg.solve(matrix, np.ones(len(rest))).sum()) / len(open_)
