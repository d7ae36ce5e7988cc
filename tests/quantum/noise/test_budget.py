"""Shots are predicted, and what is measured with them errs as predicted."""

import numpy as np
import pennylane as qml
import pytest
import torch
from pennylane.tape import QuantumScript

from quantum import InputError, ising_chain
from quantum.noise import Readout, density_matrices, settings_of, shots_for, standard_error


def state(wires, noise=True):
    rng = np.random.default_rng(1)
    ops = [qml.Rot(*rng.normal(size=3), w) for w in range(wires)]
    ops += [qml.CNOT([w, w + 1]) for w in range(wires - 1)]
    ops += [qml.AmplitudeDamping(0.2, 1)] * noise
    return density_matrices(QuantumScript(ops))


def random_observable(wires, words, seed=0):
    rng = np.random.default_rng(seed)
    chosen = {"".join(rng.choice(list("IXYZ"), wires)) for _ in range(words)}
    order = {w: w for w in range(wires)}
    terms = [qml.pauli.string_to_pauli_word(word, wire_map=order) for word in sorted(chosen)]
    return qml.Hamiltonian(rng.normal(size=len(terms)), terms)


def test_settings_measure_what_the_observable_is():
    observable = random_observable(3, 25) + 0.7 * qml.Identity(0)
    settings, rho = settings_of(observable, 3), state(3)
    matrix = torch.from_numpy(qml.matrix(observable, wire_order=range(3)))
    wanted = torch.trace(matrix @ rho[0]).real.item()
    found = settings.mean(settings.probabilities(rho))
    assert found.item() == pytest.approx(wanted, abs=1e-12)
    assert len(settings.bases) < 25


def test_one_setting_has_the_variance_of_the_observable():
    observable = qml.Z(0) @ qml.Z(1) - 0.4 * qml.Z(1) + 0.3 * qml.X(2)
    settings, rho = settings_of(observable, 3), state(3)
    assert list(settings.bases) == ["ZZX"]
    matrix = torch.from_numpy(qml.matrix(observable, wire_order=range(3))).to(rho)
    mean = torch.trace(matrix @ rho[0]).real
    spread = (torch.trace(matrix @ matrix @ rho[0]).real - mean**2).sqrt().item()
    found = settings.spreads(settings.probabilities(rho))
    assert found[0].numpy() == pytest.approx([spread], abs=1e-12)


def test_a_chain_takes_two_settings():
    assert sorted(settings_of(ising_chain(5, 0.7)).bases) == ["XXXXX", "ZZZZZ"]


def test_measured_errors_are_the_predicted_ones():
    settings, rho = settings_of(random_observable(3, 12), 3), state(3)
    probabilities = settings.probabilities(rho)[0]
    spreads = settings.spreads(probabilities)
    shots = shots_for(0.05, spreads)
    assert standard_error(shots, spreads) == pytest.approx(0.05, rel=0.01)
    rng = np.random.default_rng(0)
    found = settings.sampled(probabilities, shots, rng, 3000)
    assert found.std().item() == pytest.approx(0.05, rel=4 / (2 * 3000) ** 0.5)
    assert abs(found.mean() - settings.mean(probabilities)) < 4 * 0.05 / 3000**0.5


def test_shares_by_spread_take_the_fewest_shots():
    spreads = torch.tensor([1.0, 0.3, 0.05], dtype=torch.float64)
    best = shots_for(0.01, spreads)
    even = [sum(best) // 3] * 3
    assert standard_error(best, spreads) < standard_error(even, spreads)
    assert sum(best) == pytest.approx((1.35 / 0.01) ** 2, rel=1e-3)


def test_corrected_settings_undo_misreading_at_a_cost():
    readout = Readout((0.02, 0.05, 0.01), (0.08, 0.03, 0.1))
    settings, rho = settings_of(ising_chain(3, 0.7)), state(3)
    right = settings.probabilities(rho)
    seen = torch.stack([readout.misread(part) for part in right.unbind(1)], 1)
    corrected = settings.corrected(readout)
    wanted = settings.mean(right)
    assert abs(settings.mean(seen) - wanted).item() > 0.05
    assert corrected.mean(seen).item() == pytest.approx(wanted.item(), abs=1e-12)
    assert (corrected.spreads(seen) > settings.spreads(seen)).all()


def test_budgets_that_make_no_sense_are_refused():
    settings = settings_of(qml.Z(0) + qml.X(0))
    with pytest.raises(InputError, match="precision"):
        shots_for(0.0, torch.ones(2))
    with pytest.raises(InputError, match="shots for 2 settings"):
        settings.sampled(torch.ones(2, 2) / 2, [3], np.random.default_rng(0), 1)
