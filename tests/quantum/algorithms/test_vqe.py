"""Energies against dense matrices; ground states of chains against free fermions."""

import numpy as np
import pennylane as qml
import pytest
import torch

from quantum import (
    Energy,
    InputError,
    ground_energy,
    hardware_efficient,
    ising_chain,
    ising_energy,
    qaoa,
    strongly_entangling,
    vqe,
)


def uniform(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed)).double()


def chains(fields, n=3):
    return [ising_chain(n, field) for field in fields]


def test_every_sample_has_the_energy_of_its_hamiltonian():
    ansatz, costs = strongly_entangling(2), chains([0.0, 0.7, 2.0])
    w = 6 * uniform(3, *ansatz.weights(3))
    energies = Energy(costs, ansatz)(w)
    for cost, weights, energy in zip(costs, w, energies, strict=True):
        tape = qml.tape.make_qscript(ansatz)(weights.numpy(), range(3))
        state = qml.matrix(tape, wire_order=range(3))[:, 0]
        exact = (state.conj() @ qml.matrix(cost, wire_order=range(3)) @ state).real
        assert energy == pytest.approx(exact, abs=1e-12)
    chosen = torch.tensor([2, 0])
    torch.testing.assert_close(Energy(costs, ansatz)(w[chosen], chosen), energies[chosen])


def test_wires_may_be_named_and_reordered():
    cost = qml.Hamiltonian([1.0, 0.5], [qml.Z("b"), qml.X("a") @ qml.Z("b")])
    ansatz = hardware_efficient(1)
    w = uniform(1, *ansatz.weights(2))
    energy = Energy(cost, ansatz, wires=["a", "b"])(w)
    tape = qml.tape.make_qscript(ansatz)(w[0].numpy(), ["a", "b"])
    state = qml.matrix(tape, wire_order=["a", "b"])[:, 0]
    exact = (state.conj() @ qml.matrix(cost, wire_order=["a", "b"]) @ state).real
    assert energy.item() == pytest.approx(exact, abs=1e-12)


def test_a_curve_is_found_in_one_batch():
    fields, ansatz = [0.2, 1.0, 3.0], hardware_efficient(3)
    found = vqe(chains(4 * fields), ansatz, uniform(12, *ansatz.weights(3)))
    exact = [ising_energy(3, field) for field in fields]
    np.testing.assert_allclose(found.energies.reshape(4, 3).amin(0), exact, atol=1e-6)


@pytest.mark.parametrize("n", [4, 6])
def test_half_as_many_layers_as_spins_make_the_critical_ring(n):
    ring = ising_chain(n, 1.0, periodic=True)  # Ho and Hsieh 2019: exact at n / 2, not before
    bonds = ising_chain(n, 0.0, periodic=True)
    exact = ising_energy(n, 1.0, periodic=True)
    few, enough = (
        vqe(ring, qaoa(bonds, p), uniform(4, p, 2), wires=range(n)) for p in (n // 2 - 1, n // 2)
    )
    assert enough.energy == pytest.approx(exact, abs=1e-9)
    assert few.energy > exact + 0.1


def test_no_energy_lies_below_the_exact_one():
    chain, ansatz = ising_chain(4, 1.0), strongly_entangling(1)
    found = vqe(chain, ansatz, uniform(8, *ansatz.weights(4)), steps=30)
    assert bool((found.history >= ground_energy(chain) - 1e-12).all())


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: Energy([], hardware_efficient(1)), "or one for each sample, got none"),
        (
            lambda: Energy([qml.Z(0), qml.Z(1)], hardware_efficient(1)),
            r"wire 1 of a Hamiltonian is not among \[0\]",
        ),
        (
            lambda: vqe(qml.Z(0), hardware_efficient(1), torch.zeros(2, 3, 1, 2)),
            r"expected starts \(starts, \*\(1, 1, 2\)\), got \(2, 3, 1, 2\)",
        ),
        (
            lambda: vqe([qml.Z(0), qml.X(0)], hardware_efficient(1), torch.zeros(3, 1, 1, 2)),
            "3 starts for 2 Hamiltonians",
        ),
        (
            lambda: Energy([qml.Z(0), qml.X(0)], hardware_efficient(1))(torch.zeros(3, 1, 1, 2)),
            "3 samples of weights for 2 Hamiltonians",
        ),
        (
            lambda: Energy(qml.Z(0), hardware_efficient(1))(torch.zeros(3, 2)),
            r"expected weights \(batch, \*\(1, 1, 2\)\), got \(3, 2\)",
        ),
    ],
)
def test_what_does_not_fit_is_said(act, message):
    with pytest.raises(InputError, match=message):
        act()
