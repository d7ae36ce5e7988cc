"""From sound to spikes, a recording at a time: gammatone filters, hair cells, spiking neurons.

Rows are (channels,). Each function takes all of them one sample on.
"""

import numpy as np

from spiking.kernels.compiled import compiled


@compiled
def section(drive, zero, pole_1, pole_2, first, second):
    """Filter a row in place by (1 + zero z⁻¹) / (1 + pole_1 z⁻¹ + pole_2 z⁻²)."""
    for n in range(len(drive)):
        x = drive[n]
        y = x + first[n]
        first[n] = zero[n] * x - pole_1[n] * y + second[n]
        second[n] = -pole_2[n] * y
        drive[n] = y


@compiled
def filter_sample(sample, gain, zeros, poles, held, drive):
    """Write what the filters make of a sample."""
    for n in range(len(drive)):
        drive[n] = gain[n] * sample
    for i in range(4):
        section(drive, zeros[i], poles[0], poles[1], held[2 * i], held[2 * i + 1])


@compiled
def release(motion, cell, rates, step, free, cleft, store):
    """Take the transmitter of hair cells on by a sample: free, in the cleft, in store.

    ``rates`` are A, B, g, y, x; shares of cleft and of what is released that are there after a
    sample; share of what leaves the cleft that returns.
    """
    a, b, g, y, x, stays, left, back = rates
    one = cell.dtype.type(1)
    for n in range(len(motion)):
        s = max(motion[n] + a, 0.0)
        out = min(g * s / (s + b) * step, one) * free[n]
        regained = x * step * store[n]
        made = max(y * step * (one - free[n]), 0.0)
        returned = back * ((one - stays) * cleft[n] + (one - left) * out)
        free[n] += made + regained - out
        cleft[n] = stays * cleft[n] + left * out
        store[n] += returned - regained
        cell[n] = cleft[n]


@compiled
def fire(cell, weight, decay, pause, v, resting, counts):
    """Let neurons integrate what the hair cells release, and count their spikes."""
    for n in range(len(cell)):
        awake = resting[n] <= 0
        u = decay * v[n] + weight * cell[n] if awake else 0.0
        fired = u > 1.0
        counts[n] += fired
        v[n] = 0.0 if fired else u
        resting[n] = pause if fired else resting[n] - 1


@compiled
def move(sound, gain, zeros, poles, motion):
    """Write what the filters make of a sound: motion is (samples, channels)."""
    held = np.zeros((8, len(gain)))
    for t in range(len(sound)):
        filter_sample(sound[t], gain, zeros, poles, held, motion[t])


@compiled
def hear(sound, gain, zeros, poles, rates, rest, step, weight, decay, pause, per_bin, counts):
    """Count spikes (bins, channels) of a sound; ``rest`` is the transmitter in silence."""
    channels = len(gain)
    held, drive, cell = np.zeros((8, channels)), np.zeros(channels), np.zeros(channels)
    free, cleft = np.full(channels, rest[0]), np.full(channels, rest[1])
    store, v = np.full(channels, rest[2]), np.zeros(channels)
    resting = np.zeros(channels)
    for t in range(len(sound)):
        filter_sample(sound[t], gain, zeros, poles, held, drive)
        release(drive, cell, rates, step, free, cleft, store)
        fire(cell, weight, decay, pause, v, resting, counts[t // per_bin])
