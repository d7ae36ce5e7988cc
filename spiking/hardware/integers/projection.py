"""Synapses in integers, from one population to another."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from spiking.hardware.errors import NetworkError
from spiking.hardware.integers.format import Format

KINDS = ("dense", "sparse", "convolution")


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
        `spiking.hardware.as_mantissas`; dense or sparse. A stored zero is a synapse, as are all
        zeros of a full array of the dense kind.
    exponent
        e, −8 to 7.
    bits
        Size of a weight in the memory of a core.
    delays
        Steps from spike to arrival, at least 1; one number, or an array like the weights, or one
        for each stored weight.
    kind
        "dense", "sparse" or "convolution": how a core stores them.

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
    kind: str = "dense"

    def __post_init__(self) -> None:
        name = f"projection {self.source} -> {self.target}"
        if self.kind not in KINDS:
            known = ", ".join(KINDS)
            raise NetworkError(f"{name}: kind must be one of {known}, got {self.kind!r}")
        weights = self._stored()
        if not np.issubdtype(weights.dtype, np.integer):
            raise NetworkError(f"{name}: weights must be integers, got {weights.dtype}")
        weights.sort_indices()
        object.__setattr__(self, "weights", weights.astype(np.int64))
        object.__setattr__(self, "delays", self._steps(name, weights))

    def __repr__(self) -> str:
        number, exponent = self.weights.nnz, f"times 2^{self.exponent}"
        longest = self.delays.max(initial=1)
        steps = "1 step" if longest == 1 else f"up to {longest} steps"
        return (
            f"Projection({self.source} -> {self.target}: {number:,} {self.kind} synapses of "
            f"{self.bits} bits, {exponent}, {steps})"
        )

    def _stored(self) -> csr_array:
        """Return the weights with all that are stored: zeros too, if they come as a full array."""
        if hasattr(self.weights, "tocsr"):
            return csr_array(self.weights)
        full = np.asarray(self.weights)
        if full.ndim != 2 or self.kind != "dense":
            return csr_array(full)
        columns = np.tile(np.arange(full.shape[1]), len(full))
        return csr_array(
            (full.ravel(), columns, np.arange(len(full) + 1) * full.shape[1]), full.shape
        )

    def require_in(self, sizes: Format) -> None:
        """Raise a NetworkError for a number that does not fit."""
        name, weights, size = (
            f"projection {self.source} -> {self.target}",
            self.weights,
            2**sizes.weight,
        )
        if weights.nnz and (weights.data.min() < -size or weights.data.max() >= size):
            worst = weights.data[np.argmax(np.abs(weights.data + 0.5))]
            raise NetworkError(f"{name}: weights must be from {-size} to {size - 1}, got {worst}")
        least, most = sizes.least_exponent, sizes.most_exponent
        if not least <= self.exponent <= most:
            raise NetworkError(
                f"{name}: exponent must be from {least} to {most}, got {self.exponent}"
            )
        if self.delays.size and self.delays.max() > sizes.delay + 1:
            raise NetworkError(
                f"{name}: delays must be from 1 to {sizes.delay + 1} steps, got {self.delays.max()}"
            )

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
