r"""The exact gradient of spike times: EventProp, the adjoint of `spiking.kernels.spike_times`.

Let a and b be the derivatives of a loss by v and i at some time. Backwards in time, over s,

.. math:: b \leftarrow e^{-s/\tau_s} b + \varphi(s)\, a, \qquad a \leftarrow e^{-s/\tau_m} a .

They jump at an output spike of the neuron, with g the derivative by its time,

.. math:: a \leftarrow \frac{i\, a - \tau_m g}{i - \theta},

and at an input spike, the gradient by its weights and by its time is

.. math:: \frac{\partial L}{\partial w_n} = b_n, \qquad
          \frac{\partial L}{\partial t} = \sum_n w_n (b_n / \tau_s - a_n / \tau_m) .
"""

import numpy as np

from spiking.kernels.compiled import compiled
from spiking.kernels.spike_times import response


@compiled
def recede(a, b, decay, fall, phi):
    """Move the derivatives of all neurons back in time, in place."""
    for n in range(len(a)):
        b[n] = fall * b[n] + phi * a[n]
        a[n] = decay * a[n]


@compiled
def collect(a, b, weights, rates, by_weights):
    """Add the gradient by the weights of an input spike, and return that by its time."""
    leak, rate = rates[0], rates[1]
    p = q = r = s = 0.0
    n, end = 0, len(a)
    for m in range(end):
        by_weights[m] += b[m]
    while n + 4 <= end:
        p += weights[n] * (rate * b[n] - leak * a[n])
        q += weights[n + 1] * (rate * b[n + 1] - leak * a[n + 1])
        r += weights[n + 2] * (rate * b[n + 2] - leak * a[n + 2])
        s += weights[n + 3] * (rate * b[n + 3] - leak * a[n + 3])
        n += 4
    while n < end:
        p += weights[n] * (rate * b[n] - leak * a[n])
        n += 1
    return (p + q) + (r + s)


@compiled
def backward(
    times, index, start, weights, theta, rates, when, who, current, cause, begin,
    by_when, by_weights, by_times, b0, b1,
):  # fmt: skip
    """Add the gradient by weights, (inputs, neurons), and write that by the times of the inputs.

    Output spikes of row b are ``begin[b]`` to ``begin[b + 1]``; input ``cause`` was the last before
    a spike.
    """
    neurons = weights.shape[1]
    a, b, at = np.zeros(neurons), np.zeros(neurons), np.zeros(neurons)
    seen = np.full(neurons, -1)
    moved, kept_a, kept_b = np.empty(neurons, np.int64), np.empty(neurons), np.empty(neurons)
    for row in range(b0, b1):
        o, quiet, last = begin[row + 1] - 1, True, start[row + 1] - 1
        a[:], b[:] = 0.0, 0.0
        for k in range(last, start[row] - 1, -1):
            t, many = times[k], 0
            later = times[k + 1] if k < last else np.inf
            while o >= begin[row] and cause[o] == k:
                if quiet and by_when[o] == 0.0:
                    o -= 1
                    continue
                quiet = False
                n = who[o]
                if seen[n] != k:
                    seen[n], moved[many], at[n] = k, n, later
                    many += 1
                decay, fall, phi = response(max(0.0, at[n] - when[o]), rates)
                b[n], x = fall * b[n] + phi * a[n], decay * a[n]
                a[n] = (current[o] * x - by_when[o] / rates[0]) / (current[o] - theta)
                at[n] = when[o]
                o -= 1
            if quiet:
                by_times[k] = 0.0
                continue
            for m in range(many):
                n = moved[m]
                decay, fall, phi = response(at[n] - t, rates)
                kept_a[m], kept_b[m] = decay * a[n], fall * b[n] + phi * a[n]
            decay, fall, phi = response(later - t, rates)
            recede(a, b, decay, fall, phi)
            for m in range(many):
                a[moved[m]], b[moved[m]] = kept_a[m], kept_b[m]
            i = index[k]
            by_times[k] = collect(a, b, weights[i], rates, by_weights[i])
