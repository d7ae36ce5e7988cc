r"""Leaky integration with a refractory period, forward and backward.

As in `spiking.kernels.integrate`, where a neuron that has fired is held for ``wait`` steps. With c
the number of steps that are left before a step,

.. math:: u = \begin{cases} r(v_{t-1}) & c = wait \\ v_{t-1} & \text{else} \end{cases}
          \qquad
          v_t = \begin{cases} u & c > 0 \\ a\, u + k\, i_t + c & c = 0 \end{cases}

and only a neuron that is not held may fire. The reset is SUBTRACT, ZERO or NONE; a wait of 0 is
that of a neuron without a refractory period. The steps that are left are numbers of the type of
the potential.
"""

import numpy as np

from spiking.kernels.compiled import compiled
from spiking.kernels.integrate import (
    SUBTRACT,
    ZERO,
    accumulate,
    hand_down,
    hear,
    pseudo_derivative,
)


@compiled
def advance(mode, before, drive, alpha, kappa, shift, theta, low, wait, left, v, spikes):
    """Write the potentials of one row after a step and its spikes, and count ``left`` down."""
    one, zero = v.dtype.type(1), v.dtype.type(0)
    for n in range(len(v)):
        u, held = before[n], left[n] > zero
        if left[n] == wait[n] and u > theta[n]:
            if mode == SUBTRACT:
                u = u - theta[n]
            elif mode == ZERO:
                u = low[n]
        y = u if held else alpha[n] * u + kappa[n] * drive[n] + shift[n]
        fired = not held and y > theta[n]
        v[n] = y
        spikes[n] = one if fired else zero
        left[n] = left[n] - one if held else (wait[n] if fired else zero)


@compiled
def forward(
    wait, left, x, synapse, alpha, kappa, shift, theta, low, mode, start, current, voltage, spikes,
    drives, feedback, fired, b0, b1, n0, n1,
):  # fmt: skip
    """Write voltages, before the reset, and spikes; ``left`` and ``current`` hold the state."""
    heard = np.empty(n1 - n0, voltage.dtype)
    alpha, kappa, shift, wait = alpha[n0:n1], kappa[n0:n1], shift[n0:n1], wait[n0:n1]
    theta, low = theta[n0:n1], low[n0:n1]
    for t in range(len(x)):
        for b in range(b0, b1):
            drive, after = x[t, b][n0:n1], voltage[t, b][n0:n1]
            before = voltage[t - 1, b][n0:n1] if t > 0 else start[b][n0:n1]
            if feedback is not None:
                hear(drive, feedback, spikes[t - 1, b] if t > 0 else fired[b], heard)
                drive = heard
            if synapse is not None:
                row = current[b][n0:n1]
                accumulate(row, synapse[n0:n1], drive)
                drive = row
            if drives is not None:
                drives[t, b][n0:n1] = drive
            rest, fires = left[b][n0:n1], spikes[t, b][n0:n1]
            advance(mode, before, drive, alpha, kappa, shift, theta, low, wait, rest, after, fires)


@compiled
def find_held(spikes, wait, left, held):
    """Write which neurons are held, (time + 1, batch, neurons), from before the first step on.

    Before the first step all are, but those that have just fired and those that never wait.
    ``left`` counts down.
    """
    zero, one = left.dtype.type(0), left.dtype.type(1)
    for b in range(len(left)):
        for n in range(len(wait)):
            held[0, b, n] = left[b, n] != wait[n]
    for t in range(len(spikes)):
        for b in range(len(left)):
            for n in range(len(wait)):
                held[t + 1, b, n] = left[b, n] > zero
                left[b, n] = max(left[b, n] - one, zero) + spikes[t, b, n] * wait[n]


@compiled
def retreat(
    mode, through, v, held, held_next, wait, slope, by_spikes, alpha, theta, low, later, sums
):  # fmt: skip
    """Turn the derivative by the next potential, ``later``, into that by this one, v.

    ``held`` and ``held_next`` are of the step that led to v and of the next. ``sums`` as in
    `backward`.
    """
    zero, one = v.dtype.type(0), v.dtype.type(1)
    for n in range(len(v)):
        rate = one if held_next[n] else alpha[n]
        back, free = rate * later[n], zero if held[n] else one
        resets = wait[n] == zero or (held_next[n] and not held[n])
        fired = resets and v[n] > theta[n]
        by_s, kept = by_spikes[n], back
        if resets and mode == SUBTRACT:
            by_s -= through * theta[n] * back
        elif resets and mode == ZERO:
            by_s -= through * (v[n] - low[n]) * back
            kept = zero if fired else back
        by_s *= free * slope[n]
        if sums is not None:
            post = v[n]
            if fired and mode == SUBTRACT:
                post -= theta[n]
                sums[3, n] -= back
            elif fired and mode == ZERO:
                post = low[n]
                sums[4, n] += back
            sums[0, n] += zero if held_next[n] else later[n] * post
            sums[3, n] -= by_s
        later[n] = kept + by_s


@compiled
def backward(
    wait, held, by_spikes, by_voltage, voltage, drive, synapse, alpha, kappa, theta, low, mode,
    through, kind, first, second, given, v, current, by_v, by_current, by_x, sums,
    t0, t1, b0, b1, n0, n1,
):  # fmt: skip
    """Write the derivative by x, and by the state; see `spiking.kernels.integrate.backward`."""
    alpha, kappa, theta, low = alpha[n0:n1], kappa[n0:n1], theta[n0:n1], low[n0:n1]
    wait, steps = wait[n0:n1], len(voltage)
    slope, nothing = np.zeros(n1 - n0, voltage.dtype), np.zeros(n1 - n0, voltage.dtype)
    taken, strength = np.zeros(n1 - n0, voltage.dtype), voltage.dtype.type(through)
    for t in range(t1 - 1, t0 - 1, -1):
        for b in range(b0, b1):
            later, now = by_v[b][n0:n1], held[t + 1, b][n0:n1]
            after = held[t + 2, b][n0:n1] if t + 1 < steps else now
            row = voltage[t, b][n0:n1] if t >= 0 else v[b][n0:n1]
            spoken = nothing
            if by_spikes is not None:  # noqa: SIM102 - alone, so that the compiler leaves it out
                if t >= 0:
                    spoken = by_spikes[t, b][n0:n1]
            if given is None:
                pseudo_derivative(kind, first, second, row, theta, slope)
            else:
                slope[:] = given[t + 1, b][n0:n1]
            retreat(
                mode, strength, row, now, after, wait, slope, spoken, alpha, theta, low, later, sums
            )
            if t < 0:
                continue
            if by_voltage is not None:
                later += by_voltage[t, b][n0:n1]
            for n in range(n1 - n0):
                taken[n] = later[n] * (not now[n])
            carried = taken if by_current is None else by_current[b][n0:n1]
            rates = None if synapse is None else synapse[n0:n1]
            hand_down(taken, kappa, rates, carried, by_x[t, b][n0:n1])
            if sums is not None:
                sums[1] += taken * drive[t, b][n0:n1]
                sums[2] += taken
                if synapse is not None:
                    before = drive[t - 1, b][n0:n1] if t > 0 else current[b][n0:n1]
                    sums[5] += by_x[t, b][n0:n1] * before
