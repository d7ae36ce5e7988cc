r"""Zero-noise extrapolation: the same circuit with more noise, and what it would say with none.

A gate G is folded as :math:`G(G^\dagger G)^k`: it does the same and makes its errors 2k + 1 times.
Folding a whole circuit is ``qml.noise.fold_global``. From means :math:`y_k` at scales
:math:`s_k` of the noise the one at scale 0 is a weighted sum, :math:`\sum_k c_k y_k`, if a
polynomial is fitted; its variance is :math:`\sum_k c_k^2\sigma_k^2`, and more than that at scale 1.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pennylane as qml
import torch
from pennylane.tape import QuantumScript
from torch import Tensor

from quantum.errors import InputError


def fold_gates(tape: QuantumScript, scale_factor: float | int, *, fewest: int = 1) -> QuantumScript:
    """Return a circuit with gates folded, each on its own.

    All are folded as often as the scale allows, and the first ones once more while there are not
    more gates than asked for: only the odd scales 1, 3, 5 are equal for all gates.

    Parameters
    ----------
    tape
        Of gates without noise.
    scale_factor
        At least 1. It is also what ``qml.noise.mitigate_with_zne`` calls.
    fewest
        Wires of the gates that are folded: 2 leaves those on single wires alone.

    Raises
    ------
    InputError
        For a scale below 1, or a circuit with nothing to fold.

    References
    ----------
    Giurgica-Tiron, Hindy, LaRose, Mari and Zeng, "Digital zero noise extrapolation for quantum
    error mitigation", IEEE QCE 2020, arXiv:2005.10921, section II.

    Examples
    --------
    >>> tape = QuantumScript([qml.RX(0.3, 0), qml.CNOT([0, 1])])
    >>> [op.name for op in fold_gates(tape, 3, fewest=2).operations]
    ['RX', 'CNOT', 'CNOT', 'CNOT']
    """
    if scale_factor < 1:
        raise InputError(f"a scale must be at least 1, got {scale_factor}")
    foldable = [len(op.wires) >= fewest for op in tape.operations]
    count = sum(foldable)
    if not count:
        raise InputError(f"no gate acts on {fewest} wires or more")
    whole, extra = divmod(int(count * (scale_factor - 1) / 2 + 1e-9), count)
    operations = []
    seen = 0
    with qml.QueuingManager.stop_recording():
        for op, fold in zip(tape.operations, foldable, strict=True):
            operations.append(op)
            times = whole + (seen < extra) if fold else 0
            seen += fold
            operations += [qml.adjoint(op, lazy=False), op] * times
    return tape.copy(operations=operations)


def polynomial_weights(scales: Sequence[float | int], order: int) -> Tensor:
    r"""Return what the value at 0 of a polynomial of least squares takes of each value.

    With one scale more than the order, that is Richardson's
    :math:`c_k=\prod_{j\ne k} s_j/(s_j-s_k)`.

    Raises
    ------
    InputError
        For an order that the scales do not determine.

    Examples
    --------
    >>> polynomial_weights([1, 2, 3], 2).round(decimals=6).tolist()
    [3.0, -3.0, 1.0]
    """
    if not 0 <= order < len(set(scales)):
        raise InputError(
            f"{len(set(scales))} scales do not determine a polynomial of order {order}"
        )
    powers = torch.tensor([[float(s) ** k for k in range(order + 1)] for s in scales]).double()
    return torch.linalg.pinv(powers)[0]


@dataclass(frozen=True, eq=False)
class Extrapolation:
    """A value without noise.

    Attributes
    ----------
    value
        (...).
    error
        Its standard error, of the same shape; 0 if the values had none.
    """

    value: Tensor
    error: Tensor


def extrapolate(
    scales: Sequence[float | int],
    values: Tensor,
    errors: Tensor | None = None,
    *,
    order: int | None = None,
) -> Extrapolation:
    """Return the value at scale 0 of a polynomial through values.

    Parameters
    ----------
    scales
        Of the noise.
    values
        (scales, ...).
    errors
        Their standard errors; none unless given.
    order
        1 for a line; as high as the scales allow (Richardson) unless given.

    References
    ----------
    Temme, Bravyi and Gambetta, "Error mitigation for short-depth quantum circuits", Physical Review
    Letters 119, 180509, 2017.
    """
    c = polynomial_weights(scales, len(scales) - 1 if order is None else order).to(values)
    value = torch.tensordot(c, values, 1)
    if errors is None:
        return Extrapolation(value, torch.zeros_like(value))
    return Extrapolation(value, torch.tensordot(c**2, errors**2, 1).sqrt())


def extrapolate_exponential(
    scales: Sequence[float | int],
    values: Tensor,
    errors: Tensor | None = None,
    *,
    asymptote: float | int = 0.0,
) -> Extrapolation:
    r"""Return the value at scale 0 of an exponential, :math:`a + b e^{-cs}`, by its logarithm.

    Right for Pauli noise of which each fold makes the same loss; NaN where values lie on both sides
    of the asymptote, so that no exponential passes.

    Parameters
    ----------
    scales
        Of the noise.
    values
        (scales, ...).
    errors
        Their standard errors; none unless given.
    asymptote
        a, the value with infinite noise.

    References
    ----------
    Endo, Benjamin and Li, "Practical quantum error mitigation for near-future applications",
    Physical Review X 8, 031027, 2018, section III.

    Examples
    --------
    >>> y = 0.7 * torch.exp(-0.4 * torch.tensor([1.0, 2.0, 3.0]))
    >>> round(extrapolate_exponential([1, 2, 3], y).value.item(), 6)
    0.7
    """
    apart = values - asymptote
    sign = apart.sign()
    one_side = (sign == sign[:1]).all(0) & (sign[0] != 0)
    logs = apart.abs().log()
    relative = None if errors is None else errors / apart.abs()
    found = extrapolate(scales, logs, relative, order=1)
    size = torch.where(one_side, found.value.exp(), math.nan)
    return Extrapolation(asymptote + sign[0] * size, size * found.error)


def optimal_shares(weights: Tensor, spreads: Tensor) -> Tensor:
    r"""Return which share of all shots each scale is to get, :math:`\propto |c_k|\sigma_k`.

    Then N shots leave a standard error of :math:`\sum_k |c_k|\sigma_k/\sqrt N`.

    Parameters
    ----------
    weights
        c, (scales,).
    spreads
        σ of one shot at each scale, (scales,).
    """
    cost = weights.abs() * spreads
    return cost / cost.sum()
