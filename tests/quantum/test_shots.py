"""Shots: estimates come out as statistics says, and gradients go by parameter shift."""

import copy

import numpy as np
import pennylane as qml
import pytest
import torch
from torch import nn

import quantum
from quantum import (
    InputError,
    QuantumError,
    QuantumLayer,
    UnsupportedError,
    amplitude_embedding,
    angle_embedding,
    probabilities,
    strongly_entangling,
)
from quantum.simulation.shots import FOUR_TERMS, TWO_TERMS

DOUBLE = {"dtype": torch.float64}


def mixed(x, w):
    """Gates of all kinds that have an angle, and words that are not measured together."""
    qml.RX(x[0], wires=0)
    qml.CRY(w[0] * x[1], wires=[0, 1])
    qml.ctrl(qml.RZ(w[1], wires=2), control=0, control_values=[False])
    qml.IsingXX(x[0], wires=[1, 2])
    qml.PauliRot(w[1] + x[1], "XYZ", wires=[0, 1, 2])
    qml.ControlledPhaseShift(w[2], wires=[1, 0])
    qml.GlobalPhase(w[0], wires=0)
    qml.Rot(0.3, x[1], w[2], wires=1)
    return (
        qml.expval(qml.Z(0)),
        qml.expval(qml.X(1) @ qml.Y(2)),
        qml.expval(0.5 * qml.X(0) - 2 * qml.Z(0) @ qml.X(1)),
    )


def numbers(seed, *shape):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, **DOUBLE).requires_grad_()


@pytest.mark.parametrize("shots", [5, 40])  # fewer than basis states, and more
def test_estimates_have_the_mean_and_the_variance_of_shots(shots):
    exact = quantum.compile(mixed, weights={"w": (3,)}).double()
    own = quantum.compile(mixed, weights={"w": (3,)}, shots=shots, seed=1).double()
    own.load_state_dict(exact.state_dict())
    x = numbers(0, 1, 2).detach().expand(4000, -1)
    seen, mean = own(x).detach(), exact(x[:1])[0].detach()
    spread = seen.std(0)
    assert ((seen.mean(0) - mean).abs() < 4.5 * spread / len(x) ** 0.5).all()
    sure = (1 - mean[:2] ** 2) / shots  # of one word; the third mixes two groups
    assert torch.allclose(spread[:2] ** 2, sure, rtol=0.12)


def test_gradients_are_the_exact_ones_in_the_mean():
    exact = quantum.compile(mixed, weights={"w": (3,)}).double()
    own = quantum.compile(mixed, weights={"w": (3,)}, shots=60, seed=2).double()
    own.load_state_dict(exact.state_dict())
    x, w = numbers(3, 2, 2), exact.w
    wanted = torch.autograd.grad((exact(x) * torch.arange(1, 4)).sum(), (x, w))
    rounds = []
    for _ in range(400):
        loss = (own(x) * torch.arange(1, 4)).sum()
        rounds.append(torch.cat([g.flatten() for g in torch.autograd.grad(loss, (x, own.w))]))
    seen = torch.stack(rounds)
    aim = torch.cat([g.flatten() for g in wanted])
    assert ((seen.mean(0) - aim).abs() < 4.5 * seen.std(0) / 400**0.5 + 1e-12).all()
    assert (seen.std(0) > 0.01).any()


@pytest.mark.parametrize(("terms", "frequencies"), [(TWO_TERMS, [0, 1]), (FOUR_TERMS, [0, 0.5, 1])])
def test_terms_differentiate_every_wave_that_a_gate_makes(terms, frequencies):
    theta = np.linspace(-3, 3, 7)
    for k in frequencies:
        for wave, slope in ((np.cos, lambda a: -np.sin(a)), (np.sin, np.cos)):
            shifted = sum(c * wave(k * (theta + s)) for s, c in terms)
            assert shifted == pytest.approx(k * slope(k * theta), abs=1e-12)


def test_probabilities_are_frequencies():
    layer = QuantumLayer(
        3, angle_embedding, strongly_entangling(2), probabilities, shots=50, seed=0
    )
    seen = layer(torch.rand(6, 3))
    assert torch.allclose(seen.sum(1), torch.ones(6))
    assert torch.allclose(seen * 50, (seen * 50).round(), atol=1e-4)
    seen[:, 0].sum().backward()
    assert layer.weights.grad.abs().sum() > 0


def test_shots_of_a_qnode_are_kept_and_a_seed_repeats_them():
    @qml.set_shots(100)
    @qml.qnode(qml.device("default.qubit", wires=1))
    def circuit(x):
        qml.RX(x[0], wires=0)
        return qml.expval(qml.Z(0))

    x = torch.linspace(0.5, 2.5, 9)[:, None]
    seen = [quantum.compile(circuit, seed=seed)(x) for seed in (3, 3, 4)]
    assert torch.equal(seen[0], seen[1])
    assert not torch.equal(seen[0], seen[2])
    assert torch.allclose(seen[0] * 100, (seen[0] * 100).round(), atol=1e-3)


def test_a_layer_with_shots_learns():
    torch.manual_seed(0)
    x = torch.rand(40, 1) * 6 - 3
    y = torch.cos(2 * x[:, 0] + 0.7)
    layer = QuantumLayer(2, angle_embedding, strongly_entangling(2), shots=200, seed=0)
    net = nn.Sequential(nn.Linear(1, 2), layer, nn.Linear(2, 1))
    optimiser = torch.optim.Adam(net.parameters(), 0.1)
    for _ in range(80):
        loss = ((net(x)[:, 0] - y) ** 2).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss < 0.1 * y.var()
    copy.deepcopy(net)(x)


def test_an_empty_batch_has_no_estimates():
    layer = QuantumLayer(2, angle_embedding, strongly_entangling(1), shots=10)
    assert layer(torch.zeros(0, 2)).shape == (0, 2)


def state(x):
    qml.RX(x[0], wires=0)
    return qml.state()


def by_matrix(x):
    matrix = torch.stack([torch.stack([x[0], -x[1]]), torch.stack([x[1], x[0]])])
    qml.QubitUnitary(matrix, wires=0)
    return qml.expval(qml.Z(0))


def of_amplitudes():
    layer = QuantumLayer(1, amplitude_embedding, strongly_entangling(1), shots=10)
    return layer(torch.ones(2, 2, requires_grad=True))


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: quantum.compile(mixed, shots=0), QuantumError, "must be positive, got 0"),
        (lambda: quantum.compile(state, shots=5)(torch.ones(1, 1)), UnsupportedError, "no state"),
        (lambda: quantum.compile(by_matrix, shots=5)(torch.ones(1, 2)), UnsupportedError,
         "no parameter shift"),
        (of_amplitudes, UnsupportedError, "no gradient by a state"),
        (lambda: quantum.compile(lambda x: mixed(x, x), shots=5)(torch.full((1, 3), torch.nan)),
         InputError, "NaN or infinite"),
    ],
)  # fmt: skip
def test_what_shots_cannot_do_is_said(act, error, message):
    with pytest.raises(error, match=message):
        act()
