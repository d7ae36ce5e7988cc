"""How much of the space of states a circuit reaches, and how entangled its states are."""

from collections.abc import Callable
from math import log2, pi
from typing import Any

import pennylane as qml
import torch
from torch import Tensor

from quantum.compiling import CompiledCircuit
from quantum.errors import InputError

Circuit = Callable[[Any, Any], Any]


def uniform_angles(
    shape: tuple[int, ...], samples: int, generator: torch.Generator | None = None
) -> Tensor:
    """Return weights drawn uniformly from 0 to 2π, (samples, *shape), float64.

    Parameters
    ----------
    shape
        Of one circuit's weights, such as ``ansatz.weights(n_qubits)``.
    samples
        Number of circuits.
    generator
        Source of the draws.
    """
    return 2 * pi * torch.rand(samples, *shape, generator=generator, dtype=torch.float64)


def state_circuit(circuit: Circuit, n_qubits: int) -> CompiledCircuit:
    r"""Return a module that makes the states of a circuit of many weights, one batch.

    Parameters
    ----------
    circuit
        Function of weights and wires, such as an ansatz.
    n_qubits
        Number of wires.

    Returns
    -------
    CompiledCircuit
        From weights, (samples, ...), to states, (samples, 2^n_qubits), with gradients.

    Examples
    --------
    >>> from quantum import hardware_efficient
    >>> states = state_circuit(hardware_efficient(layers=1), 2)
    >>> states(torch.zeros(3, 1, 2, 2)).abs()[:, 0].tolist()
    [1.0, 1.0, 1.0]
    """

    def function(w: Any) -> Any:
        circuit(w, range(n_qubits))
        return qml.state()

    return CompiledCircuit(function, {}, wires=n_qubits, init={})


def haar_bins(dimension: int, bins: int) -> Tensor:
    r"""Return the share of pairs of random states whose fidelity lies in each bin, (bins,).

    .. math:: P(l \le F < r) = (1-l)^{N-1} - (1-r)^{N-1}

    for bins of equal width from 0 to 1 and states of Haar's measure: the integral of the density
    :math:`(N-1)(1-F)^{N-2}`.

    Parameters
    ----------
    dimension
        N, at least 2.
    bins
        Their number.

    References
    ----------
    Życzkowski and Sommers, "Average fidelity between random quantum states", Phys. Rev. A 71, 2005.

    Examples
    --------
    >>> haar_bins(2, 4).round(decimals=6).tolist()
    [0.25, 0.25, 0.25, 0.25]
    """
    return _log_haar_bins(dimension, bins).exp()


def _log_haar_bins(dimension: int, bins: int) -> Tensor:
    """Return logarithms of `haar_bins`, most of which are too small for a number themselves."""
    if dimension < 2 or bins < 1:
        raise InputError(f"expected dimension >= 2 and bins >= 1, got {dimension} and {bins}")
    left = torch.arange(bins, 0, -1, dtype=torch.float64)  # 1 - l, in widths of a bin
    power = dimension - 1
    return power * (left / bins).log() + torch.log1p(-(((left - 1) / left) ** power))


def expressibility(states: Tensor, bins: int = 75) -> Tensor:
    r"""Return how far the fidelities of a circuit's states are from those of Haar's measure.

    .. math:: \sum_b \hat p_b \ln\frac{\hat p_b}{p_b}, \qquad F = |\langle\psi|\phi\rangle|^2

    with the exact shares :math:`p_b` of `haar_bins`; 0 for a circuit that reaches all states alike.
    Of S pairs, even such a circuit gets about (bins in reach − 1) / 2S: the noise of a histogram.

    Parameters
    ----------
    states
        (samples, 2^n), by independent weights. The first half is compared with the second, so that
        pairs are independent.
    bins
        Of the histogram from 0 to 1.

    Raises
    ------
    InputError
        For an odd number of states, or none.

    References
    ----------
    Sim, Johnson and Aspuru-Guzik, "Expressibility and entangling capability of parameterized
    quantum circuits for hybrid quantum-classical algorithms", Adv. Quantum Technol. 2, 2019.

    Examples
    --------
    >>> idle = torch.tensor([[1.0, 0.0]]).expand(10, 2)
    >>> round(expressibility(idle).exp().item(), 6)  # all in the last of 75 bins
    75.0
    """
    _require_states(states)
    if len(states) == 0 or len(states) % 2:
        raise InputError(f"expected pairs of states, got {len(states)} states")
    first, second = states.chunk(2)
    fidelities = (first.conj() * second).sum(1).abs().double() ** 2
    counts = torch.bincount((fidelities * bins).long().clamp(0, bins - 1), minlength=bins)
    found = counts.double() / len(first)
    expected = _log_haar_bins(states.shape[1], bins)
    return (torch.special.xlogy(found, found) - found * expected).sum()


def entanglement(states: Tensor) -> Tensor:
    r"""Return the Meyer–Wallach measure of each state, (samples,), from 0 to 1.

    .. math:: Q = 2\Big(1 - \frac1n\sum_k \mathrm{tr}\,\rho_k^2\Big)

    with the reduced state :math:`\rho_k` of each qubit: 0 for products, 1 if all are fully mixed.
    Its mean is the entangling capability of a circuit, (N − 2)/(N + 1) for Haar's measure.

    Parameters
    ----------
    states
        (samples, 2^n), of length 1.

    References
    ----------
    Meyer and Wallach, "Global entanglement in multiparticle systems", J. Math. Phys. 43, 2002.
    Brennen, "An observable measure of entanglement for pure states", Quantum Inf. Comput. 3, 2003.

    Examples
    --------
    >>> bell = torch.tensor([[1.0, 0.0, 0.0, 1.0]]) / 2**0.5
    >>> round(entanglement(bell).item(), 6)
    1.0
    """
    n = _require_states(states)
    purities = []
    for wire in range(n):
        parts = states.reshape(len(states), 2**wire, 2, -1).transpose(1, 2).flatten(2)
        reduced = parts @ parts.mH
        purities.append((reduced.abs() ** 2).sum((1, 2)))
    return 2 * (1 - torch.stack(purities).mean(0))


def _require_states(states: Tensor) -> int:
    size = states.shape[1] if states.ndim == 2 else 0
    if size < 2 or size & (size - 1):
        raise InputError(f"expected states (samples, 2^n), got {tuple(states.shape)}")
    return int(log2(size))
