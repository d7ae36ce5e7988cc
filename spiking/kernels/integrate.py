r"""Leaky integration over time, with or without spikes, forward and backward.

.. math:: i_t &= a_s\, i_{t-1} + x_t \\
          v_t &= a\, r(v_{t-1}) + k\, i_t + c, \qquad s_t = [v_t > \theta]

The reset r is one of four, with s the spike of the step before:

========  ==========================================
SUBTRACT  :math:`v - \theta s`
LATE      :math:`v`, and :math:`\theta s` leaves v_t after the decay
ZERO      :math:`v_r` where s, else v
NONE      v
========  ==========================================

Arrays over time are (time, batch, neurons), parameters (neurons,), states (batch, neurons). A call
does batch rows b0 to b1 and neurons n0 to n1. Where an array is None, the compiler leaves out what
needs it: ``synapse`` without a synaptic current, ``spikes`` without a threshold, ``feedback``
(from, to) without recurrent weights, which need all neurons of a row in one call.
"""

import numpy as np

from spiking.kernels.compiled import compiled

SUBTRACT, LATE, ZERO, NONE = range(4)
FAST_SIGMOID, ARCTAN, TRIANGULAR, BOXCAR = range(4)


@compiled
def advance(mode, before, drive, alpha, kappa, shift, theta, low, v, spikes):
    """Write the potentials of one row after a step, and which are above the threshold."""
    one, zero = v.dtype.type(1), v.dtype.type(0)
    if mode == SUBTRACT:
        for n in range(len(v)):
            u = before[n] - theta[n] if before[n] > theta[n] else before[n]
            y = alpha[n] * u + kappa[n] * drive[n] + shift[n]
            v[n] = y
            spikes[n] = one if y > theta[n] else zero
    elif mode == LATE:
        for n in range(len(v)):
            lost = theta[n] if before[n] > theta[n] else zero
            y = alpha[n] * before[n] + kappa[n] * drive[n] + shift[n] - lost
            v[n] = y
            spikes[n] = one if y > theta[n] else zero
    elif mode == ZERO:
        for n in range(len(v)):
            u = low[n] if before[n] > theta[n] else before[n]
            y = alpha[n] * u + kappa[n] * drive[n] + shift[n]
            v[n] = y
            spikes[n] = one if y > theta[n] else zero
    else:
        for n in range(len(v)):
            y = alpha[n] * before[n] + kappa[n] * drive[n] + shift[n]
            v[n] = y
            spikes[n] = one if y > theta[n] else zero


@compiled
def leak(before, drive, alpha, kappa, shift, v):
    """Write the potentials of one row after a step, where nothing spikes."""
    for n in range(len(v)):
        v[n] = alpha[n] * before[n] + kappa[n] * drive[n] + shift[n]


@compiled
def accumulate(current, synapse, x):
    """Let the synaptic currents of one row decay and take the input, in place."""
    for n in range(len(x)):
        current[n] = synapse[n] * current[n] + x[n]


@compiled
def hear(x, feedback, fired, out):
    """Write the input of one row with what comes back from the neurons that have fired."""
    out[:] = x
    for i in range(len(fired)):
        if fired[i] != 0:
            weights = feedback[i]
            for n in range(len(out)):
                out[n] += fired[i] * weights[n]


@compiled
def forward(
    x, synapse, alpha, kappa, shift, theta, low, mode, start, current, voltage, spikes, drives,
    feedback, fired, b0, b1, n0, n1,
):  # fmt: skip
    """Write voltages, before the reset, and spikes, from the potentials ``start`` on.

    ``current`` holds the synaptic currents, before and after; ``fired`` the spikes before the first
    step. ``drives``, which may be None, takes what drives the potentials.
    """
    heard = np.empty(n1 - n0, voltage.dtype)
    alpha, kappa, shift = alpha[n0:n1], kappa[n0:n1], shift[n0:n1]
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
            if spikes is None:
                leak(before, drive, alpha, kappa, shift, after)
            else:
                fires = spikes[t, b][n0:n1]
                advance(mode, before, drive, alpha, kappa, shift, theta, low, after, fires)


@compiled
def pseudo_derivative(kind, first, second, v, theta, out):
    """Write the surrogate's derivative at v − θ."""
    one, a, b = out.dtype.type(1), out.dtype.type(first), out.dtype.type(second)
    zero = out.dtype.type(0)
    if kind == FAST_SIGMOID:
        for n in range(len(v)):
            y = one + a * abs(v[n] - theta[n])
            out[n] = one / (y * y)
    elif kind == ARCTAN:
        for n in range(len(v)):
            y = b * (v[n] - theta[n])
            out[n] = a / (one + y * y)
    elif kind == TRIANGULAR:
        for n in range(len(v)):
            y = one - abs(v[n] - theta[n]) * a
            out[n] = b * y if y > zero else zero
    else:
        for n in range(len(v)):
            out[n] = b if abs(v[n] - theta[n]) < a else zero


