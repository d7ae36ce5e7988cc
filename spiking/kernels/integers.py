r"""Leaky integrate-and-fire neurons in integers, spike by spike.

What a neuron does in a step is in `spiking.hardware.Population`. Neurons stand in blocks; a block
in which all are at rest, and to which nothing came, is left out. Synapses stand in segments: those
of one sender with one delay, of one projection. Those of a segment whose targets follow each
other are added as one row. All spikes of a step are sent in one call.
"""

import numpy as np

from spiking.kernels.compiled import compiled

BLOCK = 128


@compiled
def decayed(x, keep, bits, kind):
    """Return keep / 2^bits of a number, rounded towards zero.

    In two parts, so that no product has more bits than ``kind``.
    """
    m = kind(abs(x))
    high, low = kind(m >> bits), kind(m & ((1 << bits) - 1))
    y = kind(kind(high * keep) + kind(kind(low * keep) >> bits))
    return kind(-y) if x < 0 else y


@compiled
def integrate(
    limit, decay, alignment, arrived, keep_u, keep_v, bias, theta, lost, wait, u, v, left, y, spikes
):  # fmt: skip
    """Move the neurons of a block on by a step; ``arrived`` is the sum of weights.

    ``lost`` is what a spike takes from the potential, −1 for all of it; ``y`` is scratch. All is
    computed in the type of the state, and in loops over few arrays each, so that the compiler can
    take several neurons at once. Returns how many fire, and whether any is not at rest.
    """
    kind = u.dtype.type
    top, ring = kind(limit - 1), kind(2 * limit - 1)
    for n in range(len(u)):
        x = kind(decayed(u[n], keep_u[n], decay, kind) + kind(kind(arrived[n]) << alignment))
        u[n] = kind(kind(kind(x + top) & ring) - top)
    for n in range(len(u)):
        x = kind(kind(decayed(v[n], keep_v[n], decay, kind) + u[n]) + bias[n])
        y[n] = min(max(x, kind(-top)), top)
    waiting, count, busy = kind(0), 0, kind(0)
    for n in range(len(u)):
        waiting |= left[n]
    if waiting != 0:
        for n in range(len(u)):
            y[n] = v[n] if left[n] > 0 else y[n]
    for n in range(len(u)):
        spikes[n] = (y[n] > theta[n]) & (left[n] == 0)
    for n in range(len(u)):
        count += spikes[n]
    if count:
        for n in range(len(u)):
            after = kind(0) if lost[n] < 0 else kind(y[n] - lost[n])
            y[n] = after if spikes[n] else y[n]
    for n in range(len(u)):
        v[n] = y[n]
    if waiting != 0 or count:
        for n in range(len(u)):
            rest = kind(left[n] - 1) if left[n] > 0 else kind(0)
            left[n] = wait[n] if spikes[n] else rest
            busy |= left[n]
    for n in range(len(u)):
        busy |= u[n] | v[n] | bias[n]
    return count, busy != 0


@compiled
def add_row(into, weights):
    """Add weights to what arrives at neurons that follow each other."""
    for i in range(len(into)):
        into[i] += weights[i]


