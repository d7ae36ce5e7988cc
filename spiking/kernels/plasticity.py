r"""Local learning rules over time, event by event.

Spikes are (time, batch, neurons), 0 or 1; traces (batch, neurons) and weights (pre, post) change in
place. All changes of a step start from the weights before it, and samples of a batch add up. Only
rows of inputs that spike and columns of neurons that spike are touched.
"""

import numpy as np

from spiking.kernels.compiled import compiled


@compiled
def follow(trace, spikes, decay, nearest):
    """Let the traces of one row decay and take the spikes, in place."""
    one = trace.dtype.type(1)
    if nearest:
        for i in range(len(trace)):
            trace[i] = one if spikes[i] != 0 else decay * trace[i]
    else:
        for i in range(len(trace)):
            trace[i] = decay * trace[i] + spikes[i]


@compiled
def active(spikes, found):
    """Write the neurons that spike in any sample, in order, and return their number."""
    count = 0
    for i in range(spikes.shape[1]):
        fired = False
        for b in range(len(spikes)):
            fired |= spikes[b, i] != 0
        found[count] = i
        count += fired
    return count


@compiled
def room(gap, mu, one):
    """Return the factor of a change of a weight that is a gap away from its bound."""
    if mu == 0:
        return one
    return gap if mu == 1 else max(gap, one - one) ** mu


@compiled
def pairs(pre, post, x, y, decays, nearest, gains, low, high, mu, weight):
    """Apply pair-based STDP; ``decays`` and ``gains`` are those of pre and post, plus and minus."""
    sources, targets = np.empty(pre.shape[2] + 1, np.int64), np.empty(post.shape[2] + 1, np.int64)
    up, down = np.zeros(post.shape[2], x.dtype), np.zeros(post.shape[2], x.dtype)
    touched, one = np.zeros(pre.shape[2], np.bool_), x.dtype.type(1)
    for t in range(len(pre)):
        for b in range(len(x)):
            follow(x[b], pre[t, b], decays[0], nearest)
            follow(y[b], post[t, b], decays[1], nearest)
        n_pre, n_post = active(pre[t], sources), active(post[t], targets)
        for k in range(n_pre):
            i = sources[k]
            row = weight[i]
            touched[i] = True
            down[:], up[:] = 0, 0
            for b in range(len(x)):
                if pre[t, b, i] != 0:
                    down += gains[1] * y[b]
            for m in range(n_post):
                j = targets[m]
                for b in range(len(x)):
                    up[j] += gains[0] * x[b, i] * post[t, b, j]
            for j in range(len(row)):
                w = row[j]
                w += up[j] * room(high - w, mu, one) - down[j] * room(w - low, mu, one)
                row[j] = min(max(w, low), high)
        for i in range(len(weight) if n_post > 0 else 0):
            if touched[i]:
                continue
            for m in range(n_post):
                j, rise = targets[m], up.dtype.type(0)
                for b in range(len(x)):
                    rise += gains[0] * x[b, i] * post[t, b, j]
                w = weight[i, j]
                w += rise * room(high - w, mu, one)
                weight[i, j] = min(max(w, low), high)
        for k in range(n_pre):
            touched[sources[k]] = False


@compiled
def potentiate(row, rate, target, trace, low, high, mu):
    """Apply the rule of Diehl and Cook to the weights of one neuron that spikes, in place."""
    one = row.dtype.type(1)
    for i in range(len(row)):
        w = row[i]
        w += rate * (trace[i] - target) * room(high - w, mu, one)
        row[i] = min(max(w, low), high)


@compiled
def after_posts(pre, post, x, decay, nearest, rate, target, low, high, mu, weight):
    """Apply the rule of Diehl and Cook; ``weight`` is (post, pre) here."""
    targets = np.empty(post.shape[2] + 1, np.int64)
    total = np.empty(pre.shape[2], x.dtype)
    for t in range(len(pre)):
        for b in range(len(x)):
            follow(x[b], pre[t, b], decay, nearest)
        for m in range(active(post[t], targets)):
            j, count = targets[m], total.dtype.type(0)
            total[:] = 0
            for b in range(len(x)):
                if post[t, b, j] != 0:
                    total += x[b]
                    count += post[t, b, j]
            potentiate(weight[j], rate, target * count, total, low, high, mu)


@compiled
def rewarded(pre, post, reward, x, y, decays, nearest, gains, fade, low, high, c, weight):
    """Apply reward-modulated STDP; ``c`` are eligibilities (batch, pre, post), in place.

    They are kept divided by a scale that fades, so that a step without a reward touches only what
    a spike changes.
    """
    one = x.dtype.type(1)
    scale = one
    for t in range(len(pre)):
        scale *= fade
        if scale < 1e-6:  # long before the quotients overflow
            c *= scale
            scale = one
        any_reward = False
        for b in range(len(x)):
            follow(x[b], pre[t, b], decays[0], nearest)
            follow(y[b], post[t, b], decays[1], nearest)
            any_reward |= reward[t, b] != 0
            for i in range(pre.shape[2]):
                if pre[t, b, i] != 0:
                    c[b, i] -= gains[1] / scale * y[b]
            for j in range(post.shape[2]):
                if post[t, b, j] != 0:
                    c[b, :, j] += gains[0] / scale * x[b]
        if any_reward:
            for i in range(len(weight)):
                row = weight[i]
                for b in range(len(x)):
                    row += reward[t, b] * scale * c[b, i]
                for j in range(len(row)):
                    row[j] = min(max(row[j], low), high)
    c *= scale
