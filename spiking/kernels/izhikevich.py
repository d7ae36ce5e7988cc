r"""Izhikevich's equations over time, forward and backward.

A step resets, v ← v + s (c − v) and u ← u + s d with s = [v > θ], and then goes h milliseconds on
as often as there are substeps, with Euler's method:

.. math:: v \mathrel{+}= h\,(0.04 v^2 + 5 v + 140 - u + x) \text{ where } v \le \theta, \qquad
          u \mathrel{+}= h\, a\,(b v - u)

Arrays over time are (time, batch, neurons), states (batch, neurons). Coefficients are rows of one
array (4, neurons), in the order of the names below. A call does batch rows b0 to b1 and neurons
n0 to n1.
"""

import numpy as np

from spiking.kernels.compiled import compiled
from spiking.kernels.integrate import pseudo_derivative

A, B, C, D = range(4)


@compiled
def restart(p, theta, v, u, v_after, u_after):
    """Write potentials and recovery of one row after a reset, which may be where they were."""
    one, zero = v.dtype.type(1), v.dtype.type(0)
    for n in range(len(v)):
        s = one if v[n] > theta else zero
        v_after[n] = v[n] + s * (p[C, n] - v[n])
        u_after[n] = u[n] + s * p[D, n]


@compiled
def substep(p, theta, h, x, v, u, v_after, u_after):
    """Write potentials and recovery of one row after a substep, which may be where they were."""
    square, line, constant = v.dtype.type(0.04), v.dtype.type(5), v.dtype.type(140)
    for n in range(len(v)):
        y, held = v[n], u[n]
        slope = square * y * y + line * y + constant - held + x[n]
        v_after[n] = y + h * slope if y <= theta else y
        u_after[n] = held + h * p[A, n] * (p[B, n] * y - held)


@compiled
def forward(
    x, p, threshold, length, substeps, v, u, voltage, recovery, spikes, b0, b1, n0, n1
):  # fmt: skip
    """Write potentials, before the reset, recovery and spikes; ``v`` and ``u`` hold the state."""
    p = np.ascontiguousarray(p[:, n0:n1])
    theta, h = v.dtype.type(threshold), v.dtype.type(length)
    one, zero = v.dtype.type(1), v.dtype.type(0)
    for t in range(len(x)):
        for b in range(b0, b1):
            row, held, fires = v[b][n0:n1], u[b][n0:n1], spikes[t, b][n0:n1]
            restart(p, theta, row, held, row, held)
            for _ in range(substeps):
                substep(p, theta, h, x[t, b][n0:n1], row, held, row, held)
            voltage[t, b][n0:n1] = row
            recovery[t, b][n0:n1] = held
            for n in range(len(row)):
                fires[n] = one if row[n] > theta else zero


@compiled
def undo_substep(p, theta, h, v, u, by_v, by_u, by_x, sums):
    """Turn derivatives by what follows a substep into those by v and u before it, in place."""
    one, zero = v.dtype.type(1), v.dtype.type(0)
    curve, line = v.dtype.type(0.08), v.dtype.type(5)
    for n in range(len(v)):
        moved = h * by_v[n] if v[n] <= theta else zero
        rate = h * p[A, n]
        if sums is not None:
            sums[A, n] += by_u[n] * h * (p[B, n] * v[n] - u[n])
            sums[B, n] += by_u[n] * rate * v[n]
        by_x[n] += moved
        by_v[n] += moved * (curve * v[n] + line) + by_u[n] * rate * p[B, n]
        by_u[n] = by_u[n] * (one - rate) - moved


@compiled
def undo_restart(p, theta, through, v, slope, by_spikes, by_v, by_u, sums):
    """Turn derivatives by what follows a reset into those by v and u before it, in place."""
    one, zero = v.dtype.type(1), v.dtype.type(0)
    for n in range(len(v)):
        s = one if v[n] > theta else zero
        by_s = by_spikes[n] + through * ((p[C, n] - v[n]) * by_v[n] + p[D, n] * by_u[n])
        if sums is not None:
            sums[C, n] += s * by_v[n]
            sums[D, n] += s * by_u[n]
        by_v[n] = (one - s) * by_v[n] + slope[n] * by_s


@compiled
def backward(
    by_spikes, by_voltage, voltage, recovery, x, p, threshold, length, substeps, through,
    kind, first, second, given, v, u, by_v, by_u, by_x, sums, b0, b1, n0, n1,
):  # fmt: skip
    """Write the derivative by x, and by the state into ``by_v`` and ``by_u``.

    ``by_u`` comes in with the derivative by the recovery after the last step. ``given`` is the
    pseudo-derivative where no formula is known, from the state before the first step on. ``sums``
    (4, neurons), None if no parameter learns, collects the derivatives by the coefficients.
    """
    p = np.ascontiguousarray(p[:, n0:n1])
    kind_of = voltage.dtype.type
    theta, h, strength = kind_of(threshold), kind_of(length), kind_of(through)
    thresholds, slope = np.full(n1 - n0, theta), np.zeros(n1 - n0, voltage.dtype)
    nothing = np.zeros(n1 - n0, voltage.dtype)
    vs = np.empty((substeps + 1, n1 - n0), voltage.dtype)
    us = np.empty((substeps + 1, n1 - n0), voltage.dtype)
    for t in range(len(voltage) - 1, -1, -1):
        for b in range(b0, b1):
            before = voltage[t - 1, b][n0:n1] if t > 0 else v[b][n0:n1]
            held = recovery[t - 1, b][n0:n1] if t > 0 else u[b][n0:n1]
            later, kept, out = by_v[b][n0:n1], by_u[b][n0:n1], by_x[t, b][n0:n1]
            if t == len(voltage) - 1:
                if given is None:
                    pseudo_derivative(kind, first, second, voltage[t, b][n0:n1], thresholds, slope)
                else:
                    slope[:] = given[t + 1, b][n0:n1]
                if by_spikes is not None:
                    later += slope * by_spikes[t, b][n0:n1]
            if by_voltage is not None:
                later += by_voltage[t, b][n0:n1]
            restart(p, theta, before, held, vs[0], us[0])
            for i in range(substeps):
                substep(p, theta, h, x[t, b][n0:n1], vs[i], us[i], vs[i + 1], us[i + 1])
            out[:] = 0
            for i in range(substeps - 1, -1, -1):
                undo_substep(p, theta, h, vs[i], us[i], later, kept, out, sums)
            if given is None:
                pseudo_derivative(kind, first, second, before, thresholds, slope)
            else:
                slope[:] = given[t, b][n0:n1]
            spoken = nothing
            if by_spikes is not None:  # noqa: SIM102 - alone, so that the compiler leaves it out
                if t > 0:
                    spoken = by_spikes[t - 1, b][n0:n1]
            undo_restart(p, theta, strength, before, slope, spoken, later, kept, sums)
