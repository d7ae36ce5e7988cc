"""How far one kernel's geometry is from another's, and the labels that tell them apart most."""

import torch
from torch import Tensor

from quantum.errors import InputError


def geometric_difference(rival: Tensor, kernel: Tensor, *, ridge: float = 0.0) -> Tensor:
    r"""Return how much worse a rival kernel may do than a kernel, on the labels worst for it.

    .. math:: g = \sqrt{\Big\lVert \sqrt{K}\,\sqrt{R}\,(R+\lambda)^{-2}\sqrt{R}\,\sqrt{K}
              \Big\rVert}

    with the spectral norm and both matrices scaled to trace n. There are labels for which the bound
    on the error of the rival is g² times that of the kernel; near 1, no labels favour the kernel.

    Parameters
    ----------
    rival, kernel
        Gram matrices R and K of the same samples, (samples, samples), positive semi-definite.
    ridge
        λ, from 0; needed where R has no inverse.

    Raises
    ------
    InputError
        For matrices of different shape, or a negative ridge.

    References
    ----------
    Huang et al., "Power of data in quantum machine learning", Nature Communications 12, 2021,
    equation 5 and supplement F.

    Examples
    --------
    >>> geometric_difference(torch.eye(3), torch.eye(3)).item()
    1.0
    """
    return torch.linalg.eigvalsh(_difference(rival, kernel, ridge))[-1].clamp(min=0).sqrt()


def favourable_labels(rival: Tensor, kernel: Tensor, *, ridge: float = 0.0) -> Tensor:
    r"""Return the labels that favour a kernel most over a rival.

    .. math:: y = \operatorname{sign}(\sqrt{K}\,v - \text{median})

    where v is the eigenvector that belongs to `geometric_difference`. Half are 1, the others −1.

    Parameters
    ----------
    rival, kernel, ridge
        As for `geometric_difference`.

    References
    ----------
    Huang et al., "Power of data in quantum machine learning", Nature Communications 12, 2021,
    supplement G.

    Examples
    --------
    >>> kernel = torch.tensor([[1.0, 0.9, 0.0, 0.0], [0.9, 1.0, 0.0, 0.0],
    ...                        [0.0, 0.0, 1.0, 0.9], [0.0, 0.0, 0.9, 1.0]])
    >>> sorted(favourable_labels(torch.eye(4), kernel).tolist())
    [-1.0, -1.0, 1.0, 1.0]
    """
    direction = torch.linalg.eigh(_difference(rival, kernel, ridge)).eigenvectors[:, -1]
    scores = _root(_scaled(kernel)) @ direction
    order = scores.argsort()
    labels = torch.ones_like(scores)
    labels[order[: len(order) // 2]] = -1
    return labels


def _difference(rival: Tensor, kernel: Tensor, ridge: float) -> Tensor:
    if rival.shape != kernel.shape or rival.ndim != 2 or len(rival) != len(rival.T):
        raise InputError(
            f"expected square matrices of one shape, got {tuple(rival.shape)} and "
            f"{tuple(kernel.shape)}"
        )
    if ridge < 0:
        raise InputError(f"ridge must be at least 0, got {ridge}")
    values, vectors = torch.linalg.eigh(_scaled(rival))
    values = values.clamp(min=0)
    middle = (vectors * (values / (values + ridge) ** 2)) @ vectors.T
    root = _root(_scaled(kernel))
    return root @ middle @ root


def _scaled(gram: Tensor) -> Tensor:
    return gram * (len(gram) / gram.trace())


def _root(gram: Tensor) -> Tensor:
    values, vectors = torch.linalg.eigh(gram)
    return (vectors * values.clamp(min=0).sqrt()) @ vectors.T
