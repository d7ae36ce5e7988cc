"""How the rate of learning rises and falls."""

import math
from typing import Literal

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

Shape = Literal["cosine", "linear"]


def warmup_then_decay(
    optimizer: Optimizer, *, warmup: int, steps: int, floor: float = 0.0, shape: Shape = "cosine"
) -> LambdaLR:
    r"""Raise the rate from near 0 during the warm-up, then let it fall to a floor.

    At step t, counted from 0, the rate of every group is multiplied by

    .. math:: \frac{t + 1}{w + 1}\ (t < w), \qquad
              f + (1 - f)\,\tfrac12 (1 + \cos \pi u)\ (t \ge w), \qquad u = \frac{t - w}{T - w}

    as in nanoGPT; ``"linear"`` has 1 − u in place of the half cosine.

    Parameters
    ----------
    optimizer
        Its rates are those at the top.
    warmup
        Steps w of the rise.
    steps
        Steps T until the floor is reached; it is kept from there on.
    floor
        Smallest multiple f, in [0, 1].
    shape
        ``"cosine"`` or ``"linear"``.

    Returns
    -------
    LambdaLR
        To be stepped once after each step of the optimizer.

    Raises
    ------
    ValueError
        If ``0 <= warmup < steps`` or ``0 <= floor <= 1`` does not hold, or the shape is unknown.

    Examples
    --------
    >>> import torch
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    >>> schedule = warmup_then_decay(optimizer, warmup=1, steps=3, shape="linear")
    >>> rates = []
    >>> for _ in range(4):
    ...     rates.append(schedule.get_last_lr()[0])
    ...     optimizer.step()
    ...     schedule.step()
    >>> rates
    [0.5, 1.0, 0.5, 0.0]
    """
    if not 0 <= warmup < steps:
        raise ValueError(f"warmup must lie in [0, steps = {steps}), got {warmup}")
    if not 0 <= floor <= 1:
        raise ValueError(f"floor must lie in [0, 1], got {floor}")
    if shape not in ("cosine", "linear"):
        raise ValueError(f"shape must be 'cosine' or 'linear', got {shape!r}")

    def multiple(step: int) -> float:
        if step < warmup:
            return (step + 1) / (warmup + 1)
        u = min(1.0, (step - warmup) / (steps - warmup))
        fallen = (1 + math.cos(math.pi * u)) / 2 if shape == "cosine" else 1 - u
        return floor + (1 - floor) * fallen

    return LambdaLR(optimizer, multiple)
