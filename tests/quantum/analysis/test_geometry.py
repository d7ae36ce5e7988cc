"""Quantum Fisher information and natural gradient, against PennyLane and closed forms."""

import math

import pennylane as qml
import pytest
import torch

import quantum
from quantum import (
    InputError,
    NaturalGradient,
    angle_embedding,
    effective_dimension,
    hardware_efficient,
    quantum_fisher,
    state_circuit,
    state_jacobian,
    strongly_entangling,
    uniform_angles,
)


def bloch(w, wires):
    qml.RY(w[0], wires[0])
    qml.RZ(w[1], wires[0])


def weights_of(ansatz, n, samples=3, seed=0):
    return uniform_angles(ansatz.weights(n), samples, torch.Generator().manual_seed(seed))


def test_one_qubit_is_a_sphere_of_radius_a_half():
    w = torch.tensor([[0.3, 1.0], [2.0, -0.4]], dtype=torch.float64)
    expected = torch.diag_embed(torch.stack([torch.ones(2), torch.sin(w[:, 0]) ** 2], 1))
    assert torch.allclose(quantum_fisher(state_circuit(bloch, 1), w), expected, atol=1e-12)


@pytest.mark.parametrize("ansatz", [hardware_efficient(2), strongly_entangling(2)])
def test_it_is_four_times_pennylanes_metric(ansatz):
    n = 3
    w = weights_of(ansatz, n, samples=2)

    @qml.qnode(qml.device("default.qubit", wires=n + 1))
    def circuit(v):
        ansatz(v, range(n))
        return qml.expval(qml.Z(0))

    metric = qml.metric_tensor(circuit, approx=None, aux_wire=n)
    found = quantum_fisher(state_circuit(ansatz, n), w)
    for own, sample in zip(found, w, strict=True):
        theirs = metric(sample.clone().requires_grad_()).detach()
        assert torch.allclose(own, 4 * theirs.reshape(own.shape), atol=1e-10)


def test_the_jacobian_is_that_of_differences():
    ansatz, n, step = strongly_entangling(1), 2, 1e-6
    states, w = state_circuit(ansatz, n), weights_of(ansatz, n, samples=2)
    found = state_jacobian(states, w)
    for k in range(6):
        shift = torch.zeros(6, dtype=torch.float64).scatter(0, torch.tensor(k), step)
        shift = shift.reshape(1, *w.shape[1:])
        slope = (states(w + shift) - states(w - shift)) / (2 * step)
        assert torch.allclose(found[:, k], slope, atol=1e-9)


def test_data_are_held_and_each_sample_has_its_own():
    ansatz = hardware_efficient(2)

    def circuit(w, x):
        angle_embedding(x, range(2))
        ansatz(w, range(2))
        return qml.state()

    states = quantum.compile(circuit)
    w, x = weights_of(ansatz, 2), torch.rand(3, 2, dtype=torch.float64)
    found = quantum_fisher(states, w, x)
    alone = [quantum_fisher(states, w[k : k + 1], x[k : k + 1])[0] for k in range(3)]
    assert torch.allclose(found, torch.stack(alone), atol=1e-12)
    assert not torch.allclose(found, quantum_fisher(states, w, x.flip(0)), atol=1e-3)


def test_its_steps_are_those_of_pennylanes_optimiser():
    n, ansatz = 2, hardware_efficient(2)
    start = weights_of(ansatz, n, samples=1)[0]

    def circuit(v):
        ansatz(v, range(n))
        return qml.expval(qml.Z(0) @ qml.X(1))

    node = qml.QNode(circuit, qml.device("default.qubit", wires=n + 1), interface="autograd")
    theirs = qml.QNGOptimizer(0.1, approx=None, lam=0.01)
    w = torch.nn.Parameter(start.clone())
    states, module = state_circuit(ansatz, n), quantum.compile(circuit)
    ours = NaturalGradient([w], lambda: quantum_fisher(states, w[None])[0] / 4, lr=0.1,
                           damping=0.01)  # fmt: skip
    other = qml.numpy.array(start.numpy(), requires_grad=True)
    metric = qml.metric_tensor(node, approx=None, aux_wire=n)
    for _ in range(3):
        other = theirs.step(node, other, metric_tensor_fn=metric)
        ours.zero_grad()
        ours.step(lambda: module(w[None]).sum().backward())
    assert w.detach().numpy() == pytest.approx(other, abs=1e-9)


def test_it_goes_straight_down_the_sphere_where_the_gradient_does_not():
    def energy(v):
        bloch(v, range(1))
        return qml.expval(qml.X(0))

    module, states = quantum.compile(energy), state_circuit(bloch, 1)
    start = torch.tensor([0.1, math.pi / 2 + 0.05], dtype=torch.float64)
    found = []
    for natural in (True, False):
        w = torch.nn.Parameter(start.clone())
        metric = (lambda w=w: quantum_fisher(states, w[None])[0] / 4) if natural else (
            lambda: torch.eye(2) / 4)  # fmt: skip
        optimizer = NaturalGradient([w], metric, lr=0.05, damping=1e-6)
        for _ in range(15):
            optimizer.zero_grad()
            module(w[None]).sum().backward()
            optimizer.step()
        found.append(module(w[None]).item())
    assert found[0] < -0.9 < -0.7 < found[1]


@pytest.mark.parametrize("rank", [1, 3])
def test_the_effective_dimension_counts_directions(rank):
    d, n = 4, 10_000
    fisher = torch.diag(torch.tensor([1.0] * rank + [0.0] * (d - rank), dtype=torch.float64))
    kappa = n / (2 * math.pi * math.log(n))
    expected = rank * math.log(1 + kappa * d / rank) / math.log(kappa)
    assert effective_dimension(fisher[None].repeat(5, 1, 1), n).item() == pytest.approx(expected)


def test_the_effective_dimension_averages_over_weights():
    g = torch.Generator().manual_seed(0)
    root = torch.randn(6, 3, 3, generator=g, dtype=torch.float64)
    fishers, n = root @ root.mT, 500
    kappa = n / (2 * math.pi * math.log(n))
    scaled = fishers * (3 / fishers.diagonal(dim1=1, dim2=2).sum(1).mean())
    volume = torch.linalg.det(torch.eye(3) + kappa * scaled).sqrt().mean()
    expected = 2 * volume.log() / math.log(kappa)
    assert effective_dimension(fishers, n).item() == pytest.approx(expected.item())


def _wrong_metric():
    w = torch.nn.Parameter(torch.ones(2))
    NaturalGradient([w], lambda: torch.eye(3)).step()


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (_wrong_metric, r"2 weights do not fit a metric \(3, 3\)"),
        (lambda: NaturalGradient([torch.ones(1)], lambda: torch.eye(1), lr=-1.0), "got -1.0 and"),
        (lambda: effective_dimension(torch.eye(2)[None], 2), "kappa > 1, got 2"),
    ],
)
def test_what_does_not_fit_is_said(act, message):
    with pytest.raises(InputError, match=message):
        act()
