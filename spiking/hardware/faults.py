"""What breaks on a chip: neurons, and bits of weights.

Spikes that get lost are an argument of `spiking.hardware.simulate`, cores that are dead one of
`spiking.hardware.place`.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from spiking.hardware.errors import HardwareError
from spiking.hardware.integers.network import IntegerNetwork
from spiking.hardware.integers.projection import Projection


def silence(network: IntegerNetwork, neurons: Sequence[int] | np.ndarray) -> IntegerNetwork:
    """Return a network some of whose neurons are dead: nothing reaches or drives them.

    Parameters
    ----------
    network
        Left as it is.
    neurons
        Numbers of those that are dead, in the order of the populations.

    Raises
    ------
    HardwareError
        For a neuron that the network has not.

    Examples
    --------
    >>> from spiking.hardware import Population
    >>> cells, synapses = Population("cells", 3, bias=1), Projection("input", "cells", [[1, 2, 3]])
    >>> found = silence(IntegerNetwork(1, [cells], [synapses]), [1])
    >>> found.populations[0].bias.tolist(), found.projections[0].weights.toarray()[0].tolist()
    ([1, 0, 1], [1, 0, 3])
    """
    dead = np.asarray(neurons, np.int64)
    if dead.size and not 0 <= dead.min() <= dead.max() < network.neurons:
        raise HardwareError(
            f"neurons must be from 0 to {network.neurons - 1}, got {dead.min()} to {dead.max()}"
        )
    alive = np.ones(network.neurons, bool)
    alive[dead] = False
    populations = [
        replace(p, bias=p.bias * alive[network.slices[p.name]]) for p in network.populations
    ]
    return replace(
        network,
        populations=populations,
        projections=[_reaching(p, alive[network.slices[p.target]]) for p in network.projections],
    )


def _reaching(p: Projection, alive: np.ndarray) -> Projection:
    """Return a projection whose weights to dead neurons are zero."""
    weights = p.weights.copy()
    weights.data = weights.data * alive[weights.indices]
    return replace(p, weights=weights)


def flip_bits(
    network: IntegerNetwork,
    probability: float,
    generator: np.random.Generator,
    *,
    positions: Collection[int] | None = None,
) -> IntegerNetwork:
    """Return a network in whose memory of weights each bit may have flipped.

    A weight is stored in as many bits as its projection says, as a two's complement without the
    lowest bits, which are cut off; where all have one sign the memory holds magnitudes, and the
    sign belongs to the projection.

    Parameters
    ----------
    network
        Left as it is.
    probability
        Of a flip, for each bit.
    generator
        Draws the flips.
    positions
        Of bits that may flip, 0 for the lowest that is stored; all unless given.

    Raises
    ------
    HardwareError
        If the probability is none, or a position is not in any weight.

    Examples
    --------
    >>> from spiking.hardware import Population
    >>> cells = Population("cells", 2)
    >>> net = IntegerNetwork(1, [cells], [Projection("input", "cells", [[2, -256]])])
    >>> flip_bits(net, 1.0, np.random.default_rng(0)).projections[0].weights.toarray().tolist()
    [[-4, 254]]
    """
    if not 0 <= probability <= 1:
        raise HardwareError(f"probability must be from 0 to 1, got {probability}")
    size = network.sizes.weight
    most = max((p.bits for p in network.projections), default=size)
    chosen = np.arange(most) if positions is None else np.array(sorted(set(positions)), int)
    if chosen.size and not 0 <= chosen[0] <= chosen[-1] < most:
        raise HardwareError(f"positions must be from 0 to {most - 1}, got {chosen.tolist()}")
    projections = []
    for p in network.projections:
        weights = p.weights.copy()
        flips = generator.random((p.bits, weights.nnz)) < probability
        flips &= np.isin(np.arange(p.bits), chosen)[:, None]
        mask = (flips * (1 << np.arange(p.bits))[:, None]).sum(0)
        weights.data = _flipped(weights.data, mask, p.bits, size)
        projections.append(replace(p, weights=weights))
    return replace(network, projections=projections)


def _flipped(data: np.ndarray, mask: np.ndarray, bits: int, size: int) -> np.ndarray:
    """Return weights with the bits of a mask flipped in memory."""
    if (data > 0).any() and (data < 0).any():
        cut = size + 1 - bits
        stored = ((data >> cut) ^ mask) & ((1 << bits) - 1)
        return (stored - ((stored >> (bits - 1)) << bits)) << cut
    sign, cut = (-1 if (data < 0).any() else 1), size - bits
    return sign * (((np.abs(data) >> cut) ^ mask) << cut)
