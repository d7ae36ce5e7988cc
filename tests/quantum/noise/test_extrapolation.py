"""Folded circuits do the same with more noise, and extrapolations are those of other libraries."""

import importlib.util
import math

import numpy as np
import pennylane as qml
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pennylane.tape import QuantumScript

from quantum import InputError
from quantum.noise import (
    density_matrices,
    extrapolate,
    extrapolate_exponential,
    fold_gates,
    optimal_shares,
    polynomial_weights,
)

TAPE = QuantumScript(
    [qml.RX(0.4, 0), qml.CNOT([0, 1]), qml.S(1), qml.RY(-0.7, 1), qml.CZ([1, 0]), qml.SX(0)],
    [qml.expval(qml.Z(0))],
)


@pytest.mark.parametrize("scale", [1, 1.7, 3, 4, 5.5])
@pytest.mark.parametrize("fewest", [1, 2])
def test_folded_circuits_do_the_same(scale, fewest):
    folded = fold_gates(TAPE, scale, fewest=fewest)
    assert qml.matrix(folded, wire_order=[0, 1]) == pytest.approx(
        qml.matrix(TAPE, wire_order=[0, 1])
    )
    count = sum(len(op.wires) >= fewest for op in TAPE.operations)
    more = len(folded.operations) - len(TAPE.operations)
    assert more <= count * (scale - 1) < more + 2
    assert folded.measurements == TAPE.measurements


def test_odd_scales_multiply_pauli_noise_exactly():
    def value(tape):
        noisy = [part for op in tape.operations for part in (op, qml.DepolarizingChannel(0.03, 0))]
        rho = density_matrices(QuantumScript(noisy))[0]
        return (rho[0, 0] - rho[1, 1]).real.item()

    tape = QuantumScript([qml.RX(0.4, 0), qml.RY(0.3, 0)])
    ideal = np.cos(0.4) * np.cos(0.3)
    kept = 1 - 4 * 0.03 / 3
    for scale in (1, 3, 5):
        assert value(fold_gates(tape, scale)) == pytest.approx(ideal * kept ** (2 * scale))
    values = torch.tensor([value(fold_gates(tape, s)) for s in (1, 3, 5)], dtype=torch.float64)
    assert extrapolate_exponential([1, 3, 5], values).value.item() == pytest.approx(
        ideal, abs=1e-12
    )


def test_folding_serves_pennylanes_mitigation_on_the_device():
    model = qml.NoiseModel(
        {qml.noise.wires_in([0, 1]): qml.noise.partial_wires(qml.DepolarizingChannel, 0.01)}
    )

    def circuit(x):
        qml.RX(x, 0)
        qml.RY(0.3, 0)
        return qml.expval(qml.Z(0))

    device = qml.noise.add_noise(qml.device("nsai.qubit", wires=1), model)
    node = qml.QNode(circuit, device)
    mitigated = qml.noise.mitigate_with_zne(
        node, [1, 3, 5], fold_gates, qml.noise.richardson_extrapolate
    )
    ideal = np.cos(0.4) * np.cos(0.3)
    assert abs(mitigated(0.4) - ideal) < abs(node(0.4) - ideal) / 100


