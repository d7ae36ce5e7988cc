r"""Which neurons share a core.

The packets that cross between cores are the connectivity of a hypergraph whose edges are the
senders with their targets, see `spiking.kernels.clusters`. Its best partition is NP-hard to find;
here cores are grown around shared traffic, then neurons are moved and exchanged while fewer
packets cross, and no limit of a core is ever broken.

References
----------
Fiduccia & Mattheyses, "A linear-time heuristic for improving network partitions", DAC 1982 (moves).
Kernighan & Lin, "An efficient heuristic procedure for partitioning graphs", Bell System Technical
Journal 49 (2), 1970 (exchanges).
Ronzani & Silvano, "A case for hypergraphs to model and map SNNs on neuromorphic hardware",
arXiv:2601.16118, 2026 (spiking networks as hypergraphs).
"""

from typing import Literal

import numpy as np

from spiking.hardware.chips.parts import Core
from spiking.hardware.errors import CapacityError
from spiking.hardware.integers.network import IntegerNetwork
from spiking.hardware.placing.capacity import (
    LIMITS,
    UNLIMITED,
    describe,
    limits_of,
    name_of,
    require_neurons_fit,
    synapse_bits,
    usage,
)
from spiking.hardware.placing.traffic import as_traffic, reach
from spiking.kernels.clusters import OUT, Clusters, Net, fill, grow, refine

Partitioning = Literal["traffic", "sequential"]
ROUNDS = 20  # of moves over all neurons, at most; few are needed


