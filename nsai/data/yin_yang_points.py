"""Yin-Yang points, generated: as many as one likes, without any file."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from nsai.data.samples import Labelled

RADIUS, DOT = 0.5, 0.1  # of the disc and of its two dots


def yin_yang_classes(points: Float[Tensor, "n coordinates"]) -> Int[Tensor, " n"]:
    """Return where in the symbol points lie.

    Parameters
    ----------
    points
        In the disc of radius 0.5 around (0.5, 0.5), shape (n, 2).

    Returns
    -------
    Tensor
        0 and 1 the two halves, 2 the dots; int64, shape (n,). The half 1 is the upper one, with the
        left lobe and without the right one.

    Raises
    ------
    ValueError
        If the shape is wrong.

    Examples
    --------
    >>> yin_yang_classes(torch.tensor([[0.5, 0.9], [0.5, 0.1], [0.25, 0.5]])).tolist()
    [1, 0, 2]
    """
    if points.dim() != 2 or points.shape[1] != 2:
        raise ValueError(f"points must be (n, 2), got {tuple(points.shape)}")
    x, y = points.double().unbind(1)
    left, right = (((x - c * RADIUS) ** 2 + (y - RADIUS) ** 2).sqrt() for c in (0.5, 1.5))
    upper = (left <= RADIUS / 2) | ((y > RADIUS) & (right > RADIUS / 2))
    return torch.where((left < DOT) | (right < DOT), 2, upper.long())


def yin_yang_points(n: int, generator: torch.Generator | None = None) -> Labelled:
    """Draw points as the published ones were drawn: classes with even odds, then places.

    Parameters
    ----------
    n
        Number of points.
    generator
        Source of classes and places, on the CPU.

    Returns
    -------
    Labelled
        x of shape (n, 4): a point and its mirror image (a, b, 1 - a, 1 - b); y as in `yin_yang`.

    Raises
    ------
    ValueError
        If n is not positive.

    References
    ----------
    Kriener, Göltz and Petrovici, "The Yin-Yang dataset", NICE 2022.

    Examples
    --------
    >>> x, y = yin_yang_points(300, torch.Generator().manual_seed(0))
    >>> x.shape, (x.sum(1) - 2).abs().max() < 1e-6
    (torch.Size([300, 4]), tensor(True))
    """
    if n < 1:
        raise ValueError(f"n must be positive, got {n}")
    wanted = torch.randint(3, (n,), generator=generator)
    found = torch.empty(n, 2, dtype=torch.float64)
    for kind in range(3):
        places = torch.empty(0, 2, dtype=torch.float64)
        needed = int((wanted == kind).sum())
        while len(places) < needed:
            drawn = torch.rand(16 * n + 64, 2, generator=generator, dtype=torch.float64)
            drawn = drawn[((drawn - RADIUS) ** 2).sum(1).sqrt() <= RADIUS]
            places = torch.cat((places, drawn[yin_yang_classes(drawn) == kind]))
        found[wanted == kind] = places[:needed]
    return Labelled(torch.cat((found, 1 - found), 1).float(), wanted)
