r"""Spikes of LIF neurons with exponential currents, in continuous time.

.. math:: \tau_m \dot v = i - v, \qquad \tau_s \dot i = -i

A spike comes in: i jumps by a weight. Where v rises to θ a spike goes out, and v falls to 0.
Between two events all is known in closed form,

.. math:: v(s) = e^{-s/\tau_m} v + \varphi(s)\, i, \qquad i(s) = e^{-s/\tau_s} i, \qquad
          \varphi(s) = \frac{\tau_s}{\tau_m - \tau_s} (e^{-s/\tau_m} - e^{-s/\tau_s}).

At a threshold crossing :math:`\dot v > 0`, so i > θ. While v < θ < i the potential rises and is
concave. So there is a crossing before the current has fallen to θ, or none; and it is where the
solution without a reset stands above θ at that time, or at the next event if that is earlier.

``rates`` are 1/τ_m, 1/τ_s, their distance, and one over that.

Events of row b are ``start[b]`` to ``start[b + 1]``, sorted by time. All is float64.
"""

import numpy as np

from spiking.kernels.compiled import compiled

NEAR = 3e-5  # of a time constant; after a step as short, rounding is all that is left
MANY = -1  # what stands for the number of spikes of a row that has too many


@compiled
def response(s, rates):
    """Return the decay of potential and current after a time, and φ; also for equal constants."""
    leak, rate, gap, width = rates
    if s == np.inf:
        return 0.0, 0.0, 0.0
    z = s * gap
    lost = -np.expm1(-z) if z < 0.5 else 1.0 - np.exp(-z)
    if leak <= rate:
        slow = np.exp(-s * leak)
        return slow, slow - slow * lost, slow * leak * (lost * width if gap > 0.0 else s)
    slow = np.exp(-s * rate)
    return slow - slow * lost, slow, slow * leak * (lost * width)


@compiled
def reaches(v, i, end, theta, rates, peak):
    """Return a time at which the threshold is passed if it is before ``end``, otherwise -1.

    The highest potential is a convex function of v / i: 1 where that is 1, the largest value of φ,
    ``peak``, where it is 0, so below the chord of both.
    """
    if i <= theta or peak * i + (1.0 - peak) * max(v, 0.0) < theta:
        return -1.0
    last = min(end, np.log(i / theta) / rates[1])
    a, _, phi = response(last, rates)
    return last if a * v + phi * i > theta else -1.0


@compiled
def crossing(v, i, high, theta, rates):
    r"""Return when the potential reaches the threshold, and the current then, before ``high``.

    With :math:`x = e^{-s/\tau_m}` and tau_mem = 2 tau_syn, :math:`i x^2 - (v + i) x + θ = 0`.
    Otherwise each step solves the local parabola, with the cubic term of its root, which makes
    four digits of each; a bracket guards it.
    """
    leak, rate = rates[0], rates[1]
    if rate == 2.0 * leak:
        p = v + i
        x = (p + np.sqrt(max(0.0, p * p - 4.0 * i * theta))) / (2.0 * i)
        return -np.log(min(x, 1.0)) / leak, i * x * x
    low, s, current, near = 0.0, 0.0, i, NEAR / max(leak, rate)
    for _ in range(200):
        f, slope = v - theta, leak * (current - v)
        bend = -leak * (rate * current + slope)
        if f < 0.0:
            low = s
        else:
            high = min(high, s)
        root = np.sqrt(max(0.0, slope * slope - 2.0 * f * bend))
        step = -2.0 * f / (slope + root) if slope + root > 0.0 else high - low
        if root > 0.0:
            twist = leak * (rate * rate * current - bend)
            step -= step * step * step * twist / (6.0 * root)
        new = s + step
        if not low <= new <= high:
            new = 0.5 * (low + high)
        a, b, phi = response(new - s, rates)
        v, current = a * v + phi * current, b * current
        done = abs(new - s) <= near
        s = new
        if done or low == high:
            break
    return s, current


@compiled
def sweep(v, i, a, b, phi, theta, peak, after, left, found):
    """Write potentials and currents at the next event, and who may spike before; return how many.

    The bound is that of `reaches`.
    """
    zero, rest, many = 0.0, 1.0 - peak, 0
    for n in range(len(v)):
        y, z = a * v[n] + phi * i[n], b * i[n]
        after[n], left[n] = y, z
        most = peak * i[n] + rest * max(v[n], zero)
        found[n] = (most >= theta) & ((y > theta) | (z < theta))
        many += found[n]
    return many


@compiled
def grown(array):
    """Return an array of twice the length that begins with the same numbers."""
    larger = np.empty(2 * len(array), array.dtype)
    larger[: len(array)] = array
    return larger


@compiled
def forward(
    times, index, start, weights, theta, rates, peak, end, most, counts, b0, b1
):  # fmt: skip
    """Return times, neurons, currents and last inputs of all output spikes, row after row.

    Weights are (inputs, neurons). Each row's spikes are sorted; ``counts`` takes their number, MANY
    where a neuron has more than ``most``, with which all ends.
    """
    neurons = weights.shape[1]
    v, i = np.zeros(neurons), np.zeros(neurons)
    after, left, found = np.zeros(neurons), np.zeros(neurons), np.zeros(neurons, np.uint8)
    spikes = np.zeros(neurons, np.int64)
    size = max(16, (b1 - b0) * neurons)
    when, who = np.empty(size), np.empty(size, np.int64)
    current, cause = np.empty(size), np.empty(size, np.int64)
    total = 0
    for row in range(b0, b1):
        first = total
        v[:], i[:], spikes[:] = 0.0, 0.0, 0
        for k in range(start[row], start[row + 1]):
            t = times[k]
            if t >= end:
                break
            jump = weights[index[k]]
            for n in range(neurons):
                i[n] += jump[n]
            until = min(end, times[k + 1]) - t if k + 1 < start[row + 1] else end - t
            a, b, phi = response(until, rates)
            if sweep(v, i, a, b, phi, theta, peak, after, left, found):
                for n in range(neurons):
                    if not found[n]:
                        continue
                    y, z, past = v[n], i[n], 0.0
                    high = reaches(y, z, until, theta, rates, peak)
                    if high < 0.0:
                        continue
                    while high >= 0.0:
                        s, z = crossing(y, z, high, theta, rates)
                        y, past = 0.0, past + s
                        if total == len(when):
                            when, who = grown(when), grown(who)
                            current, cause = grown(current), grown(cause)
                        when[total], who[total], current[total], cause[total] = t + past, n, z, k
                        total += 1
                        spikes[n] += 1
                        if spikes[n] > most:
                            counts[row] = MANY
                            return when, who, current, cause
                        high = reaches(y, z, until - past, theta, rates, peak)
                    if until < np.inf:
                        c, d, psi = response(max(0.0, until - past), rates)
                        after[n], left[n] = c * y + psi * z, d * z
            v, after = after, v
            i, left = left, i
        counts[row] = total - first
        order = first + np.argsort(when[first:total], kind="mergesort")
        when[first:total], who[first:total] = when[order], who[order]
        current[first:total], cause[first:total] = current[order], cause[order]
    return when[:total], who[:total], current[:total], cause[:total]