def partition(
    network: IntegerNetwork,
    core: Core,
    traffic: object = None,
    *,
    method: Partitioning = "traffic",
    cores: int | None = None,
    chip: str = "the chip",
) -> np.ndarray:
    """Return a core for each neuron, (neurons,), counted from 0; still without a place.

    Parameters
    ----------
    network
        Network.
    core
        Limits, ``chip.core``.
    traffic
        Expected spikes of each sender, (inputs + neurons,), inputs first; one each if None.
    method
        "sequential" takes the neurons in order, and the next core where one is full. "traffic"
        also grows cores around what shares its traffic, moves and exchanges neurons of both, and
        keeps that in which fewer packets cross; its memory and time rise with senders times cores.
    cores
        Number of cores of the chip; None for no limit.
    chip
        Its name, for messages.

    Raises
    ------
    CapacityError
        If a neuron alone is too large for a core, or the network for the chip: by how much, by
        which limit, and what would fit.
    NetworkError
        For traffic that is not numbers of spikes.

    Examples
    --------
    >>> from spiking.hardware import Population, Projection
    >>> core = Core(neurons=2, synapse_memory=64)
    >>> chain = np.eye(4, k=2, dtype=int)  # 0 to 2, 1 to 3
    >>> net = IntegerNetwork(
    ...     0, [Population("a", 4, bias=1)], [Projection("a", "a", chain, kind="sparse")]
    ... )
    >>> partition(net, core, method="sequential").tolist(), partition(net, core).tolist()
    ([0, 0, 1, 1], [0, 1, 0, 1])
    """
    limits = limits_of(core)
    require_neurons_fit(network, core)
    if method not in ("traffic", "sequential"):
        raise ValueError(f"method must be one of traffic, sequential, got {method!r}")
    net = _net_of(network, as_traffic(network, traffic))
    core_of, reasons = np.zeros(network.neurons, np.int64), np.zeros(4, np.int64)
    fill(net, limits, core_of, reasons)
    in_order, reasons[OUT] = _split_senders(network, core_of, limits)
    most = UNLIMITED if cores is None else cores
    starts = [in_order]
    everything = usage(network, np.zeros_like(core_of), 1)
    least = max(  # no order of neurons takes fewer cores
        -(-int(everything.neurons[0]) // core.neurons),
        -(-int(everything.synapse_memory[0]) // core.synapse_memory),
    )
    if method == "traffic" and least <= most:
        grow(net, limits, core_of)
        starts.append(_split_senders(network, core_of, limits)[0])
    fitting = [start for start in starts if start.max() < most]
    if not fitting:
        assert cores is not None
        raise CapacityError(_too_large(network, starts, limits, reasons, cores, chip))
    if method == "sequential":
        return in_order
    refined = [_refined(network, net, start, limits) for start in fitting]
    return min(refined, key=lambda found: crossing(network, found, net.traffic))


def crossing(network: IntegerNetwork, core_of: np.ndarray, traffic: object = None) -> float:
    """Return how many packets go from a core to another, or from the inputs to a core.

    Parameters
    ----------
    network
        Network.
    core_of
        (neurons,), core of each neuron.
    traffic
        Spikes of each sender, inputs first; one each if None.
    """
    found = reach(network, core_of, int(core_of.max()) + 1)
    sent = np.diff(found.indptr)
    sent[network.inputs :] -= found[np.arange(network.inputs, len(sent)), core_of]
    return float(sent @ as_traffic(network, traffic))


def _net_of(network: IntegerNetwork, traffic: np.ndarray) -> Net:
    """Return a network in the form that the kernels take."""
    targets = network.synapses()
    targets.sum_duplicates()
    senders = targets.tocsc()
    return Net(
        network.inputs,
        senders.indptr.astype(np.int64),
        senders.indices.astype(np.int64),
        targets.indptr.astype(np.int64),
        targets.indices.astype(np.int64),
        synapse_bits(network),
        traffic,
    )


def _in_order(core_of: np.ndarray) -> np.ndarray:
    """Return the same parts, counted by their first neuron."""
    _, first, part = np.unique(core_of, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[part]


def _split_senders(
    network: IntegerNetwork, core_of: np.ndarray, limits: np.ndarray
) -> tuple[np.ndarray, int]:
    """Halve cores until none sends to more places than it can; return how often."""
    core_of, splits = core_of.copy(), 0
    while True:
        cores = int(core_of.max()) + 1
        over = np.flatnonzero(usage(network, core_of, cores).axons_out > limits[OUT])
        if not len(over):
            return _in_order(core_of), splits
        for core in over:
            members = np.flatnonzero(core_of == core)
            if len(members) == 1:
                raise CapacityError(
                    f"{name_of(network, int(members[0]))} has targets on more cores than the "
                    f"{limits[OUT]:,} axons out of a core reach"
                )
            core_of[members[len(members) // 2 :]] = core_of.max() + 1
            splits += 1


def _refined(
    network: IntegerNetwork, net: Net, start: np.ndarray, limits: np.ndarray
) -> np.ndarray:
    """Return a better partition than one that keeps the limits."""
    core_of, cores = start.astype(np.int64), int(start.max()) + 1
    count = np.zeros((len(net.traffic), cores), np.int32)
    sender = np.repeat(np.arange(len(net.traffic)), np.diff(net.post_start))
    np.add.at(count, (sender, core_of[net.post]), 1)
    clusters = Clusters(core_of, count, usage(network, core_of, cores).table(), limits)
    refine(net, clusters, ROUNDS, 1e-9 * max(net.traffic.max(initial=0.0), 1e-300))
    return _in_order(core_of)


def _too_large(
    network: IntegerNetwork,
    starts: list[np.ndarray],
    limits: np.ndarray,
    reasons: np.ndarray,
    cores: int,
    chip: str,
) -> str:
    """Return by how much a network is too large for a chip, why, and what would fit."""
    best = min(starts, key=lambda start: int(start.max()))
    needs, binding = int(best.max()) + 1, int(reasons.argmax())
    why = LIMITS[binding].replace("_", " ").replace("axons in", "axons in, distinct senders")
    whole = 0
    for where in network.slices.values():
        if len(np.unique(best[: where.stop])) > cores:
            break
        whole += 1
    total = len(network.populations)
    if whole:
        fit = f"the first {whole} of {total} populations fit"
    else:
        name = network.populations[0].name
        neurons = int(np.argmax(best >= cores))
        fit = f"the first {neurons:,} of {network.slices[name].stop:,} neurons of {name} fit"
    return (
        f"the network needs {needs:,} cores and {chip} has {cores:,}: {needs - cores:,} too many. "
        f"What fills most cores is {why} ({describe(network, limits, binding)}); {fit}"
    )
