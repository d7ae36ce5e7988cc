"""Many copies of a circuit, each with weights of its own, simulated as one batch."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from quantum.compiling import CompiledCircuit
from quantum.errors import InputError, QuantumError


class CircuitCopies(nn.Module):
    """Circuits that differ in their weights only, run side by side.

    Weights become inputs of one circuit without any, so that all samples of all copies are one
    batch: for small circuits far cheaper than a loop over them. Gradients reach each copy's own
    weights, which have the copies as their first axis.

    Parameters
    ----------
    circuits
        As from `compile`, or `layer.circuit` of a `QuantumLayer`, all of the same function. Their
        weights are taken over, and they are not changed.

    Raises
    ------
    QuantumError
        For no circuits, or circuits of several functions.

    Examples
    --------
    >>> from quantum import QuantumLayer, angle_embedding, strongly_entangling
    >>> layers = [QuantumLayer(2, angle_embedding, strongly_entangling(3)) for _ in range(5)]
    >>> copies = CircuitCopies([layer.circuit for layer in layers])
    >>> copies(torch.zeros(5, 10, 2)).shape
    torch.Size([5, 10, 2])
    """

    def __init__(self, circuits: Sequence[CompiledCircuit]) -> None:
        super().__init__()
        if not circuits:
            raise QuantumError("CircuitCopies needs at least one circuit, got none")
        first = circuits[0]
        if any(c.function != first.function or c.names != first.names for c in circuits):
            raise QuantumError("CircuitCopies needs circuits of one function, got several")
        self.count, self.names, self.features = len(circuits), first.names, first.inputs
        self.circuit = CompiledCircuit(first.function, {}, wires=first.labels, init={})
        for name in first.names:
            stacked = torch.stack([c.get_parameter(name).detach() for c in circuits])
            self.register_parameter(name, nn.Parameter(stacked))

    def forward(self, *inputs: Tensor) -> Tensor:
        """Return measurements, (copies, batch, outputs).

        Parameters
        ----------
        inputs
            (copies, batch, ...) each.

        Raises
        ------
        InputError
            If their first axis is not the number of copies.
        """
        if not inputs or any(x.ndim < 2 or len(x) != self.count for x in inputs):
            shapes = ", ".join(str(tuple(x.shape)) for x in inputs) or "nothing"
            raise InputError(f"expected inputs (copies = {self.count}, batch, ...), got {shapes}")
        batch = inputs[0].shape[1]
        given = dict(zip(self.features, (x.flatten(0, 1) for x in inputs), strict=True))
        for name in self.names:
            given[name] = self.get_parameter(name).repeat_interleave(batch, 0)
        out = self.circuit(*(given[name] for name in self.circuit.inputs))
        return out.unflatten(0, (self.count, batch))
