"""Energy and time of a run, counted event by event."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_array

from spiking.hardware.chips.units import in_words
from spiking.hardware.integers.network import IntegerNetwork
from spiking.hardware.integers.population import INPUT
from spiking.hardware.placing.placement import PlacedNetwork


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

    def __repr__(self) -> str:
        said = [
            f"  {e.name:20} {e.number:>15,.0f} x {in_words(e.joules, 'J'):>8}"
            f" = {in_words(e.energy, 'J'):>8}"
            for e in self.classes
            if e.number
        ]
        share = "not given" if self.static is None else in_words(self.static, "J")
        said.append(f"  {'static':20} {'':>15}   {'':>8} = {share:>8}")
        each = f"{in_words(self.total, 'J')}, {in_words(self.per_sample, 'J')} a sample"
        return "\n".join([f"EnergyReport({each}", *said, ")"])


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

    def __repr__(self) -> str:
        steps, samples = self.steps.shape
        each = in_words(float(self.per_sample.mean()), "s")
        longest, barrier = in_words(float(self.steps.max()), "s"), in_words(self.barrier, "s")
        return (
            f"LatencyReport({samples} samples of {steps} steps: {each} a sample, at most {longest} "
            f"a step, of which the barrier takes {barrier}; busiest: core {self.busy.argmax()})"
        )


class PerSpike(NamedTuple):
    """What one spike of each sender brings about, (inputs + neurons,), wherever it goes.

    Attributes
    ----------
    by_kind
        Synapses that it meets, by how they are stored.
    packets
        Cores that it goes to.
    hops_x, hops_y
        Links that its packets take, east or west and north or south.
    way
        Time of the longest way of its packets, in s.
    taking, sending
        Time that it takes of cores that it reaches, and of its own, (inputs + neurons, cores), in
        s. Cores are those that hold neurons, in order.
    """

    by_kind: dict[str, np.ndarray]
    packets: np.ndarray
    hops_x: np.ndarray
    hops_y: np.ndarray
    way: np.ndarray
    taking: csr_array
    sending: csr_array


def per_spike(placed: PlacedNetwork) -> PerSpike:
    """Return what one spike of each sender of a network on a chip brings about."""
    network, time = placed.network, placed.chip.time
    used, core_of = np.unique(placed.core_of, return_inverse=True)
    senders, neurons = network.inputs + network.neurons, np.arange(network.neurons)
    members = csr_array((np.ones(len(core_of)), (neurons, core_of)), (len(core_of), len(used)))
    packets = np.diff(placed.ways.indptr)
    leaving = time.spike_out + time.axon_out * packets[network.inputs :]
    own = (leaving, (network.inputs + neurons, core_of))
    met = csr_array(network.synapses() @ members)
    sender, start, end = placed.ends
    dx, dy = (np.abs(b - a) for a, b in zip(start, end, strict=True))
    spent = time.within_tile * (dx + dy == 0) + time.hop_x * dx + time.hop_y * dy
    way = np.zeros(senders)
    np.maximum.at(way, sender, spent)
    return PerSpike(
        synapses_by_kind(network),
        packets,
        np.bincount(sender, dx, senders),
        np.bincount(sender, dy, senders),
        way,
        csr_array(time.axon_in * placed.ways[:, used] + time.synapse * met),
        csr_array(own, (senders, len(used))),
    )


def synapses_by_kind(network: IntegerNetwork) -> dict[str, np.ndarray]:
    """Return the synapses of each sender, (inputs + neurons,), by how they are stored."""
    found = {kind: np.zeros(network.inputs + network.neurons, np.int64)
             for kind in ("dense", "sparse", "convolution")}  # fmt: skip
    for p in network.projections:
        start = 0 if p.source == INPUT else network.inputs + network.slices[p.source].start
        found[p.kind][start : start + p.weights.shape[0]] += np.diff(p.weights.indptr)
    return found


def costs_of(
    placed: PlacedNetwork, sent: csr_array, arrived: csr_array, updates: np.ndarray
) -> tuple[EnergyReport, LatencyReport]:
    """Return energy and time of a run.

    Parameters
    ----------
    placed
        Network.
    sent
        Spikes of inputs and neurons, (time · batch, inputs + neurons).
    arrived
        Those that do. What is lost has gone its way, and enters no core.
    updates
        Neurons that were not at rest, (time, batch, cores); cores are those that hold neurons.
    """
    each = per_spike(placed)
    latency = latency_of(placed, each, sent, arrived, updates)
    steps, samples, _ = updates.shape
    joules, power, network = placed.chip.energy, placed.chip.static_power, placed.network
    out, into = (np.asarray(spikes.sum(0), float).ravel() for spikes in (sent, arrived))
    rows: Sequence[tuple[str, Any, float]] = (
        ("synapse, dense", into @ each.by_kind["dense"], joules.synapse_dense),
        ("synapse, sparse", into @ each.by_kind["sparse"], joules.synapse_sparse),
        ("synapse, convolution", into @ each.by_kind["convolution"], joules.synapse_convolution),
        ("soma access", steps * samples * network.neurons, joules.soma_access),
        ("soma update", updates.sum(), joules.soma_update),
        ("spike out", out[network.inputs :].sum(), joules.spike_out),
        ("axon in", into @ each.packets, joules.axon_in),
        ("axon out", out @ each.packets, joules.axon_out),
        ("hop east or west", out @ each.hops_x, joules.hop_x),
        ("hop north or south", out @ each.hops_y, joules.hop_y),
    )
    classes = tuple(Events(name, float(number), joule) for name, number, joule in rows)
    static = None if power is None else power * latency.total
    return EnergyReport(classes, static, samples), latency


def latency_of(
    placed: PlacedNetwork,
    each: PerSpike,
    sent: csr_array,
    arrived: csr_array,
    updates: np.ndarray,
) -> LatencyReport:
    """Return the time of a run; see `costs_of`."""
    chip, time, shape = placed.chip, placed.chip.time, updates.shape
    used, held = np.unique(placed.core_of, return_counts=True)
    busy = (arrived @ each.taking + sent @ each.sending).toarray().reshape(shape)
    busy += time.soma_access * held + time.soma_update * updates
    way = (sent * each.way[None]).max(1).toarray().reshape(shape[:2])
    barrier = chip.barrier(len(np.unique(used // chip.mesh.cores_per_tile)))
    of_cores = np.zeros(chip.mesh.cores)
    of_cores[used] = busy.sum((0, 1))
    steps = np.maximum(busy.max(-1) + way + barrier, time.step)
    return LatencyReport(steps, used[busy.argmax(-1)], of_cores, barrier)
