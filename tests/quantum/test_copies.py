"""Copies of a circuit against each circuit alone."""

import pennylane as qml
import pytest
import torch

from quantum import (
    CircuitCopies,
    InputError,
    QuantumError,
    QuantumLayer,
    angle_embedding,
    reuploading,
    strongly_entangling,
)
from quantum import compile as compiled


def layers(count):
    torch.manual_seed(0)
    return [QuantumLayer(3, angle_embedding, strongly_entangling(2)).double() for _ in range(count)]


def test_each_copy_answers_and_learns_as_if_alone():
    alone = layers(4)
    copies = CircuitCopies([layer.circuit for layer in alone])
    g = torch.Generator().manual_seed(1)
    x = torch.rand(4, 6, 3, dtype=torch.float64, generator=g)
    pull = torch.rand(4, 6, 3, dtype=torch.float64, generator=g)
    together = copies(x)
    (together * pull).sum().backward()
    for k, layer in enumerate(alone):
        out = layer(x[k])
        (out * pull[k]).sum().backward()
        assert torch.allclose(together[k], out, atol=1e-12)
        assert torch.allclose(copies.weights.grad[k], layer.weights.grad, atol=1e-12)


def test_gradients_pass_to_samples():
    copies = CircuitCopies([layer.circuit for layer in layers(2)])
    x = torch.rand(2, 2, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(copies, (x,))


def test_several_inputs_keep_their_order():
    def circuit(a, w, b):
        qml.RX(a[0] + w[0], wires=0)
        qml.RY(2 * b[0], wires=0)
        return qml.expval(qml.Z(0))

    modules = [compiled(circuit, {"w": (1,)}).double() for _ in range(2)]
    a, b = torch.rand(2, 2, 5, 1, dtype=torch.float64)
    expected = torch.stack([m(a[k], b[k]) for k, m in enumerate(modules)])
    assert torch.allclose(CircuitCopies(modules)(a, b), expected, atol=1e-12)


def test_the_circuits_are_not_changed():
    alone = layers(2)
    before = alone[0].weights.clone()
    copies = CircuitCopies([layer.circuit for layer in alone])
    with torch.no_grad():
        copies.weights.zero_()
    assert torch.equal(alone[0].weights, before)


def test_other_numbers_and_other_circuits_are_refused():
    copies = CircuitCopies([layer.circuit for layer in layers(2)])
    with pytest.raises(InputError, match=r"copies = 2.*\(3, 5, 3\)"):
        copies(torch.zeros(3, 5, 3))
    with pytest.raises(QuantumError, match="got none"):
        CircuitCopies([])
    with pytest.raises(QuantumError, match="one function"):
        CircuitCopies([reuploading(3, 1), reuploading(3, 2)])
