r"""Spikes that arrive late: along an axon, or through a synapse with taps in time.

Arrays over time are (time, batch, neurons). A call does batch rows b0 to b1.
"""

from spiking.kernels.compiled import compiled


@compiled
def shift(x, past, whole, rest, out, b0, b1):
    """Write out[t] = (1 − f) · x[t − k] + f · x[t − k − 1] with k = ``whole``, f = ``rest``.

    What comes before the first step is ``past``, (steps, batch, neurons), the last one last.
    """
    one, before = out.dtype.type(1), len(past)
    for t in range(len(x)):
        for b in range(b0, b1):
            row = out[t, b]
            for n in range(len(row)):
                s = t - whole[n]
                near = x[s, b, n] if s >= 0 else past[before + s, b, n]
                far = x[s - 1, b, n] if s >= 1 else past[before + s - 1, b, n]
                row[n] = (one - rest[n]) * near + rest[n] * far


@compiled
def shift_back(above, x, past, whole, rest, by_x, by_past, by_delay, b0, b1):
    """Add to the derivatives by x, by what came before, and by the delays in steps."""
    one, before = above.dtype.type(1), len(past)
    for t in range(len(above)):
        for b in range(b0, b1):
            row = above[t, b]
            for n in range(len(row)):
                s = t - whole[n]
                near, far = (one - rest[n]) * row[n], rest[n] * row[n]
                if s >= 0:
                    by_x[s, b, n] += near
                else:
                    by_past[before + s, b, n] += near
                if s >= 1:
                    by_x[s - 1, b, n] += far
                else:
                    by_past[before + s - 1, b, n] += far
                if by_delay is not None:
                    early = x[s, b, n] if s >= 0 else past[before + s, b, n]
                    late = x[s - 1, b, n] if s >= 1 else past[before + s - 1, b, n]
                    by_delay[n] += row[n] * (late - early)


@compiled
def multiply(start, columns, values, weights, out, b0, b1):
    """Add to out[t + k] what the events of step t weigh at tap k.

    Events as in `spiking.kernels.events`, of rows (time, batch); weights (inputs, taps, outputs).
    What would come after the last step is left out.
    """
    steps, batch = out.shape[0], out.shape[1]
    taps = weights.shape[1]
    for t in range(steps):
        last = min(taps, steps - t)
        for b in range(b0, b1):
            r = t * batch + b
            for e in range(start[r], start[r + 1]):
                own = weights[columns[e]]
                for k in range(last):
                    total, row = out[t + k, b], own[k]
                    if values is None:
                        for o in range(len(total)):
                            total[o] += row[o]
                    else:
                        for o in range(len(total)):
                            total[o] += values[e] * row[o]


@compiled
def outer(start, columns, values, above, found, b0, b1):
    """Add to ``found``, (inputs, taps, outputs), the derivative by the weights."""
    steps, batch = above.shape[0], above.shape[1]
    taps = found.shape[1]
    for t in range(steps):
        last = min(taps, steps - t)
        for b in range(b0, b1):
            r = t * batch + b
            for e in range(start[r], start[r + 1]):
                own = found[columns[e]]
                for k in range(last):
                    total, row = own[k], above[t + k, b]
                    if values is None:
                        for o in range(len(total)):
                            total[o] += row[o]
                    else:
                        for o in range(len(total)):
                            total[o] += values[e] * row[o]
