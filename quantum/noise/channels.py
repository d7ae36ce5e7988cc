r"""Channels of noise as matrices: Kraus operators, superoperators, mixtures, fidelities.

A channel is :math:`\rho \mapsto \sum_i K_i \rho K_i^\dagger` with :math:`\sum_i K_i^\dagger K_i=1`;
on k qubits its Kraus operators are (operators, 2^k, 2^k).
"""

from itertools import product

import torch
from torch import Tensor

from quantum.errors import InputError
from quantum.simulation.schedule import PAULIS

NEGLIGIBLE = 1e-14  # probability of an operator that is left out; PennyLane adds 2e-16 under roots


def superoperator(kraus: Tensor) -> Tensor:
    r"""Return the matrix that a channel is on a density matrix as a vector, row by row.

    .. math:: S = \sum_i K_i \otimes \bar K_i

    Parameters
    ----------
    kraus
        (operators, d, d), complex.

    Returns
    -------
    Tensor
        (d², d²).
    """
    d = kraus.shape[-1]
    return torch.einsum("kab,kcd->acbd", kraus, kraus.conj()).reshape(d * d, d * d)


def require_channel(kraus: Tensor, name: str = "Kraus operators") -> None:
    """Raise an InputError unless a channel preserves the trace, to 1e-6."""
    if kraus.ndim != 3 or kraus.shape[1] != kraus.shape[2]:
        raise InputError(f"{name}: expected (operators, 2^k, 2^k), got {tuple(kraus.shape)}")
    total = (kraus.mH @ kraus).sum(0)
    eye = torch.eye(kraus.shape[-1], dtype=kraus.dtype, device=kraus.device)
    off = float((total - eye).abs().max().detach())
    if not off < 1e-6:
        raise InputError(f"{name}: the sum of K†K is {off:.1e} away from the identity")


def average_fidelity(kraus: Tensor) -> Tensor:
    r"""Return how well a channel keeps a state, in the mean over all pure states.

    .. math:: F = \frac{d F_\mathrm{pro} + 1}{d + 1}, \qquad
       F_\mathrm{pro} = \frac{1}{d^2}\sum_i |\operatorname{tr} K_i|^2

    References
    ----------
    Nielsen, "A simple formula for the average gate fidelity of a quantum dynamical operation",
    Physics Letters A 303, 2002, eq. 3 and 18.

    Examples
    --------
    >>> average_fidelity(torch.eye(2, dtype=torch.complex128)[None]).item()
    1.0
    """
    d = kraus.shape[-1]
    traces = torch.diagonal(kraus, dim1=-2, dim2=-1).sum(-1)
    process = (traces.real**2 + traces.imag**2).sum() / d**2
    return (d * process + 1) / (d + 1)


def depolarizing(strength: float, qubits: int) -> Tensor:
    r"""Return the channel :math:`\rho\mapsto(1-\lambda)\rho + \lambda\operatorname{tr}\rho/2^k`.

    Parameters
    ----------
    strength
        λ, from 0 to 4^k / (4^k − 1).
    qubits
        k.

    Returns
    -------
    Tensor
        (4^k, 2^k, 2^k): one operator for each word of Pauli matrices, the identity first.

    Raises
    ------
    InputError
        For a strength that no channel has.
    """
    count = 4**qubits
    if not 0 <= strength <= count / (count - 1):
        raise InputError(f"strength must be 0 to {count / (count - 1):.4g}, got {strength}")
    weights = torch.full((count,), strength / count, dtype=torch.float64)
    weights[0] = 1 - strength * (count - 1) / count
    return weights.sqrt()[:, None, None] * pauli_words(qubits)


def pauli_words(qubits: int) -> Tensor:
    """Return all words of I, X, Y and Z as matrices, (4^k, 2^k, 2^k), the identity first."""
    letters = [torch.eye(2, dtype=torch.complex128), *(torch.from_numpy(PAULIS[p]) for p in "XYZ")]
    words = []
    for word in product(letters, repeat=qubits):
        matrix = torch.ones((1, 1), dtype=torch.complex128)
        for letter in word:
            matrix = torch.kron(matrix, letter)
        words.append(matrix)
    return torch.stack(words)


def as_mixture(kraus: Tensor) -> tuple[Tensor, Tensor] | None:
    """Return probabilities, (operators,), and unitaries, if a channel applies one of these each.

    None for a channel whose probabilities depend on the state, such as amplitude damping.
    """
    products = kraus.mH @ kraus
    weights = torch.diagonal(products, dim1=-2, dim2=-1).sum(-1).real / kraus.shape[-1]
    kept = weights.detach() > NEGLIGIBLE
    chosen, weights = kraus[kept], weights[kept]
    eye = torch.eye(kraus.shape[-1], dtype=kraus.dtype, device=kraus.device)
    off = products[kept] - weights[:, None, None] * eye
    if float(off.abs().max().detach()) > NEGLIGIBLE:
        return None
    return weights, chosen / weights.sqrt()[:, None, None]


def as_paulis(kraus: Tensor) -> tuple[Tensor, Tensor] | None:
    """Return probabilities, (words,), and flips of X and of Z, (words, qubits, 2), if it is that.

    None for a channel that is no mixture of words of Pauli matrices, up to phases.
    """
    mixture = as_mixture(kraus)
    if mixture is None:
        return None
    weights, unitaries = mixture
    d = kraus.shape[-1]
    qubits = d.bit_length() - 1
    overlaps = torch.einsum("pab,uab->up", pauli_words(qubits).to(kraus).conj(), unitaries)
    found, places = (overlaps.abs() / d).max(1)
    if float(found.min().detach()) < 1 - 1e-12:
        return None
    digits = torch.stack([places // 4 ** (qubits - 1 - q) % 4 for q in range(qubits)], 1)
    flips = torch.stack([(digits == 1) | (digits == 2), digits >= 2], -1)  # I, X, Y, Z
    return weights, flips


def twirled(kraus: Tensor) -> Tensor:
    r"""Return a channel made one of Pauli matrices by averaging over them, of equal fidelity.

    The probability of word P is :math:`\sum_i |\operatorname{tr} P K_i|^2/4^k`.

    References
    ----------
    Geller and Zhou, "Efficient error models for fault-tolerant architectures and the Pauli
    twirling approximation", Physical Review A 88, 012314, 2013.
    """
    d = kraus.shape[-1]
    words = pauli_words(d.bit_length() - 1).to(kraus)
    overlaps = torch.einsum("pab,kba->pk", words, kraus) / d
    weights = (overlaps.real**2 + overlaps.imag**2).sum(1)
    return weights.sqrt()[:, None, None] * words


def relaxation_fidelity(time: float, t1: float, t2: float, qubits: int = 1) -> float:
    r"""Return the process fidelity of waiting, each qubit on its own.

    .. math:: F_\mathrm{pro} = \left(\frac{1 + e^{-t/T_1} + 2e^{-t/T_2}}{4}\right)^k

    Examples
    --------
    >>> relaxation_fidelity(0.0, 1.0, 1.0)
    1.0
    """
    decays = torch.exp(-torch.tensor([time / t1, time / t2], dtype=torch.float64))
    return float(((1 + decays[0] + 2 * decays[1]) / 4) ** qubits)