@compiled
def retreat(mode, through, v, slope, by_spikes, alpha, theta, low, later):
    """Turn the derivative by the next potential, ``later``, into that by this one, v.

    ``slope`` is the pseudo-derivative; the spikes' share of the reset counts where ``through`` is
    1.
    """
    if mode == SUBTRACT:
        for n in range(len(v)):
            back = alpha[n] * later[n]
            later[n] = back + slope[n] * (by_spikes[n] - through * theta[n] * back)
    elif mode == LATE:
        for n in range(len(v)):
            by_s = by_spikes[n] - through * theta[n] * later[n]
            later[n] = alpha[n] * later[n] + slope[n] * by_s
    elif mode == ZERO:
        for n in range(len(v)):
            back = alpha[n] * later[n]
            by_s = by_spikes[n] - through * (v[n] - low[n]) * back
            kept = v.dtype.type(0) if v[n] > theta[n] else back
            later[n] = kept + slope[n] * by_s
    else:
        for n in range(len(v)):
            later[n] = alpha[n] * later[n] + slope[n] * by_spikes[n]


@compiled
def collect(mode, through, v, slope, by_spikes, alpha, theta, low, later, sums):
    """Add what a potential v, and the reset after it, say about the parameters."""
    by_alpha, by_theta, by_low = sums[0], sums[3], sums[4]
    for n in range(len(v)):
        fired = v[n] > theta[n]
        post, back, by_s = v[n], alpha[n] * later[n], by_spikes[n]
        if mode == SUBTRACT:
            by_s -= through * theta[n] * back
            if fired:
                post = v[n] - theta[n]
                by_theta[n] -= back
        elif mode == LATE:
            by_s -= through * theta[n] * later[n]
            if fired:
                by_theta[n] -= later[n]
        elif mode == ZERO:
            by_s -= through * (v[n] - low[n]) * back
            if fired:
                post = low[n]
                by_low[n] += back
        by_theta[n] -= slope[n] * by_s
        by_alpha[n] += later[n] * post


@compiled
def hand_down(later, kappa, synapse, carried, out):
    """Write the derivative by the input of a row; ``carried`` is that by the next current."""
    if synapse is None:
        for n in range(len(out)):
            out[n] = kappa[n] * later[n]
    else:
        for n in range(len(out)):
            out[n] = kappa[n] * later[n] + carried[n]
            carried[n] = synapse[n] * out[n]


@compiled
def backward(
    by_spikes, by_voltage, voltage, drive, synapse, alpha, kappa, theta, low, mode, through,
    kind, first, second, given, v, current, by_v, by_current, by_x, sums, t0, t1, b0, b1, n0, n1,
):  # fmt: skip
    """Write the derivative by x of steps t0 to t1, the last first; -1 is the state before.

    ``by_current`` comes in with the derivative by the current after the last step. ``given`` is
    the pseudo-derivative where no formula is known, from the state before the first step on.
    ``sums``, None if no parameter learns, collects derivatives by alpha, kappa, shift, theta, low
    and synapse in its rows (6, neurons).
    """
    alpha, kappa, theta, low = alpha[n0:n1], kappa[n0:n1], theta[n0:n1], low[n0:n1]
    slope, nothing = np.zeros(n1 - n0, voltage.dtype), np.zeros(n1 - n0, voltage.dtype)
    strength = voltage.dtype.type(through)
    for t in range(t1 - 1, t0 - 1, -1):
        for b in range(b0, b1):
            row = voltage[t, b][n0:n1] if t >= 0 else v[b][n0:n1]
            later, spoken = by_v[b][n0:n1], nothing
            if by_spikes is not None:  # noqa: SIM102 - alone, so that the compiler leaves it out
                if t >= 0:
                    spoken = by_spikes[t, b][n0:n1]
            if given is None:
                pseudo_derivative(kind, first, second, row, theta, slope)
            else:
                slope[:] = given[t + 1, b][n0:n1]
            if sums is not None:
                collect(mode, strength, row, slope, spoken, alpha, theta, low, later, sums)
            retreat(mode, strength, row, slope, spoken, alpha, theta, low, later)
            if t < 0:
                continue
            if by_voltage is not None:
                later += by_voltage[t, b][n0:n1]
            carried = later if by_current is None else by_current[b][n0:n1]
            rates = None if synapse is None else synapse[n0:n1]
            hand_down(later, kappa, rates, carried, by_x[t, b][n0:n1])
            if sums is not None:
                sums[1] += later * drive[t, b][n0:n1]
                sums[2] += later
                if synapse is not None:
                    before = drive[t - 1, b][n0:n1] if t > 0 else current[b][n0:n1]
                    sums[5] += by_x[t, b][n0:n1] * before
