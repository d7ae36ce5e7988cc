"""A circuit as a layer of a network."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pennylane as qml
import torch
from torch import Tensor, nn

from quantum.ansatz import Ansatz
from quantum.compiling import CompiledCircuit
from quantum.errors import QuantumError
from quantum.measures import expval_z


@dataclass(frozen=True)
class _Circuit:
    """The circuit of a layer; an object, so that the layer can be saved whole."""

    n_qubits: int
    embedding: Callable[[Any, Any], None]
    ansatz: Ansatz
    measure: Callable[[Any], Any]
    reupload: bool

    def __call__(self, x: Any, weights: Any) -> Any:
        """Apply the circuit to one sample and return what is measured."""
        wires = range(self.n_qubits)
        for layer in range(self.ansatz.layers):
            if layer == 0 or self.reupload:
                self.embedding(x, wires)
            self.ansatz.apply(self.ansatz.part(weights, layer, len(wires)), layer, wires)
        return self.measure(self.ansatz.readout(wires))


class QuantumLayer(nn.Module):
    """A circuit of an embedding and an ansatz, simulated batch by batch, with gradients to both.

    Parameters
    ----------
    n_qubits
        Number of wires.
    embedding
        Function of features and wires, such as `angle_embedding`.
    ansatz
        Such as `strongly_entangling` (layers=4).
    measure
        Function of wires that returns measurements, such as `expval_z`; it gets the wires that the
        ansatz leaves (``ansatz.readout``), which for most are all.
    reupload
        Whether the embedding comes anew before each layer of the ansatz, instead of once.
    init
        Fills the weights in place; as the ansatz says unless given (for most, uniform to 2π).
        `small_angles` begins near rotations by nothing, where gradients of deep circuits have not
        vanished; see also `block_identity`.
    shots, seed
        As for `compile`: exact values unless given.

    Raises
    ------
    QuantumError
        For no qubits.

    Examples
    --------
    >>> from quantum import angle_embedding, strongly_entangling
    >>> layer = QuantumLayer(4, angle_embedding, strongly_entangling(layers=2))
    >>> model = nn.Sequential(nn.Linear(16, 4), layer, nn.Linear(4, 2))
    >>> model(torch.zeros(10, 16)).shape
    torch.Size([10, 2])
    """

    def __init__(
        self,
        n_qubits: int,
        embedding: Callable[[Any, Any], None],
        ansatz: Ansatz,
        measure: Callable[[Any], Any] = expval_z,
        *,
        reupload: bool = False,
        init: Callable[[Tensor], Any] | None = None,
        shots: int | None = None,
        seed: int | None = None,
    ) -> None:
        super().__init__()
        if n_qubits < 1:
            raise QuantumError(f"a circuit needs qubits, got {n_qubits}")
        self.n_qubits, self.ansatz = n_qubits, ansatz
        self.circuit = CompiledCircuit(
            _Circuit(n_qubits, embedding, ansatz, measure, reupload),
            {"weights": ansatz.weights(n_qubits)},
            wires=n_qubits,
            init={"weights": ansatz.initialise if init is None else init},
            shots=shots,
            seed=seed,
        )

    @property
    def weights(self) -> Tensor:
        """Weights of the ansatz."""
        return self.circuit.get_parameter("weights")

    def forward(self, x: Tensor) -> Tensor:
        """Return measurements, (batch, outputs), of features, (batch, features)."""
        return self.circuit(x)

    def draw(self, features: int | None = None) -> str:
        """Return the circuit as text, for as many features as qubits unless given."""
        return str(qml.drawer.tape_text(self._tape(features), wire_order=range(self.n_qubits)))

    def resources(self, features: int | None = None) -> dict[str, Any]:
        """Return numbers of gates by kind, depth, and gates on two qubits and more."""
        tape = self._tape(features)
        found = tape.specs["resources"]
        several = sum(len(op.wires) > 1 for op in tape.operations)
        return {
            "gates": dict(found.gate_types),
            "depth": found.depth,
            "entangling": several,
            "weights": self.weights.numel(),
        }

    def _tape(self, features: int | None) -> qml.tape.QuantumScript:
        x = torch.zeros(self.n_qubits if features is None else features, dtype=torch.float64)
        weights = self.weights.detach().double()
        return qml.tape.make_qscript(self.circuit.function)(x, weights)
