r"""The leaky integrate-and-fire neuron without a time grid: what simulations are held against."""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor


class Solution(NamedTuple):
    """An exact solution.

    Attributes
    ----------
    times
        Spike times of each neuron, in seconds, ascending.
    voltage
        Potential at the end of each interval, after a reset in it, (time, neurons).
    """

    times: list[Tensor]
    voltage: Tensor


def solve_lif(
    x: Float[Tensor, "time neurons"],
    tau_mem: float = 20e-3,
    dt: float = 1e-3,
    *,
    threshold: float = 1.0,
    v_leak: float = 0.0,
    v_reset: float = 0.0,
    r: float = 1.0,
    refractory: float = 0.0,
) -> Solution:
    r"""Solve neurons whose input is constant over intervals, in closed form.

    .. math:: \tau_{mem} \dot v = v_{leak} - v + r\, x(t)

    From v the potential tends to :math:`v_\infty = v_{leak} + r x` and reaches the threshold θ, if
    that is below, after

    .. math:: \tau_{mem} \ln \frac{v_\infty - v}{v_\infty - \theta}.

    There it is reset, stays for the refractory period, and goes on within the interval. There is
    no grid of spike times: several spikes may fall in one interval.

    Parameters
    ----------
    x
        Input of each interval.
    tau_mem
        Membrane time constant, in seconds.
    dt
        Length of an interval, in seconds.
    threshold, v_leak, v_reset
        Potentials; v_reset is below the threshold.
    r
        Resistance, potential per input.
    refractory
        Time after a spike for which the potential is held, in seconds.

    Raises
    ------
    ValueError
        For parameters out of range.

    Examples
    --------
    >>> found = solve_lif(torch.full((50, 1), 2.0, dtype=torch.float64))
    >>> found.times[0][:2]
    tensor([0.0139, 0.0277], dtype=torch.float64)
    """
    if not (tau_mem > 0 and dt > 0 and refractory >= 0 and v_reset < threshold):
        raise ValueError(
            "expected positive tau_mem and dt, a refractory period of at least 0 and v_reset below "
            f"the threshold, got {tau_mem}, {dt}, {refractory}, {v_reset} and {threshold}"
        )
    voltage = torch.empty_like(x)
    times = []
    for n, inputs in enumerate(x.T.tolist()):
        v, wait, found = v_leak, 0.0, []
        for t, value in enumerate(inputs):
            end, now = v_leak + r * value, 0.0
            while True:
                held = min(wait, dt - now)
                now, wait = now + held, wait - held
                if end <= threshold:
                    break
                rise = 0.0 if v >= threshold else tau_mem * math.log((end - v) / (end - threshold))
                if now + rise > dt or wait > 0:
                    break
                now += rise
                found.append(t * dt + now)
                v, wait = v_reset, refractory
            v = end + (v - end) * math.exp(-(dt - now) / tau_mem)
            voltage[t, n] = v
        times.append(torch.tensor(found, dtype=torch.float64))
    return Solution(times, voltage)
