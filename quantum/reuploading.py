"""Data re-uploading: features as trained rotations, again and again between trained rotations."""

from dataclasses import dataclass
from typing import Any

import pennylane as qml

from quantum.compiling import CompiledCircuit
from quantum.errors import QuantumError


@dataclass(frozen=True)
class _Reuploading:
    """The circuit; an object, so that circuits of one form are equal and can be saved."""

    features: int
    layers: int
    entangling: bool

    @property
    def qubits(self) -> int:
        return -(-self.features // 3)

    def __call__(self, x: Any, omegas: Any, thetas: Any) -> list[Any]:
        """Apply the circuit to one sample and return ⟨Z⟩ of each qubit."""
        # Taken apart at once: a circuit is traced the faster the fewer operations are on weights.
        uploads = iter((omegas * x).flatten().unbind())
        angles = iter(thetas.flatten().unbind())
        for layer in range(self.layers + 1):
            for qubit in range(self.qubits):
                features = min(3, self.features - 3 * qubit)
                for gate in (qml.RZ, qml.RY, qml.RZ)[:features]:
                    gate(next(uploads), wires=qubit)
                qml.Rot(next(angles), next(angles), next(angles), wires=qubit)
            if self.entangling and layer < self.layers:
                for qubit in range(layer % 2, self.qubits - 1, 2):
                    qml.CZ(wires=[qubit, qubit + 1])
        return [qml.expval(qml.Z(qubit)) for qubit in range(self.qubits)]


def reuploading(features: int, layers: int, *, entangling: bool = True) -> CompiledCircuit:
    r"""Return a circuit that takes its features anew in each layer, three to a qubit.

    Layer l turns qubit q by :math:`R(\omega_l\odot x)` and by :math:`R(\theta_{lq})`, where
    :math:`R(a, b, c) = R_Z(c)R_Y(b)R_Z(a)` and x are the qubit's three features; CZ gates join even
    and odd neighbours in turn. After the last layer come features and rotations once more. Without
    CZ gates, the same circuit is one of separate qubits, for which two-by-two matrices are enough.

    Parameters
    ----------
    features
        Of a sample; angles in radians.
    layers
        Number of layers with entangling gates.
    entangling
        Whether there are CZ gates.

    Returns
    -------
    CompiledCircuit
        From (batch, features) to ⟨Z⟩ of the ⌈features/3⌉ qubits. Its weights `omegas`,
        (layers + 1, features), and `thetas`, (layers + 1, qubits, 3), begin uniform in [0, 1].

    Raises
    ------
    QuantumError
        For no features or no layers.

    References
    ----------
    Pérez-Salinas et al., "Data re-uploading for a universal quantum classifier", Quantum 4, 2020;
    the circuit is the one of Bowles, Ahmed and Schuld, arXiv:2403.07059, 2024.

    Examples
    --------
    >>> import torch
    >>> reuploading(10, layers=5)(torch.zeros(7, 10)).shape
    torch.Size([7, 4])
    """
    if features < 1 or layers < 1:
        raise QuantumError(f"expected features and layers >= 1, got {features} and {layers}")
    circuit = _Reuploading(features, layers, entangling)
    shapes = {"omegas": (layers + 1, features), "thetas": (layers + 1, circuit.qubits, 3)}
    init = {name: lambda w: w.uniform_(0, 1) for name in shapes}
    return CompiledCircuit(circuit, shapes, wires=circuit.qubits, init=init)
