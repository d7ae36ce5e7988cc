"""Trajectories agree with density matrices, within what their own errors say."""

import numpy as np
import pennylane as qml
import pytest
import torch
from pennylane.tape import QuantumScript

from quantum import InputError, UnsupportedError
from quantum.noise import density_matrices, trajectories

PAULI = [lambda w: qml.DepolarizingChannel(0.1, w), lambda w: qml.PauliError("XZ", 0.2, [w, 3 - w])]
ANY = [*PAULI, lambda w: qml.AmplitudeDamping(0.3, w), lambda w: qml.GeneralizedAmplitudeDamping(0.2, 0.4, w)]  # noqa: E501  # fmt: skip


def circuit(x, channels):
    """Return a circuit on four wires, of a batch of angles."""
    operations = []
    for wire in range(4):
        operations += [qml.RY(x[:, wire], wire), channels[wire % len(channels)](wire)]
    for wire in range(3):
        operations += [qml.CNOT([wire, wire + 1]), channels[(wire + 1) % len(channels)](wire)]
    measured = [qml.expval(qml.Z(0) @ qml.Z(3) + 0.5 * qml.X(1)), qml.probs(wires=[2, 0])]
    return QuantumScript(operations, measured)


@pytest.mark.parametrize("channels", [PAULI, ANY])
def test_means_lie_within_four_errors_of_the_density_matrix(channels):
    generator = torch.Generator().manual_seed(3)
    x = torch.randn((3, 4), dtype=torch.float64, generator=generator)
    tape = circuit(x, channels)
    value, probabilities = trajectories(tape, 4000, generator=generator)
    rho = density_matrices(tape)
    matrix = torch.from_numpy(qml.matrix(tape.measurements[0].obs, wire_order=range(4)))
    exact = torch.einsum("ab,sba->s", matrix.to(rho), rho).real
    assert value.mean.shape == (3,)
    assert ((value.mean - exact).abs() < 4 * value.error).all()
    diagonal = torch.diagonal(rho, dim1=1, dim2=2).real.reshape(3, 2, 2, 2, 2).sum((2, 4))
    wanted = diagonal.transpose(1, 2).flatten(1)
    assert ((probabilities.mean - wanted).abs() < 4 * probabilities.error).all()
    assert probabilities.mean.sum(1).numpy() == pytest.approx(np.ones(3), abs=1e-12)


@pytest.mark.parametrize("channels", [PAULI, ANY])
def test_errors_are_those_that_repeats_show(channels):
    x = torch.full((1, 4), 0.7, dtype=torch.float64)
    found = [
        trajectories(circuit(x, channels), 40, generator=torch.Generator().manual_seed(seed))[0]
        for seed in range(25)
    ]
    means = torch.cat([f.mean for f in found])
    said = torch.cat([f.error for f in found]).mean()
    assert means.std().item() == pytest.approx(said.item(), rel=0.5)


@pytest.mark.parametrize("channel", [qml.DepolarizingChannel, qml.AmplitudeDamping])
def test_gradients_are_unbiased(channel):
    def slopes(found):
        return torch.autograd.grad(found.sum(), (angle, p))

    angle = torch.tensor(0.8, dtype=torch.float64, requires_grad=True)
    p = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)

    def tape():
        operations = [qml.RX(angle, 0), channel(p, 0), qml.RY(0.4 * angle, 0), channel(p, 0)]
        return QuantumScript(operations, [qml.expval(qml.Z(0))])

    runs = [
        slopes(trajectories(tape(), 100, generator=torch.Generator().manual_seed(seed))[0].mean)
        for seed in range(30)
    ]
    rho = density_matrices(tape())[0]
    exact = slopes(rho[0, 0].real - rho[1, 1].real)
    for column, wanted in zip(zip(*runs, strict=True), exact, strict=True):
        values = torch.stack(column)
        assert abs(values.mean() - wanted) < 4 * values.std() / len(values) ** 0.5


def test_gradients_to_gates_through_pauli_noise():
    angle = torch.tensor(0.8, dtype=torch.float64, requires_grad=True)
    tape = QuantumScript([qml.RX(angle, 0), qml.PhaseFlip(0.2, 0)], [qml.expval(qml.Z(0))])
    (found,) = trajectories(tape, 50, generator=torch.Generator().manual_seed(0))
    (slope,) = torch.autograd.grad(found.mean, angle)  # phases do not change Z: exact
    assert slope.item() == pytest.approx(-np.sin(0.8), abs=1e-12)


def test_a_seed_repeats_and_more_wires_than_a_density_matrix_has():
    n = 14
    operations = [qml.Hadamard(0)] + [qml.CNOT([i, i + 1]) for i in range(n - 1)]
    operations += [qml.BitFlip(0.1, i) for i in range(n)]
    tape = QuantumScript(operations, [qml.expval(qml.Z(0) @ qml.Z(n - 1))])
    found = [
        trajectories(tape, 400, generator=torch.Generator().manual_seed(s))[0] for s in (1, 1, 2)
    ]
    assert found[0].mean == found[1].mean
    assert found[0].mean != found[2].mean
    assert abs(found[0].mean - 0.8**2) < 4 * found[0].error


def test_what_is_no_mean_over_runs_is_refused():
    generator = torch.Generator()
    with pytest.raises(UnsupportedError, match="not var"):
        trajectories(QuantumScript([qml.X(0)], [qml.var(qml.Z(0))]), 10, generator=generator)
    with pytest.raises(InputError, match="at least 2"):
        trajectories(QuantumScript([qml.X(0)], [qml.expval(qml.Z(0))]), 1, generator=generator)
