"""Dressed circuits against closed forms and PennyLane."""

import pennylane as qml
import torch
from torch import nn

from quantum import QuantumLayer, qcnn, real_amplitudes, ry_cnot
from quantum.dressed import dressed_circuit, dressed_embedding


def test_without_entanglement_it_is_a_network_of_sines():
    head = dressed_circuit(7, 3, 4, real_amplitudes(3, entangling=False)).double()
    x = torch.randn(5, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    before, layer, after = head
    turned = torch.pi / 2 * torch.tanh(before(x)) + layer.weights.sum(0)
    assert torch.allclose(head(x), after(-torch.sin(turned)), atol=1e-12)


def test_it_is_the_circuit_of_the_paper():
    n, depth = 4, 2
    layer = QuantumLayer(n, dressed_embedding, real_amplitudes(depth)).double()
    x = torch.randn(n, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) * 3

    @qml.qnode(qml.device("default.qubit", wires=n))
    def paper(q, w):
        for i in range(n):
            qml.Hadamard(wires=i)
        for i in range(n):
            qml.RY(q[i], wires=i)
        for k in range(depth):
            qml.CNOT(wires=[0, 1])
            qml.CNOT(wires=[2, 3])
            qml.CNOT(wires=[1, 2])
            for i in range(n):
                qml.RY(w[k, i], wires=i)
        return [qml.expval(qml.PauliZ(i)) for i in range(n)]

    theirs = torch.stack(paper(torch.tanh(x) * torch.pi / 2, layer.weights.detach()))
    assert torch.allclose(layer(x[None])[0], theirs, atol=1e-12)


def test_an_ansatz_that_leaves_wires_out_fits():
    head = dressed_circuit(6, 2, 4, qcnn(1, block=ry_cnot))
    assert isinstance(head[2], nn.Linear)
    assert head[2].in_features == 2
    assert head(torch.zeros(3, 6)).shape == (3, 2)


def test_it_learns():
    torch.manual_seed(0)
    x = torch.randn(80, 6)
    y = (x[:, 0] * x[:, 1] > 0).long()
    head = dressed_circuit(6, 2, 4, real_amplitudes(3))
    optimiser = torch.optim.Adam(head.parameters(), 0.05)
    for _ in range(120):
        loss = nn.functional.cross_entropy(head(x), y)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert (head(x).argmax(1) == y).float().mean() > 0.85
