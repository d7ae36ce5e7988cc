"""Kernels of circuits: how alike two samples are as states."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pennylane as qml
import torch
from torch import Tensor, nn

from quantum.compiling import CompiledCircuit
from quantum.errors import InputError

Embedding = Callable[[Any, Any], None]


class _Kernel(nn.Module):
    """A kernel of samples: a matrix for two sets of them."""

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """Return the Gram matrix, (samples, others).

        Parameters
        ----------
        x, y
            (samples, features) each; y is x unless given.
        """
        raise NotImplementedError

    def matrix(self, x: Any, y: Any = None) -> np.ndarray:
        """Return the Gram matrix of arrays, as scikit-learn's ``SVC(kernel=...)`` calls it."""
        with torch.no_grad():
            first = torch.as_tensor(np.asarray(x))
            second = first if y is None else torch.as_tensor(np.asarray(y))
            return self(first, second).numpy()


class FidelityKernel(_Kernel):
    r"""The overlap :math:`|\langle\phi(x)|\phi(y)\rangle|^2` of embedded samples.

    All states are simulated in one batch; their overlaps are one product of matrices, so that n
    samples take n circuits and not n².

    Parameters
    ----------
    n_qubits
        Number of wires.
    embedding
        Function of features and wires.

    References
    ----------
    Havlíček et al., "Supervised learning with quantum-enhanced feature spaces", Nature 567, 2019.

    Examples
    --------
    >>> from quantum import angle_embedding
    >>> kernel = FidelityKernel(1, angle_embedding)
    >>> kernel(torch.tensor([[0.0], [torch.pi]])).round(decimals=6).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """

    def __init__(self, n_qubits: int, embedding: Embedding) -> None:
        super().__init__()

        def circuit(x: Any) -> Any:
            embedding(x, range(n_qubits))
            return qml.state()

        self.states = CompiledCircuit(circuit, {}, wires=n_qubits, init={})

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """Return overlaps, (samples, others), between 0 and 1."""
        first = self.states(x)
        second = first if y is None else self.states(y)
        overlap = first.conj() @ second.T
        return overlap.real**2 + overlap.imag**2


class ProjectedKernel(_Kernel):
    r"""The kernel :math:`\exp(-\gamma\sum_{k,P}(\langle P_k\rangle_x-\langle P_k\rangle_y)^2)`.

    P runs over X, Y and Z of each qubit k: what the reduced states of single qubits tell.

    Parameters
    ----------
    n_qubits
        Number of wires.
    embedding
        Function of features and wires.
    gamma
        γ; the larger, the narrower.

    References
    ----------
    Huang et al., "Power of data in quantum machine learning", Nature Communications 12, 2021.
    """

    def __init__(self, n_qubits: int, embedding: Embedding, gamma: float = 1.0) -> None:
        super().__init__()
        if gamma <= 0:
            raise InputError(f"gamma must be positive, got {gamma}")
        self.gamma = gamma

        def circuit(x: Any) -> Any:
            embedding(x, range(n_qubits))
            return [qml.expval(p(wire)) for wire in range(n_qubits) for p in (qml.X, qml.Y, qml.Z)]

        self.features = CompiledCircuit(circuit, {}, wires=n_qubits, init={})

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """Return the Gram matrix, (samples, others), between 0 and 1."""
        first = self.features(x)
        second = first if y is None else self.features(y)
        apart = (first[:, None] - second[None]) ** 2
        return torch.exp(-self.gamma * apart.sum(-1))


def target_alignment(gram: Tensor, labels: Tensor) -> Tensor:
    r"""Return how well a kernel's matrix agrees with that of the labels, −1 to 1.

    .. math:: \frac{\sum_{ij} K_{ij}\,y_i y_j}{\lVert K\rVert_F\,\lVert y y^T\rVert_F}

    Parameters
    ----------
    gram
        (samples, samples).
    labels
        (samples,), −1 or 1.

    Raises
    ------
    InputError
        For other labels, or another number of them.

    References
    ----------
    Cristianini et al., "On kernel-target alignment", NeurIPS 2001.

    Examples
    --------
    >>> labels = torch.tensor([1, -1])
    >>> target_alignment(torch.tensor([[1.0, -1.0], [-1.0, 1.0]]), labels).item()
    1.0
    """
    if gram.shape != (len(labels), len(labels)):
        raise InputError(f"{len(labels)} labels do not fit a matrix {tuple(gram.shape)}")
    if not bool(((labels == 1) | (labels == -1)).all()):
        raise InputError("labels must be -1 or 1")
    y = labels.to(gram.dtype)
    return (gram * y[:, None] * y).sum() / (torch.linalg.matrix_norm(gram) * len(y))
