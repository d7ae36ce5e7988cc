r"""Networks of integers, as chips hold them: populations of neurons, and synapses between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.sparse import block_array, csr_array

from spiking.hardware.errors import NetworkError

INPUT = "input"
DECAY, STATE, THRESHOLD, BIAS, BIAS_EXPONENT = 12, 24, 17, 13, 3  # bits
EXPONENTS = (-8, 7)  # of weights


@dataclass(frozen=True, eq=False)
class Population:
    r"""Leaky integrate-and-fire neurons in integers.

    .. math:: u_t = \mathrm{wrap}\left(\left[\tfrac{(4096 - \delta_u - 1)\,u_{t-1}}{4096}\right]
                    + 2^6 a_t\right), \quad
              v_t = \mathrm{clip}\left(\left[\tfrac{(4096 - \delta_v)\,v_{t-1}}{4096}\right]
                    + u_t + b\, 2^{e}\right), \quad
              v_t > 2^6 \theta \;\Rightarrow\; \text{spike},\ v_t = 0

    with a_t the weights that arrive, [·] rounding towards zero, and 24 bits for u and v.

    Parameters
    ----------
    name
        Of the population.
    neurons
        Their number.
    decay_u, decay_v
        δ of the synaptic current and of the potential, 0 to 4,095; one number, or one for each
        neuron, as for all below. The chip adds one to the first: at 4,095 nothing is left of a
        current after a step.
    threshold
        θ, 0 to 131,071.
    bias, bias_exponent
        b, −4,096 to 4,095, and e, 0 to 7.
    refractory
        Steps after a spike, 0 to 63, in which the potential stays at 0 and takes nothing.
    spikes
        False for neurons that are read out: they integrate and never fire.

    Raises
    ------
    NetworkError
        For a number outside its range, or of another shape.

    References
    ----------
    Davies et al., "Loihi: a neuromorphic manycore processor with on-chip learning", IEEE Micro 38
    (1), 2018.

    Examples
    --------
    >>> Population("hidden", 3, decay_v=128, threshold=[100, 200, 300]).threshold
    array([100, 200, 300])
    """

    name: str
    neurons: int
    decay_u: Any = 4095
    decay_v: Any = 0
    threshold: Any = 0
    bias: Any = 0
    bias_exponent: Any = 0
    refractory: Any = 0
    spikes: bool = True

    def __post_init__(self) -> None:
        if self.name == INPUT:
            raise NetworkError(f"a population cannot be called {INPUT!r}, as the network's input")
        if self.neurons < 1:
            raise NetworkError(f"population {self.name}: expected neurons, got {self.neurons}")
        limits = {
            "decay_u": (0, 2**DECAY - 1),
            "decay_v": (0, 2**DECAY),
            "threshold": (0, 2**THRESHOLD - 1),
            "bias": (-(2 ** (BIAS - 1)), 2 ** (BIAS - 1) - 1),
            "bias_exponent": (0, 2**BIAS_EXPONENT - 1),
            "refractory": (0, 63),
        }
        for name, (least, most) in limits.items():
            value = self._checked(name, least, most)
            object.__setattr__(self, name, value)

    def _checked(self, name: str, least: int, most: int) -> np.ndarray:
        given = np.asarray(getattr(self, name))
        where = f"population {self.name}: {name}"
        if not np.issubdtype(given.dtype, np.integer):
            raise NetworkError(f"{where} must be integers, got {given.dtype}")
        if given.shape not in ((), (self.neurons,)):
            raise NetworkError(
                f"{where} must be one number or ({self.neurons},), got shape {given.shape}"
            )
        if given.min() < least or given.max() > most:
            worst = given.min() if given.min() < least else given.max()
            raise NetworkError(f"{where} must be from {least} to {most}, got {worst}")
        return np.broadcast_to(given.astype(np.int64), (self.neurons,))


@dataclass(frozen=True, eq=False)
class Projection:
    r"""Synapses from a population, or from the input, to a population.

    The spikes s that a step brings add :math:`\lfloor 2^e \sum_s w_s \rfloor` to the input of a
    neuron; what is one projection is shifted as one sum.

    Parameters
    ----------
    source, target
        Names of populations; the source may be "input".
    weights
        Mantissas, (sources, targets), integers from −256 to 255 as the hardware rounds them, see
        `spiking.hardware.as_mantissas`; dense or sparse. A stored zero is a synapse.
    exponent
        e, −8 to 7.
    bits
        Size of a weight in the memory of a core.
    delays
        Steps from spike to arrival, at least 1; one number, or an array like the weights.

    Raises
    ------
    NetworkError
        For a number outside its range, or of another shape.
    """

    source: str
    target: str
    weights: Any
    exponent: int = 0
    bits: int = 8
    delays: Any = 1

    def __post_init__(self) -> None:
        name = f"projection {self.source} -> {self.target}"
        weights = self.weights
        weights = csr_array(weights if hasattr(weights, "tocsr") else np.asarray(weights))
        if not np.issubdtype(weights.dtype, np.integer):
            raise NetworkError(f"{name}: weights must be integers, got {weights.dtype}")
        if weights.nnz and (weights.data.min() < -256 or weights.data.max() > 255):
            worst = weights.data[np.argmax(np.abs(weights.data + 0.5))]
            raise NetworkError(f"{name}: weights must be from -256 to 255, got {worst}")
        if not EXPONENTS[0] <= self.exponent <= EXPONENTS[1]:
            least, most = EXPONENTS
            raise NetworkError(
                f"{name}: exponent must be from {least} to {most}, got {self.exponent}"
            )
        weights.sort_indices()
        object.__setattr__(self, "weights", weights.astype(np.int64))
        object.__setattr__(self, "delays", self._steps(name, weights))

    def _steps(self, name: str, weights: csr_array) -> np.ndarray:
        """Return the delay of each stored weight."""
        given = np.asarray(self.delays)
        if given.shape == ():
            given = np.full(weights.nnz, given)
        elif given.shape == weights.shape:
            rows = np.repeat(np.arange(weights.shape[0]), np.diff(weights.indptr))
            given = given[rows, weights.indices]
        elif given.shape != (weights.nnz,):
            raise NetworkError(
                f"{name}: delays must be one number or {weights.shape}, got shape {given.shape}"
            )
        if not np.issubdtype(given.dtype, np.integer) or (given.size and given.min() < 1):
            raise NetworkError(f"{name}: delays must be whole steps, at least 1")
        return given.astype(np.int64)


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

    Raises
    ------
    NetworkError
        For a name that is unknown or given twice, synapses of another size than what they join, or
        a population that nothing reaches and nothing drives.

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

    def __post_init__(self) -> None:
        object.__setattr__(self, "populations", tuple(self.populations))
        object.__setattr__(self, "projections", tuple(self.projections))
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
