"""Points of a cube on either side of a plane, with a margin between."""

import torch
from jaxtyping import Float
from torch import Tensor

from nsai.data.samples import Labelled


def linearly_separable(
    samples: int, features: int, generator: torch.Generator, *, margin: float | None = None
) -> Labelled:
    r"""Draw points that a plane through the middle of a cube divides.

    Points are uniform in :math:`[-1, 1]^d`, but for those with :math:`|\sum_i x_i|` up to the
    margin, which are left out. The class is that of the sum: 0 above nought, 1 below.

    Parameters
    ----------
    samples
        Number of points.
    features
        d, at least 1.
    generator
        Source of the points, on the CPU.
    margin
        0.02 d unless given, as in the benchmark; less than d.

    Returns
    -------
    Labelled
        x of shape (samples, features).

    Raises
    ------
    ValueError
        For no features, or a margin that leaves no point.

    References
    ----------
    Bowles, Ahmed and Schuld, "Better than classical? The subtle art of benchmarking quantum machine
    learning models", arXiv:2403.07059, 2024, "linearly separable".

    Examples
    --------
    >>> x, y = linearly_separable(100, 4, torch.Generator().manual_seed(0))
    >>> bool(((x.sum(1) < 0) == y.bool()).all()), x.sum(1).abs().min().item() > 0.08
    (True, True)
    """
    width = 0.02 * features if margin is None else margin
    if features < 1 or not 0 <= width < features:
        raise ValueError(
            f"expected features >= 1 and a margin from 0 to below features, got {features}, {width}"
        )
    kept: list[Float[Tensor, "some features"]] = []
    while sum(map(len, kept)) < samples:
        points = 2 * torch.rand(samples, features, generator=generator) - 1
        kept.append(points[points.sum(1).abs() > width])
    x = torch.cat(kept)[:samples] if kept else torch.empty(0, features)
    return Labelled(x, (x.sum(1) < 0).long())
