"""Phases of a chain of spins: a family of Hamiltonians, their ground states, and string order."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pennylane as qml
import torch
from pennylane.operation import Operator
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import eigsh
from torch import Tensor

from quantum.errors import InputError


def cluster_ising(n: int) -> tuple[Operator, Operator, Operator]:
    r"""Return the three parts of the cluster-Ising ring, :math:`H = -C - h_1 F - h_2 P`.

    .. math:: C = \sum_i Z_{i-1} X_i Z_{i+1}, \quad F = \sum_i X_i, \quad P = \sum_i X_i X_{i+1}

    On a ring the ground state is unique within a phase that breaks no symmetry; an open chain would
    have fourfold degenerate ones in the topological phase. For :math:`h_2 = 0` the chain is
    two free ones of fermions, and critical at :math:`h_1 = 1`.

    Parameters
    ----------
    n
        Spins, a multiple of 4, so that `string_orders` fit.

    Raises
    ------
    InputError
        For another number of spins.

    References
    ----------
    Cong, Choi and Lukin, "Quantum convolutional neural networks", Nature Physics 15, 2019, eq. 3.
    """
    _require(n)
    x, z = qml.X, qml.Z
    return (
        qml.sum(*(qml.prod(z(i), x((i + 1) % n), z((i + 2) % n)) for i in range(n))),
        qml.sum(*(x(i) for i in range(n))),
        qml.sum(*(qml.prod(x(i), x((i + 1) % n)) for i in range(n))),
    )


def string_orders(n: int) -> tuple[Operator, Operator]:
    r"""Return the string of the topological phase and that of the trivial one, over half a ring.

    .. math::

        S = Z_0 X_1 X_3 \cdots X_{n/2-1} Z_{n/2}, \qquad T = X_1 X_3 \cdots X_{n/2-1}

    The longer the strings, the smaller the one whose phase it is not. Controlled phases between all
    neighbours turn each into the other, and :math:`C` into :math:`F`: for :math:`h_2 = 0` they are
    equal at :math:`h_1 = 1` on every ring. They commute, so one set of measurements gives both.

    References
    ----------
    Pollmann and Turner, "Detection of symmetry-protected topological phases in one dimension",
    Phys. Rev. B 86, 125441, 2012.

    Examples
    --------
    >>> string_orders(8)
    (Z(0) @ X(1) @ X(3) @ Z(4), X(1) @ X(3))
    """
    _require(n)
    inner = [qml.X(i) for i in range(1, n // 2, 2)]
    alone = qml.prod(*inner) if len(inner) > 1 else inner[0]
    return qml.prod(qml.Z(0), *inner, qml.Z(n // 2)), alone


class GroundStates(NamedTuple):
    """Ground states of a family of Hamiltonians.

    Attributes
    ----------
    energies
        (members,), the least of each.
    gaps
        (members,), to the second least; where it is zero, the state is one of many.
    states
        (members, 2^wires), real, with a positive largest amplitude.
    """

    energies: Tensor
    gaps: Tensor
    states: Tensor


def ground_states(terms: Sequence[Operator], coefficients: Tensor) -> GroundStates:
    r"""Return the ground states of :math:`\sum_k c_k T_k`, one for each row of coefficients.

    By exact diagonalisation of sparse matrices, which are made once for the family.

    Parameters
    ----------
    terms
        T, sums of words of X and Z, with real coefficients.
    coefficients
        (members, terms).

    Raises
    ------
    InputError
        For another number of coefficients, or terms with Y.

    Examples
    --------
    >>> found = ground_states(cluster_ising(4), torch.tensor([[-1.0, 0.0, 0.0]]))
    >>> round(found.energies.item(), 6), round(found.gaps.item(), 6)
    (-4.0, 2.0)
    """
    if coefficients.ndim != 2 or coefficients.shape[1] != len(terms):
        raise InputError(
            f"expected coefficients (members, {len(terms)}), got {tuple(coefficients.shape)}"
        )
    order = sorted({wire for term in terms for wire in term.wires})
    matrices = [_matrix(term, order) for term in terms]
    start = np.random.RandomState(0).standard_normal(2 ** len(order))  # of no symmetry
    energies, states = [], []
    for row in coefficients.double().tolist():
        whole = sum(c * matrix for c, matrix in zip(row, matrices, strict=True))
        values, vectors = eigsh(whole, k=2, which="SA", v0=start)
        first = vectors[:, values.argmin()]
        states.append(first * np.sign(first[np.abs(first).argmax()]))
        energies.append(np.sort(values))
    levels = torch.from_numpy(np.array(energies))
    return GroundStates(
        levels[:, 0], levels[:, 1] - levels[:, 0], torch.from_numpy(np.array(states))
    )


def _matrix(term: Operator, order: Sequence[Any]) -> csr_matrix:
    """Return the real matrix of a sum of words; a word has one entry a row: a flip and a sign."""
    size = 2 ** len(order)
    rows, found = np.arange(size), csr_matrix((size, size))
    places = {wire: len(order) - 1 - i for i, wire in enumerate(order)}
    for word, coefficient in (term.pauli_rep or {}).items():
        if "Y" in word.values() or abs(complex(coefficient).imag) > 0:
            raise InputError("ground_states takes sums of words of X and Z, with real coefficients")
        flips = sum(1 << places[wire] for wire, letter in word.items() if letter == "X")
        signs = np.full(size, complex(coefficient).real)
        for wire in (wire for wire, letter in word.items() if letter == "Z"):
            signs *= 1 - 2 * (rows >> places[wire] & 1)
        found = found + csr_matrix((signs, (rows ^ flips, rows)), (size, size))
    return found


def _require(n: int) -> None:
    if n < 4 or n % 4:
        raise InputError(f"the ring has a multiple of 4 spins, got {n}")
