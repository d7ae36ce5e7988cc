"""Networks on chips: which core holds each neuron, and what goes between the cores."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import networkx as nx
import numpy as np
from scipy.sparse import csr_array

from spiking.hardware.chips.chip import Chip
from spiking.hardware.errors import CapacityError, HardwareError
from spiking.hardware.integers.network import IntegerNetwork
from spiking.hardware.placing.assignment import Places, exact_places, optimised_places
from spiking.hardware.placing.capacity import LIMITS, Usage, limits_of, require_neurons_fit, usage
from spiking.hardware.placing.partition import Partitioning, partition
from spiking.hardware.placing.routing import (
    LinkLoads,
    Tile,
    Tiles,
    link_loads,
    links_taken,
    number_of_links,
    tile_of,
)
from spiking.hardware.placing.traffic import Packets, as_traffic, packets, reach

Method = Literal["optimised", "sequential", "random", "exact"]


@dataclass(frozen=True, eq=False)
class PlacedNetwork:
    """A network on the cores of a chip.

    Parameters
    ----------
    network
        Network.
    chip
        Chip.
    core_of
        (neurons,), the core of each neuron.
    traffic
        Expected spikes of each sender, (inputs + neurons,), inputs first; one each if None.
    entry
        Tile at which packets of the input channels come in.

    Raises
    ------
    CapacityError
        If a core would hold more than it can.
    HardwareError
        For a core or a tile that the chip has not.
    NetworkError
        For traffic that is not numbers of spikes.
    """

    network: IntegerNetwork
    chip: Chip
    core_of: np.ndarray
    traffic: Any = None
    entry: Tile = (0, 0)

    def __post_init__(self) -> None:
        mesh, neurons = self.chip.mesh, self.network.neurons
        core_of = np.array(self.core_of)
        if core_of.shape != (neurons,) or not np.issubdtype(core_of.dtype, np.integer):
            raise HardwareError(
                f"core_of must be integers ({neurons},), got {core_of.dtype} {core_of.shape}"
            )
        if core_of.min() < 0 or core_of.max() >= mesh.cores:
            raise HardwareError(
                f"{self.chip.name} has cores 0 to {mesh.cores - 1}, got {core_of.min()} to "
                f"{core_of.max()}"
            )
        if not (0 <= self.entry[0] < mesh.width and 0 <= self.entry[1] < mesh.height):
            raise HardwareError(
                f"entry must be a tile of a mesh of {mesh.width} x {mesh.height}, got {self.entry}"
            )
        core_of.setflags(write=False)
        object.__setattr__(self, "core_of", core_of)
        object.__setattr__(self, "traffic", as_traffic(self.network, self.traffic))
        self._require_room()

    def _require_room(self) -> None:
        """Raise an error for the core that is furthest beyond a limit."""
        require_neurons_fit(self.network, self.chip.core)
        over = self.usage.table() - limits_of(self.chip.core)
        if over.max() > 0:
            core, which = (int(i) for i in np.unravel_index(over.argmax(), over.shape))
            name, most = LIMITS[which], limits_of(self.chip.core)[which]
            raise CapacityError(
                f"core {core} of {self.chip.name} would take {most + over[core, which]:,} of "
                f"{name}, {over[core, which]:,} more than its {most:,}"
            )

    def __repr__(self) -> str:
        used, cores = len(np.unique(self.core_of)), self.chip.mesh.cores
        fullest = (self.usage.table() / limits_of(self.chip.core)).max(0)
        shares = ", ".join(
            f"{share:.0%} of {name.replace('_', ' ')}"
            for name, share in zip(LIMITS, fullest, strict=True)
        )
        return (
            f"PlacedNetwork({self.network.neurons:,} neurons on {used:,} of {cores:,} cores of "
            f"{self.chip.name}; at most {shares})"
        )

    @cached_property
    def usage(self) -> Usage:
        """What each core of the chip holds."""
        return usage(self.network, self.core_of, self.chip.mesh.cores)

    @cached_property
    def packets(self) -> Packets:
        """Expected packets from core to core, and from outside to each core."""
        return packets(self.network, self.core_of, self.chip.mesh.cores, self.traffic)

    @cached_property
    def loads(self) -> LinkLoads:
        """Expected packets on each link."""
        return link_loads(self.chip.mesh, *self.packets, self.entry)

    @cached_property
    def ways(self) -> csr_array:
        """Which cores hold synapses of which senders, (inputs + neurons, cores), 1 or none."""
        return reach(self.network, self.core_of, self.chip.mesh.cores)

    @cached_property
    def ends(self) -> tuple[np.ndarray, Tiles, Tiles]:
        """All ways of packets: sender, tiles at which it begins, and ends; (ways,) each."""
        ways, mesh = self.ways, self.chip.mesh
        sender = np.repeat(np.arange(ways.shape[0]), np.diff(ways.indptr))
        home = zip(self.entry, tile_of(mesh, self.core_of), strict=True)
        x, y = (np.r_[np.full(self.network.inputs, at), tile][sender] for at, tile in home)
        return sender, (x, y), tile_of(mesh, ways.indices)

    @cached_property
    def links(self) -> csr_array:
        """Packets of one spike on each link, (inputs + neurons, links).

        Links are numbered as in `LinkLoads.all_links`.
        """
        sender, start, end = self.ends
        way, link = links_taken(self.chip.mesh, start, end)
        shape = (self.ways.shape[0], number_of_links(self.chip.mesh))
        return csr_array((np.ones(len(way)), (sender[way], link)), shape)

    def loads_of(self, spikes: np.ndarray | csr_array) -> LinkLoads:
        """Return the packets on each link in each step.

        Parameters
        ----------
        spikes
            (time, inputs + neurons), numbers of spikes, inputs first.
        """
        senders = self.network.inputs + self.network.neurons
        if spikes.ndim != 2 or spikes.shape[1] != senders:
            raise ValueError(f"expected spikes (time, {senders}), got {spikes.shape}")
        return LinkLoads.of(self.chip.mesh, (csr_array(spikes) @ self.links).toarray())

    @cached_property
    def graph(self) -> nx.DiGraph:
        """The cores that hold neurons, and the packets between them.

        Nodes are numbers of cores with "tile", (x, y); "neurons"; "synapse_bits"; "axons_in";
        "axons_out"; "populations", the neurons of each; and "input_packets", expected from outside.
        Edges have "packets", expected, and "hops". A core that sends to itself has an edge to
        itself with 0 hops.
        """
        graph, use, mesh = nx.DiGraph(), self.usage, self.chip.mesh
        names = np.repeat(
            np.array(list(self.network.slices), object),
            [population.neurons for population in self.network.populations],
        )
        for core in np.unique(self.core_of):
            x, y = tile_of(mesh, core)
            graph.add_node(
                int(core),
                tile=(int(x), int(y)),
                neurons=int(use.neurons[core]),
                synapse_bits=int(use.synapse_memory[core]),
                axons_in=int(use.axons_in[core]),
                axons_out=int(use.axons_out[core]),
                populations=dict(Counter(names[self.core_of == core])),
                input_packets=float(self.packets.inputs[core]),
            )
        for a, b in np.argwhere(self.packets.cores):
            (x0, y0), (x1, y1) = (graph.nodes[int(core)]["tile"] for core in (a, b))
            hops, sent = abs(x1 - x0) + abs(y1 - y0), float(self.packets.cores[a, b])
            graph.add_edge(int(a), int(b), packets=sent, hops=hops)
        return graph


def place(
    network: IntegerNetwork,
    chip: Chip,
    method: Method = "optimised",
    traffic: Any = None,
    seed: int = 0,
    *,
    partitioning: Partitioning = "traffic",
    entry: Tile = (0, 0),
    hop_weights: tuple[float, float] = (1.0, 1.0),
    without: Collection[int] = (),
) -> PlacedNetwork:
    """Put a network on a chip.

    Parameters
    ----------
    network
        Network.
    chip
        Chip; none of its limits is broken.
    method
        How cores are placed, see `spiking.hardware.placing.assignment`: "optimised" for few hops of
        packets; "sequential", one after another; "random"; or "exact", the fewest hops, for up to
        about nine cores on nine tiles, where the solver takes seconds to minutes.
    traffic
        Expected spikes of each sender, (inputs + neurons,), inputs first; one each if None.
    seed
        Of what is random.
    partitioning
        How neurons are put into cores, see `spiking.hardware.placing.partition`.
    entry
        Tile at which packets of the input channels come in, here at the north-west corner.
    hop_weights
        What a link east or west, and one north or south costs, such as energies.
    without
        Cores that cannot be used.

    Raises
    ------
    CapacityError
        If the network does not fit: by how much, by which limit, and what would fit.
    HardwareError
        For a core or tile that the chip has not, or an exact placement that is too large.
    NetworkError
        For traffic that is not numbers of spikes.

    Examples
    --------
    >>> from spiking.hardware import LOIHI, Population, Projection
    >>> ones = np.ones((1500, 10), int)
    >>> net = IntegerNetwork(
    ...     4,
    ...     [Population("hidden", 1500), Population("out", 10)],
    ...     [Projection("input", "hidden", ones[:4].repeat(150, 1)),
    ...      Projection("hidden", "out", ones)],
    ... )
    >>> placed = place(net, LOIHI)
    >>> placed.graph.number_of_nodes(), placed.graph.nodes[0]["tile"], float(placed.loads.hops)
    (2, (0, 0), 0.0)
    """
    if method not in ("optimised", "sequential", "random", "exact"):
        raise ValueError(
            f"method must be one of optimised, sequential, random, exact, got {method!r}"
        )
    mesh, spikes = chip.mesh, as_traffic(network, traffic)
    unknown = sorted(set(without) - set(range(mesh.cores)))
    if unknown:
        raise HardwareError(f"{chip.name} has cores 0 to {mesh.cores - 1}, got {unknown}")
    free = np.setdiff1d(np.arange(mesh.cores), np.array(list(without), np.int64))
    name = chip.name if len(free) == mesh.cores else f"{chip.name} without {len(without)} of them"
    part_of = partition(network, chip.core, spikes, method=partitioning, cores=len(free), chip=name)
    parts = int(part_of.max()) + 1
    places = Places(*tile_of(mesh, free), entry, hop_weights)
    if method == "sequential":
        place_of = np.arange(parts)
    elif method == "random":
        place_of = np.random.default_rng(seed).permutation(len(free))[:parts]
    else:
        sent = packets(network, part_of, parts, spikes)
        exact = method == "exact"
        place_of = exact_places(sent, places) if exact else optimised_places(sent, places, seed)
    return PlacedNetwork(network, chip, free[place_of][part_of], spikes, entry)
