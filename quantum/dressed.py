"""Dressed circuits: a circuit between two linear layers, so that any sizes fit."""

from collections.abc import Callable
from math import pi
from typing import Any

import pennylane as qml
import torch
from torch import Tensor, nn

from quantum.ansatz import Ansatz, small_angles
from quantum.layer import QuantumLayer


def dressed_embedding(x: Any, wires: Any) -> None:
    r"""Turn each wire from an even superposition about Y by :math:`\frac{\pi}{2}\tanh x`.

    However large a feature, its wire stays between \|0⟩ and \|1⟩ and does not turn around.

    Parameters
    ----------
    x
        (..., wires).
    wires
        One for each feature.
    """
    for i, wire in enumerate(wires):
        qml.Hadamard(wires=wire)
        qml.RY(torch.tanh(x[..., i]) * (pi / 2), wires=wire)


def dressed_circuit(
    features: int,
    outputs: int,
    n_qubits: int,
    ansatz: Ansatz,
    *,
    init: Callable[[Tensor], Any] = small_angles,
) -> nn.Sequential:
    r"""Return a linear layer to as many numbers as qubits, a circuit, and a linear layer behind it.

    .. math:: x \mapsto W_2\,\langle Z\rangle\big(\tfrac{\pi}{2}\tanh(W_1 x + b_1)\big) + b_2

    A head for a network that was trained on something else and is kept as it is.

    Parameters
    ----------
    features, outputs
        Their numbers.
    n_qubits
        Wires of the circuit.
    ansatz
        Of the circuit; in the paper six layers of `real_amplitudes`.
    init
        Fills the angles of the circuit in place; small ones unless given, as in the paper.

    Returns
    -------
    Sequential
        Of ``Linear``, `QuantumLayer` and ``Linear``.

    References
    ----------
    Mari, Bromley, Izaac, Schuld and Killoran, "Transfer learning in hybrid classical-quantum neural
    networks", Quantum 4, 340, 2020, section 2.

    Examples
    --------
    >>> from quantum import real_amplitudes
    >>> head = dressed_circuit(512, 2, n_qubits=4, ansatz=real_amplitudes(layers=6))
    >>> head(torch.zeros(3, 512)).shape
    torch.Size([3, 2])
    """
    layer = QuantumLayer(n_qubits, dressed_embedding, ansatz, init=init)
    answers = len(ansatz.readout(range(n_qubits)))
    return nn.Sequential(nn.Linear(features, n_qubits), layer, nn.Linear(answers, outputs))
