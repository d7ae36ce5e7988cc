"""Energy and time of a run, counted event by event."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_array

from spiking.hardware.chips.chip import Chip
from spiking.hardware.integers.network import IntegerNetwork
from spiking.hardware.integers.population import INPUT
from spiking.hardware.integers.running import Activity
from spiking.hardware.placing.placement import PlacedNetwork
from spiking.hardware.placing.routing import LinkLoads, tile_of
from spiking.hardware.placing.traffic import reach


class Events(NamedTuple):
    """A class of events.

    Attributes
    ----------
    name
        What happens.
    number
        How often, over all steps and samples.
    joules
        Energy of one.
    """

    name: str
    number: float
    joules: float

    @property
    def energy(self) -> float:
        """Energy of all, in J."""
        return self.number * self.joules


@dataclass(frozen=True)
class EnergyReport:
    """Energy of a run, in J, over all samples.

    Attributes
    ----------
    classes
        Events by class.
    static
        Power without events, over the time of the run; None where the chip gives none.
    samples
        Number of samples.
    """

    classes: tuple[Events, ...]
    static: float | None
    samples: int

    @property
    def dynamic(self) -> float:
        """Energy of all events, in J."""
        return sum(events.energy for events in self.classes)

    @property
    def total(self) -> float:
        """Energy of all events and of the chip without any, in J."""
        return self.dynamic + (self.static or 0.0)

    @property
    def static_share(self) -> float:
        """Share of the total that no event causes."""
        return (self.static or 0.0) / self.total if self.total else 0.0

    @property
    def per_sample(self) -> float:
        """Energy of a sample, in J."""
        return self.total / self.samples

    def __getitem__(self, name: str) -> float:
        """Return the energy of a class of events, in J."""
        return next(events.energy for events in self.classes if events.name == name)

    def table(self) -> list[tuple[str, float, float, float]]:
        """Return rows of class, events, J per event and J."""
        return [(*events, events.energy) for events in self.classes]


@dataclass(frozen=True)
class LatencyReport:
    """Time of a run, in s.

    Attributes
    ----------
    steps
        Of each step, (time, batch): that of the slowest core, of the longest way, and the barrier
        after which the next step begins; at least a tick, on a chip with a clock.
    slowest
        Core that was slowest in each step, (time, batch).
    busy
        Time in which each core computes, over all steps and samples, (cores,).
    barrier
        Of one step.
    """

    steps: np.ndarray
    slowest: np.ndarray
    busy: np.ndarray
    barrier: float

    @property
    def total(self) -> float:
        """Time of all samples, one after the other, in s."""
        return float(self.steps.sum())

    @property
    def per_sample(self) -> np.ndarray:
        """Time of each sample, in s, (batch,)."""
        return self.steps.sum(0)


class Counts(NamedTuple):
    """Events by core, (time, batch, cores), and others of each step, (time, batch).

    Attributes
    ----------
    synapses, packets_in, packets_out, updates, spikes
        A spike meets a synapse; a packet enters, leaves; a neuron is not at rest; it fires.
    by_kind
        Synapses met, over all cores, by how they are stored.
    entering
        Packets from outside.
    way
        Time of the longest way of a packet, in s.
    """

    synapses: np.ndarray
    packets_in: np.ndarray
    packets_out: np.ndarray
    updates: np.ndarray
    spikes: np.ndarray
    by_kind: dict[str, np.ndarray]
    entering: np.ndarray
    way: np.ndarray


def count(
    placed: PlacedNetwork, senders: np.ndarray, kept: np.ndarray | None, activity: Activity
) -> Counts:
    """Count the events of a run.

    Parameters
    ----------
    placed
        Network.
    senders
        Spikes of inputs and neurons, (time, batch, inputs + neurons).
    kept
        Where they arrive; None for everywhere. What is lost has gone its way, and enters no core.
    activity
        What the neurons did.
    """
    network, chip, cores = placed.network, placed.chip, placed.chip.mesh.cores
    shape = senders.shape[:2]
    flat = csr_array(senders.reshape(-1, senders.shape[2]))
    there = flat if kept is None else csr_array((senders * kept).reshape(-1, senders.shape[2]))
    ways = reach(network, placed.core_of, cores)
    sent = np.diff(ways.indptr)
    members = csr_array(
        (np.ones(network.neurons, np.int64), placed.core_of, np.arange(network.neurons + 1)),
        (network.neurons, cores),
    )
    fired = flat[:, network.inputs :]
    out = csr_array(members * sent[network.inputs :, None])

    def by_core(found: Any) -> np.ndarray:
        return found.toarray().reshape(*shape, cores)

    updates = np.zeros((*shape, cores), np.int64)
    updates[..., : activity.updates.shape[2]] = activity.updates
    kinds = {kind: there @ met for kind, met in synapses_by_kind(network).items()}
    return Counts(
        by_core(there @ csr_array(network.synapses() @ members)),
        by_core(there @ ways),
        by_core(fired @ out),
        updates,
        by_core(fired @ members),
        {kind: met.reshape(shape) for kind, met in kinds.items()},
        (flat[:, : network.inputs] @ sent[: network.inputs]).reshape(shape),
        _longest(chip, placed, ways, flat).reshape(shape),
    )


def synapses_by_kind(network: IntegerNetwork) -> dict[str, np.ndarray]:
    """Return the synapses of each sender, (inputs + neurons,), by how they are stored."""
    found = {kind: np.zeros(network.inputs + network.neurons, np.int64)
             for kind in ("dense", "sparse", "convolution")}  # fmt: skip
    for p in network.projections:
        start = 0 if p.source == INPUT else network.inputs + network.slices[p.source].start
        found[p.kind][start : start + p.weights.shape[0]] += np.diff(p.weights.indptr)
    return found


def _longest(chip: Chip, placed: PlacedNetwork, ways: csr_array, flat: csr_array) -> np.ndarray:
    """Return the time of the longest way of the packets of each step, in s."""
    x, y = tile_of(chip.mesh, placed.core_of)
    inputs = placed.network.inputs
    home_x = np.r_[np.full(inputs, placed.entry[0]), x]
    home_y = np.r_[np.full(inputs, placed.entry[1]), y]
    to_x, to_y = tile_of(chip.mesh, ways.indices)
    sender = np.repeat(np.arange(ways.shape[0]), np.diff(ways.indptr))
    dx, dy = np.abs(to_x - home_x[sender]), np.abs(to_y - home_y[sender])
    time = chip.time.within_tile * (dx + dy == 0) + chip.time.hop_x * dx + chip.time.hop_y * dy
    most = np.zeros(ways.shape[0])
    np.maximum.at(most, sender, time)
    return (flat * most[None]).max(1).toarray().ravel()


def energy_of(
    placed: PlacedNetwork, counts: Counts, loads: LinkLoads, latency: LatencyReport
) -> EnergyReport:
    """Return the energy of a run."""
    joules, (steps, samples) = placed.chip.energy, counts.way.shape
    network, power = placed.network, placed.chip.static_power
    dense, sparse, folded = (
        counts.by_kind[kind].sum() for kind in ("dense", "sparse", "convolution")
    )
    rows: Sequence[tuple[str, Any, float]] = (
        ("synapse, dense", dense, joules.synapse_dense),
        ("synapse, sparse", sparse, joules.synapse_sparse),
        ("synapse, convolution", folded, joules.synapse_convolution),
        ("soma access", steps * samples * network.neurons, joules.soma_access),
        ("soma update", counts.updates.sum(), joules.soma_update),
        ("spike out", counts.spikes.sum(), joules.spike_out),
        ("axon in", counts.packets_in.sum(), joules.axon_in),
        ("axon out", counts.packets_out.sum() + counts.entering.sum(), joules.axon_out),
        ("hop east or west", loads.hops_x.sum(), joules.hop_x),
        ("hop north or south", loads.hops_y.sum(), joules.hop_y),
    )
    classes = tuple(Events(name, float(number), each) for name, number, each in rows)
    return EnergyReport(classes, None if power is None else power * latency.total, samples)


def latency_of(placed: PlacedNetwork, counts: Counts) -> LatencyReport:
    """Return the time of a run."""
    chip = placed.chip
    time, cores = chip.time, chip.mesh.cores
    held = np.bincount(placed.core_of, minlength=cores)
    busy = (
        time.axon_in * counts.packets_in
        + time.synapse * counts.synapses
        + time.soma_access * held
        + time.soma_update * counts.updates
        + time.spike_out * counts.spikes
        + time.axon_out * counts.packets_out
    )
    tiles = len(np.unique(np.flatnonzero(held) // chip.mesh.cores_per_tile))
    barrier = chip.barrier(tiles)
    steps = np.maximum(busy.max(-1) + counts.way + barrier, time.step)
    return LatencyReport(steps, busy.argmax(-1), busy.sum((0, 1)), barrier)
