"""Noisy images of bars or of stripes, and how probable each is."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from nsai.data.samples import Labelled


def bars_and_stripes(
    samples: int,
    height: int,
    width: int,
    generator: torch.Generator,
    *,
    noise: float = 0.5,
) -> Labelled:
    """Draw images of bars (class 0, whole columns) or of stripes (class 1, whole rows).

    Each column of a bar image, or row of a stripe image, is 1 or −1 with equal probability; then
    Gaussian noise is added to each pixel.

    Parameters
    ----------
    samples
        Number of images.
    height, width
        Of an image, in pixels.
    generator
        Source of classes, images and noise, on the CPU.
    noise
        Deviation of the noise; the benchmark has 0.5.

    Returns
    -------
    Labelled
        x of shape (samples, 1, height, width).

    Raises
    ------
    ValueError
        For an image without pixels, or negative noise.

    References
    ----------
    MacKay, "Information theory, inference, and learning algorithms", 2003, section 43. Bowles,
    Ahmed and Schuld, arXiv:2403.07059, 2024.

    Examples
    --------
    >>> g = torch.Generator().manual_seed(0)
    >>> x, y = bars_and_stripes(100, 4, 4, g, noise=0.0)
    >>> bool((x[y == 1].std(-1) == 0).all()), bool((x[y == 0].std(-2) == 0).all())
    (True, True)
    """
    if min(height, width) < 1 or noise < 0:
        raise ValueError(
            f"expected pixels and noise >= 0, got height {height}, width {width}, noise {noise}"
        )
    y = torch.randint(2, (samples,), generator=generator)
    rows = 2.0 * torch.randint(2, (samples, 1, height, 1), generator=generator) - 1
    columns = 2.0 * torch.randint(2, (samples, 1, 1, width), generator=generator) - 1
    clean = torch.where(y.bool()[:, None, None, None], rows, columns)
    return Labelled(clean + noise * torch.randn(clean.shape, generator=generator), y)


def stripes_log_odds(x: Float[Tensor, "n 1 height width"], noise: float) -> Float[Tensor, " n"]:
    r"""Return :math:`\ln p(\text{stripes}\mid x) - \ln p(\text{bars}\mid x)`, exactly.

    A row of an image of stripes is all 1 or all −1, so that its density is a Gaussian around nought
    times :math:`\cosh(\sum_j x_{ij}/\sigma^2)`, up to a constant; the same for columns of bars:

    .. math:: \sum_i \ln\cosh\frac{\sum_j x_{ij}}{\sigma^2}
              - \sum_j \ln\cosh\frac{\sum_i x_{ij}}{\sigma^2}

    Its sign is right most often: no classifier is better on average.

    Parameters
    ----------
    x
        Images, (n, 1, height, width).
    noise
        σ, above 0.

    Examples
    --------
    >>> image = torch.tensor([[[[1.0, 1.0], [-1.0, -1.0]]]])
    >>> stripes_log_odds(image, 0.5).item() > 10
    True
    """
    if noise <= 0:
        raise ValueError(f"noise must be above 0, got {noise}")

    def log_cosh(z: Tensor) -> Tensor:
        return torch.logaddexp(z, -z) - math.log(2)

    rows, columns = x.sum(-1).flatten(1) / noise**2, x.sum(-2).flatten(1) / noise**2
    return log_cosh(rows).sum(1) - log_cosh(columns).sum(1)
