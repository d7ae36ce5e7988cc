"""Circuits of data as Fourier series: which frequencies they have, which coefficients, and back."""

from collections.abc import Callable, Sequence
from math import pi
from typing import Any

import numpy as np
import pennylane as qml
import torch
from torch import Tensor

from quantum.errors import InputError, UnsupportedError

CLOSE = 1e-9  # frequencies that differ by less are one


def frequencies_of(eigenvalues: Sequence[Sequence[float | int]]) -> Tensor:
    r"""Return the frequencies of a circuit whose gates are :math:`e^{-ixG}`, in rising order.

    .. math:: \Omega = \Big\{\sum_k (\lambda_k - \mu_k)\Big\},
              \qquad \lambda_k, \mu_k \in \mathrm{spec}(G_k)

    Parameters
    ----------
    eigenvalues
        Those of each gate's generator; ±½ for a rotation of one qubit.

    References
    ----------
    Schuld, Sweke and Meyer, "Effect of data encoding on the expressive power of variational
    quantum-machine-learning models", Phys. Rev. A 103, 2021.

    Examples
    --------
    >>> frequencies_of([[-0.5, 0.5]] * 2).tolist()
    [-2.0, -1.0, 0.0, 1.0, 2.0]
    >>> len(frequencies_of([[-0.5, 0.5], [-1.5, 1.5]]))  # the second gate turns three times as fast
    9
    """
    found = np.zeros(1)
    for values in eigenvalues:
        steps = np.subtract.outer(np.asarray(values, float), np.asarray(values, float)).ravel()
        found = _distinct(np.add.outer(found, _distinct(steps)).ravel())
    return torch.from_numpy(found)


def _distinct(values: np.ndarray) -> np.ndarray:
    ordered = np.sort(values)
    return ordered[np.append(True, np.diff(ordered) > CLOSE)]


def predicted_frequencies(circuit: Callable[..., Any], *weights: Any, features: int = 1) -> Tensor:
    """Return the frequencies of a circuit as a function of its first feature, before it is run.

    Parameters
    ----------
    circuit
        Function of features, (features,), and weights, that applies operations of PennyLane.
    weights
        Any; frequencies do not depend on them unless they scale features.
    features
        Length of the features; the others are held.

    Raises
    ------
    UnsupportedError
        If a gate depends on the feature other than as an angle that is a multiple of it plus a
        constant, or has no generator.

    Examples
    --------
    >>> def circuit(x, w):
    ...     qml.RX(x[0], wires=0)
    ...     qml.RY(w, wires=0)
    ...     qml.RX(3 * x[0], wires=0)
    ...     return qml.expval(qml.Z(0))
    >>> predicted_frequencies(circuit, 0.1).round(decimals=6).tolist()
    [-4.0, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0]
    """
    points = (0.3, 1.1, 2.3)
    tapes = []
    for point in points:
        x = torch.full((features,), 0.7, dtype=torch.float64)
        x[0] = point
        tapes.append(qml.tape.make_qscript(circuit)(x, *weights))
    spectra = []
    for ops in zip(*(tape.operations for tape in tapes), strict=True):
        values = np.array([np.concatenate([[0.0], *map(np.ravel, op.data)]) for op in ops])
        slope = (values[1] - values[0]) / (points[1] - points[0])
        if not np.abs(slope).max() > CLOSE:
            continue
        straight = np.allclose(values[2] - values[1], slope * (points[2] - points[1]), atol=CLOSE)
        spectra += [_spectrum(op, straight) * s for op, s in _turning(ops[0], slope[1:])]
    return frequencies_of([spectrum.tolist() for spectrum in spectra])


def _turning(op: Any, slopes: np.ndarray) -> list[tuple[Any, float]]:
    """Return the gates of one parameter of which an operation consists, with their slopes."""
    if op.num_params == 1:
        return [(op, float(slopes[0]))]
    if op.name != "Rot":
        return [(op, float("nan"))]
    parts = zip(op.decomposition(), slopes, strict=True)
    return [(part, float(slope)) for part, slope in parts if abs(slope) > CLOSE]


def _spectrum(op: Any, straight: bool) -> np.ndarray:
    if not straight or op.num_params != 1 or not op.has_generator:
        raise UnsupportedError(
            f"{op.name} turns by no multiple of the feature, or has no single generator: the "
            "frequencies of the circuit cannot be read from it"
        )
    return np.linalg.eigvalsh(qml.matrix(qml.generator(op, format="observable")))