@given(st.lists(st.integers(1, 12), min_size=2, max_size=5, unique=True), st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_polynomials_are_those_of_pennylane(scales, seed):
    y = np.random.default_rng(seed).normal(size=(len(scales), 3))
    for order in range(1, min(3, len(scales))):
        ours = extrapolate(scales, torch.from_numpy(y), order=order).value.numpy()
        theirs = qml.noise.poly_extrapolate(np.array(scales, float), y, order)
        assert ours == pytest.approx(theirs, abs=1e-6)


def test_what_mitiq_gives():
    """Of mitiq 1.1.0, run apart: fold_gates_at_random, and the factories' extrapolations."""
    tape = QuantumScript([qml.H(0), qml.CNOT([0, 1]), qml.T(1), qml.CNOT([0, 1]), qml.H(0)])
    counts = {1: 5, 1.8: 9, 2: 9, 3: 15, 4: 19, 5: 25}
    assert {s: len(fold_gates(tape, s).operations) for s in counts} == counts
    values = torch.tensor([0.8, 0.66, 0.55, 0.4], dtype=torch.float64)
    assert extrapolate([1, 2, 3], values[:3], order=1).value.item() == pytest.approx(0.92)
    assert extrapolate([1, 2, 3], values[:3]).value.item() == pytest.approx(0.97)
    found = extrapolate([1, 2, 3, 5], values, order=2).value.item()
    assert found == pytest.approx(0.9629090909090912, abs=1e-12)


def test_richardsons_weights_have_their_closed_form():
    scales = [1, 1.5, 2, 3]
    wanted = [math.prod(t / (t - s) for t in scales if t != s) for s in scales]
    assert polynomial_weights(scales, 3).numpy() == pytest.approx(wanted, rel=1e-9)


def test_exponentials_are_those_of_pennylane():
    y = 0.1 + 0.6 * np.exp(-0.3 * np.array([1.0, 2, 3])) + np.array([0.01, -0.01, 0.004])
    ours = extrapolate_exponential([1, 2, 3], torch.from_numpy(y), asymptote=0.1).value
    theirs = qml.noise.exponential_extrapolate(np.array([1.0, 2, 3]), y, asymptote=0.1)
    assert ours.item() == pytest.approx(float(theirs), abs=1e-9)
    below = extrapolate_exponential([1, 2, 3], -torch.from_numpy(y), asymptote=-0.1).value
    assert below.item() == pytest.approx(-ours.item(), abs=1e-12)


def test_errors_are_those_that_repeats_show():
    scales, sigma = [1, 3, 5], torch.tensor([0.02, 0.03, 0.04], dtype=torch.float64)
    generator = torch.Generator().manual_seed(0)
    drawn = torch.randn((3, 20000), dtype=torch.float64, generator=generator)
    exact = 0.9 * torch.exp(-0.2 * torch.tensor(scales, dtype=torch.float64))
    values = exact[:, None] + sigma[:, None] * drawn
    for found in (
        extrapolate(scales, values, sigma[:, None].expand_as(values)),
        extrapolate(scales, values, sigma[:, None].expand_as(values), order=1),
        extrapolate_exponential(scales, values, sigma[:, None].expand_as(values)),
    ):
        assert found.value.std().item() == pytest.approx(found.error.mean().item(), rel=0.03)


def test_optimal_shares_leave_the_least_error():
    c, sigma = polynomial_weights([1, 3, 5], 2), torch.tensor([0.5, 0.8, 1.0]).double()
    best = optimal_shares(c, sigma)

    def error(shares):
        return float((c**2 * sigma**2 / shares).sum().sqrt())

    assert error(best) == pytest.approx(float((c.abs() * sigma).sum()), abs=1e-12)
    assert error(best) < error(torch.ones(3).double() / 3)


def test_what_cannot_be_extrapolated_is_refused():
    with pytest.raises(InputError, match="do not determine"):
        polynomial_weights([1, 1, 2], 2)
    with pytest.raises(InputError, match="at least 1"):
        fold_gates(TAPE, 0.5)
    with pytest.raises(InputError, match="no gate acts on 2 wires"):
        fold_gates(QuantumScript([qml.X(0)]), 3, fewest=2)
    across = extrapolate_exponential([1, 2], torch.tensor([0.1, -0.1]).double())
    assert math.isnan(across.value)


@pytest.mark.skipif(importlib.util.find_spec("mitiq") is None, reason="mitiq is an extra")
def test_extrapolations_are_those_of_mitiq():
    from mitiq.zne import inference

    scales, y = [1.0, 2.0, 3.0], [0.8, 0.66, 0.55]
    values = torch.tensor(y, dtype=torch.float64)
    linear = inference.LinearFactory.extrapolate(scales, y)
    assert extrapolate(scales, values, order=1).value.item() == pytest.approx(linear, abs=1e-8)
    richardson = inference.RichardsonFactory.extrapolate(scales, y)
    assert extrapolate(scales, values).value.item() == pytest.approx(richardson, abs=1e-8)
