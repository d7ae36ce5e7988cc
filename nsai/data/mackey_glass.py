r"""Mackey–Glass: a chaotic series from a delay differential equation, integrated here.

.. math:: \dot x(t) = \frac{\beta\, x(t - \tau)}{1 + x(t - \tau)^n} - \gamma\, x(t)

The series are those of NeuroBench, β = 0.2, γ = 0.1, n = 10 and τ from 17 to 30, with its Lyapunov
times and constant pasts. It distributes arrays from a solver whose results differ from machine to
machine. Here all sums and products are made one by one in a fixed order, so that every machine with
IEEE arithmetic makes the same numbers.
"""

import math
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from nsai.data.collocation import collocation, interpolate

DEGREE = 16  # of the polynomials
LONGEST = 2.5  # piece, in units of time


class Chaos(NamedTuple):
    """One of the series.

    Attributes
    ----------
    lyapunov_time
        Time in which a small error grows by e, as NeuroBench gives it, in units of time.
    past
        x(t) for t ≤ 0.
    """

    lyapunov_time: int
    past: float


MACKEY_GLASS = {
    17: Chaos(197, 0.7206597),
    18: Chaos(138, 0.7744313),
    19: Chaos(315, 0.7783468),
    20: Chaos(131, 0.9225991),
    21: Chaos(191, 0.9479431),
    22: Chaos(119, 0.5455960),
    23: Chaos(106, 0.8622247),
    24: Chaos(97, 0.3259660),
    25: Chaos(98, 0.8297825),
    26: Chaos(104, 1.0033490),
    27: Chaos(112, 0.6491406),
    28: Chaos(119, 1.0957495),
    29: Chaos(131, 0.9256179),
    30: Chaos(139, 0.2713639),
}


def mackey_glass(
    tau: int = 17, lyapunov_times: int = 50, points: int = 75
) -> Float[Tensor, " time"]:
    """Return a series of NeuroBench, integrated here.

    Sampling begins one delay after the constant past ends. In double precision no solver follows
    the true solution for more than about 36 Lyapunov times, as rounding errors grow like all
    others; what comes later is a trajectory of the same attractor.

    Parameters
    ----------
    tau
        Delay, 17 to 30.
    lyapunov_times
        Length.
    points
        Samples in a Lyapunov time.

    Returns
    -------
    Tensor
        float64, shape (round(lyapunov_times · points),).

    Raises
    ------
    ValueError
        If there is no such series, or nothing to return.

    References
    ----------
    Yik et al., "The neurobench framework for benchmarking neuromorphic computing algorithms and
    systems", Nature Communications 16, 2025.

    Mackey and Glass, "Oscillation and chaos in physiological control systems", Science 197, 1977.

    Examples
    --------
    >>> mackey_glass(17, lyapunov_times=20).shape
    torch.Size([1500])
    """
    if tau not in MACKEY_GLASS:
        raise ValueError(f"tau must be a whole number from 17 to 30, got {tau}")
    count = round(lyapunov_times * points)
    if points < 1 or count < 1:
        raise ValueError(f"expected at least one sample, got {lyapunov_times} times {points}")
    lyapunov_time, past = MACKEY_GLASS[tau]
    times = tau + np.arange(count, dtype=np.float64) * (lyapunov_time / points)
    return torch.from_numpy(solve_mackey_glass(times, float(tau), past))


def solve_mackey_glass(
    times: NDArray[np.float64],
    tau: float,
    past: float,
    *,
    beta: float = 0.2,
    gamma: float = 0.1,
    n: int = 10,
    degree: int = DEGREE,
    longest: float = LONGEST,
) -> NDArray[np.float64]:
    r"""Return the solution at some times, by polynomials on equal pieces of the delay.

    On each piece the delayed part is known from the piece one delay before, at the same nodes, so
    that the equation is linear: collocation makes the values at the nodes a fixed matrix times
    what is known. Kinks lie at multiples of the delay, where pieces meet.

    Parameters
    ----------
    times
        t ≥ 0, in any order, shape (samples,).
    tau
        Delay.
    past
        x(t) for t ≤ 0.
    beta, gamma, n
        As in the equation; n is a whole number.
    degree
        Degree of the polynomials.
    longest
        Longest piece.

    Returns
    -------
    numpy.ndarray
        x at these times, shape (samples,).

    Raises
    ------
    ValueError
        If a time is negative, or a parameter out of range.

    Examples
    --------
    In the first delay x relaxes to what the past asks for:

    >>> x = solve_mackey_glass(np.array([10.0]), tau=17.0, past=0.5)
    >>> level = 0.2 * 0.5 / (1 + 0.5**10) / 0.1
    >>> math.isclose(x[0], level + (0.5 - level) * math.exp(-1), rel_tol=1e-13)
    True
    """
    if not (tau > 0 and longest > 0 and gamma > 0):
        raise ValueError(
            f"tau, longest and gamma must be positive, got {tau}, {longest} and {gamma}"
        )
    if n < 1 or not 2 <= degree <= 30:
        raise ValueError(f"expected n at least 1 and degree 2 to 30, got {n} and {degree}")
    if len(times) == 0 or not (times >= 0).all():
        raise ValueError("times must be one or more numbers from 0 on")
    each = math.ceil(tau / longest)
    length = tau / each
    place = times / length
    piece = np.floor(place).astype(np.int64)
    nodes, weights, forced, free = collocation(degree, length, gamma)
    x = np.empty((each + int(piece.max()) + 1, degree + 1))
    x[:each] = past
    for k in range(each, len(x)):
        before = x[k - each]
        push = beta * before / (1 + _power(before, n))
        total = free * x[k - 1, -1]
        for j in range(1, degree + 1):
            total = total + forced[j] * push[j]
        x[k] = total
    return interpolate(x[each + piece], place - piece, nodes, weights)


def _power(x: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Return x to the n by products alone, which round alike everywhere."""
    result, square = np.ones_like(x), x
    while n:
        if n & 1:
            result = result * square
        square = square * square
        n >>= 1
    return result
