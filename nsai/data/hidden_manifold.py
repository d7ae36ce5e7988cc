"""Points on a curved surface of few dimensions in a space of more, labelled by a network on it."""

import math

import torch

from nsai.data.samples import Labelled


def hidden_manifold(
    samples: int, features: int, generator: torch.Generator, *, dimension: int = 6
) -> Labelled:
    r"""Draw a task of the hidden manifold model.

    .. math:: x = \tanh\big(F^\top c/\sqrt m - b\big), \qquad
              s = v^\top\tanh(W c)/\sqrt m

    c are m coordinates on the manifold, Gaussian for each point; F, W and v are Gaussian and b is
    uniform in [−1, 1], the same for all points. The class is 1 where s is at least its median, so
    that both classes are equally large, up to one.

    Parameters
    ----------
    samples
        Number of points.
    features
        Number of features of a point; with fewer than `dimension`, points do not tell their class.
    generator
        Source of the task and of its points, on the CPU.
    dimension
        m; the benchmark has 6.

    Returns
    -------
    Labelled
        x of shape (samples, features), between −1 and 1.

    Raises
    ------
    ValueError
        If a number is less than 1.

    References
    ----------
    Goldt et al., "Modeling the influence of data structure on learning in neural networks: the
    hidden manifold model", Phys. Rev. X 10, 2020. Bowles, Ahmed and Schuld, arXiv:2403.07059, 2024.

    Examples
    --------
    >>> x, y = hidden_manifold(300, 10, torch.Generator().manual_seed(0))
    >>> x.shape, int(y.sum())
    (torch.Size([300, 10]), 150)
    """
    if min(samples, features, dimension) < 1:
        raise ValueError(
            f"expected at least 1 of each, got samples {samples}, features {features}, "
            f"dimension {dimension}"
        )

    def gaussian(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator)

    F, bias = gaussian(dimension, features), 2 * torch.rand(features, generator=generator) - 1
    c, W, v = gaussian(samples, dimension), gaussian(dimension, dimension), gaussian(dimension)
    x = torch.tanh(c @ F / math.sqrt(dimension) - bias)
    score = torch.tanh(c @ W.T) @ v / math.sqrt(dimension)
    middle = score.double().quantile(0.5)
    return Labelled(x, (score.double() >= middle).long())
