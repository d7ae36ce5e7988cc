"""Machines err as often as their makers say, and channels are what they are called."""

from dataclasses import replace

import numpy as np
import pennylane as qml
import pytest
import torch
from pennylane.tape import QuantumScript

from quantum import InputError
from quantum.noise import (
    GOOGLE_SYCAMORE,
    IBM_EAGLE,
    IBM_HERON,
    QUANTINUUM_H2,
    average_fidelity,
    density_matrices,
    depolarizing,
    superoperator,
    twirled,
    with_noise,
)
from quantum.noise.channels import as_mixture, as_paulis, require_channel

MACHINES = [IBM_EAGLE, IBM_HERON, GOOGLE_SYCAMORE, QUANTINUUM_H2]


def kraus(op):
    return torch.stack(
        [torch.as_tensor(part, dtype=torch.complex128) for part in op.kraus_matrices()]
    )


@pytest.mark.parametrize("machine", MACHINES, ids=lambda m: m.name)
@pytest.mark.parametrize("qubits", [1, 2])
def test_gates_have_the_published_average_infidelity(machine, qubits):
    d, rng = 2**qubits, np.random.default_rng(0)
    # process fidelity by the state that the channel makes of half a maximally entangled one
    pairs = [op for w in range(qubits) for op in (qml.Hadamard(w), qml.CNOT([w, w + qubits]))]
    noise = machine.gate_noise(list(range(qubits)))
    rho = density_matrices(QuantumScript([*pairs, *noise]), 2 * qubits)[0]
    bell = density_matrices(QuantumScript(pairs), 2 * qubits)[0]
    process = torch.trace(rho @ bell).real.item()
    wanted = machine.one_error if qubits == 1 else machine.two_error
    assert 1 - (d * process + 1) / (d + 1) == pytest.approx(wanted, abs=1e-12)
    states = rng.normal(size=(400, d)) + 1j * rng.normal(size=(400, d))
    states /= np.linalg.norm(states, axis=1, keepdims=True)
    given = [qml.StatePrep(torch.from_numpy(states), wires=range(qubits)), *noise]
    out = density_matrices(QuantumScript(given), qubits).numpy()
    kept = np.einsum("sa,sab,sb->s", states.conj(), out, states).real
    assert abs(1 - kept.mean() - wanted) < 4 * kept.std() / 400**0.5 + 1e-9


def test_noise_models_are_what_is_put_in():
    tape = QuantumScript([qml.SX(0), qml.RZ(0.3, 0), qml.CNOT([0, 1])], [qml.expval(qml.Z(1))])
    (theirs,), _ = qml.noise.add_noise(tape, IBM_EAGLE.noise_model())
    ours = with_noise(tape, IBM_EAGLE)
    assert [op.name for op in ours.operations[:4]] == [
        "SX",
        "ThermalRelaxationError",
        "DepolarizingChannel",
        "RZ",
    ]
    assert all(qml.equal(a, b) for a, b in zip(ours.operations, theirs.operations, strict=True))


def test_figures_that_contradict_each_other_are_refused():
    with pytest.raises(InputError, match="less than relaxation alone"):
        replace(IBM_EAGLE, two_time=IBM_EAGLE.t1)
    with pytest.raises(InputError, match="T2"):
        replace(IBM_EAGLE, t2=3 * IBM_EAGLE.t1)
    with pytest.raises(InputError, match="decompose"):
        with_noise(QuantumScript([qml.Toffoli([0, 1, 2])]), IBM_EAGLE)


def test_superoperators_act_as_kraus_sums():
    rng = np.random.default_rng(0)
    rho = rng.normal(size=(2, 2)) + 1j * rng.normal(size=(2, 2))
    parts = kraus(qml.GeneralizedAmplitudeDamping(0.3, 0.2, 0))
    wanted = sum(k @ rho @ k.conj().T for k in parts.numpy())
    assert (superoperator(parts).numpy() @ rho.ravel()).reshape(2, 2) == pytest.approx(wanted)


def test_average_fidelity_of_depolarising_is_that_of_mixing():
    for qubits in (1, 2):
        mixed = 1 / 2**qubits  # of the maximally mixed state with any
        found = average_fidelity(depolarizing(0.3, qubits)).item()
        assert found == pytest.approx(0.7 + 0.3 * mixed, abs=1e-14)


def test_mixtures_are_told_from_what_depends_on_the_state():
    assert as_mixture(kraus(qml.AmplitudeDamping(0.2, 0))) is None
    hadamard = np.array([[1, 1], [1, -1]]) / 2**0.5
    mixed = torch.from_numpy(np.stack([0.8**0.5 * np.eye(2), 0.2**0.5 * hadamard]) + 0j)
    assert as_mixture(mixed) is not None
    assert as_paulis(mixed) is None
    weights, flips = as_paulis(kraus(qml.PauliError("XY", 0.3, [0, 1])))
    assert weights.numpy() == pytest.approx([0.7, 0.3], abs=1e-12)
    assert flips[1].tolist() == [[True, False], [True, True]]


def test_twirling_keeps_the_fidelity_and_makes_paulis():
    parts = kraus(qml.ThermalRelaxationError(0.0, 1.0, 0.8, 0.2, 0))
    made = twirled(parts)
    assert as_paulis(made) is not None
    assert average_fidelity(made).item() == pytest.approx(average_fidelity(parts).item(), abs=1e-14)
    e1, e2 = np.exp(-0.2), np.exp(-0.25)
    chances = (made.mH @ made)[:, 0, 0].real.numpy()
    assert chances[1:] == pytest.approx([(1 - e1) / 4, (1 - e1) / 4, (1 + e1 - 2 * e2) / 4])


def test_what_is_no_channel_is_refused():
    with pytest.raises(InputError, match="away from the identity"):
        require_channel(0.9 * torch.eye(2, dtype=torch.complex128)[None])
    with pytest.raises(InputError, match="strength"):
        depolarizing(1.5, 1)
