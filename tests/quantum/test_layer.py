"""Layers compute what their circuits do in PennyLane, train, and say what does not fit."""

import copy
import io

import numpy as np
import pennylane as qml
import pytest
import torch
from torch import nn

from quantum import (
    InputError,
    QuantumError,
    QuantumLayer,
    amplitude_embedding,
    angle_embedding,
    expval_first,
    expval_z,
    hardware_efficient,
    iqp_embedding,
    probabilities,
    separable,
    small_angles,
    strongly_entangling,
)

ANSATZ = {"strongly": strongly_entangling, "efficient": hardware_efficient, "separable": separable}


@pytest.mark.parametrize(
    ("embedding", "reupload"),
    [
        (angle_embedding, False),
        (angle_embedding, True),
        (iqp_embedding, False),
        (iqp_embedding, True),
        (amplitude_embedding, False),  # a state is given at the beginning only
    ],
)
@pytest.mark.parametrize("ansatz", ANSATZ)
def test_it_computes_what_its_circuit_does(embedding, ansatz, reupload):
    layer = QuantumLayer(3, embedding, ANSATZ[ansatz](3), reupload=reupload).double()
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(4, 3, dtype=torch.float64, generator=generator, requires_grad=True)
    node = qml.QNode(layer.circuit.function, qml.device("default.qubit", wires=3))
    theirs = torch.stack([torch.stack(node(sample, layer.weights)) for sample in x])
    ours = layer(x)
    assert torch.allclose(ours, theirs, atol=1e-12)
    given = (x, layer.weights)
    grads = [
        torch.autograd.grad((out**3).sum(), given, allow_unused=True) for out in (ours, theirs)
    ]
    for a, b in zip(*grads, strict=True):
        assert torch.allclose(a, torch.zeros_like(a) if b is None else b, atol=1e-12)


@pytest.mark.parametrize("wires", [1, 2, 5])
def test_strongly_entangling_is_pennylanes(wires):
    layer = QuantumLayer(wires, angle_embedding, strongly_entangling(3), probabilities).double()

    def template(x, w):
        qml.AngleEmbedding(x, wires=range(wires), rotation="Y")
        qml.StronglyEntanglingLayers(w, wires=range(wires))
        return qml.probs(wires=range(wires))

    x = torch.rand(2, wires, dtype=torch.float64)
    theirs = qml.QNode(template, qml.device("default.qubit", wires=wires))(x, layer.weights)
    assert torch.allclose(layer(x), theirs, atol=1e-12)


def test_it_learns_in_a_network():
    torch.manual_seed(0)
    x = torch.randn(64, 2)
    y = (x[:, 0] * x[:, 1] > 0).float()  # no line separates it
    layer = QuantumLayer(3, angle_embedding, strongly_entangling(3), reupload=True)
    net = nn.Sequential(nn.Linear(2, 3), layer, nn.Linear(3, 1))
    optimiser = torch.optim.Adam(net.parameters(), 0.05)
    for _ in range(80):
        loss = nn.functional.binary_cross_entropy_with_logits(net(x)[:, 0], y)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert ((net(x)[:, 0] > 0) == (y > 0)).float().mean() > 0.9


def test_it_is_saved_whole():
    layer, file = QuantumLayer(2, angle_embedding, strongly_entangling(2)), io.BytesIO()
    x = torch.rand(3, 2)
    expected = layer(x)
    torch.save(layer, file)
    file.seek(0)
    assert torch.equal(torch.load(file, weights_only=False)(x), expected)
    assert torch.equal(copy.deepcopy(layer)(x), expected)


def test_it_shows_its_circuit():
    layer = QuantumLayer(2, angle_embedding, hardware_efficient(2), expval_first, init=small_angles)
    assert layer.weights.abs().max() < 0.1
    assert layer(torch.zeros(3, 2)).shape == (3, 1)
    assert layer.draw().splitlines()[0].startswith("0: ──RY──RY──RZ─╭●")
    found = layer.resources()
    assert found["gates"] == {"RY": 6, "RZ": 4, "CZ": 2}
    assert (found["entangling"], found["weights"]) == (2, 8)


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: QuantumLayer(0, angle_embedding, separable(1)), QuantumError, "qubits, got 0"),
        (lambda: separable(0), QuantumError, "at least one layer, got 0"),
        (lambda: QuantumLayer(2, angle_embedding, separable(1), expval_z)(torch.ones(4, 3)),
         InputError, "takes 2 features, one a wire; got 3"),
        (lambda: QuantumLayer(1, amplitude_embedding, separable(1))(torch.ones(4, 3)),
         InputError, "at most 2 features, got 3"),
        (lambda: QuantumLayer(1, angle_embedding, separable(1))(torch.tensor([[np.inf]])),
         InputError, "NaN or infinite"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said(act, error, message):
    with pytest.raises(error, match=message):
        act()