def fourier_coefficients(
    model: Callable[[Tensor], Tensor], degree: int, *, features: int = 1, dtype: Any = torch.float64
) -> Tensor:
    r"""Return the coefficients of a model of period 2π, by fast Fourier transform of a grid.

    .. math:: f(x) = \sum_{\omega} c_\omega e^{i\omega\cdot x}, \qquad |\omega_j| \le d

    Exact if the model has no frequency above d; others fold onto these.

    Parameters
    ----------
    model
        Takes (batch, features) and returns (batch, outputs).
    degree
        d, the largest frequency looked for.
    features
        Number of features; the grid has (2d + 1)^features points.
    dtype
        Of the grid.

    Returns
    -------
    Tensor
        (2d + 1, ..., outputs), complex; frequency ω at index ω + d.

    Examples
    --------
    >>> found = fourier_coefficients(lambda x: torch.cos(2 * x), 3)[:, 0]
    >>> found.abs().round(decimals=6).tolist()
    [0.0, 0.5, 0.0, 0.0, 0.0, 0.5, 0.0]
    """
    if degree < 0 or features < 1:
        raise InputError(f"expected degree >= 0 and features >= 1, got {degree} and {features}")
    size = 2 * degree + 1
    line = 2 * pi * torch.arange(size, dtype=dtype) / size
    grid = torch.cartesian_prod(*[line] * features).reshape(-1, features)
    with torch.no_grad():
        values = model(grid).reshape(*[size] * features, -1)
    axes = tuple(range(features))
    return torch.fft.fftshift(torch.fft.fftn(values, dim=axes, norm="forward"), dim=axes)


def fourier_series(coefficients: Tensor, x: Tensor) -> Tensor:
    """Return the values of a real Fourier series of one feature at points, the shape of x.

    Parameters
    ----------
    coefficients
        (2d + 1,), complex; frequency ω at index ω + d, and conjugate at −ω.
    x
        Points.
    """
    degree = len(coefficients) // 2
    waves = torch.exp(1j * x[..., None] * torch.arange(-degree, degree + 1))
    return (waves.to(coefficients.dtype) @ coefficients).real


def angles_of_series(coefficients: Tensor) -> Tensor:
    r"""Return the weights of one qubit whose :math:`\langle Z\rangle` is a given Fourier series.

    The circuit is ``Rot(*w[0])``, then ``RZ(x)`` and ``Rot(*w[k])`` for k from 1 to the degree d.
    By Fejér and Riesz there are polynomials P and Q of degree d with
    :math:`|P|^2 = (1+f)/2` and :math:`|Q|^2 = (1-f)/2` on the circle; they are the amplitudes of
    the qubit before its last gates, and each rotation is found by what lowers their degree by one.

    Parameters
    ----------
    coefficients
        (2d + 1,), complex128, of a real series between −1 and 1, frequency ω at index ω + d.

    Returns
    -------
    Tensor
        (d + 1, 3), angles of ``qml.Rot``.

    Raises
    ------
    InputError
        If the series is not real or leaves the range.

    References
    ----------
    Motlagh and Wiebe, "Generalized quantum signal processing", PRX Quantum 5, 2024.
    """
    c = coefficients.to(torch.complex128).numpy()
    degree = len(c) // 2
    grid = torch.linspace(0, 2 * pi, 64 * degree + 64, dtype=torch.float64)
    if not np.allclose(c, c[::-1].conj(), atol=1e-12) or len(c) % 2 == 0:
        raise InputError("expected coefficients of a real series: c[-k] is the conjugate of c[k]")
    if (most := fourier_series(torch.from_numpy(c), grid).abs().max()) >= 1:
        raise InputError(f"expected a series between -1 and 1, got {most:.4g} at its largest")
    one = np.eye(1, len(c), degree)[0]
    amplitudes = np.stack([_square_root((one + c) / 2), _square_root((one - c) / 2)])
    angles = []
    for _ in range(degree):
        turn = _basis(amplitudes[:, 0])  # the last is at right angles to the first
        angles.append(_rot_angles(turn))
        turned = turn.conj().T @ amplitudes
        amplitudes = np.stack([turned[0, :-1], turned[1, 1:]])
    angles.append(_rot_angles(_basis(amplitudes[:, 0])))
    return torch.tensor(angles[::-1], dtype=torch.float64)


def _square_root(c: np.ndarray) -> np.ndarray:
    """Return P, (d + 1,), with |P|² = Σ c_k z^k > 0 on the circle and no zero inside it.

    Kolmogorov's way: the logarithm of P is the half of that series that has no negative powers.
    """
    degree, size = len(c) // 2, 2 ** max(12, int(len(c) * 64).bit_length())
    padded = np.zeros(size, complex)
    padded[np.arange(-degree, degree + 1)] = c
    logarithm = np.fft.fft(np.log(np.fft.ifft(padded, norm="forward").real), norm="forward")
    logarithm[0] /= 2
    logarithm[size // 2 :] = 0
    found = np.fft.fft(np.exp(np.fft.ifft(logarithm, norm="forward")), norm="forward")[: degree + 1]
    if not np.allclose(np.convolve(found, found[::-1].conj()), c, atol=1e-10):
        raise InputError("the series comes too close to -1 or 1; make it a little smaller")
    return found


def _basis(first: np.ndarray) -> np.ndarray:
    """Return the rotation of a qubit that turns |0⟩ into a vector's direction."""
    a, b = first / np.linalg.norm(first)
    return np.array([[a, -b.conj()], [b, a.conj()]])


def _rot_angles(turn: np.ndarray) -> list[float]:
    """Return the angles of ``qml.Rot`` for a matrix of determinant 1."""
    theta = 2 * np.arctan2(abs(turn[1, 0]), abs(turn[0, 0]))
    plus, minus = np.angle(turn[1, 1]), np.angle(turn[1, 0])
    return [float(plus - minus), float(theta), float(plus + minus)]
