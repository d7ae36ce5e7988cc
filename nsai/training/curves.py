"""Curves of training: smoothed, and how soon they come down to a level."""

import math

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def moving_mean(curve: Float[Tensor, " steps"], window: int = 20) -> Float[Tensor, " means"]:
    """Return the mean of each `window` consecutive values, ``window - 1`` fewer than there are.

    Parameters
    ----------
    curve
        A value a step.
    window
        Number of values in a mean.

    Raises
    ------
    ValueError
        If `window` is below 1 or longer than the curve.

    Examples
    --------
    >>> import torch
    >>> moving_mean(torch.tensor([1.0, 2.0, 6.0]), 2)
    tensor([1.5000, 4.0000])
    """
    if not 1 <= window <= len(curve):
        raise ValueError(f"window must be 1 to {len(curve)} values, got {window}")
    return F.avg_pool1d(curve[None], window, stride=1)[0]


def steps_to(curve: Float[Tensor, " steps"], level: float, window: int = 20) -> float:
    """Return the first step, counted from 1, at which the moving mean is at most a level.

    Parameters
    ----------
    curve
        A value a step.
    level
        The height to come down to.
    window
        Number of values in a mean.

    Returns
    -------
    float
        The step that ends the first such window; infinity if there is none.

    Examples
    --------
    >>> import torch
    >>> curve = torch.tensor([9.0, 5.0, 3.0, 1.0])
    >>> steps_to(curve, 4.0, window=2), steps_to(curve, 0.0, window=2)
    (3.0, inf)
    """
    reached = (moving_mean(curve, window) <= level).nonzero()
    return float(window + int(reached[0])) if len(reached) else math.inf
