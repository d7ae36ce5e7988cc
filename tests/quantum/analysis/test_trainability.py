"""Variances of gradients against closed forms, sums over all angles, random unitaries and draws."""

import math
from itertools import product

import numpy as np
import pennylane as qml
import pytest
import torch
from scipy.stats import linregress, unitary_group

from quantum import (
    InputError,
    UnsupportedError,
    decay_rate,
    expval_z,
    gradient_variance,
    gradients,
    hardware_efficient,
    probabilities,
    separable,
    strongly_entangling,
    two_design_variance,
    uniform_angles,
)


def rotations(w, wires):
    for k, wire in enumerate(wires):
        qml.RY(w[k], wire)


def mixed(w, wires):
    """Some of all gates that exact variances know."""
    qml.Hadamard(wires[1])
    qml.RX(w[0], wires[0])
    qml.S(wires[1])
    qml.CNOT(wires=[wires[0], wires[1]])
    qml.RY(-2 * w[1] + 0.3, wires[1])
    qml.PauliRot(w[2], "XYZ", wires=wires)
    qml.ISWAP(wires=[wires[1], wires[2]])
    qml.RX(math.pi / 2, wires[2])
    qml.RZ(w[3], wires[2])
    qml.IsingXX(w[4], wires=[wires[0], wires[2]])
    qml.CZ(wires=[wires[2], wires[1]])


def at_grid(circuit, n, count, measure, steps):
    """Squares of derivatives, averaged over a grid: exact with more steps than their degree."""
    line = torch.arange(steps, dtype=torch.float64) * (2 * torch.pi / steps)
    grid = torch.cartesian_prod(*[line] * count)
    return (gradients(circuit, n, grid, measure) ** 2).mean(0)


def a_word(wires):
    return qml.expval(qml.Z(wires[1]) @ qml.Y(wires[2]))


def some_words(wires):
    return qml.expval(0.5 * qml.Y(wires[0]) - 2 * qml.Z(wires[1]) @ qml.Z(wires[2]))


@pytest.mark.parametrize("measure", [a_word, some_words])
def test_exact_variances_are_sums_over_all_angles(measure):
    expected = at_grid(mixed, 3, 5, measure, steps=5)
    found = [gradient_variance(mixed, 3, (k,), shape=(5,), measure=measure) for k in range(5)]
    assert found == pytest.approx(expected.tolist(), abs=1e-12)
    assert max(found) > 0.05


def test_exact_variances_of_layers_are_sums_over_all_angles():
    ansatz, n = hardware_efficient(2), 2
    flat = at_grid(lambda w, wires: ansatz(w.reshape(2, n, 2), wires), n, 8, parity, steps=3)
    found = [
        gradient_variance(ansatz, n, index, measure=parity)
        for index in product(range(2), range(n), range(2))
    ]
    assert found == pytest.approx(flat.tolist(), abs=1e-12)


def parity(wires):
    return qml.expval(qml.prod(*(qml.Z(wire) for wire in wires)))


@pytest.mark.parametrize("ansatz", [hardware_efficient(3), strongly_entangling(3)])
def test_drawn_gradients_vary_as_the_exact_variances_say(ansatz):
    n, g = 3, torch.Generator().manual_seed(0)
    slopes = gradients(ansatz, n, uniform_angles(ansatz.weights(n), 4000, g))
    for index in ((0, 1, 0), (1, 0, 1), (1, 1, 1)):
        exact = gradient_variance(ansatz, n, index)
        squares = slopes[(slice(None), *index)] ** 2
        error = squares.std() / len(squares) ** 0.5
        assert abs(squares.mean() - exact) <= 4 * error + 1e-15


@pytest.mark.parametrize("n", [2, 3, 5])
def test_products_of_rotations_have_the_variances_of_cerezo(n):
    def everything(values):
        return 1 - values[:, 0]

    def each(values):
        return 0.5 - values.mean(1) / 2

    line = torch.arange(5, dtype=torch.float64) * (2 * torch.pi / 5)
    grid = torch.cartesian_prod(*[line] * n)
    of_all = gradients(rotations, n, grid, probabilities, cost=everything, batch=1000)
    of_each = gradients(rotations, n, grid, expval_z, cost=each, batch=1000)
    assert (of_all**2).mean(0).tolist() == pytest.approx([(3 / 8) ** (n - 1) / 8] * n, abs=1e-13)
    assert (of_each**2).mean(0).tolist() == pytest.approx([1 / (8 * n**2)] * n, abs=1e-13)


