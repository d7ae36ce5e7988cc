r"""Images as an event camera sees them: it trembles, and each pixel tells when it has changed.

A pixel remembers the logarithm of its light, and fires when it has moved by a contrast θ since, up
(polarity 1) or down (0). As in the making of N-MNIST, three saccades lead around a triangle.
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from nsai.data.nmnist_small import SENSOR, Events

CORNERS = ((-2.0, -2.0), (0.0, 2.0), (2.0, -2.0))  # of the triangle, in pixels
SACCADE_US = 100_000
DARK = 0.1  # light of a black pixel, a white one has 1 + DARK


def saccade_events(
    x: Float[Tensor, "n 1 height width"],
    label: Int[Tensor, " n"],
    *,
    contrast: float = 0.35,
    frames: int = 60,
    noise: float = 0.0005,
    generator: torch.Generator,
) -> Events:
    r"""Return recordings of images, each of three saccades of 100 ms.

    The light of a pixel is :math:`\log(0.1 + I)`; it fires :math:`\lfloor |\Delta| / \theta
    \rfloor` times, at most once a frame, and moves what it remembers by θ each time.

    Parameters
    ----------
    x, label
        Images of light in [0, 1], at most 34 pixels high and wide, and their classes.
    contrast
        θ, in logarithmic light; each recording's own differs by a tenth, as cameras do.
    frames
        Moments at which the light is compared; an event has the time of one, and microseconds at
        random after it.
    noise
        Chance of an event by itself, for a pixel and a frame.
    generator
        Source of noise and differences, on the CPU.

    Returns
    -------
    Events
        As `nmnist_small` gives them, sorted by time in each recording.

    Raises
    ------
    ValueError
        If images are too large, or a number is out of range.

    Examples
    --------
    >>> g = torch.Generator().manual_seed(0)
    >>> image = torch.zeros(1, 1, 28, 28)
    >>> image[..., 10:18, 10:18] = 1.0
    >>> seen = saccade_events(image, torch.tensor([7]), noise=0.0, generator=g)
    >>> bool((seen.x > 5).all() and (seen.x < 28).all()), int(seen.polarity.unique().numel())
    (True, 2)
    """
    if x.dim() != 4 or x.shape[1] != 1 or max(x.shape[2:]) > SENSOR:
        raise ValueError(f"expected images (n, 1, up to {SENSOR}, ...), got {tuple(x.shape)}")
    if not contrast > 0 or frames < 3 or not 0 <= noise < 1:
        raise ValueError(
            f"expected contrast > 0, frames >= 3 and noise in [0, 1), got {contrast}, {frames} "
            f"and {noise}"
        )
    n, last = len(x), math.ceil(3 * SACCADE_US / frames)
    rows, columns = (SENSOR - size for size in x.shape[2:])
    wide = F.pad(x[:, 0], (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2))
    theta = contrast * (1 + 0.1 * torch.randn(n, 1, 1, generator=generator)).clamp(0.5, 1.5)
    remembered, found = _light(wide, 0.0), []
    for frame in range(1, frames + 1):
        moved = _light(wide, 3 * frame / frames) - remembered
        up, down = moved >= theta, moved <= -theta
        remembered = remembered + theta * (up.float() - down.float())
        stray = torch.rand(wide.shape, generator=generator) < noise
        sign = torch.rand(wide.shape, generator=generator) < 0.5
        fired = torch.where(stray, True, up | down)
        recording, row, column = fired.nonzero().unbind(1)
        rising = torch.where(stray & ~up & ~down, sign, up)[fired].long()
        time = frame * last - torch.randint(1, last + 1, (len(row),), generator=generator)
        found.append(torch.stack((recording, time, column, row, rising)))
    recording, time, column, row, rising = torch.cat(found, 1)
    order = (recording * (frames + 1) * last + time).argsort(stable=True)
    offsets = torch.cat((torch.zeros(1).long(), recording.bincount(minlength=n).cumsum(0)))
    at = (column[order], row[order])
    return Events(at[0], at[1], rising[order], time[order], offsets, label.long())


def _light(x: Tensor, corner: float) -> Tensor:
    """Return the logarithm of the light of images, on the way from a corner to the next."""
    side, along = int(corner) % 3, corner - int(corner)
    (a, b), (c, d) = CORNERS[side], CORNERS[(side + 1) % 3]
    down, right = (a + along * (c - a), b + along * (d - b))
    return (DARK + _moved(_moved(x, down, 1), right, 2)).log()


def _moved(x: Tensor, by: float, axis: int) -> Tensor:
    """Return images moved by a part of a pixel, between its neighbours."""
    whole = math.floor(by)
    part = by - whole
    return (1 - part) * x.roll(whole, axis) + part * x.roll(whole + 1, axis)
