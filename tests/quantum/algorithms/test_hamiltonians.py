"""Energies of formulas by brute force, chains by dense matrices and by free fermions."""

from itertools import product

import numpy as np
import pennylane as qml
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from quantum import InputError, ground_energy, hamiltonian, ising_chain, ising_energy

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


def dense(observable, n):
    return qml.matrix(observable, wire_order=range(n))


@pytest.mark.parametrize("field", [0.3, 1.0, 2.0])
def test_a_ring_has_the_energy_of_free_fermions(field):
    n = 8  # Pfeuty 1970, the sector of even parity
    k = np.pi * (2 * np.arange(n) + 1) / n
    exact = -np.sqrt(1 + field**2 + 2 * field * np.cos(k)).sum()
    assert ground_energy(ising_chain(n, field, periodic=True)) == pytest.approx(exact, abs=1e-9)
    assert ising_energy(n, field, periodic=True) == pytest.approx(exact, abs=1e-12)


@given(
    n=st.integers(2, 7),
    field=st.floats(-2, 2),
    coupling=st.floats(-2, 2),
    periodic=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_free_fermions_are_the_dense_matrix(n, field, coupling, periodic):
    options = {"coupling": coupling, "periodic": periodic}
    exact = np.linalg.eigvalsh(dense(ising_chain(n, field, **options), n))[0]
    assert ising_energy(n, field, **options) == pytest.approx(exact, abs=1e-9)


def test_a_frustrated_ring_pays_for_one_bond():
    # five antiferromagnetic bonds cannot all be satisfied: -4 + 1
    assert ising_energy(5, 0.0, coupling=-1.0, periodic=True) == pytest.approx(-3, abs=1e-12)


def test_an_energy_of_zero_is_found_among_few_levels():
    # many states and few different energies, the least of them 0: scipy alone answers 1
    symbols = sympy.symbols("x:8")
    formula = sympy.And(*(a | ~b for a, b in zip(symbols, (*symbols[1:], symbols[0]), strict=True)))
    assert ground_energy(hamiltonian(formula, symbols)) == pytest.approx(0, abs=1e-9)


def test_a_singlet_is_found():
    n = 8  # the antiferromagnetic Heisenberg ring; its ground state has no overlap with a constant
    pairs = [(i, (i + 1) % n) for i in range(n)]
    words = [p(i) @ p(j) for i, j in pairs for p in (qml.X, qml.Y, qml.Z)]
    ring = qml.Hamiltonian([1.0] * len(words), words)
    exact = np.linalg.eigvalsh(dense(ring, n))[0]
    assert ground_energy(ring) == pytest.approx(exact, abs=1e-9)


def test_the_least_energy_is_sought_among_some_states():
    n = 7
    chain = qml.Hamiltonian(
        [1.0] * (2 * n - 2) + [3.0] * n,
        [p(i) @ p(i + 1) for i in range(n - 1) for p in (qml.X, qml.Y)]
        + [qml.Z(i) for i in range(n)],
    )  # hopping, which keeps the number of ones
    count = np.array([bin(x).count("1") for x in range(1 << n)])
    matrix = dense(chain, n)
    for ones in (0, 2, 3):
        kept = np.flatnonzero(count == ones)
        exact = np.linalg.eigvalsh(matrix[np.ix_(kept, kept)])[0]
        assert ground_energy(chain, range(n), among=kept) == pytest.approx(exact, abs=1e-9)


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
        (lambda: ising_energy(1, 1.0), "at least 2 spins, got 1"),
    ],
)
def test_what_does_not_fit_is_said(act, message):
    with pytest.raises(InputError, match=message):
        act()
