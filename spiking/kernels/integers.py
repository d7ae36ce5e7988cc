r"""Leaky integrate-and-fire neurons in integers, spike by spike.

What a neuron does in a step is in `spiking.hardware.Population`. Neurons stand in blocks; a block
in which all are at rest, and to which nothing came, is left out. Synapses stand in segments: those
of one sender with one delay, of one projection. Those of a segment whose targets follow each
other are added as one row.
"""

import numpy as np

from spiking.kernels.compiled import compiled

BLOCK = 64


@compiled
def decayed(x, keep, bits):
    """Return keep / 2^bits of a number, rounded towards zero."""
    y = np.int64(x) * keep
    return (y + ((y >> 63) & ((1 << bits) - 1))) >> bits


@compiled
def integrate(
    limit, decay, alignment, arrived, keep_u, keep_v, bias, theta, lost, wait, u, v, left, spikes
):  # fmt: skip
    """Move the neurons of a block on by a step; ``arrived`` is the sum of weights.

    ``lost`` is what a spike takes from the potential, −1 for all of it.
    """
    for n in range(len(u)):
        x = decayed(u[n], keep_u[n], decay) + (np.int64(arrived[n]) << alignment)
        x = ((x + limit - 1) & (2 * limit - 1)) - (limit - 1)
        y = decayed(v[n], keep_v[n], decay) + x + bias[n]
        y = min(max(y, 1 - limit), limit - 1)
        held = left[n] > 0
        y = v[n] if held else y
        fired = (y > theta[n]) and not held
        u[n] = x
        after = 0 if lost[n] < 0 else y - lost[n]
        v[n] = after if fired else y
        spikes[n] = fired
        left[n] = left[n] - 1 if held else (wait[n] if fired else 0)


@compiled
def deliver(first, begin, end, targets, weights, row, touched, pending):
    """Add the weights of a segment to what arrives."""
    if first >= 0:
        count = end - begin
        into, given, marks = row[first : first + count], weights[begin:end], touched[first:]
        for i in range(count):
            into[i] += given[i]
            marks[i] = 1
        pending[first // BLOCK : (first + count - 1) // BLOCK + 1] = 1
    else:
        for i in range(begin, end):
            n = targets[i]
            row[n] += weights[i]
            touched[n] = 1
            pending[n // BLOCK] = 1


@compiled
def send(
    sender, t, owner, first, begin, end, delay, group, targets, weights, arriving, touched, pending
):  # fmt: skip
    """Send a spike along all its segments; return the number of synapses."""
    slots, total = len(arriving), 0
    for g in range(owner[sender], owner[sender + 1]):
        slot = (t + delay[g]) % slots
        deliver(
            first[g], begin[g], end[g], targets, weights,
            arriving[slot, group[g]], touched[slot], pending[slot],
        )  # fmt: skip
        total += end[g] - begin[g]
    return total


@compiled
def simulate(
    steps, inputs, event_from, events, owner, first, begin, end, delay, group, targets, weights,
    shift, limit, decay, alignment, keep_u, keep_v, bias, theta, lost, wait, u, v, left, core_of,
    kept, spikes, updates, operations, watched, currents, voltages,
):  # fmt: skip
    """Simulate one sample.

    ``events[event_from[t]:event_from[t + 1]]`` are the inputs that spike at t. ``u``, ``v`` and
    ``left`` hold the state, before and after. ``updates`` (steps, cores) counts neurons that are
    not at rest, ``operations`` (steps,) synapses met. ``watched`` are neurons whose state after
    each step is written to ``currents`` and ``voltages`` (steps, watched). Spikes of senders where
    ``kept`` (steps, inputs + neurons) is False get lost on their way; None if none does.
    """
    neurons, groups = len(u), len(shift)
    slots, blocks = 1, (neurons + BLOCK - 1) // BLOCK
    for g in range(len(delay)):
        slots = max(slots, delay[g])
    slots += 1
    arriving = np.zeros((slots, groups, neurons), weights.dtype)
    touched, pending = np.zeros((slots, neurons), np.uint8), np.zeros((slots, blocks), np.uint8)
    live, summed = np.ones(blocks, np.uint8), np.zeros(BLOCK, weights.dtype)
    for t in range(steps):
        slot = t % slots
        for k in range(blocks):
            if not (live[k] or pending[slot, k]):
                continue
            a, b = k * BLOCK, min((k + 1) * BLOCK, neurons)
            total, here = summed[: b - a], touched[slot, a:b]
            total[:] = arriving[slot, 0, a:b]
            for g in range(1, groups):
                coming, by = arriving[slot, g, a:b], shift[g, a:b]
                for i in range(b - a):
                    total[i] += coming[i] >> by[i]
            for i in range(b - a):
                current = (u[a + i] != 0) & (keep_u[a + i] != 0)
                awake = here[i] | current | (v[a + i] != 0) | (bias[a + i] != 0)
                updates[t, core_of[a + i]] += awake
            integrate(
                limit, decay, alignment, total,
                keep_u[a:b], keep_v[a:b], bias[a:b], theta[a:b], lost[a:b], wait[a:b],
                u[a:b], v[a:b], left[a:b], spikes[t, a:b],
            )  # fmt: skip
            arriving[slot, :, a:b] = 0
            here[:] = 0
            pending[slot, k] = 0
            any_left = 0
            for n in range(a, b):
                any_left |= u[n] | v[n] | bias[n] | left[n]
            live[k] = any_left != 0
            for n in range(a, b):
                if kept is not None:  # noqa: SIM102 - alone, so that the compiler leaves it out
                    if not kept[t, inputs + n]:
                        continue
                if spikes[t, n]:
                    operations[t] += send(
                        inputs + n, t, owner, first, begin, end, delay, group, targets, weights,
                        arriving, touched, pending,
                    )  # fmt: skip
        for i in range(event_from[t], event_from[t + 1]):
            if kept is not None:  # noqa: SIM102
                if not kept[t, events[i]]:
                    continue
            operations[t] += send(
                events[i], t, owner, first, begin, end, delay, group, targets, weights,
                arriving, touched, pending,
            )  # fmt: skip
        for i in range(len(watched)):
            currents[t, i] = u[watched[i]]
            voltages[t, i] = v[watched[i]]
