r"""Diehl and Cook's network, one image after the other, one event after the other.

Excitatory neurons e and inhibitory neurons i, one for each, have conductances; potentials are in
volts, times in seconds. A step is Euler's for the potential, exact for the conductances:

.. math:: v \leftarrow v + \frac{dt}{\tau} (v_{rest} - v + g_e (0 - v) + g_i (v_{inh} - v))

Then spikes are found, sent to their targets, and reset. The weights are (inputs, neurons), so that
those of an input adjoin.
"""

import math

import numpy as np

from spiking.kernels.compiled import compiled

# rows of the parameters of a population
REST, RESET, THRESHOLD, STEP, HOLD, REVERSAL = range(6)
# numbers of the rule
RATE, TARGET, LOW, HIGH, MU, RAISE = range(6)


@compiled
def uniform(source):
    """Return a number in (0, 1], and move the source on (splitmix64)."""
    source[0] += np.uint64(0x9E3779B97F4A7C15)
    z = source[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return (np.float64(z >> np.uint64(11)) + 1.0) * 2.0**-53


@compiled
def draw(share, steps, source, times, sources, start, columns):
    """Draw spikes with a probability for each input and step; list each step's inputs.

    Those of step t are ``columns[start[t]]`` to ``columns[start[t + 1]]``. From one spike to the
    next is a geometric time, so that only spikes cost.
    """
    found = 0
    start[:] = 0
    for i in range(len(share)):
        if share[i] <= 0:
            continue
        scale = 1 / math.log1p(-min(share[i], 1 - 1e-12))
        t = int(math.log(uniform(source)) * scale)
        while t < steps:
            times[found], sources[found] = t, i
            found += 1
            start[t + 1] += 1
            t += 1 + int(math.log(uniform(source)) * scale)
    for t in range(steps):
        start[t + 1] += start[t]
    place = start.copy()
    for k in range(found):
        t = times[k]
        columns[place[t]] = sources[k]
        place[t] += 1


@compiled
def integrate(p, decays, v, ge, gi, wait):
    """Move a population on by a step, in place; ``wait`` is negative where a neuron may fire."""
    one, zero = v.dtype.type(1), v.dtype.type(0)
    rest, low, step, reversal = p[REST], p[RESET], p[STEP], p[REVERSAL]
    for j in range(len(v)):
        w = v[j] + step * (rest - v[j] - ge[j] * v[j] + gi[j] * (reversal - v[j]))
        v[j] = w if wait[j] <= zero else low
        wait[j] = max(wait[j] - one, -one)
        ge[j] *= decays[0]
        gi[j] *= decays[1]


@compiled
def above(v, threshold, theta, wait, fired):
    """Write the neurons that fire, in order, and return their number."""
    zero, count = v.dtype.type(0), 0
    for j in range(len(v)):
        fired[count] = j
        count += (v[j] > threshold + theta[j]) & (wait[j] < zero)
    return count


@compiled
def learn(weight, j, since, t, fade, order, rule):
    """Apply the rule of Diehl and Cook to the weights of neuron j, at step t.

    ``since`` is each input's last spike, negative where there was none; ``fade`` what is left of a
    trace by its age; input i is paired with the trace of ``order[i]``.
    """
    one = weight.dtype.type(1)
    zero = one - one
    for i in range(len(weight)):
        last = since[order[i]]
        trace = fade[t - last] if last >= 0 else zero
        w = weight[i, j]
        gap = rule[HIGH] - w
        if rule[MU] == zero:
            gap = one
        elif rule[MU] != one:
            gap = max(gap, zero) ** rule[MU]
        w += rule[RATE] * (trace - rule[TARGET]) * gap
        weight[i, j] = min(max(w, rule[LOW]), rule[HIGH])


@compiled
def shuffle(order, source):
    """Put numbers into a random order, in place."""
    for i in range(len(order) - 1, 0, -1):
        k = min(int(uniform(source) * (i + 1)), i)
        order[i], order[k] = order[k], order[i]


@compiled
def simulate(
    start, columns, excitatory, inhibitory, decays, strengths, rule, fade, learning, shuffled,
    source, weight, theta, counts,
):  # fmt: skip
    """Show one list of input spikes to the network at rest, and count the neurons' spikes.

    ``strengths`` are those from an excitatory to its inhibitory neuron, and from there to all
    others. Weights and thresholds change in place if it is learning; ``shuffled`` pairs weights
    with traces of random other inputs.
    """
    neurons, kind = len(theta), theta.dtype
    v, u = np.full(neurons, excitatory[REST], kind), np.full(neurons, inhibitory[REST], kind)
    ge, gi, wait = np.zeros(neurons, kind), np.zeros(neurons, kind), np.zeros(neurons, kind)
    gu, nothing, held = np.zeros(neurons, kind), np.zeros(neurons, kind), np.zeros(neurons, kind)
    fired, woken = np.empty(neurons + 1, np.int64), np.empty(neurons + 1, np.int64)
    since, order = np.full(len(weight), -1, np.int64), np.arange(len(weight))
    zeros = np.zeros(neurons, kind)
    for t in range(len(start) - 1):
        integrate(excitatory, decays, v, ge, gi, wait)
        integrate(inhibitory, decays, u, gu, nothing, held)
        found = above(v, excitatory[THRESHOLD], theta, wait, fired)
        others = above(u, inhibitory[THRESHOLD], zeros, held, woken)
        for k in range(start[t], start[t + 1]):
            since[columns[k]] = t
            row = weight[columns[k]]
            for j in range(neurons):
                ge[j] += row[j]
        for k in range(others):
            j = woken[k]
            gi += strengths[1]
            gi[j] -= strengths[1]
            u[j], held[j] = inhibitory[RESET], inhibitory[HOLD]
        for k in range(found):
            j = fired[k]
            counts[j] += 1
            gu[j] += strengths[0]
            v[j], wait[j] = excitatory[RESET], excitatory[HOLD]
            if learning:
                theta[j] += rule[RAISE]
                if shuffled:
                    shuffle(order, source)
                learn(weight, j, since, t, fade, order, rule)


@compiled
def normalize(weight, total, counts):
    """Scale the weights of each neuron that has fired to a sum."""
    for j in range(len(counts)):
        if counts[j] > 0:
            weight[:, j] *= total / weight[:, j].sum()


@compiled
def present(
    images, scale, more, least, steps, rest, excitatory, inhibitory, decays, strengths, rule, fade,
    total, learning, shuffled, source, weight, theta, counts,
):  # fmt: skip
    """Show images, (images, inputs) in [0, 1], and write each neuron's spikes for each.

    ``scale`` and ``more`` are probabilities of a spike in a step for an input of 1, at first, and
    on top each time that an image has brought fewer spikes than ``least``. ``rest`` is what is left
    of the thresholds after an image and the pause after it.
    """
    capacity = steps * images.shape[1]
    times, sources = np.empty(capacity, np.int32), np.empty(capacity, np.int32)
    columns, start = np.empty(capacity, np.int32), np.zeros(steps + 1, np.int64)
    for n in range(len(images)):
        share = scale
        while True:
            counts[n] = 0
            draw(images[n] * share, steps, source, times, sources, start, columns)
            simulate(
                start, columns, excitatory, inhibitory, decays, strengths, rule, fade, learning,
                shuffled, source, weight, theta, counts[n],
            )  # fmt: skip
            if learning:
                theta *= rest
                normalize(weight, total, counts[n])
            if counts[n].sum() >= least or share >= 1:
                break
            share = min(share + more, 1.0)
