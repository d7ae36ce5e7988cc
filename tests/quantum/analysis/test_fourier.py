"""Frequencies against PennyLane's, coefficients against sums of waves, series against circuits."""

from itertools import product

import numpy as np
import pennylane as qml
import pytest
import torch

import quantum
from quantum import (
    InputError,
    UnsupportedError,
    angles_of_series,
    fourier_coefficients,
    fourier_series,
    frequencies_of,
    predicted_frequencies,
)


def reupload(x, w):
    qml.Rot(w[0, 0], w[0, 1], w[0, 2], wires=0)
    for layer in w[1:]:
        qml.RZ(x[0], wires=0)
        qml.Rot(layer[0], layer[1], layer[2], wires=0)
    return qml.expval(qml.Z(0))


def two_wires(x, w):
    for k, layer in enumerate(w):
        qml.RX(3**k * x[0], wires=0)
        qml.Rot(layer[0], layer[1], layer[2], wires=0)
        qml.CNOT(wires=[0, 1])
        qml.IsingZZ(x[0] / 2 + 0.3, wires=[0, 1])
        qml.RY(layer[0], wires=1)
        qml.RX(x[1], wires=1)
    return qml.expval(qml.Z(1))


def angles(count, seed=0):
    g = torch.Generator().manual_seed(seed)
    return torch.rand(count, 3, dtype=torch.float64, generator=g) * 6


def random_series(degree, most, seed=0):
    g = torch.Generator().manual_seed(seed)
    c = torch.randn(2 * degree + 1, dtype=torch.complex128, generator=g)
    c = c + c.conj().flip(0)
    grid = torch.linspace(0, 6.3, 5000, dtype=torch.float64)
    return c * (most / fourier_series(c, grid).abs().max())


def values_of(weights, x):
    return quantum.compile(reupload)(x[:, None], weights.expand(len(x), -1, -1))[:, 0]


@pytest.mark.parametrize(
    "eigenvalues", [[[-0.5, 0.5]] * 3, [[0, 1], [0, 3]], [[-1, 0, 2.5], [0.5, -0.5]], []]
)
def test_frequencies_are_all_differences_of_sums(eigenvalues):
    sums = [sum(choice) for choice in product(*eigenvalues)]
    expected = np.unique(np.round(np.subtract.outer(sums, sums), 9))
    assert frequencies_of(eigenvalues).numpy() == pytest.approx(expected)


@pytest.mark.parametrize("circuit", [reupload, two_wires])
def test_predicted_frequencies_are_those_that_pennylane_finds(circuit):
    w, x = qml.numpy.array(angles(3).numpy()), qml.numpy.array([0.4, 0.9])
    node = qml.QNode(circuit, qml.device("default.qubit", wires=2), interface="autograd")
    theirs = qml.fourier.qnode_spectrum(node, encoding_args={"x": [(0,)]})(x, w)["x"][(0,)]
    assert predicted_frequencies(circuit, angles(3), features=2).tolist() == pytest.approx(theirs)


def test_a_circuit_without_the_feature_is_a_constant():
    assert predicted_frequencies(lambda x, w: qml.RX(w, wires=0), 0.3).tolist() == [0]


@pytest.mark.parametrize("degree", [1, 2, 5])
def test_models_have_no_frequency_beyond_the_predicted_ones(degree):
    module = quantum.compile(reupload)
    weights = angles(degree + 1)

    def model(x):
        return module(x, weights.expand(len(x), -1, -1))

    found = fourier_coefficients(model, degree + 4)[:, 0].abs()
    assert found[:4].max() < 1e-15
    assert found[-4:].max() < 1e-15
    assert found[4] > 1e-6


def test_coefficients_are_pennylanes_for_two_features():
    w = angles(1)
    node = qml.QNode(two_wires, qml.device("default.qubit", wires=2))
    theirs = qml.fourier.coefficients(lambda x: node(2 * torch.as_tensor(x), w), 2, [3, 2])
    module = quantum.compile(two_wires)
    ours = fourier_coefficients(lambda x: module(2 * x, w.expand(len(x), -1, -1)), 3, features=2)[
        :, 1:-1, 0
    ]
    assert np.fft.fftshift(theirs) == pytest.approx(ours.numpy(), abs=1e-12)


@pytest.mark.parametrize("degree", [0, 1, 4, 15])
@pytest.mark.parametrize("most", [0.3, 0.98])
def test_one_qubit_has_weights_for_any_series(degree, most):
    c = random_series(degree, most, seed=degree)
    x = torch.linspace(-4, 9, 301, dtype=torch.float64)
    weights = angles_of_series(c)
    assert weights.shape == (degree + 1, 3)
    waves = sum(c[k + degree] * torch.exp(1j * k * x) for k in range(-degree, degree + 1)).real
    assert torch.allclose(values_of(weights, x), waves, atol=1e-9)


def test_a_series_of_lower_degree_than_its_coefficients_is_found_too():
    c = torch.nn.functional.pad(random_series(2, 0.7), (3, 3))
    x = torch.linspace(0, 6, 50, dtype=torch.float64)
    assert torch.allclose(values_of(angles_of_series(c), x), fourier_series(c, x), atol=1e-9)


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: angles_of_series(random_series(2, 1.2)), InputError, "between -1 and 1, got 1.2"),
        (lambda: angles_of_series(torch.ones(3) * 1j), InputError, "of a real series"),
        (lambda: fourier_coefficients(torch.cos, -1), InputError, "got -1 and 1"),
        (lambda: predicted_frequencies(lambda x: qml.RX(x[0] ** 2, wires=0)), UnsupportedError,
         "RX turns by no multiple"),
        (lambda: predicted_frequencies(lambda x: qml.U2(x[0], 0.1, wires=0)), UnsupportedError,
         "U2 turns by no multiple"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said(act, error, message):
    with pytest.raises(error, match=message):
        act()
