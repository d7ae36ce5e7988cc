"""The synapses of a network in the form that the kernel takes."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from spiking.hardware.integers.population import INPUT
from spiking.hardware.integers.projection import Projection


class Segments(NamedTuple):
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
        (synapses,); weights in 16 bits, or in 64 where one is larger, or where those of a neuron
        may add up to more than 31 bits.
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


def segments_of(
    inputs: int, slices: Mapping[str, slice], projections: Sequence[Projection]
) -> Segments:
    """Return the synapses of a network, by sender, projection and delay.

    A weight takes a positive exponent with it. A negative one shifts the sum of a projection, which
    has an accumulator of its own among those that lead to the same population.

    Parameters
    ----------
    inputs
        Number of channels.
    slices
        Where the neurons of each population are.
    projections
        Synapses.
    """
    neurons = max((where.stop for where in slices.values()), default=0)
    groups: dict[int, int] = {}
    used = dict.fromkeys(slices, 0)
    for i, p in enumerate(projections):
        if p.exponent < 0:
            used[p.target] += 1
            groups[i] = used[p.target]
    shift = np.zeros((1 + max(used.values(), default=0), neurons), np.int32)
    for i, own in groups.items():
        p = projections[i]
        shift[own, slices[p.target]] = -p.exponent
    parts: list[tuple[np.ndarray, ...]] = []
    stored = 0
    for i, p in enumerate(projections):
        source = 0 if p.source == INPUT else inputs + slices[p.source].start
        parts.append(_of_projection(p, source, slices[p.target].start, groups.get(i, 0), stored))
        stored += p.weights.nnz
    parts = parts or [(np.zeros(0, np.int64),) * 8]
    sender, first, begin, end, delay, group = (
        np.concatenate(column).astype(np.int64)
        for column in zip(*(part[:6] for part in parts), strict=True)
    )
    order = np.argsort(sender, kind="stable")
    target = np.concatenate([part[6] for part in parts]).astype(np.int32)
    weight = np.concatenate([part[7] for part in parts])
    most = np.bincount(target, np.abs(weight)).max(initial=0.0)  # of what can arrive in a step
    small = most < 2**31 and np.abs(weight).max(initial=0) < 2**15
    return Segments(
        np.searchsorted(sender[order], np.arange(inputs + neurons + 1)),
        first[order],
        begin[order],
        end[order],
        delay[order],
        group[order],
        target,
        weight.astype(np.int16 if small else np.int64),
        shift,
    )


def _of_projection(
    p: Projection, source: int, start: int, group: int, stored: int
) -> tuple[np.ndarray, ...]:
    """Return sender, first, begin, end, delay and group of segments, targets and weights."""
    weights, delays = p.weights, p.delays
    target = start + weights.indices
    data = weights.data << max(p.exponent, 0)
    sender = source + np.repeat(np.arange(weights.shape[0]), np.diff(weights.indptr))
    starts = np.unique(weights.indptr[:-1][np.diff(weights.indptr) > 0])
    if len(delays) and (delays != delays[0]).any():
        order = np.lexsort((target, delays, sender))
        target, data, delays = target[order], data[order], delays[order]
        new = (np.diff(sender) != 0) | (np.diff(delays) != 0)
        starts = np.flatnonzero(np.r_[True, new])
    end = np.r_[starts[1:], len(target)][: len(starts)]
    in_row = target[end - 1] - target[starts] + 1 == end - starts
    return (
        sender[starts],
        np.where(in_row, target[starts], -1),
        stored + starts,
        stored + end,
        delays[starts],
        np.full(len(starts), group),
        target,
        data,
    )
