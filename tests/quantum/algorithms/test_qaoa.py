"""QAOA against matrix exponentials, closed forms of one layer, and the ring."""

from functools import reduce

import networkx as nx
import numpy as np
import pennylane as qml
import pytest
import sympy
import torch
from scipy.linalg import expm

from quantum import Energy, InputError, hamiltonian, interpolate, ising_chain, qaoa, vqe

X = np.array([[0, 1], [1, 0]])


def cuts(graph):
    """Return the Hamiltonian of edges that are not cut, and the names of nodes."""
    symbols = {node: sympy.Symbol(f"x{node:02d}") for node in sorted(graph)}
    parts = [sympy.Xor(symbols[u], symbols[v]) for u, v in graph.edges]
    return hamiltonian(sympy.And(*parts), list(symbols.values())), [*map(str, symbols.values())]


def test_two_layers_are_two_exponentials_each():
    a, b, c = symbols = sympy.symbols("a b c")
    cost = hamiltonian((a | b) & sympy.Xor(b, c) & (~a | ~b | c), symbols)
    names = ["a", "b", "c"]
    diagonal = np.diag(qml.matrix(cost, wire_order=names)).real
    mixer = sum(reduce(np.kron, [X if i == k else np.eye(2) for i in range(3)]) for k in range(3))
    w = torch.tensor([[0.3, 0.7], [1.1, -0.4]]).double()
    state = np.full(8, 8**-0.5, complex)
    for gamma, beta in w.tolist():
        state = expm(-1j * beta * mixer) @ (np.exp(-1j * gamma * diagonal) * state)
    exact = (np.abs(state) ** 2 * diagonal).sum()
    assert Energy(cost, qaoa(cost, 2), names)(w[None]).item() == pytest.approx(exact, abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_one_layer_has_its_closed_form_on_any_graph(seed):
    graph = nx.gnp_random_graph(7, 0.5, seed=seed)
    cost, names = cuts(graph)
    w = 2 * torch.randn(5, 1, 2, generator=torch.Generator().manual_seed(seed)).double()
    gamma, beta = -w[:, 0, 0].numpy(), w[:, 0, 1].numpy()  # e^{-iγ(m - H)} turns the other way
    cut = 0.0
    for u, v in graph.edges:  # Wang, Hadfield, Jiang and Rieffel, Phys. Rev. A 97, 2018, eq. (14)
        d, e = graph.degree[u] - 1, graph.degree[v] - 1
        f = len(list(nx.common_neighbors(graph, u, v)))
        cut += (
            0.5 + np.sin(4 * beta) * np.sin(gamma) * (np.cos(gamma) ** d + np.cos(gamma) ** e) / 4
        )
        cut -= (
            np.sin(2 * beta) ** 2 * np.cos(gamma) ** (d + e - 2 * f)
            * (1 - np.cos(2 * gamma) ** f) / 4
        )  # fmt: skip
    energies = Energy(cost, qaoa(cost, 1), names)(w)
    np.testing.assert_allclose(len(graph.edges) - energies.numpy(), cut, atol=1e-10)


def test_a_ring_has_its_share_and_interpolation_finds_it():
    n = 10
    cost, names = cuts(nx.cycle_graph(n))
    start = torch.rand(4, 1, 2, generator=torch.Generator().manual_seed(0)).double()
    for p in (1, 2, 3):  # Farhi 2014; n > 2p + 2
        found = vqe(cost, qaoa(cost, p), start, wires=names)
        assert 1 - found.energy / n == pytest.approx((2 * p + 1) / (2 * p + 2), abs=1e-9)
        start = interpolate(found.weights)


def test_one_layer_cuts_what_is_proved_of_cubic_graphs_without_triangles():
    cost, names = cuts(nx.petersen_graph())
    start = torch.rand(4, 1, 2, generator=torch.Generator().manual_seed(0)).double()
    found = vqe(cost, qaoa(cost, 1), start, wires=names)
    assert 1 - found.energy / 15 == pytest.approx(0.5 + 1 / (3 * 3**0.5), abs=1e-9)


def test_interpolation_keeps_a_line():
    line = torch.linspace(0, 1, 4).double()
    longer = interpolate(torch.stack([line, 1 - line], -1)[None])
    assert longer.shape == (1, 5, 2)
    torch.testing.assert_close(longer[0, :, 0], torch.tensor([0, 0.25, 0.5, 0.75, 1]).double())


def test_terms_that_are_nothing_do_not_count():
    assert len(qaoa(ising_chain(3, 0.0), 1).words) == 2  # the field is 0


def test_other_words_are_an_error():
    with pytest.raises(InputError, match="Hamiltonian of Z only"):
        qaoa(ising_chain(2, 1.0), 1)
