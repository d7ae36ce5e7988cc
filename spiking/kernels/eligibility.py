r"""Recurrent networks of neurons with adaptive thresholds: in time, back in time, and by e-prop.

.. math:: v_t &= \alpha\, v_{t-1} + c_t + W z_{t-1} - \theta z_{t-1}, \qquad
          a_t = \rho\, a_{t-1} + z_{t-1} \\
          z_t &= [v_t > \theta + \beta a_t], \qquad
          \psi_t = \tfrac{\gamma}{\theta} \max(0, 1 - |v_t - \theta - \beta a_t| / \theta)

z and ψ are 0 in the refractory steps after a spike. Arrays over time are (time, batch, neurons);
``across`` are weights (pre, post). Parameters are rows (neurons,) of one array, in the order of the
names below.
"""

import numpy as np

from spiking.kernels.compiled import compiled

ALPHA, RHO, BETA, THETA, GAMMA = range(5)


@compiled
def add(to, factor, row):
    """Add a multiple of a row to another, in place."""
    for i in range(len(row)):
        to[i] += factor * row[i]


@compiled
def advance(p, current, across, hold, v, a, z, wait, psi):
    """Move one sample on by a step, in place; write the pseudo-derivatives."""
    one, zero = v.dtype.type(1), v.dtype.type(0)
    alpha, rho, theta = p[ALPHA], p[RHO], p[THETA]
    for j in range(len(v)):
        v[j] = alpha[j] * v[j] + current[j] - theta[j] * z[j]
        a[j] = rho[j] * a[j] + z[j]
    for k in range(len(z)):
        if z[k] != 0:
            add(v, one, across[k])
    for j in range(len(v)):
        gap = v[j] - theta[j] - p[BETA, j] * a[j]
        free = wait[j] <= 0
        z[j] = one if free and gap > 0 else zero
        slope = p[GAMMA, j] / theta[j] * max(zero, one - abs(gap) / theta[j])
        psi[j] = slope if free else zero
        wait[j] = hold if z[j] != 0 else wait[j] - 1


@compiled
def forward(current, across, p, hold, spikes, psi):
    """Write spikes and pseudo-derivatives, from rest."""
    neurons, kind = current.shape[2], current.dtype
    for b in range(current.shape[1]):
        v, a, z = np.zeros(neurons, kind), np.zeros(neurons, kind), np.zeros(neurons, kind)
        wait = np.zeros(neurons, np.int64)
        for t in range(len(current)):
            advance(p, current[t, b], across, hold, v, a, z, wait, psi[t, b])
            spikes[t, b] = z


@compiled
def backward(by_spikes, psi, across, p, through, by_reset, by_current):
    """Write the derivative by the current.

    Without ``through`` spikes to others carry none; ``by_reset`` is 1 where the reset carries one,
    0 otherwise.
    """
    neurons, kind = psi.shape[2], psi.dtype
    for b in range(psi.shape[1]):
        by_v, by_a, by_z = np.zeros(neurons, kind), np.zeros(neurons, kind), np.zeros(neurons, kind)
        for t in range(len(psi) - 1, -1, -1):
            for j in range(neurons):
                by_z[j] = by_spikes[t, b, j] + by_a[j] - by_reset * p[THETA, j] * by_v[j]
                if through and psi[t, b, j] != 0:
                    by_z[j] += np.dot(across[j], by_v)
            for j in range(neurons):
                driven = psi[t, b, j] * by_z[j]
                by_v[j] = driven + p[ALPHA, j] * by_v[j]
                by_a[j] = p[RHO, j] * by_a[j] - p[BETA, j] * driven
            by_current[t, b] = by_v


@compiled
def error(readout, target, weight, classify, out):
    """Write the derivative of the loss by the readout of a step, and return the loss."""
    if weight == 0:
        out[:] = 0
        return 0.0
    if not classify:
        out[:] = weight * (readout - target)
        return 0.5 * weight * ((readout - target) ** 2).sum()
    most = readout.max()
    total = np.log(np.exp(readout - most).sum()) + most
    out[:] = weight * (np.exp(readout - total) * target.sum() - target)
    return weight * (target * (total - readout)).sum()


@compiled
def catch_up(fast, slow, late, rho, kappa):
    """Let the traces of a row decay by the steps that they were left alone."""
    if late > 0:
        fast *= kappa**late
        slow *= rho**late


@compiled
def remember(row, slow, fast, total, psi, beta, rho, kappa):
    """Move the traces of a row on by a step, and add to the sum of its e-traces."""
    for i in range(len(row)):
        e = psi * (row[i] - beta * slow[i])
        slow[i] = rho * slow[i] + e
        fast[i] = kappa * fast[i] + e
        total[i] += e


@compiled
def eprop(
    x, target, importance, inward, across, outward, bias, back, p, hold, kappa, classify,
    gradient, by_outward, by_bias, sums, counts,
):  # fmt: skip
    """Run forward with eligibility traces, and return the loss; nothing is kept over time.

    ``inward`` and ``across`` are (pre, post), ``outward`` and ``back`` (outputs, neurons).
    ``gradient`` and ``sums``, of e-traces, are (post, inputs + neurons). Rows without a
    pseudo-derivative or a learning signal wait: their traces decay when they are next needed.
    """
    steps, batch, inputs = x.shape
    neurons, outputs, kind = len(across), len(outward), across.dtype
    fast, slow = np.zeros_like(gradient), np.zeros_like(gradient)
    late, share = np.zeros(neurons, np.int64), kind.type(1) / kind.type(batch)
    err, loss, alpha = np.zeros(outputs, kind), 0.0, p[ALPHA, 0]
    for b in range(batch):
        v, a, z = np.zeros(neurons, kind), np.zeros(neurons, kind), np.zeros(neurons, kind)
        psi, filtered = np.zeros(neurons, kind), np.zeros(neurons, kind)
        current, signal = np.zeros(neurons, kind), np.zeros(neurons, kind)
        trace = np.zeros(inputs + neurons, kind)
        wait = np.zeros(neurons, np.int64)
        fast[:], slow[:], late[:] = 0, 0, 0
        for t in range(steps):
            sent = x[t, b]
            current[:] = 0
            for i in range(inputs):
                trace[i] = alpha * trace[i] + sent[i]
                if sent[i] != 0:
                    add(current, sent[i], inward[i])
            for j in range(neurons):
                trace[inputs + j] = alpha * trace[inputs + j] + z[j]
            advance(p, current, across, hold, v, a, z, wait, psi)
            for j in range(neurons):
                filtered[j] = kappa * filtered[j] + z[j]
                counts[j] += z[j]
            weight = share * importance[t]
            asked = weight != 0
            if asked:
                readout = bias.copy()
                for k in range(outputs):
                    readout[k] += (outward[k] * filtered).sum()
                loss += error(readout, target[t, b], weight, classify, err)
                signal[:] = 0
                for k in range(outputs):
                    signal += err[k] * back[k]
                    by_outward[k] += err[k] * filtered
                by_bias += err
            for j in range(neurons):
                if psi[j] == 0 and not asked:
                    late[j] += 1
                    continue
                catch_up(fast[j], slow[j], late[j], p[RHO, j], kappa)
                late[j] = 0
                how = (psi[j], p[BETA, j], p[RHO, j], kappa)
                remember(trace, slow[j], fast[j], sums[j], *how)
                if asked:
                    add(gradient[j], signal[j], fast[j])
    return loss
