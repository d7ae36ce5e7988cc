"""Networks on chips: what they do, what it costs, and where the packets go."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array, hstack
from torch import Tensor

from spiking.hardware.chips.units import in_words
from spiking.hardware.costs import EnergyReport, LatencyReport, costs_of
from spiking.hardware.errors import HardwareError
from spiking.hardware.integers.running import run_by_events
from spiking.hardware.placing.placement import PlacedNetwork
from spiking.hardware.placing.routing import LinkLoads
from spiking.hardware.plot import draw_mesh

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False)
class Run:
    """What a network on a chip did.

    Attributes
    ----------
    placed
        Network and chip.
    spikes
        (time, batch, neurons), bool; `of` gives those of a population.
    currents, voltages
        Of the populations that are watched, name to (time, batch, neurons), in units of the state.
    energy
        By class of event, in J.
    latency
        Of each step, in s.
    senders
        Spikes of inputs and neurons, inputs first, (time · batch, inputs + neurons).
    """

    placed: PlacedNetwork
    spikes: np.ndarray
    currents: dict[str, np.ndarray]
    voltages: dict[str, np.ndarray]
    energy: EnergyReport
    latency: LatencyReport
    senders: csr_array

    @cached_property
    def traffic(self) -> LinkLoads:
        """Packets on each link in each step, (time, batch, ...)."""
        mesh, loads = self.placed.chip.mesh, self.placed.loads_of(self.senders).all_links()
        return LinkLoads.of(mesh, loads.reshape(*self.spikes.shape[:2], -1))

    def __repr__(self) -> str:
        steps, samples, _ = self.spikes.shape
        energy = in_words(self.energy.per_sample, "J")
        time = in_words(float(self.latency.per_sample.mean()), "s")
        return (
            f"Run({samples} samples of {steps} steps on {self.placed.chip.name}: "
            f"{self.spikes.sum():,} spikes of neurons, {energy} and {time} a sample)"
        )

    def of(self, name: str) -> np.ndarray:
        """Return the spikes of a population, (time, batch, neurons)."""
        return self.spikes[..., self.placed.network.slices[name]]

    def plot(self, axes: "Axes | None" = None) -> "Axes":
        """Draw the mesh: how long each core computes, and the packets on each link.

        Parameters
        ----------
        axes
            Of matplotlib, to draw on; those of a new figure unless given.
        """
        share = self.latency.busy / self.latency.total
        return draw_mesh(self.placed, self.traffic.total(), share, "share of time busy", axes)


def simulate(
    placed: PlacedNetwork,
    spikes: Tensor | np.ndarray,
    *,
    watch: Collection[str] = (),
    lost: float = 0.0,
    generator: np.random.Generator | None = None,
) -> Run:
    """Run a network on a chip, in its integers, spike by spike.

    Parameters
    ----------
    placed
        What `place` returns.
    spikes
        Input, (time, batch, ...), 0 or 1.
    watch
        Names of populations whose currents and potentials are kept, as of those that are read out.
    lost
        Probability that a spike gets lost on its way to all its targets.
    generator
        Draws which; needed where some are lost.

    Raises
    ------
    HardwareError
        If `lost` is no probability, or has no generator.
    NetworkError
        For an input of another shape, or other numbers than 0 and 1, or an unknown name.

    Examples
    --------
    >>> import torch
    >>> from spiking import LIF, Linear, Sequential
    >>> from spiking.hardware import LOIHI, place, quantize
    >>> x = torch.ones(5, 1, 4)
    >>> net = Sequential(Linear(4, 2), LIF(2, reset="zero"))
    >>> run = simulate(place(quantize(net, LOIHI, calibration=x), LOIHI), x)
    >>> run.energy.classes[0].number  # 5 steps, 4 spikes each, 2 synapses each
    40.0
    """
    given = spikes.detach().cpu().numpy() if isinstance(spikes, Tensor) else np.asarray(spikes)
    given = given.reshape(*given.shape[:2], -1)
    network, kept = placed.network, None
    if not 0 <= lost <= 1:
        raise HardwareError(f"lost must be a probability from 0 to 1, got {lost}")
    if lost:
        if generator is None:
            raise HardwareError("lost spikes need a generator that draws them")
        kept = generator.random((*given.shape[:2], network.inputs + network.neurons)) >= lost
    cores = np.unique(placed.core_of, return_inverse=True)[1]
    activity = run_by_events(network, given, watch=watch, core_of=cores, kept=kept)
    sent = _senders(given, activity.spikes)
    arrived = sent if kept is None else csr_array(sent * kept.reshape(sent.shape))
    energy, latency = costs_of(placed, sent, arrived, activity.updates)
    return Run(
        placed,
        activity.spikes,
        activity.currents,
        activity.voltages,
        energy,
        latency,
        sent,
    )


def _senders(inputs: np.ndarray, neurons: np.ndarray) -> csr_array:
    """Return the spikes of both, (time · batch, inputs + neurons)."""
    parts = []
    for part in (inputs, neurons):
        flat = part.reshape(-1, part.shape[2])
        row, sender = flat.nonzero()
        begins = np.r_[0, np.bincount(row, minlength=len(flat)).cumsum()]
        parts.append(csr_array((np.ones(len(row)), sender, begins), flat.shape))
    return csr_array(hstack(parts))
