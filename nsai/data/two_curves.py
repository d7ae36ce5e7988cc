"""Two copies of one curve in many dimensions, a little apart."""

import math

import torch

from nsai.data.samples import Labelled
from nsai.data.standard import standardised


def two_curves(
    samples: int,
    features: int,
    generator: torch.Generator,
    *,
    degree: int = 5,
    offset: float = 0.1,
    noise: float = 0.01,
) -> Labelled:
    r"""Draw a task of the two curves, and points on them.

    Feature i of the point at t, uniform in [0, 1], is a Fourier series of half periods,

    .. math:: x_i(t) = a_{i0} + b_{i0} + \sum_{k=1}^{D} a_{ik}\cos(\pi k t) + b_{ik}\sin(\pi k t),

    with noise added. The coefficients are uniform in [0, 1], divided by the norm of all of them.
    Class 1 has `offset` added to every feature. At last each feature is brought to mean 0 and
    deviation 1.

    Parameters
    ----------
    samples
        Number of points, half of them (up to one) in each class.
    features
        Number of features.
    generator
        Source of the curve and of the points, on the CPU.
    degree
        D; the benchmark has 5 or, where it varies, an offset of 1/(2D).
    offset
        Between the curves, before scaling.
    noise
        Deviation of Gaussian noise, before scaling.

    Returns
    -------
    Labelled
        x of shape (samples, features), in random order.

    Raises
    ------
    ValueError
        If there are fewer than two samples, no features or no degree.

    References
    ----------
    Buchanan, Gilboa and Wright, "Deep networks and the multiple manifold problem", ICLR 2021.
    Bowles, Ahmed and Schuld, arXiv:2403.07059, 2024.

    Examples
    --------
    >>> x, y = two_curves(300, 10, torch.Generator().manual_seed(0))
    >>> x.shape, int(y.sum()), abs(x.mean().item()) < 1e-6
    (torch.Size([300, 10]), 150, True)
    """
    if samples < 2 or features < 1 or degree < 1:
        raise ValueError(
            f"expected samples >= 2, features >= 1 and degree >= 1, got {samples}, {features}, "
            f"{degree}"
        )
    a, b = torch.rand(2, features, degree + 1, generator=generator, dtype=torch.float64)
    length = torch.sqrt((a**2).sum() + (b**2).sum())
    t = torch.rand(samples, generator=generator, dtype=torch.float64)
    angle = math.pi * t[:, None] * torch.arange(1, degree + 1)
    series = angle.cos() @ a[:, 1:].T + angle.sin() @ b[:, 1:].T + a[:, 0] + b[:, 0]
    wobble = torch.randn(samples, features, generator=generator, dtype=torch.float64)
    y = (torch.randperm(samples, generator=generator) % 2).long()
    x = series / length + noise * wobble + offset * y[:, None]
    return Labelled(standardised(x), y)
