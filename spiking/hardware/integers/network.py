"""Networks of integers, as chips hold them: populations of neurons, and synapses between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.sparse import block_array, csr_array

from spiking.hardware.errors import NetworkError
from spiking.hardware.integers.format import LOIHI_SIZES, Format
from spiking.hardware.integers.population import INPUT, Population
from spiking.hardware.integers.projection import Projection
from spiking.hardware.integers.segments import Segments, segments_of
from spiking.kernels.integers import places


@dataclass(frozen=True, eq=False)
class IntegerNetwork:
    """A network that a chip can hold.

    Neurons are counted in the order of the populations, inputs apart.

    Parameters
    ----------
    inputs
        Number of input channels.
    populations
        Neurons.
    projections
        Synapses.
    sizes
        Of the numbers; those of Loihi unless given.

    Raises
    ------
    NetworkError
        For a number that does not fit its size, a name that is unknown or given twice, synapses
        of another shape than what they join, or a population that nothing reaches or drives.

    Examples
    --------
    >>> hidden = Population("hidden", 2, threshold=1)
    >>> net = IntegerNetwork(3, (hidden,), (Projection("input", "hidden", [[2, 4]] * 3),))
    >>> net.neurons, net.synapses().toarray().tolist()
    (2, [[1, 1], [1, 1], [1, 1], [0, 0], [0, 0]])
    """

    inputs: int
    populations: Sequence[Population]
    projections: Sequence[Projection]
    sizes: Format = LOIHI_SIZES

    def __post_init__(self) -> None:
        object.__setattr__(self, "populations", tuple(self.populations))
        object.__setattr__(self, "projections", tuple(self.projections))
        for population in self.populations:
            population.require_in(self.sizes)
        for projection in self.projections:
            projection.require_in(self.sizes)
        names = [population.name for population in self.populations]
        for name in names:
            if names.count(name) > 1:
                raise NetworkError(f"two populations are called {name!r}")
        sizes = {INPUT: self.inputs, **{p.name: p.neurons for p in self.populations}}
        for p in self.projections:
            for name in (p.source, p.target):
                if name not in sizes or (name == INPUT and name == p.target):
                    raise NetworkError(
                        f"projection {p.source} -> {p.target}: {name!r} is not one of the "
                        f"populations {', '.join(names)}"
                    )
            if p.weights.shape != (sizes[p.source], sizes[p.target]):
                raise NetworkError(
                    f"projection {p.source} -> {p.target}: expected weights "
                    f"({sizes[p.source]}, {sizes[p.target]}), got {p.weights.shape}"
                )
        self._require_connected()

    def _require_connected(self) -> None:
        """Raise an error for a population that can never fire or be read for its input."""
        targets = {p.target for p in self.projections}
        for population in self.populations:
            if population.name not in targets and not population.bias.any():
                raise NetworkError(
                    f"population {population.name} is unconnected: no synapse leads to it and it "
                    "has no bias, it would be silent for ever"
                )

    def __repr__(self) -> str:
        parts = [f"  {part!r}" for part in (*self.populations, *self.projections)]
        head = f"{type(self).__name__}({self.inputs:,} inputs, {self.neurons:,} neurons"
        return "\n".join([head, *parts, *self._said(), ")"])

    def _said(self) -> list[str]:
        """Return further lines of the description."""
        return []

    @property
    def neurons(self) -> int:
        """Number of neurons."""
        return sum(population.neurons for population in self.populations)

    @cached_property
    def slices(self) -> dict[str, slice]:
        """Where the neurons of each population are."""
        ends = np.cumsum([population.neurons for population in self.populations])
        return {
            population.name: slice(int(end) - population.neurons, int(end))
            for population, end in zip(self.populations, ends, strict=True)
        }

    @cached_property
    def segments(self) -> Segments:
        """Synapses in the form that the kernel takes."""
        return segments_of(self.inputs, self.slices, places(self.neurons), self.projections)

    def synapses(self) -> csr_array:
        """Return numbers of synapses, (inputs + neurons, neurons); senders are rows."""
        names = [population.name for population in self.populations]
        sizes = {INPUT: self.inputs, **{p.name: p.neurons for p in self.populations}}
        blocks: dict[tuple[str, str], Any] = {}
        for p in self.projections:
            ones = csr_array((np.ones_like(p.weights.data), p.weights.indices, p.weights.indptr),
                             shape=p.weights.shape)  # fmt: skip
            key = (p.source, p.target)
            blocks[key] = ones if key not in blocks else blocks[key] + ones
        rows = [
            [blocks.get((a, b), csr_array((sizes[a], sizes[b]), dtype=np.int64)) for b in names]
            for a in (INPUT, *names)
        ]
        return csr_array(block_array(rows))
