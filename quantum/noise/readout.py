r"""Readout errors: probabilities of bits as they are read, and back.

Each wire reads 1 where it was 0 with probability :math:`p_{10}`, and 0 where it was 1 with
:math:`p_{01}`; what is read of all is the product of the matrices

.. math:: A = \begin{pmatrix} 1-p_{10} & p_{01}\\ p_{10} & 1-p_{01}\end{pmatrix}.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from quantum.errors import InputError
from quantum.noise.models import Machine


@dataclass(frozen=True)
class Readout:
    """How wires are misread.

    Attributes
    ----------
    p10, p01
        For each wire, the probability to read 1 where it was 0, and 0 where it was 1.

    Raises
    ------
    InputError
        For probabilities of other lengths, or with a sum of 1, which say nothing about the bit.

    References
    ----------
    Bravyi, Sheldon, Kandala, McKay and Gambetta, "Mitigating measurement errors in multiqubit
    experiments", Physical Review A 103, 042605, 2021, sections II and III.

    Examples
    --------
    >>> readout = Readout((0.1,), (0.2,))
    >>> seen = readout.misread(torch.tensor([[1.0, 0.0]]))
    >>> seen.tolist(), readout.corrected(seen).round(decimals=6).tolist()
    ([[0.8999999761581421, 0.10000000149011612]], [[1.0, 0.0]])
    """

    p10: Sequence[float]
    p01: Sequence[float]

    def __post_init__(self) -> None:
        if len(self.p10) != len(self.p01):
            raise InputError(f"{len(self.p10)} and {len(self.p01)} wires do not fit each other")
        for up, down in zip(self.p10, self.p01, strict=True):
            if not (up >= 0 and down >= 0 and up + down < 1):
                raise InputError(f"p10 + p01 must be below 1, got {up} and {down}")

    @classmethod
    def of(cls, machine: Machine, wires: int) -> "Readout":
        """Return the readout of a machine, alike on all wires."""
        return cls((machine.p10,) * wires, (machine.p01,) * wires)

    def matrix(self, wire: int) -> Tensor:
        """Return A of a wire, (read, was)."""
        up, down = self.p10[wire], self.p01[wire]
        return torch.tensor([[1 - up, down], [up, 1 - down]], dtype=torch.float64)

    def misread(self, probabilities: Tensor) -> Tensor:
        """Return the probabilities, (batch, 2^wires), of what is read."""
        return self._by([self.matrix(wire) for wire in range(len(self.p10))], probabilities)

    def corrected(self, read: Tensor) -> Tensor:
        """Return the probabilities, (batch, 2^wires), of which these are read.

        From frequencies of few shots some are below 0; their means are right.
        """
        inverse = [torch.linalg.inv(self.matrix(wire)) for wire in range(len(self.p10))]
        return self._by(inverse, read)

    def corrected_values(self, values: Tensor) -> Tensor:
        """Return the values, (batch, 2^wires), whose means over what is read are those of values.

        They are :math:`A^{-T}` times the values, and lie further apart: that is what it costs.
        """
        inverse = [torch.linalg.inv(self.matrix(wire)).T for wire in range(len(self.p10))]
        return self._by(inverse, values)

    def overhead(self, wires: Sequence[int] | None = None) -> float:
        r"""Return how many times the shots a corrected mean takes at most.

        .. math:: \lVert A^{-1}\rVert_1^2
           = \prod_w \Big(\frac{1 + |p_{01} - p_{10}|}{1 - p_{01} - p_{10}}\Big)^2
        """
        chosen = range(len(self.p10)) if wires is None else wires
        product = 1.0
        for wire in chosen:
            up, down = self.p10[wire], self.p01[wire]
            product *= (1 + abs(down - up)) / (1 - down - up)
        return product**2

    def _by(self, matrices: Sequence[Tensor], given: Tensor) -> Tensor:
        n = len(matrices)
        if given.shape[-1] != 1 << n:
            raise InputError(f"expected {1 << n} values for {n} wires, got {given.shape[-1]}")
        state = given.reshape(-1, *[2] * n)
        for wire, matrix in enumerate(matrices):
            state = torch.tensordot(state, matrix.to(state), dims=([1 + wire], [1]))
            state = state.movedim(-1, 1 + wire)
        return state.reshape(given.shape)
