"""The re-uploading circuit against PennyLane's default simulator and two-by-two matrices."""

import pennylane as qml
import pytest
import torch

from quantum import QuantumError, reuploading


def drawn(features, layers, **options):
    torch.manual_seed(features)
    return reuploading(features, layers, **options).double()


@pytest.mark.parametrize(("features", "layers"), [(1, 1), (5, 2), (10, 3)])
def test_it_is_the_circuit_of_the_benchmark(features, layers):
    module = drawn(features, layers)
    qubits = -(-features // 3)
    x = torch.rand(features, dtype=torch.float64) * 2 - 1
    padded = torch.nn.functional.pad(x, (0, 3 * qubits - features))
    omegas = torch.nn.functional.pad(module.omegas.detach(), (0, 3 * qubits - features))
    thetas = module.thetas.detach()

    @qml.qnode(qml.device("default.qubit", wires=qubits))
    def circuit():
        for layer in range(layers + 1):
            for i in range(qubits):
                qml.Rot(*(padded * omegas[layer])[3 * i : 3 * i + 3], wires=i)
                qml.Rot(*thetas[layer, i], wires=i)
            if layer < layers:
                for i in range(layer % 2, qubits - 1, 2):
                    qml.CZ(wires=[i, i + 1])
        return [qml.expval(qml.Z(i)) for i in range(qubits)]

    expected = torch.stack([torch.as_tensor(value) for value in circuit()])
    assert torch.allclose(module(x[None])[0].detach(), expected, atol=1e-12)


def turned(a, b, c):
    # R_Z(c) R_Y(b) R_Z(a) as a rotation of the Bloch sphere
    def about_z(t):
        one, zero = torch.ones_like(t), torch.zeros_like(t)
        rows = [t.cos(), -t.sin(), zero], [t.sin(), t.cos(), zero], [zero, zero, one]
        return torch.stack([torch.stack(row) for row in rows])

    zero, one = torch.zeros_like(b), torch.ones_like(b)
    rows = [b.cos(), zero, b.sin()], [zero, one, zero], [-b.sin(), zero, b.cos()]
    about_y = torch.stack([torch.stack(row) for row in rows])
    return about_z(c) @ about_y @ about_z(a)


def test_without_entanglement_each_qubit_is_a_rotation_of_its_three_features():
    module = drawn(6, 3, entangling=False)
    x = torch.rand(4, 6, dtype=torch.float64)
    expected = torch.zeros(4, 2, dtype=torch.float64)
    for sample in range(4):
        for qubit in range(2):
            at = slice(3 * qubit, 3 * qubit + 3)
            arrow = torch.tensor([0.0, 0.0, 1.0], dtype=torch.float64)
            for layer in range(4):
                arrow = turned(*(x[sample, at] * module.omegas[layer, at])) @ arrow
                arrow = turned(*module.thetas[layer, qubit]) @ arrow
            expected[sample, qubit] = arrow[2]
    assert torch.allclose(module(x), expected, atol=1e-12)


def test_entanglement_makes_a_qubit_answer_to_the_others_features():
    x = torch.rand(1, 6, dtype=torch.float64)
    moved = x + torch.tensor([0.0, 0, 0, 0, 0.5, 0])
    for entangling in (True, False):
        module = drawn(6, 2, entangling=entangling)
        gap = (module(x) - module(moved))[0, 0].abs()
        assert (gap > 1e-4) == entangling


def test_weights_begin_between_nought_and_one():
    module = drawn(30, 20)
    for weights in (module.omegas, module.thetas):
        assert 0 <= weights.min() < 0.03
        assert 0.97 < weights.max() <= 1


def test_no_layers_are_refused():
    with pytest.raises(QuantumError, match="layers >= 1"):
        reuploading(3, 0)