@pytest.mark.parametrize("n", [1, 2])
def test_two_designs_vary_as_random_unitaries_do(n):
    rng, size, draws = np.random.default_rng(0), 2**n, 40_000
    before, behind = (unitary_group.rvs(size, draws, rng) for _ in range(2))
    signs = np.array([1 - 2 * (k >> (n - 1)) for k in range(size)])  # Z of the first wire
    flipped = np.roll(np.eye(size), size // 2, 0)  # X of it
    psi = before[:, :, 0]
    observed = behind.conj().transpose(0, 2, 1) @ (signs[:, None] * behind)
    # 2 Im⟨ψ|O (X/2)|ψ⟩ of a rotation about X at the angle 0
    slopes = np.einsum("bi,bij,bj->b", psi.conj(), observed @ flipped, psi).imag
    squares = slopes**2
    assert abs(squares.mean() - two_design_variance(n)) < 4 * squares.std() / draws**0.5


def test_deep_circuits_become_two_designs():
    deep = hardware_efficient(30)
    found = gradient_variance(deep, 2, (15, 1, 0), measure=parity)
    assert found == pytest.approx(two_design_variance(2), rel=0.002)
    assert gradient_variance(hardware_efficient(2), 3, (1, 0, 0)) > 4 * two_design_variance(3)


def test_separable_circuits_do_not_see_other_qubits():
    assert gradient_variance(separable(3), 4, (1, 2, 1)) == 0
    alone = gradient_variance(separable(3), 1, (1, 0, 1))
    assert gradient_variance(separable(3), 4, (1, 0, 1)) == pytest.approx(alone) != 0


def test_rates_are_those_of_a_fit_and_their_interval_covers():
    g = torch.Generator().manual_seed(0)
    n, inside = [2, 4, 6, 8], 0
    for _ in range(100):
        slopes = [torch.randn(300, generator=g) * 2 ** (-0.7 * k / 2) for k in n]
        found = decay_rate(n, slopes, resamples=300, generator=g)
        inside += found.low <= -0.7 <= found.high
    logs = [math.log2((part.double() ** 2).mean()) for part in slopes]
    assert found.rate == pytest.approx(linregress(n, logs).slope)
    assert 86 <= inside <= 100


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: gradient_variance(lambda w, wires: qml.CRX(w[0], wires), 2, (0,), shape=(1,)),
         UnsupportedError, "Rotation with a weight is no rotation by a word"),
        (lambda: gradient_variance(lambda w, wires: (qml.RX(w[0], 0), qml.T(0)), 1, (0,),
                                   shape=(1,)), UnsupportedError, "no Clifford gate"),
        (lambda: gradient_variance(lambda w, wires: (qml.RX(w[0], 0), qml.RY(w[0], 0)), 1, (0,),
                                   shape=(1,)), UnsupportedError, "one rotation, and of one only"),
        (lambda: gradient_variance(lambda w, wires: qml.RX(w[0] / 2, 0), 1, (0,), shape=(1,)),
         UnsupportedError, "0.5 times a weight has another period"),
        (lambda: gradient_variance(lambda w, wires: qml.RX(w[0], 0), 2, (0,), shape=(1,),
                                   measure=lambda wires: qml.expval(qml.X(0) + qml.X(1))),
         UnsupportedError, "stay correlated"),
        (lambda: gradient_variance(rotations, 2, (0,), shape=(2,), measure=expval_z), InputError,
         "expected one expectation value, got 2"),
        (lambda: gradient_variance(rotations, 2, (0,), shape=(2,), measure=probabilities),
         InputError, "measures one expectation value"),
        (lambda: two_design_variance(0), InputError, "expected qubits, got 0"),
        (lambda: decay_rate([1, 1], [torch.ones(1)] * 2), InputError, "do not fit a line"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said(act, error, message):
    with pytest.raises(error, match=message):
        act()
