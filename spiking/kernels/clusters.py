r"""Neurons into cores: fill them in order, grow them by traffic, move and exchange neurons.

Senders are inputs, then neurons. A neuron sends its spikes once to each core where it has targets.
What crosses is, with the cores :math:`D_s` of the targets of sender s and t its spikes,

.. math:: \sum_s t_s \, | D_s \setminus \{ \text{core of } s \} |,

the connectivity of a hypergraph with one edge for each sender.

Limits and columns of ``used`` are neurons, bits, axons in and axons out.
"""

from typing import NamedTuple

import numpy as np

from spiking.kernels.compiled import compiled

NEURONS, MEMORY, IN, OUT = range(4)


class Net(NamedTuple):
    """A network: distinct senders of each neuron, distinct targets of each sender.

    Senders of neuron n are ``pre[pre_start[n] : pre_start[n + 1]]``, targets alike; ``bits`` is the
    memory of each neuron, ``traffic`` the spikes of each sender.
    """

    inputs: int
    pre_start: np.ndarray
    pre: np.ndarray
    post_start: np.ndarray
    post: np.ndarray
    bits: np.ndarray
    traffic: np.ndarray


class Clusters(NamedTuple):
    """Neurons on cores: how many targets of each sender are on each core, and what is used."""

    core_of: np.ndarray
    targets: np.ndarray
    used: np.ndarray
    limits: np.ndarray


@compiled
def fill(net, limits, core_of, reasons):
    """Take the neurons in order, the next core where one is full; count which limits were met."""
    hears = np.full(len(net.traffic), -1, np.int64)
    core, neurons, memory, heard = 0, 0, 0, 0
    for n in range(len(core_of)):
        senders = net.pre[net.pre_start[n] : net.pre_start[n + 1]]
        new = 0
        for s in senders:
            new += hears[s] != core
        full = -1
        if neurons + 1 > limits[NEURONS]:
            full = NEURONS
        elif memory + net.bits[n] > limits[MEMORY]:
            full = MEMORY
        elif heard + new > limits[IN]:
            full = IN
        if full >= 0:
            reasons[full] += 1
            core, neurons, memory, heard, new = core + 1, 0, 0, 0, len(senders)
        core_of[n] = core
        neurons, memory, heard = neurons + 1, memory + net.bits[n], heard + new
        for s in senders:
            hears[s] = core


@compiled
def grow(net, limits, core_of):
    """Fill core after core with the neuron whose traffic has the largest share there already.

    That is, of the spikes that a neuron hears and sends, those that reach the core anyway, or that
    would stay inside. The first neuron of a core is the first that is left.
    """
    neurons, traffic, inputs = len(core_of), net.traffic, net.inputs
    total, share, heard = np.zeros(neurons), np.zeros(neurons), np.zeros(neurons, np.int64)
    hears, near = np.full(len(traffic), -1, np.int64), np.full(len(traffic), -1, np.int64)
    for n in range(neurons):
        for s in net.pre[net.pre_start[n] : net.pre_start[n + 1]]:
            total[n] += traffic[s]
        if net.post_start[inputs + n + 1] > net.post_start[inputs + n]:
            total[n] += traffic[inputs + n]
    core_of[:] = -1
    core, left = 0, neurons
    while left > 0:
        size, memory, axons = 0, 0, 0
        share[:], heard[:] = 0.0, 0
        while size < limits[NEURONS]:
            best, most = -1, -1.0
            for n in range(neurons):
                if core_of[n] >= 0 or memory + net.bits[n] > limits[MEMORY]:
                    continue
                if axons + net.pre_start[n + 1] - net.pre_start[n] - heard[n] > limits[IN]:
                    continue
                value = share[n] / total[n] if total[n] > 0 else 0.0
                if value > most + 1e-12:
                    best, most = n, value
            if best < 0:
                break
            core_of[best] = core
            left, size, memory = left - 1, size + 1, memory + net.bits[best]
            if near[inputs + best] != core:
                near[inputs + best] = core
                for m in net.post[
                    net.post_start[inputs + best] : net.post_start[inputs + best + 1]
                ]:
                    share[m] += traffic[inputs + best]
            for s in net.pre[net.pre_start[best] : net.pre_start[best + 1]]:
                if hears[s] == core:
                    continue
                hears[s], axons = core, axons + 1
                known = near[s] == core
                near[s] = core
                for m in net.post[net.post_start[s] : net.post_start[s + 1]]:
                    heard[m] += 1
                    share[m] += 0.0 if known else traffic[s]
                if s >= inputs:
                    share[s - inputs] += traffic[s]
        core += 1


