"""Energies of molecules against published ones; excitations against dense matrices."""

import numpy as np
import pennylane as qml
import pytest
import torch
from scipy.linalg import expm

from quantum import Energy, InputError, adapt, excitations, molecule, vqe

CHEMICAL = 1.6e-3  # hartree


def line(count, apart):
    return [[0, 0, apart * i] for i in range(count)]


@pytest.fixture(scope="module")
def h2():
    return molecule(["H", "H"], line(2, 0.7414))


@pytest.fixture(scope="module")
def h4():
    return molecule(["H"] * 4, line(4, 1.0))


def test_energies_are_those_of_pyscf(h2, h4):
    # PySCF, as OpenFermion's (H2) and MindQuantum's (H4) files have them
    assert h2.hartree_fock == pytest.approx(-1.1166843870, abs=1e-7)
    assert h2.exact == pytest.approx(-1.1372701747, abs=1e-8)
    assert h4.exact == pytest.approx(-2.1663874490, abs=1e-7)


@pytest.mark.long
def test_lithium_hydride_is_that_of_pyscf():
    lih = molecule(["Li", "H"], line(2, 1.5))  # MindQuantum's tutorial
    assert lih.n_qubits == 12
    assert lih.hartree_fock == pytest.approx(-7.8633576215, abs=1e-7)
    assert lih.exact == pytest.approx(-7.8823622868, abs=1e-7)


def test_an_active_space_lies_between():
    options = {"active_electrons": 2, "active_orbitals": 2}
    lih = molecule(["Li", "H"], line(2, 1.5), **options)
    assert (lih.n_qubits, lih.electrons) == (4, 2)
    assert lih.hartree_fock == pytest.approx(-7.8633576215, abs=1e-7)
    assert -7.8823622868 < lih.exact < lih.hartree_fock


def test_ions_are_left_out():
    far = molecule(["H", "H"], line(2, 0.2))  # nuclei so close that the pair would rather be He
    matrix = far.hamiltonian.sparse_matrix(wire_order=range(4)).toarray()
    counts = np.array([bin(x).count("1") for x in range(16)])
    energies = {n: np.linalg.eigvalsh(matrix[np.ix_(counts == n, counts == n)])[0] for n in (1, 2)}
    assert far.exact == pytest.approx(energies[2], abs=1e-9)
    assert energies[1] > energies[2]  # and the other way round for less repulsion
    lone = type(far)(far.hamiltonian + qml.Hamiltonian([-9.0], [qml.Z(0)]), 4, 2)
    shifted = lone.hamiltonian.sparse_matrix(wire_order=range(4)).toarray()
    assert lone.exact > np.linalg.eigvalsh(shifted)[0] + 0.5  # an empty orbital 0 is worse


def test_moves_are_exponentials_that_keep_the_electrons():
    moves = [(0, 1, 2, 3), (0, 2), (1, 3)]
    ansatz = excitations(2, 4, moves=moves)
    w = torch.tensor([[0.4, -0.9, 1.3]]).double()
    state = np.zeros(16)
    state[0b1100] = 1
    for move, angle in zip(moves, w[0].tolist(), strict=True):
        half = len(move) // 2
        leave, come = (sum(1 << (3 - i) for i in part) for part in (move[:half], move[half:]))
        tau = np.zeros((16, 16))
        for x in range(16):
            if x & leave == leave and not x & come:
                tau[x ^ leave ^ come, x] = 1
        state = expm(-angle / 2 * (tau - tau.T)) @ state
    tape = qml.tape.make_qscript(ansatz)(w.numpy(), range(4))
    found = qml.matrix(tape, wire_order=range(4))[:, 0]
    np.testing.assert_allclose(found, state, atol=1e-12)
    assert {bin(x).count("1") for x in np.flatnonzero(np.abs(found) > 1e-12)} == {2}


def test_at_no_angle_it_is_hartree_fock(h2, h4):
    for given in (h2, h4):
        ansatz = excitations(given.electrons, given.n_qubits)
        start = torch.zeros(1, *ansatz.weights(given.n_qubits)).double()
        energy = Energy(given.hamiltonian, ansatz, range(given.n_qubits))(start).item()
        assert energy == pytest.approx(given.hartree_fock, abs=1e-10)


def test_hydrogen_is_exact_wherever_its_atoms_are():
    pairs = [molecule(["H", "H"], line(2, apart)) for apart in (0.5, 1.0, 2.0)]
    costs = [pair.hamiltonian for pair in pairs]
    found = vqe(costs, excitations(2, 4), torch.zeros(3, 1, 3).double(), wires=range(4))
    np.testing.assert_allclose(found.energies, [pair.exact for pair in pairs], atol=1e-9)
    assert all(pair.hartree_fock > pair.exact + CHEMICAL for pair in pairs)


def test_a_circuit_grows_by_the_steepest_move(h2, h4):
    grown = adapt(h2, 4)
    assert grown.ansatz.moves == ((0, 1, 2, 3),)  # singles of h2 have no gradient
    assert grown.energies[-1] == pytest.approx(h2.exact, abs=1e-8)

    grown = adapt(h4, 2)
    ansatz, n = excitations(4, 8), 8
    matrix = h4.hamiltonian.sparse_matrix(wire_order=range(n)).toarray().real
    filled = 0b11110000
    slopes = {}
    for move in ansatz.moves:  # d/dθ at 0 is <Hartree-Fock|H|moved>, the half of a commutator
        moved = filled ^ sum(1 << (n - 1 - wire) for wire in move)
        slopes[move] = abs(matrix[filled, moved])
    assert grown.gradients[0] == pytest.approx(max(slopes.values()), abs=1e-10)
    assert slopes[grown.ansatz.moves[0]] == pytest.approx(max(slopes.values()), abs=1e-10)
    assert h4.hartree_fock > grown.energies[1] > grown.energies[2] > h4.exact
    again = Energy(h4.hamiltonian, grown.ansatz, range(n))(grown.weights[None])
    assert again.item() == pytest.approx(grown.energies[-1], abs=1e-10)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: molecule(["H", "H"], [[0, 0, 0]]), r"expected coordinates \(2, 3\), got \(1, 3\)"),
        (lambda: molecule(["H"], [[0, 0, 0]]), "an even number of electrons, got 1"),
        (lambda: excitations(4, 4), "fewer electrons than 4 orbitals, got 4"),
    ],
)
def test_what_does_not_fit_is_said(act, message):
    with pytest.raises(InputError, match=message):
        act()


def test_no_steps_are_an_error(h2):
    with pytest.raises(InputError, match="at least one step, got 0"):
        adapt(h2, 0)
