"""Cells between planes, coloured like a chess board."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from nsai.data.samples import Labelled
from nsai.data.standard import standardised


def parity_of_sides(
    points: Float[Tensor, "n space"],
    weights: Float[Tensor, "planes space"],
    biases: Float[Tensor, " planes"],
) -> Int[Tensor, " n"]:
    """Return whether points lie on the positive side of an odd number of planes.

    Parameters
    ----------
    points
        (n, space).
    weights, biases
        Normals w of the planes and b; positive is w · x + b > 0.

    Examples
    --------
    >>> at = torch.tensor([[-1.0], [1.0], [3.0]])
    >>> parity_of_sides(at, torch.ones(2, 1), torch.tensor([0.0, -2.0])).tolist()
    [0, 1, 0]
    """
    return (points @ weights.T + biases > 0).sum(1) % 2


def hyperplanes(
    samples: int, features: int, planes: int, generator: torch.Generator, *, dimension: int = 3
) -> Labelled:
    """Draw a task of the hyperplanes and parity, and points in it.

    Points are Gaussian in a space of few dimensions, their class is `parity_of_sides` of planes
    with weights and biases uniform in [0, 1]. They are then brought into the space of features by a
    matrix with entries uniform in [0, 1], and each feature to mean 0 and deviation 1. Of four times
    as many points as wanted the first of either class are taken, half of all; a task in which one
    class is too rare for that is drawn anew, where the benchmark's own generator stops.

    Parameters
    ----------
    samples
        Number of points, half of them in each class; even.
    features
        Number of features.
    planes
        Number of hyperplanes.
    generator
        Source of the task and of its points, on the CPU.
    dimension
        Of the space that the planes divide; the benchmark has 3.

    Returns
    -------
    Labelled
        x of shape (samples, features), in random order.

    Raises
    ------
    ValueError
        If samples are odd, or a number is less than 1.

    References
    ----------
    Bowles, Ahmed and Schuld, "Better than classical? The subtle art of benchmarking quantum machine
    learning models", arXiv:2403.07059, 2024, "hyperplanes and parity".

    Examples
    --------
    >>> x, y = hyperplanes(300, 10, 4, torch.Generator().manual_seed(0))
    >>> x.shape, int(y.sum()), int(torch.linalg.matrix_rank(x))
    (torch.Size([300, 10]), 150, 3)
    """
    if samples % 2 or min(samples, features, planes, dimension) < 1:
        raise ValueError(
            f"expected an even number of samples and at least 1 of each, got samples {samples}, "
            f"features {features}, planes {planes}, dimension {dimension}"
        )
    half = samples // 2
    while True:
        weights = torch.rand(planes, dimension, generator=generator, dtype=torch.float64)
        biases = torch.rand(planes, generator=generator, dtype=torch.float64)
        z = torch.randn(4 * samples, dimension, generator=generator, dtype=torch.float64)
        y = parity_of_sides(z, weights, biases)
        if half <= int(y.sum()) <= len(y) - half:
            break
    taken = torch.cat([torch.where(y == label)[0][:half] for label in (0, 1)])
    taken = taken[torch.randperm(samples, generator=generator)]
    embedding = torch.rand(dimension, features, generator=generator, dtype=torch.float64)
    return Labelled(standardised(z[taken] @ embedding), y[taken])
