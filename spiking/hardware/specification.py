r"""What a network computes, in real numbers and in the order of a chip."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_array

from spiking.hardware.integers.network import IntegerNetwork
from spiking.hardware.integers.population import INPUT
from spiking.hardware.integers.running import require_spikes


@dataclass(frozen=True, eq=False)
class Cells:
    r"""Neurons of one kind, as a chip orders their step.

    .. math:: u_t = k_u\, u_{t-1} + a_t, \qquad v_t = k_v\, v_{t-1} + u_t + c, \qquad
              v_t > \theta \;\Rightarrow\; \text{spike, reset}

    Parameters
    ----------
    name
        Of the population.
    keep_u, keep_v, bias, threshold, wait
        k, c, θ and the refractory period in steps, (neurons,).
    reset
        "zero" or "subtract".
    spikes
        False for neurons that are read out.
    """

    name: str
    keep_u: np.ndarray
    keep_v: np.ndarray
    bias: np.ndarray
    threshold: np.ndarray
    wait: np.ndarray
    reset: str = "zero"
    spikes: bool = True

    @property
    def neurons(self) -> int:
        """Their number."""
        return len(self.keep_v)


@dataclass(frozen=True, eq=False)
class Synapses:
    """Synapses from a population, or from the input, to a population.

    Parameters
    ----------
    source, target
        Names.
    weights
        (sources, targets).
    delays
        Of each stored weight, in steps, at least 1.
    kind
        "dense", "sparse" or "convolution": how a chip stores them.
    """

    source: str
    target: str
    weights: csr_array
    delays: np.ndarray
    kind: str = "dense"


@dataclass(frozen=True, eq=False)
class Specification:
    """Cells and synapses, and the number of input channels.

    A spike arrives in the step after, at the earliest: behind n layers of neurons a network of
    `spiking` has done at t − n what this one does at t.
    """

    inputs: int
    cells: Sequence[Cells]
    synapses: Sequence[Synapses]

    def __repr__(self) -> str:
        neurons, synapses = (
            sum(cells.neurons for cells in self.cells),
            sum(part.weights.nnz for part in self.synapses),
        )
        return f"Specification({self.inputs:,} inputs, {neurons:,} neurons, {synapses:,} synapses)"

    @cached_property
    def slices(self) -> dict[str, slice]:
        """Where the neurons of each population are."""
        ends = np.cumsum([cells.neurons for cells in self.cells])
        return {
            cells.name: slice(int(end) - cells.neurons, int(end))
            for cells, end in zip(self.cells, ends, strict=True)
        }


class Traces(NamedTuple):
    """What neurons did.

    Attributes
    ----------
    spikes
        (time, batch, neurons), bool.
    currents, voltages
        After each step, (time, batch, neurons); voltages as they meet the threshold.
    """

    spikes: np.ndarray
    currents: np.ndarray
    voltages: np.ndarray


def run_in_floats(network: Specification, spikes: np.ndarray) -> Traces:
    """Simulate a network in float64, by the clock.

    Parameters
    ----------
    network
        In real numbers; see `specification_of` for a network of integers.
    spikes
        Input, (time, batch, inputs), 0 or 1.

    Raises
    ------
    NetworkError
        For an input of another shape, or other numbers than 0 and 1.
    """
    given = require_spikes(network.inputs, spikes)
    steps, batch, _ = given.shape
    columns = ("keep_u", "keep_v", "bias", "threshold", "wait")
    rows = [np.concatenate([getattr(c, name) for c in network.cells]) for name in columns]
    keep_u, keep_v, bias, theta, wait = rows
    fires, lost = np.zeros(len(theta), bool), np.full(len(theta), np.nan)
    for c in network.cells:
        fires[network.slices[c.name]] = c.spikes
        if c.reset == "subtract":
            lost[network.slices[c.name]] = c.threshold
    u, v, left = (np.zeros((batch, len(theta))) for _ in range(3))
    done = Traces(
        np.zeros((steps, batch, len(theta)), bool), *np.zeros((2, steps, batch, len(theta)))
    )
    taps = [_by_delay(part) for part in network.synapses]
    for t in range(steps):
        u = keep_u * u
        for part, tap in zip(network.synapses, taps, strict=True):
            here = network.slices[part.target]
            from_ = given if part.source == INPUT else done.spikes[..., network.slices[part.source]]
            for delay, weights in tap.items():
                if delay <= t:
                    u[:, here] += from_[t - delay].astype(float) @ weights
        v = np.where(left > 0, v, keep_v * v + u + bias)
        fired = (v > theta) & fires & (left == 0)
        done.spikes[t], done.currents[t], done.voltages[t] = fired, u, v
        v = np.where(fired, np.where(np.isnan(lost), 0.0, v - lost), v)
        left = np.where(fired, wait, np.maximum(left - 1, 0))
    return done


def _by_delay(part: Synapses) -> dict[int, csr_array]:
    """Return the weights of each delay."""
    found = {}
    for delay in np.unique(part.delays):
        weights = part.weights.copy()
        weights.data = np.where(part.delays == delay, weights.data, 0.0)
        found[int(delay)] = weights
    return found


def specification_of(network: IntegerNetwork) -> Specification:
    """Return what a network of integers would compute if nothing were rounded on the way.

    Weights, decays and thresholds are the rounded ones, states are real numbers: between it and the
    integers lies what rounding of states costs, between it and the original what rounding of
    parameters costs.
    """
    sizes = network.sizes
    cells = [
        Cells(
            p.name,
            (sizes.unity - sizes.decay_offset - p.decay_u) / sizes.unity,
            (sizes.unity - p.decay_v) / sizes.unity,
            (p.bias << p.bias_exponent).astype(float),
            (p.threshold << sizes.alignment).astype(float),
            p.refractory,
            p.reset,
            p.spikes,
        )
        for p in network.populations
    ]
    return Specification(
        network.inputs, cells, [_as_floats(p, sizes.alignment) for p in network.projections]
    )


def _as_floats(p: Any, alignment: int) -> Synapses:
    """Return a projection with weights in units of the state."""
    weights = p.weights.astype(float)
    weights.data *= 2.0 ** (p.exponent + alignment)
    return Synapses(p.source, p.target, weights, p.delays, p.kind)
