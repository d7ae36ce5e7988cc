"""Hamiltonians of formulas and of chains of spins, and their least energies."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import pennylane as qml
import sympy
from pennylane.operation import Operator
from scipy.linalg import hadamard
from scipy.sparse import identity
from scipy.sparse.linalg import eigsh, norm
from sympy.logic.boolalg import Boolean, BooleanFalse, BooleanTrue

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
    for part in formula.args if isinstance(formula, sympy.And) else (formula,):
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


def ising_energy(n: int, field: float, *, coupling: float = 1.0, periodic: bool = False) -> float:
    r"""Return the least energy of `ising_chain`, by free fermions, for hundreds of spins.

    The Hamiltonian is :math:`i\sum_{jk} a_j M_{jk} b_k` of Majorana operators, with least energy
    :math:`-\sum_k\sigma_k(M)`. On a ring M depends on the parity :math:`\prod_i X_i`, and where
    the sign of its determinant is another one fermion is left over.

    Parameters
    ----------
    n, field, coupling, periodic
        As of `ising_chain`.

    Raises
    ------
    InputError
        For fewer than 2 spins.

    References
    ----------
    Lieb, Schultz and Mattis, Annals of Physics 16, 1961; Pfeuty, "The one-dimensional Ising model
    with a transverse field", Annals of Physics 57, 1970, eqs. (3.2) and (3.3).

    Examples
    --------
    >>> exact = -2 / np.sin(np.pi / 400)
    >>> bool(abs(ising_energy(200, 1.0, periodic=True) - exact) < 1e-9)
    True
    """
    if n < 2:
        raise InputError(f"a chain has at least 2 spins, got {n}")
    m = np.diag(np.full(n, float(field))) - np.diag(np.full(n - 1, float(coupling)), 1)
    if not periodic or n == 2:
        return -float(np.linalg.svd(m, compute_uv=False).sum())
    energies = []
    for parity in (1, -1):
        m[-1, 0] = parity * coupling
        found = np.linalg.svd(m, compute_uv=False)
        left_over = np.linalg.slogdet(m)[0] == -parity
        energies.append(2 * found[-1] * left_over - found.sum())
    return float(min(energies))


def ground_energy(
    observable: Operator, wires: Any = None, *, among: Sequence[int] | np.ndarray | None = None
) -> float:
    """Return the least energy, by exact diagonalisation of the sparse matrix.

    Parameters
    ----------
    observable
        The Hamiltonian.
    wires
        Their order; the observable's own unless given.
    among
        Basis states that the energy is sought among, as those with so many electrons; all unless
        given.

    Examples
    --------
    >>> round(ground_energy(ising_chain(2, 0.0)), 6)
    -1.0
    """
    matrix = observable.sparse_matrix(wire_order=None if wires is None else list(wires)).tocsr()
    if among is not None:
        matrix = matrix[np.asarray(among)][:, np.asarray(among)]
    if matrix.shape[0] <= 64:
        return float(np.linalg.eigvalsh(matrix.toarray())[0])
    start = np.random.default_rng(0).standard_normal(matrix.shape[0])  # in no symmetry's sector
    shift = norm(matrix, 1) + 1  # scipy multiplies the start by the matrix: 0 would not be found
    lowered = matrix - shift * identity(matrix.shape[0], format="csr")
    found = eigsh(lowered, k=1, which="SA", v0=start, return_eigenvectors=False)
    return float(found[0]) + shift
