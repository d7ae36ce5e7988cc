"""Molecules as Hamiltonians of qubits, and circuits that move their electrons."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pennylane as qml
import torch
from pennylane.operation import Operator
from torch import Tensor

from quantum.algorithms.hamiltonians import ground_energy
from quantum.algorithms.vqe import vqe
from quantum.ansatz import Ansatz
from quantum.compiling import CompiledCircuit
from quantum.errors import InputError

Move = tuple[int, ...]  # wires that one or two electrons leave, then those that they come to


@dataclass(frozen=True, eq=False)
class Molecule:
    r"""A molecule in second quantisation; wire k is \|1⟩ where spin orbital k has an electron.

    Spin orbitals are sorted by energy, those of spin up on even wires (Jordan and Wigner).

    Attributes
    ----------
    hamiltonian
        Energies in hartree, with the repulsion of the nuclei.
    n_qubits
        Number of spin orbitals.
    electrons
        That are not frozen, as many up as down.
    """

    hamiltonian: Operator
    n_qubits: int
    electrons: int

    @cached_property
    def hartree_fock(self) -> float:
        """The energy of the lowest orbitals filled: the best without correlation."""
        word_values = (
            complex(c).real * (-1) ** sum(wire < self.electrons for wire in word)
            for word, c in self.hamiltonian.pauli_rep.items()
            if set(word.values()) <= {"Z"}
        )
        return float(sum(word_values))

    @cached_property
    def exact(self) -> float:
        """The least energy of so many electrons, half of them up (full configuration interaction).

        Energies of ions lie in the same matrix, so that its least eigenvalue need not be this one.
        """
        bits = np.arange(1 << self.n_qubits)[:, None] >> np.arange(self.n_qubits)[::-1] & 1
        up, down = bits[:, ::2].sum(1), bits[:, 1::2].sum(1)
        half = self.electrons // 2
        chosen = np.flatnonzero((up == half) & (down == half))
        return ground_energy(self.hamiltonian, range(self.n_qubits), among=chosen)


def molecule(
    symbols: Sequence[str],
    coordinates: Any,
    *,
    active_electrons: int | None = None,
    active_orbitals: int | None = None,
) -> Molecule:
    """Return a neutral molecule in the basis STO-3G, by the Hartree-Fock of PennyLane.

    Parameters
    ----------
    symbols
        Of the atoms.
    coordinates
        (atoms, 3), in ångström.
    active_electrons, active_orbitals
        Electrons that may move, and orbitals that they may be in; the lower are full and the higher
        empty. All unless given.

    Raises
    ------
    InputError
        For coordinates that do not fit the atoms, or an odd number of electrons.

    Examples
    --------
    >>> h2 = molecule(["H", "H"], [[0, 0, 0], [0, 0, 0.7414]])
    >>> h2.n_qubits, round(h2.hartree_fock, 4), round(h2.exact, 4)
    (4, -1.1167, -1.1373)
    """
    place = np.asarray(coordinates, float)
    if place.shape != (len(symbols), 3):
        raise InputError(f"expected coordinates ({len(symbols)}, 3), got {place.shape}")
    atoms = qml.qchem.Molecule(list(symbols), place, unit="angstrom")
    if atoms.n_electrons % 2:
        raise InputError(f"expected an even number of electrons, got {atoms.n_electrons}")
    found, n = qml.qchem.molecular_hamiltonian(
        atoms, method="dhf", active_electrons=active_electrons, active_orbitals=active_orbitals
    )
    return Molecule(found, n, active_electrons or atoms.n_electrons)


@dataclass(frozen=True)
class Excitations(Ansatz):
    """What `excitations` returns; its weights are angles, 0 for the Hartree-Fock state.

    Attributes
    ----------
    electrons
        Wires that are filled at the beginning.
    moves
        Of one or two electrons each.
    """

    electrons: int = 0
    moves: tuple[Move, ...] = ()

    def shape(self, wires: int) -> tuple[int, ...]:
        """Return an angle a move."""
        return (len(self.moves),)

    def apply(self, w: Any, layer: int, wires: Any) -> None:
        """Apply a layer, the first on the Hartree-Fock state."""
        for wire in wires[: self.electrons] if layer == 0 else ():
            qml.X(wire)
        for k, move in enumerate(self.moves):
            gate = qml.SingleExcitation if len(move) == 2 else qml.DoubleExcitation
            gate(w[k], wires=[wires[i] for i in move])


def excitations(
    electrons: int, n_qubits: int, *, layers: int = 1, moves: Sequence[Move] | None = None
) -> Excitations:
    r"""Return rotations :math:`e^{-\theta(\tau-\tau^\dagger)/2}` of the Hartree-Fock state.

    τ moves one electron or two, without change of spin, from full to empty orbitals: a
    unitary coupled cluster of singles and doubles, as a product. Doubles come first. The number of
    electrons stays.

    Parameters
    ----------
    electrons
        Number of them.
    n_qubits
        Number of spin orbitals.
    layers
        How often the moves are repeated, with new angles.
    moves
        Instead of all singles and doubles.

    Raises
    ------
    InputError
        If the electrons do not leave an orbital empty.

    References
    ----------
    Arrazola et al., "Universal quantum circuits for quantum chemistry", Quantum 6, 742, 2022.

    Examples
    --------
    >>> excitations(2, 4).moves
    ((0, 1, 2, 3), (0, 2), (1, 3))
    """
    if not 0 < electrons < n_qubits:
        raise InputError(f"expected fewer electrons than {n_qubits} orbitals, got {electrons}")
    if moves is None:
        singles, doubles = qml.qchem.excitations(electrons, n_qubits)
        moves = [*doubles, *singles]
    return Excitations(layers, electrons, tuple(tuple(map(int, move)) for move in moves))


class Grown(NamedTuple):
    """A circuit that grew move by move.

    Attributes
    ----------
    ansatz
        Its moves in order.
    weights
        (1, moves).
    energies
        Of the Hartree-Fock state, and behind each move.
    gradients
        The largest of all moves, before each was chosen.
    """

    ansatz: Excitations
    weights: Tensor
    energies: list[float]
    gradients: list[float]


def adapt(made_of: Molecule, steps: int, *, tolerance: float = 1e-3) -> Grown:
    r"""Grow a circuit: append the move with the largest gradient, then fit all angles anew.

    A move that is appended at angle 0 changes nothing but has a gradient, and the gradients of all
    moves are those of one circuit that has them all.

    Parameters
    ----------
    made_of
        The molecule.
    steps
        Moves at most; one may come several times.
    tolerance
        The largest gradient at which it ends, in hartree.

    Raises
    ------
    InputError
        For no steps.

    References
    ----------
    Grimsley, Economou, Barnes and Mayhall, "An adaptive variational algorithm for exact molecular
    simulations on a quantum computer", Nature Communications 10, 3007, 2019. Its moves keep the
    signs of fermions; those here do not, as of Yordanov et al., Communications Physics 4, 2021.
    """
    if steps < 1:
        raise InputError(f"a circuit grows by at least one step, got {steps}")
    h, n, electrons = made_of.hamiltonian, made_of.n_qubits, made_of.electrons
    pool = excitations(electrons, n).moves
    slopes = _slopes(h, n, pool)
    chosen: list[Move] = []
    weights, energies, gradients = torch.zeros(1, 0).double(), [made_of.hartree_fock], []
    for _ in range(steps):
        found = slopes(_state(electrons, n, chosen, weights))
        best = int(found.abs().argmax())
        if abs(found[best]) < tolerance:
            break
        gradients.append(float(found[best].abs()))
        chosen.append(pool[best])
        start = torch.cat([weights, weights.new_zeros(1, 1)], 1)
        grown = excitations(electrons, n, moves=chosen)
        minimum = vqe(h, grown, start[None], wires=range(n))
        weights = minimum.best
        energies.append(minimum.energy)
    return Grown(excitations(electrons, n, moves=chosen), weights, energies, gradients)


def _state(electrons: int, n: int, moves: Sequence[Move], weights: Tensor) -> Tensor:
    """Return the state behind some moves, (1, 2^n); excitations keep it real."""
    ansatz = Excitations(1, electrons, tuple(moves))

    def circuit(w: Any) -> Any:
        ansatz(w, range(n))
        return qml.state()

    return CompiledCircuit(circuit, {}, wires=n, init={})(weights[None]).real


def _slopes(h: Operator, n: int, pool: Sequence[Move]) -> Any:
    """Return a function that gives the gradients of all moves of a pool at a state."""
    every = Excitations(1, 0, tuple(pool))

    def circuit(state: Any, w: Any) -> Any:
        qml.StatePrep(state, wires=range(n))
        every(w, range(n))
        return qml.expval(h)

    energy = CompiledCircuit(circuit, {}, wires=n, init={})

    def slopes(state: Tensor) -> Tensor:
        w = state.new_zeros(1, 1, len(pool)).requires_grad_()
        (found,) = torch.autograd.grad(energy(state, w).sum(), w)
        return found.flatten()

    return slopes
