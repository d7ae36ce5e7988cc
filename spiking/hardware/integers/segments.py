"""The synapses of a network in the form that the kernel takes."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, chain
from typing import NamedTuple

import numpy as np

from spiking.hardware.integers.population import INPUT
from spiking.hardware.integers.projection import Projection

ROW = 16  # targets that are worth adding as a row


class Segments(NamedTuple):
    """Segments of synapses, see `spiking.kernels.integers`.

    Attributes
    ----------
    source, stop
        (projections,), first and last sender, exclusive; inputs are senders first.
    offset
        (projections,), where their senders begin in `owner`.
    group
        (projections,), the accumulator that it adds to.
    scale
        (projections,), bits by which its weights are shifted to the left as they are added.
    rows
        (projections,), whether the targets of all its segments, many, follow each other.
    owner
        (senders of all projections + 1,), where the segments of each begin.
    first
        (segments,), first target.
    begin
        (segments + 1,), of its synapses.
    delay
        (segments,), in steps.
    targets
        (synapses,).
    weights
        (synapses + longest segment,), the last ones zeros: in 8 bits or 16, or in 64 where one is
        larger, or where those of a neuron may add up to more than 31 bits.
    shift
        (groups, neurons), bits that an accumulated sum loses.
    """

    source: np.ndarray
    stop: np.ndarray
    offset: np.ndarray
    group: np.ndarray
    scale: np.ndarray
    rows: np.ndarray
    owner: np.ndarray
    first: np.ndarray
    begin: np.ndarray
    delay: np.ndarray
    targets: np.ndarray
    weights: np.ndarray
    shift: np.ndarray

    @property
    def small(self) -> bool:
        """Whether weights, and their sums, need no more than 32 bits."""
        return self.weights.dtype != np.int64

    def widened(self) -> "Segments":
        """Return them with weights in 64 bits."""
        return self._replace(weights=self.weights.astype(np.int64))


def segments_of(
    inputs: int, slices: Mapping[str, slice], neurons: int, projections: Sequence[Projection]
) -> Segments:
    """Return the synapses of a network, by projection, sender and delay.

    A projection is shifted to the left by a positive exponent, and by the lowest bits that are
    zero in all of its weights. A negative exponent shifts its sum to the right, so that it has an
    accumulator of its own among those that lead to the same population.

    Parameters
    ----------
    inputs
        Number of channels.
    slices
        Where the neurons of each population are.
    neurons
        Places for neurons.
    projections
        Synapses.
    """
    used, groups = dict.fromkeys(slices, 0), np.zeros(len(projections), np.int64)
    for i, p in enumerate(projections):
        if p.exponent < 0:
            used[p.target] += 1
            groups[i] = used[p.target]
    shift = np.zeros((1 + max(used.values(), default=0), neurons), np.int32)
    most = np.zeros(neurons)  # of what can arrive in a step
    parts = [_Part.of(p, slices[p.target].start) for p in projections]
    for own, p, part in zip(groups, projections, parts, strict=True):
        most += np.bincount(part.targets, np.abs(part.weights) * 2.0**part.scale, neurons)
        if own:
            shift[own, slices[p.target]] = -p.exponent
    senders = [
        range(inputs)
        if p.source == INPUT
        else range(inputs + slices[p.source].start, inputs + slices[p.source].stop)
        for p in projections
    ]
    sizes = _joined(part.sizes for part in parts)
    padding = np.zeros(sizes.max(initial=0), np.int64)
    weights = _joined(chain((part.weights for part in parts), [padding]))
    return Segments(
        source=np.array([s.start for s in senders], np.int64),
        stop=np.array([s.stop for s in senders], np.int64),
        offset=np.array([0, *accumulate(len(s) for s in senders)][:-1], np.int64),
        group=groups,
        scale=np.array([part.scale for part in parts], np.int64),
        rows=np.array([part.in_rows() for part in parts], bool),
        owner=np.cumsum(np.r_[0, _joined(part.owned for part in parts)]),
        first=_joined(part.first for part in parts),
        begin=np.cumsum(np.r_[0, sizes]),
        delay=_joined(part.delay for part in parts),
        targets=_joined(part.targets for part in parts).astype(np.uint32),
        weights=weights.astype(_type_of(weights) if most.max(initial=0) < 2**31 else np.int64),
        shift=shift,
    )


class _Part(NamedTuple):
    """Segments of a projection.

    Attributes
    ----------
    owned
        (senders,), number of segments of each.
    first, sizes, delay
        (segments,), of each: first target, number of synapses, and steps.
    targets, weights
        (synapses,).
    scale
        By which weights are shifted to the left.
    """

    owned: np.ndarray
    first: np.ndarray
    sizes: np.ndarray
    delay: np.ndarray
    targets: np.ndarray
    weights: np.ndarray
    scale: int

    @classmethod
    def of(cls, p: Projection, start: int) -> "_Part":
        """Return those of a projection to neurons from `start` on."""
        delays, weights = p.delays, p.weights.data
        targets = start + p.weights.indices.astype(np.int64)
        senders = np.repeat(np.arange(p.weights.shape[0]), np.diff(p.weights.indptr))
        if len(delays) and (delays != delays[0]).any():
            order = np.lexsort((targets, delays, senders))
            targets, weights, delays = targets[order], weights[order], delays[order]
        new = np.ones(len(targets), bool)
        new[1:] = (np.diff(senders) != 0) | (np.diff(delays) != 0)
        starts = np.flatnonzero(new)
        zeros = _low_zeros(weights)
        return cls(
            np.bincount(senders[starts], minlength=p.weights.shape[0]),
            targets[starts],
            np.diff(np.r_[starts, len(targets)]),
            delays[starts],
            targets,
            weights >> zeros,
            zeros + max(p.exponent, 0),
        )

    def in_rows(self) -> bool:
        """Return whether the targets of each segment follow each other, and are worth a row."""
        last = self.targets[np.cumsum(self.sizes) - 1]
        follow = last - self.first + 1 == self.sizes
        return bool(follow.all() and self.sizes.min(initial=ROW) >= ROW)


def _joined(arrays: Iterable[np.ndarray]) -> np.ndarray:
    """Return arrays of integers as one."""
    return np.concatenate([np.zeros(0, np.int64), *arrays])


def _low_zeros(weights: np.ndarray) -> int:
    """Return how many of the lowest bits are zero in all numbers."""
    used = int(np.bitwise_or.reduce(weights, initial=0))
    return (used & -used).bit_length() - 1 if used else 0


def _type_of(weights: np.ndarray) -> type:
    """Return the integers that hold all weights."""
    for kind in (np.int8, np.int16):
        if np.array_equal(weights.astype(kind), weights):
            return kind
    return np.int64
