"""The synapses of a network in the form that the kernel takes."""

from typing import NamedTuple

import numpy as np

from spiking.hardware.network import IntegerNetwork
from spiking.hardware.population import INPUT
from spiking.hardware.projection import Projection


class Synapses(NamedTuple):
    """Segments of synapses, see `spiking.kernels.integers`.

    Attributes
    ----------
    owner
        (senders + 1,), where the segments of each sender begin; inputs are senders first.
    first
        (segments,), the first target where targets follow each other, otherwise −1.
    begin, end
        (segments,), of its synapses.
    delay, group
        (segments,), in steps, and the accumulator that it adds to.
    targets, weights
        (synapses,).
    shift
        (groups, neurons), bits that an accumulated sum loses.
    """

    owner: np.ndarray
    first: np.ndarray
    begin: np.ndarray
    end: np.ndarray
    delay: np.ndarray
    group: np.ndarray
    targets: np.ndarray
    weights: np.ndarray
    shift: np.ndarray


def synapses_of(network: IntegerNetwork) -> Synapses:
    """Return the synapses of a network, by sender, projection and delay.

    A weight takes a positive exponent with it. A negative one shifts the sum of a projection, which
    has an accumulator of its own among those that lead to the same population.
    """
    groups, used = {}, dict.fromkeys(network.slices, 0)
    for i, p in enumerate(network.projections):
        if p.exponent < 0:
            used[p.target] += 1
            groups[i] = used[p.target]
    shift = np.zeros((1 + max(used.values(), default=0), network.neurons), np.int32)
    for i, group in groups.items():
        p = network.projections[i]
        shift[group, network.slices[p.target]] = -p.exponent
    parts = [_columns(network, i, p) for i, p in enumerate(network.projections)]
    sender, which, delay, target, weight = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    order = np.lexsort((target, delay, which, sender))
    sender, which, delay, target, weight = (
        column[order] for column in (sender, which, delay, target, weight)
    )
    keys = np.stack((sender, which, delay))
    starts = np.flatnonzero(np.r_[True, (keys[:, 1:] != keys[:, :-1]).any(0)])[: len(sender)]
    end = np.r_[starts[1:], len(sender)].astype(np.int64)[: len(starts)]
    count = end - starts
    in_row = target[end - 1] - target[starts] + 1 == count
    owner = np.searchsorted(sender[starts], np.arange(network.inputs + network.neurons + 1))
    return Synapses(
        owner.astype(np.int64),
        np.where(in_row, target[starts], -1).astype(np.int64),
        starts.astype(np.int64),
        end,
        delay[starts].astype(np.int64),
        np.array([groups.get(int(i), 0) for i in which[starts]], np.int64),
        target.astype(np.int32),
        weight.astype(np.int32),
        shift,
    )


def _columns(network: IntegerNetwork, i: int, p: Projection) -> tuple[np.ndarray, ...]:
    """Return sender, number of the projection, delay, target and weight of each synapse."""
    weights = p.weights
    start = 0 if p.source == INPUT else network.inputs + network.slices[p.source].start
    sender = start + np.repeat(np.arange(weights.shape[0]), np.diff(weights.indptr))
    target = network.slices[p.target].start + weights.indices
    return (
        sender,
        np.full(weights.nnz, i),
        p.delays,
        target,
        weights.data << max(p.exponent, 0),
    )