@compiled
def shift(net, clusters, n, b):
    """Move a neuron to another core and return how many packets less cross."""
    core_of, count, used, traffic = clusters.core_of, clusters.targets, clusters.used, net.traffic
    a, own, gain, sent = core_of[n], net.inputs + n, 0.0, 0
    for core in range(count.shape[1]):
        sent += count[own, core] > 0
    gain += traffic[own] * ((count[own, b] > 0) - (count[own, a] > 0))
    core_of[n] = b
    used[a, NEURONS] -= 1
    used[b, NEURONS] += 1
    used[a, MEMORY] -= net.bits[n]
    used[b, MEMORY] += net.bits[n]
    used[a, OUT] -= sent
    used[b, OUT] += sent
    for s in net.pre[net.pre_start[n] : net.pre_start[n + 1]]:
        home = core_of[s - net.inputs] if s >= net.inputs else -1
        count[s, a] -= 1
        if count[s, a] == 0:
            used[a, IN] -= 1
            gain += traffic[s] if home != a else 0.0
            if home >= 0:
                used[home, OUT] -= 1
        if count[s, b] == 0:
            used[b, IN] += 1
            gain -= traffic[s] if home != b else 0.0
            if home >= 0:
                used[home, OUT] += 1
        count[s, b] += 1
    return gain


@compiled
def gains(net, clusters, n, gain):
    """Write how many packets less would cross with a neuron on each other core."""
    core_of, count, traffic = clusters.core_of, clusters.targets, net.traffic
    a, own, saved, itself = core_of[n], net.inputs + n, 0.0, 0
    cores = count.shape[1]
    gain[:] = 0.0
    for s in net.pre[net.pre_start[n] : net.pre_start[n + 1]]:
        if s == own:
            itself = 1
            continue
        home = core_of[s - net.inputs] if s >= net.inputs else -1
        if home != a and count[s, a] == 1:
            saved += traffic[s]
        for core in range(cores):
            gain[core] -= traffic[s] * ((count[s, core] == 0) & (core != home))
    stays = count[own, a] > itself
    for core in range(cores):
        gain[core] += saved + traffic[own] * ((count[own, core] > 0) - stays)
    gain[a] = -np.inf


@compiled
def gain_at(net, clusters, n, b):
    """Return how many packets less would cross with a neuron on another core."""
    core_of, count, traffic = clusters.core_of, clusters.targets, net.traffic
    a, own, gain, itself = core_of[n], net.inputs + n, 0.0, 0
    for s in net.pre[net.pre_start[n] : net.pre_start[n + 1]]:
        if s == own:
            itself = 1
            continue
        home = core_of[s - net.inputs] if s >= net.inputs else -1
        gain += traffic[s] * ((home != a and count[s, a] == 1) - (home != b and count[s, b] == 0))
    return gain + traffic[own] * ((count[own, b] > 0) - (count[own, a] > itself))


@compiled
def fits(clusters):
    """Return whether no core is beyond its limits."""
    return not (clusters.used > clusters.limits).any()


@compiled
def exchange(net, clusters, a, b, gain, least):
    """Move the best neuron of core b to a, after one has come from there; return the whole gain.

    Nothing moves, and the gain is 0, where no choice keeps the limits and gains ``least``.
    """
    best, most = -1, least
    for m in range(len(clusters.core_of)):
        if clusters.core_of[m] != b:
            continue
        more = gain_at(net, clusters, m, a)
        if gain + more <= most:
            continue
        shift(net, clusters, m, a)
        if fits(clusters):
            best, most = m, gain + more
        shift(net, clusters, m, b)
    if best < 0:
        return 0.0
    shift(net, clusters, best, a)
    return most


@compiled
def refine(net, clusters, rounds, least):
    """Move neurons to better cores, or exchange them where those are full, while it gains.

    Gains up to ``least`` count as none. Where no exchange was found for a neuron, others of its
    core that gain no more do not try until one of both cores has changed.
    """
    cores = clusters.targets.shape[1]
    gain, failed = np.zeros(cores), np.zeros((cores, cores))
    for _ in range(rounds):
        better = False
        for n in range(len(clusters.core_of)):
            gains(net, clusters, n, gain)
            a, b = clusters.core_of[n], np.argmax(gain)
            if gain[b] <= max(least, failed[a, b]):
                continue
            won = shift(net, clusters, n, b)
            if not fits(clusters) and exchange(net, clusters, a, b, won, least) == 0.0:
                shift(net, clusters, n, a)
                failed[a, b] = won
                continue
            better = True
            for core in (a, b):
                failed[core, :] = 0.0
                failed[:, core] = 0.0
        if not better:
            break
