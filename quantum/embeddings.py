"""How features get into a circuit: functions of one sample's features and of wires."""

from itertools import combinations
from math import pi
from typing import Any

import pennylane as qml
import torch

from quantum.errors import InputError


def _require(x: Any, wires: Any, name: str) -> None:
    if x.shape[-1] != len(wires):
        raise InputError(f"{name} takes {len(wires)} features, one a wire; got {x.shape[-1]}")


def amplitude_embedding(x: Any, wires: Any) -> None:
    """Begin with the state whose amplitudes are the features, scaled to length 1, then zeros.

    Parameters
    ----------
    x
        (..., features), at most 2^wires of them, not all zero.
    wires
        Of the state.

    Raises
    ------
    InputError
        For more features than amplitudes.
    """
    size = 2 ** len(wires)
    if x.shape[-1] > size:
        raise InputError(f"amplitude_embedding takes at most {size} features, got {x.shape[-1]}")
    padded = torch.nn.functional.pad(x, (0, size - x.shape[-1]))
    state = padded / torch.linalg.vector_norm(padded, dim=-1, keepdim=True)
    qml.StatePrep(state.to(torch.complex128), wires=wires, validate_norm=False)


def angle_embedding(x: Any, wires: Any) -> None:
    """Turn each wire about Y by its feature.

    Parameters
    ----------
    x
        (..., wires), angles in radians.
    wires
        One for each feature.

    Raises
    ------
    InputError
        For another number of features.
    """
    _require(x, wires, "angle_embedding")
    for i, wire in enumerate(wires):
        qml.RY(x[..., i], wires=wire)


def iqp_embedding(x: Any, wires: Any) -> None:
    r"""Instantaneous quantum polynomials: diagonal gates by features and their products, twice.

    Hadamard gates, :math:`\exp(-i\,x_j Z_j)` and :math:`\exp(-i\,(\pi-x_j)(\pi-x_k) Z_j Z_k)`.

    Parameters
    ----------
    x
        (..., wires).
    wires
        One for each feature.

    References
    ----------
    Havlíček et al., "Supervised learning with quantum-enhanced feature spaces", Nature 567, 2019.
    """
    _require(x, wires, "iqp_embedding")
    for _ in range(2):
        for i, wire in enumerate(wires):
            qml.Hadamard(wires=wire)
            qml.RZ(2 * x[..., i], wires=wire)
        for (i, first), (j, second) in combinations(enumerate(wires), 2):
            angle = 2 * (pi - x[..., i]) * (pi - x[..., j])
            qml.IsingZZ(angle, wires=[first, second])
