"""Quanvolution against a loop over windows with PennyLane's own simulator."""

import pennylane as qml
import pytest
import torch

from quantum import QuantumError, Quanvolution, separable, strongly_entangling


def loop(images, weights, ansatz, side, threshold):
    wires = range(side**2)

    @qml.qnode(qml.device("default.qubit", wires=wires))
    def circuit(bits, w):
        for wire in wires:
            qml.RY(torch.pi * bits[wire], wires=wire)
        ansatz(w, wires)
        return qml.probs(wires=wires)

    size = images.shape[-1] - side + 1
    out = torch.zeros(len(images), len(weights), size, size)
    for n, image in enumerate(images[:, 0]):
        for c, w in enumerate(weights):
            for i in range(size):
                for j in range(size):
                    bits = (image[i : i + side, j : j + side] > threshold).double().flatten()
                    best = int(circuit(bits, w).argmax())
                    out[n, c, i, j] = bin(best).count("1")
    return out


@pytest.mark.parametrize("ansatz", [strongly_entangling(2), separable(2)])
def test_it_is_a_circuit_on_each_window(ansatz):
    layer = Quanvolution(2, 3, ansatz, torch.Generator().manual_seed(0), threshold=0.2)
    g = torch.Generator().manual_seed(0)
    shape = (3, *ansatz.weights(4))
    weights = 2 * torch.pi * torch.rand(shape, generator=g, dtype=torch.float64)
    images = torch.randn(2, 1, 4, 4, generator=g)
    assert torch.equal(layer(images), loop(images, weights, ansatz, 2, 0.2))


def test_only_what_is_above_the_threshold_counts():
    layer = Quanvolution(2, 4, strongly_entangling(3), torch.Generator().manual_seed(1))
    x = torch.randn(5, 1, 6, 6, generator=torch.Generator().manual_seed(2))
    assert torch.equal(layer(x), layer(x.sign()))
    assert len(layer(x).unique()) > 2
    assert not list(layer.parameters())


def test_no_channels_are_refused():
    with pytest.raises(QuantumError, match="channels >= 1"):
        Quanvolution(2, 0, separable(1), torch.Generator())
