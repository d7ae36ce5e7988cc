"""Energies of formulas by brute force, chains by their exact solution, circuits that find both."""

from itertools import product

import numpy as np
import pennylane as qml
import pytest
import sympy
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import quantum
from quantum import InputError, ground_energy, hamiltonian, ising_chain, qaoa, strongly_entangling

NAMES = sympy.symbols("a b c d")
FORMULAS = st.recursive(
    st.sampled_from([*NAMES, sympy.true]),
    lambda inner: st.one_of(
        st.builds(sympy.Not, inner),
        st.builds(lambda x, y: sympy.And(x, y), inner, inner),
        st.builds(lambda x, y: sympy.Or(x, y), inner, inner),
        st.builds(lambda x, y: sympy.Xor(x, y), inner, inner),
    ),
    max_leaves=8,
)


@given(FORMULAS)
@settings(max_examples=60)
def test_energies_count_the_parts_that_fail(formula):
    names = [str(name) for name in NAMES]
    energies = np.diag(qml.matrix(hamiltonian(formula, NAMES), wire_order=names)).real
    for energy, row in zip(energies, product([False, True], repeat=4), strict=True):
        values = dict(zip(NAMES, row, strict=True))
        failing = sum(not part.subs(values) for part in sympy.And.make_args(formula))
        assert energy == pytest.approx(failing, abs=1e-12)


@pytest.mark.parametrize("field", [0.3, 1.0, 2.0])
def test_a_ring_has_the_energy_of_free_fermions(field):
    n = 8  # Pfeuty 1970, the sector of even parity
    k = np.pi * (2 * np.arange(n) + 1) / n
    exact = -np.sqrt(1 + field**2 + 2 * field * np.cos(k)).sum()
    assert ground_energy(ising_chain(n, field, periodic=True)) == pytest.approx(exact, abs=1e-9)


def trained(circuit, shape, steps, init):
    torch.manual_seed(0)
    module = quantum.compile(circuit, weights={"w": shape}, init={"w": init}).double()
    optimiser = torch.optim.Adam(module.parameters(), 0.05)
    for _ in range(steps):
        energy = module(torch.zeros(1, 1, dtype=torch.float64)).sum()
        optimiser.zero_grad()
        energy.backward()
        optimiser.step()
    return energy.item()


def test_a_variational_circuit_finds_the_ground_state():
    chain, ansatz = ising_chain(4, 1.0), strongly_entangling(3)

    def circuit(x, w):
        ansatz(w, range(4))
        return qml.expval(chain)

    found = trained(circuit, ansatz.weights(4), 300, lambda w: torch.nn.init.uniform_(w, -1, 1))
    exact = ground_energy(chain)
    assert exact - 1e-9 <= found < 0.99 * exact


def test_qaoa_finds_a_model():
    a, b, c, d = NAMES
    formula = (a | b) & (~a | c) & sympy.Xor(b, d) & (c | ~d) & (~b | ~c)
    cost, names = hamiltonian(formula, NAMES), [str(name) for name in NAMES]
    ansatz = qaoa(cost, 4)

    def circuit(x, w):
        ansatz(w, names)
        return qml.expval(cost)

    random = np.diag(qml.matrix(cost, wire_order=names)).real.mean()
    found = trained(circuit, ansatz.weights(4), 150, lambda w: torch.nn.init.constant_(w, 0.2))
    assert ground_energy(cost) == pytest.approx(0, abs=1e-9)  # there is a model
    assert found < 0.4 * random


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: hamiltonian(sympy.true), "a formula without symbols"),
        (lambda: hamiltonian(NAMES[0] & NAMES[1], NAMES[:1]), "b is not among the symbols"),
        (
            lambda: hamiltonian(sympy.Or(*sympy.symbols("x:15"))),
            "a part with 15 symbols; at most 14",
        ),
        (lambda: ising_chain(1, 1.0), "at least 2 spins, got 1"),
        (lambda: qaoa(ising_chain(2, 1.0), 1), "Hamiltonian of Z only"),
    ],
)
def test_what_does_not_fit_is_said(act, message):
    with pytest.raises(InputError, match=message):
        act()
