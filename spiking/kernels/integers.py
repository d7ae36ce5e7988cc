r"""Leaky integrate-and-fire neurons in integers, spike by spike.

What a neuron does in a step is in `spiking.hardware.Population`. Neurons stand in blocks; a block
in which all are at rest, and to which nothing came, is left out. Synapses stand in segments: those
of one sender with one delay, of one projection. Segments whose targets follow each other, and are
the same, are added as rows of a matrix, several at once. All spikes of a step are sent in one call.

Loops are written so that the compiler can take several neurons at once: no branches, few arrays
(those of a block are one array, row after row), and every number in the type of the state.
"""

import numpy as np

from spiking.kernels.compiled import compiled
from spiking.kernels.shifts import left, right

BLOCK = 128
ROWS = 8  # taken at once
STATE = 3  # u, v, and steps left to wait
NUMBERS = 7  # keep_u, keep_v, bias, theta, kept of a potential after a spike, taken from it, wait


def places(neurons: int) -> int:
    """Return the number of neurons of all blocks, the last one filled up."""
    return -(-neurons // BLOCK) * BLOCK


@compiled
def decayed(x, keep, bits, kind):
    """Return keep / 2^bits of a number, rounded towards zero.

    In two parts, so that no product has more bits than ``kind``.
    """
    m = kind(abs(x))
    high, low = right(m, bits), kind(m & kind(left(kind(1), bits) - 1))
    y = kind(kind(high * keep) + right(kind(low * keep), bits))
    return kind(-y) if x < 0 else y


@compiled
def integrate(limit, decay, alignment, arrived, touched, everyone, numbers, state, awake, fired):
    """Move the neurons of a block on by a step; ``arrived`` is the sum of weights.

    ``touched`` says which neurons a spike reaches, ``everyone`` that all are; ``awake`` is set for
    neurons that are not at rest, ``fired`` for those that fire. Returns how many are awake, how
    many fire, and whether any is not at rest afterwards.
    """
    kind = state.dtype.type
    top, ring = kind(limit - 1), kind(2 * limit - 1)
    total, count, busy = kind(0), kind(0), kind(0)
    for n in range(BLOCK):
        u, v, wait = state[n], state[n + BLOCK], state[n + 2 * BLOCK]
        keep_u, keep_v, bias = numbers[n], numbers[n + BLOCK], numbers[n + 2 * BLOCK]
        current = u if keep_u != 0 else kind(0)
        stirred = (kind(kind(current | v) | kind(bias | touched[n])) | everyone) != 0
        awake[n] = stirred
        total = kind(total + kind(stirred))
        x = kind(decayed(u, keep_u, decay, kind) + left(kind(arrived[n]), alignment))
        u = kind(kind(kind(x + top) & ring) - top)
        y = kind(kind(decayed(v, keep_v, decay, kind) + u) + bias)
        y = min(max(y, kind(-top)), top)
        y = v if wait > 0 else y
        fires = (y > numbers[n + 3 * BLOCK]) & (wait == 0)
        after = kind(kind(y & numbers[n + 4 * BLOCK]) - numbers[n + 5 * BLOCK])
        y = after if fires else y
        wait = numbers[n + 6 * BLOCK] if fires else max(kind(wait - 1), kind(0))
        state[n], state[n + BLOCK], state[n + 2 * BLOCK] = u, y, wait
        fired[n] = fires
        count = kind(count + kind(fires))
        busy = kind(busy | kind(kind(u | y) | kind(wait | bias)))
    return total, count, busy != 0


@compiled
def add_rows(into, weights, begins, scale, partial):
    """Add rows of weights, times 2^scale, to what arrives at neurons that follow each other.

    Sums of ROWS weights have the type of ``partial``.
    """
    kind, half, size = into.dtype.type, partial.dtype.type, len(into)
    a = weights[begins[0] : begins[0] + size]
    b = weights[begins[1] : begins[1] + size]
    c = weights[begins[2] : begins[2] + size]
    d = weights[begins[3] : begins[3] + size]
    e = weights[begins[4] : begins[4] + size]
    f = weights[begins[5] : begins[5] + size]
    g = weights[begins[6] : begins[6] + size]
    h = weights[begins[7] : begins[7] + size]
    for i in range(size):
        first = half(half(half(a[i]) + half(b[i])) + half(half(c[i]) + half(d[i])))
        second = half(half(half(e[i]) + half(f[i])) + half(half(g[i]) + half(h[i])))
        into[i] += left(kind(half(first + second)), scale)


@compiled
def mark_row(first, last, touched, pending, whole):
    """Mark neurons that follow each other as reached; see `send`."""
    for k in range(first // BLOCK, (last - 1) // BLOCK + 1):
        a, b = k * BLOCK, (k + 1) * BLOCK
        pending[k] = 1
        if a >= first and b <= last:
            whole[k] = 1
        else:
            touched[max(a, first) : min(b, last)] = 1


@compiled
def send_rows(
    places, slot, scale, owner, first, begin, delay, weights, zeros, partial, begins, arriving,
    touched, pending, whole,
):  # fmt: skip
    """Send spikes along segments whose targets follow each other; see `send`.

    ``arriving`` (slots, neurons) is that of one group.
    """
    slots, total = len(arriving), 0
    held, there, start, size = 0, 0, 0, 0  # rows that wait to be added, where, and how long
    for place in places:
        for g in range(owner[place], owner[place + 1]):
            at, count = slot + delay[g], begin[g + 1] - begin[g]
            at -= slots if at >= slots else 0
            total += count
            new = at != there or first[g] != start or count != size
            if held == ROWS or (held and new):
                begins[held:] = zeros
                add_rows(arriving[there, start : start + size], weights, begins, scale, partial)
                held = 0
            if held == 0:
                there, start, size = at, first[g], count
                mark_row(start, start + size, touched[at], pending[at], whole[at])
            begins[held] = begin[g]
            held += 1
    if held:
        begins[held:] = zeros
        add_rows(arriving[there, start : start + size], weights, begins, scale, partial)
    return total


@compiled
def send_singly(
    places, slot, scale, owner, begin, delay, targets, weights, arriving, touched, pending
):
    """Send spikes along segments with any sorted targets; see `send_rows`."""
    slots, total, kind = len(arriving), 0, arriving.dtype.type
    now, into, marks, coming = -1, arriving[0], touched[0], pending[0]
    for place in places:
        for g in range(owner[place], owner[place + 1]):
            at = slot + delay[g]
            at -= slots if at >= slots else 0
            if at != now:
                now, into, marks, coming = at, arriving[at], touched[at], pending[at]
            for i in range(np.uint64(begin[g]), np.uint64(begin[g + 1])):
                target = targets[i]
                into[target] += left(kind(weights[i]), scale)
                marks[target] = 1
            low, high = targets[begin[g]], targets[begin[g + 1] - 1]
            coming[low // BLOCK : high // BLOCK + 1] = 1
            total += begin[g + 1] - begin[g]
    return total


@compiled
def send(
    senders, slot, source, stop, offset, group, scale, rows, owner, first, begin, delay, targets,
    weights, partial, begins, arriving, touched, pending, whole,
):  # fmt: skip
    """Send spikes of sorted senders along all their segments; return the number of synapses.

    ``slot`` is that of the step. ``pending`` says of a block whether a spike may reach it,
    ``whole`` whether it reaches all of its neurons; where it does not, ``touched`` says which.
    ``begins`` (ROWS,) is scratch.
    """
    total, zeros = 0, len(targets)
    for p in range(len(source)):
        low, high = np.searchsorted(senders, source[p]), np.searchsorted(senders, stop[p])
        if low == high:
            continue
        places, into = senders[low:high] + (offset[p] - source[p]), arriving[group[p]]
        if rows[p]:
            total += send_rows(
                places, slot, scale[p], owner, first, begin, delay, weights, zeros, partial,
                begins, into, touched, pending, whole,
            )  # fmt: skip
        else:
            total += send_singly(
                places, slot, scale[p], owner, begin, delay, targets, weights, into, touched,
                pending,
            )  # fmt: skip
    return total


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
    steps, inputs, events, event_from, source, stop, offset, group, scale, rows, owner, first,
    begin, delay, targets, weights, shift, partial, limit, decay, alignment, numbers, which, state,
    core_of, kept, spikes, updates, operations, watched, currents, voltages,
):  # fmt: skip
    """Simulate one sample.

    ``events[event_from[t]:event_from[t + 1]]`` are the inputs that spike at t, counted on from
    those of the step before. ``numbers`` (kinds · NUMBERS · BLOCK,) are those of neurons
    in blocks of each kind, ``which`` (blocks,) says the kind of a block: few stay in the cache.
    ``state`` (blocks · STATE · BLOCK,) is before and after. ``updates`` (steps,
    cores) counts neurons that are not at rest, ``operations`` (steps,) synapses met. ``watched``
    are neurons whose state after each step is written to ``currents`` and ``voltages`` (steps,
    watched). Spikes of senders where ``kept`` (steps, inputs + neurons) is False get lost on their
    way; None if none does.
    """
    neurons, groups, slots = len(core_of), len(shift), 1
    for g in range(len(delay)):
        slots = max(slots, delay[g])
    slots += 1
    blocks = (neurons + BLOCK - 1) // BLOCK
    arriving = np.zeros((groups, slots, blocks * BLOCK), state.dtype)
    touched = np.zeros((slots, blocks * BLOCK), np.uint8)
    pending, whole = np.zeros((slots, blocks), np.uint8), np.zeros((slots, blocks), np.uint8)
    live, one_core = np.ones(blocks, np.uint8), cores_of_blocks(core_of)
    awake, fired = np.zeros(BLOCK, np.uint8), np.zeros(BLOCK, np.uint8)
    begins, queue = np.zeros(ROWS, np.int64), np.zeros(inputs + neurons, np.int64)
    for t in range(steps):
        slot, count = t % slots, 0
        for i in range(event_from[t], event_from[t + 1]):
            queue[count] = events[i] - t * inputs
            count += 1
        for k in range(blocks):
            reached = pending[slot, k]
            if not (live[k] or reached):
                continue
            a, b = k * BLOCK, (k + 1) * BLOCK
            total = arriving[0, slot, a:b]
            for g in range(1, groups):
                coming, by = arriving[g, slot, a:b], shift[g, a:b]
                for i in range(BLOCK):
                    total[i] += right(coming[i], by[i])
            own = which[k] * NUMBERS * BLOCK
            up, out, busy = integrate(
                limit, decay, alignment, total, touched[slot, a:b], whole[slot, k],
                numbers[own : own + NUMBERS * BLOCK], state[a * STATE : b * STATE], awake, fired,
            )  # fmt: skip
            live[k] = busy
            if one_core[k] >= 0:
                updates[t, one_core[k]] += up
            else:
                for n in range(a, min(b, neurons)):
                    updates[t, core_of[n]] += awake[n - a]
            if reached:
                arriving[:, slot, a:b] = 0
                touched[slot, a:b] = 0
                pending[slot, k] = whole[slot, k] = 0
            if out:
                for n in range(a, b):
                    if fired[n - a]:
                        spikes[t, n] = True
                        queue[count] = inputs + n
                        count += 1
        if kept is not None:
            sent, count = count, 0
            for i in range(sent):
                queue[count] = queue[i]
                count += kept[t, queue[i]]
        operations[t] = send(
            queue[:count], slot, source, stop, offset, group, scale, rows, owner, first, begin,
            delay, targets, weights, partial, begins, arriving, touched, pending, whole,
        )  # fmt: skip
        for i in range(len(watched)):
            place = watched[i] // BLOCK * STATE * BLOCK + watched[i] % BLOCK
            currents[t, i] = state[place]
            voltages[t, i] = state[place + BLOCK]
