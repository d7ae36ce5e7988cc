"""The cluster-Ising ring against dense matrices, free fermions and its duality."""

from functools import reduce

import numpy as np
import pennylane as qml
import pytest
import torch

from quantum import InputError
from quantum.algorithms.phases import cluster_ising, ground_states, string_orders

X, Z = np.array([[0, 1], [1, 0]]), np.diag([1, -1])


def word(n, letters):
    return reduce(np.kron, [letters.get(i, np.eye(2)) for i in range(n)])


def dense(n, h1, h2):
    h = np.zeros((2**n, 2**n))
    for i in range(n):
        h -= word(n, {i: Z, (i + 1) % n: X, (i + 2) % n: Z})
        h -= h1 * word(n, {i: X}) + h2 * word(n, {i: X, (i + 1) % n: X})
    return h


def family(points):
    return torch.tensor([[-1.0, -a, -b] for a, b in points], dtype=torch.float64)


def value(operator, states, n):
    matrix = operator.sparse_matrix(wire_order=range(n)).real
    return np.array([v @ (matrix @ v) for v in states.numpy()])


def test_ground_states_are_those_of_dense_matrices():
    points = [(0.3, 0.2), (1.0, 0.0), (0.7, -0.5)]
    found = ground_states(cluster_ising(8), family(points))
    for (a, b), energy, gap, state in zip(points, *found, strict=True):
        levels, vectors = np.linalg.eigh(dense(8, a, b))
        assert energy.item() == pytest.approx(levels[0], abs=1e-10)
        assert gap.item() == pytest.approx(levels[1] - levels[0], abs=1e-8)
        assert abs(state.numpy() @ vectors[:, 0]) == pytest.approx(1, abs=1e-10)
        assert state.abs().max() == state.max()


@pytest.mark.parametrize("field", [0.4, 1.0, 1.7])
def test_without_pairs_it_is_two_chains_of_free_fermions(field):
    n = 12  # duality makes two Ising rings of 6 out of it
    k = np.pi * (2 * np.arange(n // 2) + 1) / (n // 2)
    exact = -2 * np.sqrt(1 + field**2 - 2 * field * np.cos(k)).sum()
    found = ground_states(cluster_ising(n), family([(field, 0.0)]))
    assert found.energies.item() == pytest.approx(exact, abs=1e-9)


def test_controlled_phases_turn_one_string_into_the_other():
    n = 4
    rings = [qml.CZ([i, (i + 1) % n]) for i in range(n)]
    turn = reduce(lambda a, b: a @ b, (qml.matrix(op, wire_order=range(n)) for op in rings))
    c, f, _ = (term.sparse_matrix(wire_order=range(n)).toarray() for term in cluster_ising(n))
    s, t = (qml.matrix(op, wire_order=range(n)) for op in string_orders(n))
    assert np.allclose(turn @ c @ turn, f, atol=1e-12)
    assert np.allclose(turn @ s @ turn, t, atol=1e-12)


def test_strings_are_equal_where_the_chain_is_critical():
    strings = string_orders(8)
    states = ground_states(cluster_ising(8), family([(0.0, 0.0), (0.8, 0.0), (1.0, 0.0)])).states
    s, t = (value(string, states, 8) for string in strings)
    assert (s[0], t[0]) == (pytest.approx(1), pytest.approx(0, abs=1e-9))  # the cluster state
    assert s[1] > t[1] + 0.1
    assert s[2] == pytest.approx(t[2], abs=1e-9)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: cluster_ising(6), "multiple of 4 spins, got 6"),
        (lambda: string_orders(3), "multiple of 4 spins, got 3"),
        (lambda: ground_states([qml.Z(0) @ qml.Z(1)], torch.ones(2, 3)), r"\(members, 1\)"),
        (lambda: ground_states([qml.Y(0) @ qml.Z(1)], torch.ones(1, 1)), "words of X and Z"),
    ],
)
def test_what_does_not_fit_is_said(act, message):
    with pytest.raises(InputError, match=message):
        act()
