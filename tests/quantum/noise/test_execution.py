"""The device runs circuits with noise as default.mixed does."""

import numpy as np
import pennylane as qml
import pytest
import torch
from pennylane import numpy as pnp

import quantum
from quantum import UnsupportedError


def circuit(x, p):
    qml.StatePrep(np.array([1, 1j]) / 2**0.5, wires=0)
    qml.RX(x[..., 0], 0)
    qml.DepolarizingChannel(p, 0)
    qml.CRY(x[..., 1], [0, 1])
    qml.AmplitudeDamping(0.2, 1)
    qml.CNOT([1, 2])
    qml.ThermalRelaxationError(0.1, 1.2, 1.3, 0.2, 2)
    qml.PauliError("XY", 0.1, [0, 2])
    qml.adjoint(qml.S(0))
    kraus = [np.sqrt(0.9) * np.eye(2), np.sqrt(0.1) * np.array([[0, 1], [1, 0]])]
    qml.QubitChannel(kraus, 1)
    chain = qml.Hamiltonian([0.3, -0.7, 1.1], [qml.X(0) @ qml.Z(1), qml.Y(1), qml.Z(0) @ qml.Z(2)])
    return (
        qml.expval(chain),
        qml.expval(qml.Hermitian(np.array([[1, 2], [2, -1.0]]), 0)),
        qml.probs(wires=[2, 0]),
        qml.var(qml.X(0) @ qml.Y(2)),
        qml.purity([0, 1]),
        qml.vn_entropy([0]),
        qml.density_matrix([2, 0]),
        qml.state(),
    )


@pytest.mark.parametrize("interface", ["torch", "numpy"])
def test_all_measurements_of_a_batch(interface):
    x, p = np.array([[0.3, 0.7], [0.1, 0.2], [1.0, 2.0]]), 0.1
    given = (torch.from_numpy(x), torch.tensor(p).double()) if interface == "torch" else (x, p)
    ours, theirs = (
        qml.QNode(circuit, qml.device(name, wires=3))(*given)
        for name in ("nsai.qubit", "default.mixed")
    )
    for a, b in zip(ours, theirs, strict=True):
        assert isinstance(a, torch.Tensor) == (interface == "torch")
        assert np.asarray(a) == pytest.approx(np.asarray(b), abs=1e-12)
        single = qml.QNode(circuit, qml.device("nsai.qubit", wires=3))(
            *(g[1] if g is given[0] else g for g in given)
        )
    for a, b in zip(single, ours, strict=True):
        assert np.asarray(a) == pytest.approx(np.asarray(b[1]), abs=1e-12)


def test_other_interfaces_get_gradients():
    def turned(x, p):
        qml.RX(x, 0)
        qml.DepolarizingChannel(p, 0)
        qml.AmplitudeDamping(p / 2, 0)
        return qml.expval(qml.Z(0))

    x, p = pnp.array(0.3, requires_grad=True), pnp.array(0.1, requires_grad=True)
    found = qml.grad(qml.QNode(turned, qml.device("nsai.qubit", wires=1)))(x, p)
    kept, left = 1 - 4 * 0.1 / 3, 1 - 0.1 / 2
    by_p = 0.5 - np.cos(0.3) * (kept / 2 + 4 / 3 * left)
    assert found == pytest.approx((-kept * left * np.sin(0.3), by_p), abs=1e-12)


def test_shots_follow_the_density_matrix():
    @qml.set_shots(4000)
    @qml.qnode(qml.device("nsai.qubit", wires=2, seed=1))
    def sampled():
        qml.X(0)
        qml.AmplitudeDamping(0.3, 0)
        qml.CNOT([0, 1])
        return qml.counts(), qml.expval(qml.Z(1))

    counts, mean = sampled()
    assert set(counts) == {"00", "11"}
    assert abs(counts["00"] / 4000 - 0.3) < 4 * (0.3 * 0.7 / 4000) ** 0.5
    assert abs(mean + 0.4) < 4 * (1 - 0.16) ** 0.5 / 4000**0.5


def test_noise_models_of_pennylane_on_circuit_and_device():
    conditions = qml.noise.op_eq(qml.RX)
    model = qml.NoiseModel({conditions: qml.noise.partial_wires(qml.DepolarizingChannel, 0.2)})

    def turned(x):
        qml.RX(x, 0)
        return qml.expval(qml.Z(0))

    device = qml.device("nsai.qubit", wires=1)
    wanted = np.cos(0.4) * (1 - 0.8 / 3)
    assert qml.noise.add_noise(qml.QNode(turned, device), model)(0.4) == pytest.approx(wanted)
    assert qml.QNode(turned, qml.noise.add_noise(device, model))(0.4) == pytest.approx(wanted)


def test_trajectories_of_the_device():
    def turned(x):
        qml.RX(x, 0)
        qml.BitFlip(0.2, 0)
        return qml.expval(qml.Z(0))

    def found(seed):
        device = qml.device("nsai.qubit", wires=1, trajectories=2000, seed=seed)
        return qml.QNode(turned, device)(0.4)

    assert found(0) == found(0)
    assert found(0) != found(1)
    assert abs(found(0) - 0.6 * np.cos(0.4)) < 4 / 2000**0.5
    device = qml.device("nsai.qubit", wires=1, trajectories=10)
    with pytest.raises(UnsupportedError, match="shots of trajectories"):
        qml.set_shots(qml.QNode(turned, device), 10)(0.4)


def test_compile_refuses_channels_by_name():
    def turned(x):
        qml.BitFlip(0.1, 0)
        return qml.expval(qml.Z(0))

    with pytest.raises(UnsupportedError, match="BitFlip is a channel"):
        quantum.compile(turned)(torch.zeros(2, 1))
