"""Density matrices are those of dense Kraus sums, of default.mixed and of closed forms."""

import warnings

import numpy as np
import pennylane as qml
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pennylane.tape import QuantumScript

from quantum import InputError, QuantumError
from quantum.noise import density_matrices, depolarizing
from quantum.noise.programs import program_of
from tests.quantum.qnodes import random_function


def channel(kind, first, last):
    """Return one of PennyLane's channels."""
    made = [
        lambda: qml.DepolarizingChannel(0.1, first),
        lambda: qml.AmplitudeDamping(0.2, first),
        lambda: qml.PhaseDamping(0.3, last),
        lambda: qml.BitFlip(0.1, last),
        lambda: qml.ThermalRelaxationError(0.1, 1.2, 1.3, 0.2, first),
        lambda: qml.PauliError("XY"[: len({first, last})], 0.3, list(dict.fromkeys([last, first]))),
        lambda: qml.GeneralizedAmplitudeDamping(0.2, 0.3, first),
        lambda: qml.QubitChannel(depolarizing(0.2, 1).numpy(), last),
        lambda: qml.ResetError(0.1, 0.2, first),
    ]
    return made[kind % len(made)]()


def noisy(seed, wires, length, x):
    """Return a random circuit with a channel behind each gate."""
    function, labels = random_function(seed, wires, length)
    w = torch.randn(4, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    operations = []
    for i, op in enumerate(qml.tape.make_qscript(function)(x, w).operations):
        operations += [op, channel(seed + i, op.wires[0], labels[-1])]
    return QuantumScript(operations), labels


def dense(tape, labels):
    """Return the density matrix by matrices of all wires."""
    size = 2 ** len(labels)
    rho = np.zeros((size, size), complex)
    rho[0, 0] = 1
    for op in tape.operations:
        is_channel = isinstance(op, qml.operation.Channel)
        with warnings.catch_warnings():  # of PennyLane: it makes Y real where a PauliError has none
            warnings.simplefilter("ignore", np.exceptions.ComplexWarning)
            parts = op.kraus_matrices() if is_channel else [op.matrix()]
        found = np.zeros_like(rho)
        for part in parts:
            part = torch.as_tensor(part).resolve_conj().numpy(force=True)
            whole = qml.math.expand_matrix(part, op.wires, wire_order=labels)
            found += whole @ rho @ whole.conj().T
        rho = found
    return rho


@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(1, 9), st.booleans())
@settings(max_examples=15, deadline=None)
def test_they_are_dense_kraus_sums_with_and_without_gradients(seed, wires, length, graded):
    x = torch.randn((3, 3), dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    tape, labels = noisy(seed, wires, length, x.requires_grad_(graded))
    found = density_matrices(tape, labels).detach().expand(3, -1, -1)
    wanted = np.stack([dense(noisy(seed, wires, length, row)[0], labels) for row in x.detach()])
    assert np.abs(found.numpy() - wanted).max() < 1e-13


def test_gradients_to_gates_and_channels_are_those_of_default_mixed():
    chain = qml.Hamiltonian([0.3, -0.7], [qml.X(0) @ qml.Z(1), qml.Y(1)])

    def circuit(x, p):
        for wire in range(2):  # no probability is 0, where default.mixed has no gradient
            qml.RY(0.5, wire)
        qml.RX(x[..., 0], 0)
        qml.DepolarizingChannel(p[0], 0)
        qml.CRY(x[..., 1], [0, 1])
        qml.AmplitudeDamping(p[1], 1)
        qml.PhaseDamping(p[2], 0)
        return qml.expval(chain), qml.expval(qml.Z(1))

    def gradients(name):
        x = torch.tensor([[0.3, 0.7], [0.1, -0.2]], dtype=torch.float64, requires_grad=True)
        p = torch.tensor([0.1, 0.2, 0.3], dtype=torch.float64, requires_grad=True)
        first, second = qml.QNode(circuit, qml.device(name, wires=2))(x, p)
        found = torch.autograd.grad((first * torch.tensor([1.0, 2.0]) + second**2).sum(), (x, p))
        return [first.detach(), second.detach(), *found]

    for ours, theirs in zip(gradients("nsai.qubit"), gradients("default.mixed"), strict=True):
        assert torch.allclose(ours, theirs, rtol=0, atol=1e-12)


def test_gradients_are_finite_where_a_probability_is_zero():
    @qml.qnode(qml.device("nsai.qubit", wires=2))
    def circuit(x):
        qml.RX(x, 0)
        qml.BitFlip(0.1, 0)
        return qml.expval(qml.Z(0)), qml.probs(wires=[1, 0])

    x = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
    value, probabilities = circuit(x)
    slopes = [torch.autograd.grad(y, x, retain_graph=True)[0] for y in (value, probabilities[0])]
    wanted = -0.8 * np.sin(0.3)
    assert torch.stack(slopes).numpy() == pytest.approx([wanted, wanted / 2], abs=1e-14)


def test_gradients_agree_with_finite_differences():
    def purity(angles, p):
        ops = [qml.Rot(*angles, 0), qml.IsingXX(angles[0] * angles[1], [0, 1])]
        ops += [qml.AmplitudeDamping(p, 0), qml.ctrl(qml.RY(angles[2], 1), 0), qml.BitFlip(p, 1)]
        rho = density_matrices(QuantumScript(ops))[0]
        return (rho @ rho).diagonal().sum().real

    angles = torch.tensor([0.4, 0.9, -0.3], dtype=torch.float64, requires_grad=True)
    p = torch.tensor(0.2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(purity, (angles, p))
    assert torch.autograd.gradgradcheck(purity, (angles, p))


@pytest.mark.parametrize("times", [1, 2, 7])
def test_closed_forms_of_decay(times):
    p, t, t1, t2 = 0.07, 0.3, 1.1, 0.9
    flips = [qml.DepolarizingChannel(p, 0)] * times
    rho = density_matrices(QuantumScript(flips))[0]
    assert (rho[0, 0] - rho[1, 1]).real.item() == pytest.approx((1 - 4 * p / 3) ** times, abs=1e-14)
    waits = [qml.ThermalRelaxationError(0.0, t1, t2, t, 0)] * times
    excited = density_matrices(QuantumScript([qml.X(0), *waits]))[0]
    assert excited[1, 1].real.item() == pytest.approx(np.exp(-times * t / t1), abs=1e-13)
    level = density_matrices(QuantumScript([qml.Hadamard(0), *waits]))[0]
    assert level[0, 1].real.item() == pytest.approx(np.exp(-times * t / t2) / 2, abs=1e-13)


def test_batches_of_states_and_single_precision():
    states = torch.tensor([[1, 0, 0, 0], [0.6, 0, 0, 0.8j]], dtype=torch.complex128)
    tape = QuantumScript([qml.StatePrep(states, wires=[0, 1]), qml.PhaseFlip(0.25, 1)])
    found = density_matrices(tape)
    assert found[1, 0, 3].item() == pytest.approx(-0.6 * 0.8j * 0.5, abs=1e-14)
    single = density_matrices(QuantumScript([qml.RX(torch.tensor(0.3), 0), qml.BitFlip(0.1, 0)]))
    assert single.dtype == torch.complex64


def test_trainable_matrices_pass_through_channels():
    theta = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    zero = torch.zeros_like(theta)
    generator = torch.stack([torch.stack([zero, -theta]), torch.stack([theta, zero])])
    unitary = torch.linalg.matrix_exp(generator).to(torch.complex128)
    tape = QuantumScript([qml.QubitUnitary(unitary, 0), qml.DepolarizingChannel(0.3, 0)])
    rho = density_matrices(tape)
    z = (rho[0, 0, 0] - rho[0, 1, 1]).real
    assert z.item() == pytest.approx(0.6 * np.cos(1.4), abs=1e-12)
    (slope,) = torch.autograd.grad(z, theta)
    assert slope.item() == pytest.approx(-1.2 * np.sin(1.4), abs=1e-12)
    with torch.no_grad():
        z = density_matrices(tape)[0, 0, 0].real
    assert z.item() == pytest.approx((1 + 0.6 * np.cos(1.4)) / 2, abs=1e-12)


def test_what_does_not_fit_is_refused():
    many = QuantumScript([qml.Hadamard(i) for i in range(18)] + [qml.BitFlip(0.1, 0)])
    with pytest.raises(QuantumError, match="grow as 4\\^n"):
        density_matrices(many)
    with pytest.raises(InputError, match="NaN"):
        density_matrices(QuantumScript([qml.RX(np.nan, 0)]))
    with pytest.raises(QuantumError, match="'b' is not among"):
        program_of(QuantumScript([qml.X("b")]), ["a"])
    two, three = torch.zeros(2).double(), torch.zeros(3).double()
    with pytest.raises(InputError, match="batches of 2 and 3"):
        density_matrices(QuantumScript([qml.RX(two, 0), qml.RY(three, 0)]))
