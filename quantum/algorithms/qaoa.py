"""The quantum approximate optimisation algorithm: alternating layers of a cost and a mixer."""

from dataclasses import dataclass
from typing import Any

import pennylane as qml
import torch
from pennylane.operation import Operator
from torch import Tensor

from quantum.ansatz import Ansatz
from quantum.errors import InputError


@dataclass(frozen=True)
class _Qaoa(Ansatz):
    words: tuple[tuple[tuple[Any, ...], float], ...] = ()

    def shape(self, wires: int) -> tuple[int, ...]:
        """Return the shape of γ and β."""
        return (2,)

    def apply(self, w: Any, layer: int, wires: Any) -> None:
        """Apply a layer, the first on all states alike."""
        if layer == 0:
            for wire in wires:
                qml.Hadamard(wires=wire)
        gamma, mixing = w[0], 2 * w[1]
        angles = {c: 2 * c * gamma for _, c in self.words}  # few differ, and tracing takes time
        for word, c in self.words:
            qml.MultiRZ(angles[c], wires=list(word))
        for wire in wires:
            qml.RX(mixing, wires=wire)


def qaoa(cost: Operator, layers: int) -> Ansatz:
    r"""Return alternating layers :math:`e^{-i\gamma H}` and :math:`e^{-i\beta\sum_i X_i}`.

    Parameters
    ----------
    cost
        H, of words that commute, as those of `hamiltonian`; its wires are those of the circuit.
    layers
        Pairs of weights (γ, β).

    Raises
    ------
    InputError
        For words that do not commute.

    References
    ----------
    Farhi, Goldstone and Gutmann, "A quantum approximate optimization algorithm", arXiv:1411.4028.
    """
    words = [(word, complex(c).real) for word, c in cost.pauli_rep.items() if len(word) and c]
    if any(set(word.values()) != {"Z"} for word, _ in words):
        raise InputError("QAOA takes a Hamiltonian of Z only, as hamiltonian(formula) gives it")

    return _Qaoa(layers, tuple((tuple(word), c) for word, c in words))


def interpolate(weights: Tensor) -> Tensor:
    r"""Return weights of p layers as a start for p + 1, each angle between its neighbours.

    .. math:: \gamma'_i = \frac{i - 1}{p}\gamma_{i-1} + \frac{p - i + 1}{p}\gamma_i

    Parameters
    ----------
    weights
        (..., layers, 2).

    Returns
    -------
    Tensor
        (..., layers + 1, 2).

    References
    ----------
    Zhou et al., "Quantum approximate optimization algorithm: performance, mechanism, and
    implementation on near-term devices", Physical Review X 10, 2020, section III.B (INTERP).

    Examples
    --------
    >>> interpolate(torch.tensor([[1.0, 4.0], [2.0, 2.0]])).tolist()
    [[1.0, 4.0], [1.5, 3.0], [2.0, 2.0]]
    """
    p = weights.shape[-2]
    share = torch.arange(p + 1, dtype=weights.dtype)[:, None] / p
    nothing = torch.zeros_like(weights[..., :1, :])
    before, behind = (torch.cat(pair, -2) for pair in ((nothing, weights), (weights, nothing)))
    return share * before + (1 - share) * behind
