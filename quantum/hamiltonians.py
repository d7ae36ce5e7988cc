"""Hamiltonians of formulas and of chains of spins, and circuits that look for ground states."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pennylane as qml
import sympy
from pennylane.operation import Operator
from scipy.linalg import hadamard
from scipy.sparse.linalg import eigsh
from sympy.logic.boolalg import Boolean, BooleanFalse, BooleanTrue

from quantum.ansatz import Ansatz
from quantum.errors import InputError

LARGEST = 14  # symbols of a part of a formula, whose table has 2^14 rows


def hamiltonian(formula: Boolean, symbols: Sequence[sympy.Symbol] | None = None) -> Operator:
    r"""Return the diagonal Hamiltonian whose energies count the parts of a formula that fail.

    The parts are those of the outermost conjunction; a model of the formula has energy 0, which is
    the least. Each part is a polynomial of :math:`Z` by the Walsh transform of its truth table.

    Parameters
    ----------
    formula
        Of sympy.
    symbols
        Wires in their order, each called as its symbol; sorted by name unless given.

    Returns
    -------
    Operator
        Of PennyLane; wire k has \|1⟩ where its symbol is true.

    Raises
    ------
    InputError
        For a formula without symbols, with symbols that are not given, or with a part of more than
        14 symbols.

    References
    ----------
    Hadfield, "On the representation of Boolean and real functions as Hamiltonians for quantum
    computing", ACM Transactions on Quantum Computing 2 (4), 2021.

    Examples
    --------
    >>> a, b = sympy.symbols("a b")
    >>> h = hamiltonian(a & ~b)
    >>> np.diag(qml.matrix(h, wire_order=["a", "b"])).real.tolist()  # 00, 01, 10, 11
    [1.0, 2.0, 0.0, 1.0]
    """
    found = sorted(formula.free_symbols, key=str)
    order = found if symbols is None else list(symbols)
    missing = [symbol for symbol in found if symbol not in order]
    if not order or missing:
        said = f"{missing[0]} is not among the symbols" if missing else "a formula without symbols"
        raise InputError(f"{said}: wires are called as the symbols of the formula")
    words: dict[tuple[str, ...], float] = {(): 0.0}
    for part in sympy.And.make_args(formula):
        own = sorted(part.free_symbols, key=str)
        if len(own) > LARGEST:
            raise InputError(f"a part with {len(own)} symbols; at most {LARGEST} are possible")
        for word, coefficient in _penalty(part, own).items():
            words[word] = words.get(word, 0.0) + coefficient
    kept = {word: c for word, c in words.items() if c != 0 or not word}
    terms = [
        qml.prod(*(qml.Z(name) for name in word)) if word else qml.Identity(str(order[0]))
        for word in kept
    ]
    return qml.Hamiltonian(list(kept.values()), terms)


def _penalty(part: Boolean, symbols: Sequence[sympy.Symbol]) -> dict[tuple[str, ...], float]:
    """Return 1 where a part is false and 0 where it is true, by words of Z."""
    if isinstance(part, BooleanTrue | BooleanFalse):
        return {(): 0.0 if part else 1.0}
    holds = sympy.lambdify(symbols, part, "math")
    rows = product([False, True], repeat=len(symbols))
    fails = np.array([not holds(*row) for row in rows], float)
    transformed = hadamard(len(fails)) @ fails / len(fails)
    return {
        tuple(str(s) for i, s in enumerate(symbols) if k >> (len(symbols) - 1 - i) & 1): float(c)
        for k, c in enumerate(transformed)
        if c != 0
    }


def ising_chain(n: int, field: float, *, coupling: float = 1.0, periodic: bool = False) -> Operator:
    r"""Return the chain :math:`-J\sum_i Z_iZ_{i+1} - h\sum_i X_i` in a transverse field.

    Parameters
    ----------
    n
        Spins, at least 2.
    field
        h.
    coupling
        J.
    periodic
        Whether the last spin is next to the first.

    Raises
    ------
    InputError
        For fewer spins.
    """
    if n < 2:
        raise InputError(f"a chain has at least 2 spins, got {n}")
    bonds = [(i, (i + 1) % n) for i in range(n if periodic and n > 2 else n - 1)]
    pairs = [qml.Z(i) @ qml.Z(j) for i, j in bonds]
    fields = [qml.X(i) for i in range(n)]
    return qml.Hamiltonian([-coupling] * len(pairs) + [-field] * n, pairs + fields)


def ground_energy(observable: Operator) -> float:
    """Return the least energy, by exact diagonalisation of the sparse matrix.

    Examples
    --------
    >>> round(ground_energy(ising_chain(2, 0.0)), 6)
    -1.0
    """
    matrix = observable.sparse_matrix()
    if matrix.shape[0] <= 16:
        return float(np.linalg.eigvalsh(matrix.toarray())[0])
    start = np.ones(matrix.shape[0])
    return float(eigsh(matrix, k=1, which="SA", v0=start, return_eigenvectors=False)[0])


@dataclass(frozen=True)
class _Qaoa(Ansatz):
    words: tuple[tuple[tuple[Any, ...], float], ...] = ()

    def shape(self, wires: int) -> tuple[int, ...]:
        """Return the shape of γ and β."""
        return (2,)

    def apply(self, w: Any, layer: int, wires: Any) -> None:
        """Apply a layer, the first on all states alike."""
        if layer == 0:
            for wire in wires:
                qml.Hadamard(wires=wire)
        for word, coefficient in self.words:
            qml.MultiRZ(2 * coefficient * w[0], wires=list(word))
        for wire in wires:
            qml.RX(2 * w[1], wires=wire)


def qaoa(cost: Operator, layers: int) -> Ansatz:
    r"""Return alternating layers :math:`e^{-i\gamma H}` and :math:`e^{-i\beta\sum_i X_i}`.

    Parameters
    ----------
    cost
        H, of words that commute, as those of `hamiltonian`; its wires are those of the circuit.
    layers
        Pairs of weights (γ, β).

    Raises
    ------
    InputError
        For words that do not commute.

    References
    ----------
    Farhi, Goldstone and Gutmann, "A quantum approximate optimization algorithm", arXiv:1411.4028.
    """
    words = [(word, complex(c).real) for word, c in cost.pauli_rep.items() if len(word)]
    if any(set(word.values()) != {"Z"} for word, _ in words):
        raise InputError("QAOA takes a Hamiltonian of Z only, as hamiltonian(formula) gives it")

    return _Qaoa(layers, tuple((tuple(word), c) for word, c in words))
