"""What a network takes of the cores that it is on, and what a core has."""

from dataclasses import dataclass

import numpy as np

from spiking.hardware.chips.parts import Core
from spiking.hardware.errors import CapacityError
from spiking.hardware.integers.network import IntegerNetwork
from spiking.hardware.placing.traffic import reach

UNLIMITED = 2**62
LIMITS = ("neurons", "synapse_memory", "axons_in", "axons_out")


@dataclass(frozen=True, eq=False)
class Usage:
    """What a network takes of each core; arrays (cores,), named as the limits.

    Parameters
    ----------
    neurons
        Number.
    synapse_memory
        Bits of synapses.
    axons_in
        Senders, neurons or input channels, that have synapses there.
    axons_out
        Pairs of one of its neurons and a core that holds synapses of it, which may be the same.
    """

    neurons: np.ndarray
    synapse_memory: np.ndarray
    axons_in: np.ndarray
    axons_out: np.ndarray

    def table(self) -> np.ndarray:
        """Return all as (cores, 4), in the order of `LIMITS`."""
        return np.stack([getattr(self, name) for name in LIMITS], 1).astype(np.int64)


def limits_of(core: Core) -> np.ndarray:
    """Return the limits of a core as (4,), in the order of `LIMITS`."""
    given = [getattr(core, name) for name in LIMITS]
    return np.array([UNLIMITED if limit is None else limit for limit in given], np.int64)


def synapse_bits(network: IntegerNetwork) -> np.ndarray:
    """Return the memory for the synapses that lead to each neuron, in bits; (neurons,)."""
    bits = np.zeros(network.neurons, np.int64)
    for p in network.projections:
        where = network.slices[p.target]
        bits[where] += p.bits * np.bincount(p.weights.indices, minlength=where.stop - where.start)
    return bits


def usage(network: IntegerNetwork, core_of: np.ndarray, cores: int) -> Usage:
    """Return what a network takes of each core.

    Input channels send from outside the cores and take no axon out.

    Parameters
    ----------
    network
        Network.
    core_of
        (neurons,), core of each neuron.
    cores
        Number of cores.

    Examples
    --------
    >>> from spiking.hardware import Population, Projection
    >>> net = IntegerNetwork(2, [Population("a", 2)], [
    ...     Projection("input", "a", [[1, 2], [3, 4]], bits=6),
    ...     Projection("a", "a", [[0, 1], [1, 0]], bits=6, kind="sparse"),
    ... ])
    >>> usage(net, np.array([0, 1]), 2).table().tolist()
    [[1, 18, 3, 1], [1, 18, 3, 1]]
    """
    found = reach(network, core_of, cores)
    sent = np.diff(found.indptr)[network.inputs :]

    def sums(amounts: np.ndarray) -> np.ndarray:
        total = np.zeros(cores, np.int64)
        np.add.at(total, core_of, amounts)
        return total

    return Usage(
        np.bincount(core_of, minlength=cores),
        sums(synapse_bits(network)),
        np.bincount(found.indices, minlength=cores),
        sums(sent),
    )


def describe(network: IntegerNetwork, limits: np.ndarray, which: int) -> str:
    """Return what a core holds by one of its limits, in words."""
    most = f"{limits[which]:,}"
    if which != LIMITS.index("synapse_memory"):
        return f"{most} {('neurons', '', 'distinct senders', 'axons out')[which]}"
    widths = sorted({p.bits for p in network.projections})
    fit = " or ".join(f"{limits[which] // bits:,} synapses of {bits} bits" for bits in widths)
    return f"{most} bits of synapses: at most {fit}"


def name_of(network: IntegerNetwork, neuron: int) -> str:
    """Return the population of a neuron and its number there, in words."""
    for name, where in network.slices.items():
        if where.start <= neuron < where.stop:
            return f"neuron {neuron - where.start} of population {name}"
    raise IndexError(neuron)


def require_neurons_fit(network: IntegerNetwork, core: Core) -> None:
    """Raise an error for a neuron that no core can hold, even alone.

    Parameters
    ----------
    network
        Network.
    core
        What a core has.

    Raises
    ------
    CapacityError
        With the neuron that is furthest from it, by how much, and what a core holds.
    """
    limits = limits_of(core)
    synapses = network.synapses().tocsc()
    fan_in = np.asarray(synapses.sum(0)).ravel()
    if core.fan_in is not None and fan_in.max() > core.fan_in:
        worst = int(fan_in.argmax())
        raise CapacityError(
            f"{name_of(network, worst)} has {fan_in[worst]:,} synapses, "
            f"{fan_in[worst] - core.fan_in:,} more than the {core.fan_in:,} that a neuron can have"
        )
    takes = {
        "synapse_memory": (synapse_bits(network), "bits of synapses"),
        "axons_in": (np.diff(synapses.indptr), "distinct senders, inputs and neurons"),
    }
    for limit, (needed, what) in takes.items():
        which = LIMITS.index(limit)
        worst = int(needed.argmax())
        over = int(needed[worst] - limits[which])
        if over > 0:
            raise CapacityError(
                f"{name_of(network, worst)} needs {needed[worst]:,} {what}, {over:,} more than a "
                f"core has; a core holds {describe(network, limits, which)}"
            )
