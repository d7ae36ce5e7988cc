r"""How far two sets of samples lie apart: Fréchet's distance, and the distance to the nearest.

The Fréchet (2-Wasserstein) distance of two Gaussians has a closed form (Dowson and Landau 1982),

.. math:: d^2 = |\mu_1 - \mu_2|^2 + \mathrm{tr}\bigl(\Sigma_1 + \Sigma_2
          - 2\,(\Sigma_1^{1/2} \Sigma_2 \Sigma_1^{1/2})^{1/2}\bigr)

The FID of two sets of images is d² of the Gaussians fitted to a classifier's features (Heusel et
al. 2017, eq. 6). The features here are those of a `Judge` trained on the same digits, not of the
Inception network, so that values compare with each other, never with published ones. Few samples
make it larger: compare sets of one size only.

Shapes: features (samples, features).
"""

import torch
from jaxtyping import Float
from torch import Tensor


def frechet_distance(
    mean1: Float[Tensor, " features"],
    covariance1: Float[Tensor, "features features"],
    mean2: Float[Tensor, " features"],
    covariance2: Float[Tensor, "features features"],
) -> float:
    """Return the squared Fréchet distance of two Gaussians, in float64.

    Parameters
    ----------
    mean1, mean2
        Means, (features,).
    covariance1, covariance2
        Symmetric and positive semidefinite, (features, features).

    Raises
    ------
    ValueError
        If a covariance is not symmetric, or has a clearly negative eigenvalue.

    References
    ----------
    Dowson and Landau 1982, Journal of Multivariate Analysis 12, 450–455, eq. 4.

    Examples
    --------
    >>> one = torch.eye(2)
    >>> frechet_distance(torch.zeros(2), one, torch.tensor([3.0, 4.0]), 4 * one)
    27.0
    """
    first, second = _root(covariance1, "covariance1"), covariance2.double()
    _root(covariance2, "covariance2")
    cross = _root(first @ second @ first, "the product").trace()
    away = (mean1.double() - mean2.double()).square().sum()
    return float(away + covariance1.double().trace() + second.trace() - 2 * cross)


def _root(matrix: Tensor, name: str) -> Tensor:
    """Return the symmetric square root of a positive semidefinite matrix."""
    matrix = matrix.double()
    size = matrix.abs().max().clamp_min(1e-300)
    if not torch.allclose(matrix / size, matrix.T / size, rtol=0, atol=1e-6):
        raise ValueError(f"{name} must be symmetric, got {tuple(matrix.shape)} that is not")
    values, vectors = torch.linalg.eigh((matrix + matrix.T) / 2)
    if values.min() < -1e-6 * size:
        raise ValueError(f"{name} must be positive semidefinite, got eigenvalue {values.min():.3g}")
    return (vectors * values.clamp_min(0).sqrt()) @ vectors.T


def feature_distance(
    a: Float[Tensor, "samples features"], b: Float[Tensor, "others features"]
) -> float:
    """Return the squared Fréchet distance of the Gaussians fitted to two sets of features.

    Parameters
    ----------
    a, b
        Features, two samples or more each.

    Raises
    ------
    ValueError
        If there are fewer than two samples, or the features differ in number.

    Examples
    --------
    >>> x = torch.tensor([[0.0], [2.0]])
    >>> round(feature_distance(x, x + 3), 6)
    9.0
    """
    if min(len(a), len(b)) < 2 or a.shape[1] != b.shape[1]:
        shapes = f"{tuple(a.shape)} and {tuple(b.shape)}"
        raise ValueError(f"expected two sets of two or more rows of one length, got {shapes}")
    first, second = (x.double() for x in (a, b))
    return frechet_distance(
        first.mean(0),
        torch.cov(first.T).view(a.shape[1], -1),
        second.mean(0),
        torch.cov(second.T).view(a.shape[1], -1),
    )


def nearest_distances(
    x: Float[Tensor, "samples ..."], others: Float[Tensor, "others ..."]
) -> Float[Tensor, " samples"]:
    """Return the Euclidean distance of each sample to its nearest other one.

    Parameters
    ----------
    x
        Samples, (samples, ...), flattened here.
    others
        Where to look, (others, ...); if generated samples are copies of these, distances are 0.

    Examples
    --------
    >>> nearest_distances(torch.tensor([[0.0], [5.0]]), torch.tensor([[1.0], [2.0]]))
    tensor([1., 3.])
    """
    far = torch.cat([torch.cdist(part, others.flatten(1)) for part in x.flatten(1).split(500)])
    return far.min(1).values
