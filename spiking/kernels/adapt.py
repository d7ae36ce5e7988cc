r"""Leaky integration with a threshold and an adaptation current, forward and backward.

With v the potential before the reset, s = [v > θ] and u = v − s · jump after it, where the jump is
v − v_r ("zero") or θ ("subtract"),

.. math:: v_t &= a\, u_{t-1} + k\,(x_t - w_{t-1}) + c \\
          w_t &= b\, w_{t-1} + p\, u + q\, s

u and s of the adaptation are those of t (symplectic Euler) or of t − 1 (forward Euler).

Arrays over time are (time, batch, neurons), states (batch, neurons). Coefficients are rows of one
array (8, neurons), in the order of the names below. A call does batch rows b0 to b1 and neurons
n0 to n1.
"""

import numpy as np

from spiking.kernels.compiled import compiled
from spiking.kernels.integrate import hear, pseudo_derivative

ALPHA, KAPPA, SHIFT, BETA, DRIVE, KICK, THETA, LOW = range(8)


@compiled
def advance(symplectic, hard, p, x, v, w):
    """Move potentials and adaptation of one row on by a step, in place."""
    alpha, kappa, shift, beta = p[ALPHA], p[KAPPA], p[SHIFT], p[BETA]
    drive, kick, theta, low = p[DRIVE], p[KICK], p[THETA], p[LOW]
    one, zero = v.dtype.type(1), v.dtype.type(0)
    for n in range(len(v)):
        s = one if v[n] > theta[n] else zero
        u = v[n] - s * (v[n] - low[n] if hard else theta[n])
        now = alpha[n] * u + kappa[n] * (x[n] - w[n]) + shift[n]
        if symplectic:
            s = one if now > theta[n] else zero
            u = now - s * (now - low[n] if hard else theta[n])
        w[n] = beta[n] * w[n] + drive[n] * u + kick[n] * s
        v[n] = now


@compiled
def forward(
    x, p, symplectic, hard, v, w, voltage, adaptation, spikes, drives, feedback, fired,
    b0, b1, n0, n1,
):  # fmt: skip
    """Write voltages before the reset, adaptation and spikes; ``v`` and ``w`` hold the state.

    ``drives``, ``feedback`` and ``fired`` as in `spiking.kernels.integrate`.
    """
    heard = np.empty(n1 - n0, voltage.dtype)
    p = np.ascontiguousarray(p[:, n0:n1])
    one, zero = v.dtype.type(1), v.dtype.type(0)
    theta = p[THETA]
    for t in range(len(x)):
        for b in range(b0, b1):
            state, fires, drive = v[b][n0:n1], spikes[t, b][n0:n1], x[t, b][n0:n1]
            if feedback is not None:
                hear(drive, feedback, spikes[t - 1, b] if t > 0 else fired[b], heard)
                drive = heard
                if drives is not None:
                    drives[t, b][n0:n1] = drive
            advance(symplectic, hard, p, drive, state, w[b][n0:n1])
            voltage[t, b][n0:n1] = state
            adaptation[t, b][n0:n1] = w[b][n0:n1]
            for n in range(len(state)):
                fires[n] = one if state[n] > theta[n] else zero


@compiled
def retreat(symplectic, hard, through, first, p, v, slope, by_spikes, by_last, by_v, by_w, sums):
    """Turn derivatives by the next potential and adaptation into those by this row's, in place.

    ``by_last`` is what the adaptation has from after the last step; ``first`` is 0 for the state
    before the first step, whose adaptation is given and not made of its potential.
    """
    alpha, kappa, beta = p[ALPHA], p[KAPPA], p[BETA]
    drive, kick, theta, low = p[DRIVE], p[KICK], p[THETA], p[LOW]
    one, zero = v.dtype.type(1), v.dtype.type(0)
    for n in range(len(v)):
        s = one if v[n] > theta[n] else zero
        jump = v[n] - low[n] if hard else theta[n]
        before = by_w[n] * beta[n] - kappa[n] * by_v[n] + by_last[n]
        adapted = first * before if symplectic else by_w[n]
        by_u = alpha[n] * by_v[n] + drive[n] * adapted
        by_s = by_spikes[n] + kick[n] * adapted - through * jump * by_u
        if sums is not None:
            u = v[n] - s * jump
            sums[ALPHA, n] += by_v[n] * u
            sums[DRIVE, n] += adapted * u
            sums[KICK, n] += adapted * s
            sums[THETA, n] -= slope[n] * by_s + (zero if hard else s * by_u)
            sums[LOW, n] += s * by_u if hard else zero
        by_v[n] = (by_u * (one - s) if hard else by_u) + slope[n] * by_s
        by_w[n] = before


@compiled
def backward(
    by_spikes, by_voltage, by_last, voltage, adaptation, x, p, symplectic, hard, through,
    kind, first, second, given, v, w, by_v, by_w, by_x, sums, t0, t1, b0, b1, n0, n1,
):  # fmt: skip
    """Write the derivative by x of steps t0 to t1, the last first; -1 is the state before.

    ``by_last`` is the derivative by the adaptation after the last step; ``given`` is the
    pseudo-derivative where no formula is known, from the state before the first step on. ``sums``
    (8, neurons), None if no parameter learns, collects the derivatives by the coefficients.
    """
    p = np.ascontiguousarray(p[:, n0:n1])
    slope, spoken = np.zeros(n1 - n0, voltage.dtype), np.zeros(n1 - n0, voltage.dtype)
    nothing = np.zeros(n1 - n0, voltage.dtype)
    strength, kappa, theta = voltage.dtype.type(through), p[KAPPA], p[THETA]
    for t in range(t1 - 1, t0 - 1, -1):
        for b in range(b0, b1):
            row = voltage[t, b][n0:n1] if t >= 0 else v[b][n0:n1]
            later, held = by_v[b][n0:n1], by_w[b][n0:n1]
            spoken[:] = 0
            if by_spikes is not None:  # noqa: SIM102 - alone, so that the compiler leaves it out
                if t >= 0:
                    spoken[:] = by_spikes[t, b][n0:n1]
            if given is None:
                pseudo_derivative(kind, first, second, row, theta, slope)
            else:
                slope[:] = given[t + 1, b][n0:n1]
            if sums is not None:
                before = adaptation[t, b][n0:n1] if t >= 0 else w[b][n0:n1]
                sums[BETA] += held * before
                sums[KAPPA] -= later * before
            after = by_last[b][n0:n1] if t == len(voltage) - 1 else nothing
            inside = voltage.dtype.type(t >= 0)
            retreat(
                symplectic, hard, strength, inside, p, row, slope, spoken, after, later, held, sums
            )
            if t < 0:
                continue
            if by_voltage is not None:
                later += by_voltage[t, b][n0:n1]
            out = by_x[t, b][n0:n1]
            for n in range(len(out)):
                out[n] = kappa[n] * later[n]
            if sums is not None:
                sums[KAPPA] += later * x[t, b][n0:n1]
                sums[SHIFT] += later
