"""Fidelities of random states against Haar's measure, and entanglement against closed forms."""

import math

import numpy as np
import pennylane as qml
import pytest
import torch
from scipy.integrate import quad

from quantum import (
    InputError,
    entanglement,
    expressibility,
    haar_bins,
    separable,
    state_circuit,
    strongly_entangling,
    uniform_angles,
)


def haar_states(samples, dimension, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(samples, dimension, dtype=torch.complex128, generator=generator)
    return x / torch.linalg.vector_norm(x, dim=1, keepdim=True)


@pytest.mark.parametrize("dimension", [2, 4, 16])
def test_haar_bins_integrate_the_density(dimension):
    expected = [
        quad(lambda f: (dimension - 1) * (1 - f) ** (dimension - 2), b / 10, (b + 1) / 10)[0]
        for b in range(10)
    ]
    assert haar_bins(dimension, 10).numpy() == pytest.approx(expected, abs=1e-14)


@pytest.mark.parametrize("dimension", [2, 8])
def test_random_states_are_as_expressive_as_the_noise_of_the_histogram(dimension):
    pairs = 20_000
    found = expressibility(haar_states(2 * pairs, dimension))
    filled = (haar_bins(dimension, 75) * pairs > 1).sum()
    assert 0 < found < 2 * filled / (2 * pairs)


@pytest.mark.parametrize("n", [1, 3, 9])
def test_a_circuit_of_one_state_is_as_far_from_haar_as_the_last_bin_is_rare(n):
    idle = torch.zeros(4, 2**n, dtype=torch.complex128)
    idle[:, 0] = 1
    assert expressibility(idle).item() == pytest.approx((2**n - 1) * math.log(75), rel=1e-12)


def test_states_on_the_equator_have_the_divergence_of_the_arcsine_law():
    def equator(w, wires):
        qml.Hadamard(wires[0])
        qml.RZ(w[0], wires[0])

    weights = uniform_angles((1,), 100_000, torch.Generator().manual_seed(0))
    edges = np.linspace(0, 1, 76)
    shares = np.diff(2 / np.pi * np.arcsin(np.sqrt(edges)))  # F = cos²(Δ/2)
    expected = (shares * np.log(75 * shares)).sum()
    found = expressibility(state_circuit(equator, 1)(weights)).item()
    assert found == pytest.approx(expected, abs=0.015)


@pytest.mark.parametrize("wires", [2, 3])
def test_entanglement_is_the_mean_impurity_of_pennylanes_reduced_states(wires):
    states = haar_states(5, 2**wires)
    dms = [qml.math.reduce_statevector(states, indices=[k]) for k in range(wires)]
    purity = np.mean([qml.math.purity(dm, indices=[0]).numpy() for dm in dms], axis=0)
    assert entanglement(states).numpy() == pytest.approx(2 * (1 - purity), abs=1e-12)


def test_entanglement_of_known_states():
    ghz, w = torch.zeros(2, 8, dtype=torch.complex128).unbind()
    ghz[[0, 7]] = 0.5**0.5
    w[[1, 2, 4]] = 3**-0.5
    product = torch.full((8,), 8**-0.5, dtype=torch.complex128)
    found = entanglement(torch.stack([ghz, w, product]))
    assert found.tolist() == pytest.approx([1, 8 / 9, 0], abs=1e-12)


def test_deep_circuits_are_entangled_as_random_states_and_separable_ones_not():
    n, g = 3, torch.Generator().manual_seed(0)
    found = []
    for ansatz in (strongly_entangling(6), separable(3)):
        weights = uniform_angles(ansatz.weights(n), 2000, g)
        found.append(entanglement(state_circuit(ansatz, n)(weights)).mean().item())
    assert found[0] == pytest.approx((2**n - 2) / (2**n + 1), abs=0.02)
    assert found[1] == pytest.approx(0, abs=1e-12)


def test_states_are_those_of_pennylane():
    ansatz, n = strongly_entangling(2), 3
    weights = uniform_angles(ansatz.weights(n), 4, torch.Generator().manual_seed(1))

    @qml.qnode(qml.device("default.qubit", wires=n))
    def circuit(w):
        ansatz(w, range(n))
        return qml.state()

    theirs = torch.stack([circuit(w) for w in weights])
    assert torch.allclose(state_circuit(ansatz, n)(weights), theirs, atol=1e-12)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: expressibility(torch.ones(3, 2)), "pairs of states, got 3"),
        (lambda: expressibility(torch.ones(2, 3)), r"\(samples, 2\^n\), got \(2, 3\)"),
        (lambda: entanglement(torch.ones(4)), r"got \(4,\)"),
        (lambda: haar_bins(1, 5), "got 1 and 5"),
    ],
)
def test_what_does_not_fit_is_said(act, message):
    with pytest.raises(InputError, match=message):
        act()
