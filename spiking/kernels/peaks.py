r"""The highest potential of a neuron without threshold, in continuous time, and its adjoint.

Between two events the potential has one maximum at most, where v = i, after

.. math:: s = -\ln(1 - (1 - v / i)\, \tau_s\, \delta) / \delta, \qquad
          \delta = 1 / \tau_s - 1 / \tau_m .

Otherwise it is highest at an event, where an input stops its rise. Such a maximum moves with the
event: its slope by the event's time is that of the potential before. See
`spiking.kernels.spike_times` and `adjoint` for the dynamics and the rest.
"""

import numpy as np

from spiking.kernels.adjoint import collect, recede
from spiking.kernels.compiled import compiled
from spiking.kernels.spike_times import response


@compiled
def summit(v, i, rates):
    """Return after which time a rising potential is highest without further input, or infinity.

    From far below it rises to 0 for ever.
    """
    gap, part = rates[1] - rates[0], (1.0 - v / i) / rates[1]
    if abs(gap) * part < 1e-12:
        return part
    return -np.log1p(-part * gap) / gap if part * gap < 1.0 else np.inf


@compiled
def forward(times, index, start, weights, rates, end, highest, when, last, rise, b0, b1):
    """Write the highest potentials, (rows, neurons), when they are, and after which input.

    Potentials are 0 at the beginning; that counts as highest, after input -1, if all is below.
    ``rise`` is the slope where an input stops it, otherwise 0.
    """
    neurons = weights.shape[1]
    v, i = np.zeros(neurons), np.zeros(neurons)
    for row in range(b0, b1):
        top, at, place, slope = highest[row], when[row], last[row], rise[row]
        v[:], i[:], top[:], at[:], place[:], slope[:] = 0.0, 0.0, 0.0, 0.0, -1, 0.0
        for k in range(start[row], start[row + 1]):
            t = times[k]
            if t >= end:
                break
            more = k + 1 < start[row + 1] and times[k + 1] < end
            until = (times[k + 1] if more else end) - t
            jump, (a, b, phi) = weights[index[k]], response(until, rates)
            for n in range(neurons):
                y = v[n]
                z = i[n] + jump[n]
                v[n], i[n] = a * y + phi * z, b * z
                if z <= y or z <= 0.0:
                    continue
                found, s, steep = v[n], until, rates[0] * (i[n] - v[n]) if more else 0.0
                if i[n] < v[n] or until == np.inf:
                    s, steep = min(until, summit(y, z, rates)), 0.0
                    c, _, psi = response(s, rates)
                    found = c * y + psi * z
                if found > top[n]:
                    top[n], at[n], place[n], slope[n] = found, t + s, k, steep


@compiled
def backward(
    times, index, start, weights, rates, when, last, rise, by_highest, by_weights, by_times, b0, b1
):  # fmt: skip
    """Add the gradient by weights, (inputs, neurons), and write that by the times of the inputs."""
    neurons = weights.shape[1]
    a, b = np.zeros(neurons), np.zeros(neurons)
    for row in range(b0, b1):
        a[:], b[:] = 0.0, 0.0
        final = start[row + 1] - 1
        for k in range(final, start[row] - 1, -1):
            t = times[k]
            decay, fall, phi = response(times[k + 1] - t if k < final else np.inf, rates)
            recede(a, b, decay, fall, phi)
            for n in range(neurons):
                if last[row, n] == k:
                    decay, fall, phi = response(when[row, n] - t, rates)
                    a[n] += decay * by_highest[row, n]
                    b[n] += phi * by_highest[row, n]
                    if rise[row, n] != 0.0:
                        by_times[k + 1] += rise[row, n] * by_highest[row, n]
            i = index[k]
            by_times[k] = collect(a, b, weights[i], rates, by_weights[i])