@compiled
def mark_row(first, last, size, touched, pending, whole):
    """Mark neurons that follow each other, of a row of some size, as reached; see `send`."""
    for k in range(first // BLOCK, (last - 1) // BLOCK + 1):
        a, b = k * BLOCK, min((k + 1) * BLOCK, size)
        pending[k] = 1
        if a >= first and b <= last:
            whole[k] = 1
        else:
            touched[max(a, first) : min(b, last)] = 1


@compiled
def send(
    senders, slot, owner, first, begin, end, delay, group, targets, weights, arriving, touched,
    pending, whole,
):  # fmt: skip
    """Send spikes along all segments of their senders; return the number of synapses.

    ``slot`` is that of the step. ``pending`` says of a block whether a spike may reach it,
    ``whole`` whether it reaches all of its neurons; where it does not, ``touched`` says which.
    Targets of a segment are sorted.
    """
    slots, total, here, now, marked = len(arriving), 0, -1, -1, (-1, -1)
    row, marks, coming, full = arriving[0, 0], touched[0], pending[0], whole[0]
    for sender in senders:
        for g in range(owner[sender], owner[sender + 1]):
            there = slot + delay[g]
            there -= slots if there >= slots else 0
            if there != here or group[g] != now:
                marked = marked if there == here else (-1, -1)
                here, now = there, group[g]
                row, marks = arriving[here, now], touched[here]
                coming, full = pending[here], whole[here]
            if first[g] >= 0:
                last = first[g] + end[g] - begin[g]
                add_row(row[first[g] : last], weights[begin[g] : end[g]])
                if marked != (first[g], last):  # as by the sender before, in a dense layer
                    mark_row(first[g], last, len(row), marks, coming, full)
                    marked = (first[g], last)
            else:
                for i in range(begin[g], end[g]):
                    row[targets[i]] += weights[i]
                    marks[targets[i]] = 1
                low, high = targets[begin[g]], targets[end[g] - 1]
                coming[low // BLOCK : high // BLOCK + 1] = 1
            total += end[g] - begin[g]
    return total


@compiled
def count_awake(reached, everyone, core, u, v, keep_u, bias, core_of, updates):
    """Add the neurons of a block that are not at rest to those of their cores.

    ``core`` is that of all of them, or −1.
    """
    if core >= 0:
        total = 0
        for n in range(len(u)):
            current = (u[n] != 0) & (keep_u[n] != 0)
            total += (reached[n] != 0) | everyone | current | (v[n] != 0) | (bias[n] != 0)
        updates[core] += total
    else:
        for n in range(len(u)):
            current = (u[n] != 0) & (keep_u[n] != 0)
            awake = (reached[n] != 0) | everyone | current | (v[n] != 0) | (bias[n] != 0)
            updates[core_of[n]] += awake


@compiled
def cores_of_blocks(core_of):
    """Return the core of all neurons of each block, −1 where they have several."""
    found = np.empty((len(core_of) + BLOCK - 1) // BLOCK, np.int64)
    for k in range(len(found)):
        part = core_of[k * BLOCK : (k + 1) * BLOCK]
        found[k] = part[0] if (part == part[0]).all() else -1
    return found


@compiled
def simulate(
    steps, inputs, event_from, events, owner, first, begin, end, delay, group, targets, weights,
    shift, limit, decay, alignment, keep_u, keep_v, bias, theta, lost, wait, u, v, left, summed,
    core_of, kept, spikes, updates, operations, watched, currents, voltages,
):  # fmt: skip
    """Simulate one sample.

    ``events[event_from[t]:event_from[t + 1]]`` are the inputs that spike at t. ``u``, ``v`` and
    ``left`` hold the state, before and after; ``summed`` (BLOCK,) has the type in which weights are
    added. ``updates`` (steps, cores) counts neurons that are not at rest, ``operations`` (steps,)
    synapses met. ``watched`` are neurons whose state after each step is written to ``currents`` and
    ``voltages`` (steps, watched). Spikes of senders where ``kept`` (steps, inputs + neurons) is
    False get lost on their way; None if none does.
    """
    neurons, groups = len(u), len(shift)
    slots, blocks = 1, (neurons + BLOCK - 1) // BLOCK
    for g in range(len(delay)):
        slots = max(slots, delay[g])
    slots += 1
    arriving = np.zeros((slots, groups, neurons), summed.dtype)
    touched, pending = np.zeros((slots, neurons), np.uint8), np.zeros((slots, blocks), np.uint8)
    whole = np.zeros((slots, blocks), np.uint8)
    live, one_core = np.ones(blocks, np.uint8), cores_of_blocks(core_of)
    scratch, queue = np.zeros(BLOCK, u.dtype), np.zeros(len(owner), np.int64)
    for t in range(steps):
        slot, count = t % slots, 0
        for k in range(blocks):
            reached = pending[slot, k]
            if not (live[k] or reached):
                continue
            a, b = k * BLOCK, min((k + 1) * BLOCK, neurons)
            total, here = summed[: b - a], touched[slot, a:b]
            total[:] = arriving[slot, 0, a:b]
            for g in range(1, groups):
                coming, by = arriving[slot, g, a:b], shift[g, a:b]
                for i in range(b - a):
                    total[i] += coming[i] >> by[i]
            count_awake(
                here, whole[slot, k] != 0, one_core[k], u[a:b], v[a:b], keep_u[a:b], bias[a:b],
                core_of[a:b], updates[t],
            )  # fmt: skip
            fired, busy = integrate(
                limit, decay, alignment, total,
                keep_u[a:b], keep_v[a:b], bias[a:b], theta[a:b], lost[a:b], wait[a:b],
                u[a:b], v[a:b], left[a:b], scratch[: b - a], spikes[t, a:b],
            )  # fmt: skip
            if reached:
                for g in range(groups):
                    arriving[slot, g, a:b] = 0
                here[:] = 0
                pending[slot, k] = whole[slot, k] = 0
            live[k] = busy
            if fired:
                for n in range(a, b):
                    if spikes[t, n]:
                        queue[count] = inputs + n
                        count += 1
        for i in range(event_from[t], event_from[t + 1]):
            queue[count] = events[i]
            count += 1
        if kept is not None:
            sent, count = count, 0
            for i in range(sent):
                queue[count] = queue[i]
                count += kept[t, queue[i]]
        operations[t] = send(
            queue[:count], slot, owner, first, begin, end, delay, group, targets, weights,
            arriving, touched, pending, whole,
        )  # fmt: skip
        for i in range(len(watched)):
            currents[t, i] = u[watched[i]]
            voltages[t, i] = v[watched[i]]
