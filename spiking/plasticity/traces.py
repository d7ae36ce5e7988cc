"""What the rules of this package share: traces of spikes, and what a rule may be given."""

import math
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from spiking.operations.arrays import as_array

Pairing = Literal["all", "nearest"]


def follow(
    trace: Float[Tensor, "batch neurons"],
    spikes: Float[Tensor, "batch neurons"],
    decay: float,
    pairing: Pairing,
) -> Float[Tensor, "batch neurons"]:
    r"""Return the traces after a step.

    .. math:: x_t = d\, x_{t-1} + s_t \;\;(\text{all spikes}), \qquad
              x_t = \max(d\, x_{t-1}, s_t) \;\;(\text{the nearest})

    Parameters
    ----------
    trace
        x of the step before.
    spikes
        s, 0 or 1.
    decay
        d, of one step.
    pairing
        "all" counts all spikes of the past, "nearest" only the last.

    Examples
    --------
    >>> follow(torch.tensor([[0.5]]), torch.tensor([[1.0]]), 0.5, "all").item()
    1.25
    """
    if pairing == "nearest":
        return torch.where(spikes > 0, torch.ones_like(trace), decay * trace)
    return decay * trace + spikes


def require_rule(rule: object, *, positive: tuple[str, ...], pairing: str) -> None:
    """Raise a ValueError if a number of a rule must be positive and is not, or for a pairing."""
    for name in positive:
        value = getattr(rule, name)
        if not (value > 0 and math.isfinite(value)):
            raise ValueError(f"{name} must be positive and finite, got {value}")
    if pairing not in ("all", "nearest"):
        raise ValueError(f"pairing must be one of all, nearest, got {pairing!r}")


def require_bounds(w_min: float, w_max: float, mu: float) -> None:
    """Raise a ValueError if weights cannot be kept between bounds."""
    if not w_min < w_max:
        raise ValueError(f"w_min must be below w_max, got {w_min} and {w_max}")
    if not 0 <= mu < math.inf:
        raise ValueError(f"mu must be at least 0 and finite, got {mu}")
    if mu and math.isinf(w_max - w_min):
        raise ValueError(f"mu = {mu} needs finite bounds, got {w_min} and {w_max}")


def require_spikes(
    weight: Tensor, pre: Tensor, post: Tensor, low: float, high: float
) -> tuple[int, int, int, int]:
    """Return (time, batch, post, pre), or raise a ValueError for what does not fit."""
    if weight.dim() != 2:
        raise ValueError(f"expected weight (post, pre), got {tuple(weight.shape)}")
    targets, sources = weight.shape
    for name, spikes, neurons in (("pre", pre, sources), ("post", post, targets)):
        if spikes.dim() != 3 or spikes.shape[2] != neurons:
            found = tuple(spikes.shape)
            raise ValueError(f"expected {name} (time, batch, {neurons}), got {found}")
        if not ((spikes == 0) | (spikes == 1)).all():
            raise ValueError(f"{name} must be spikes, 0 or 1")
    if pre.shape[:2] != post.shape[:2]:
        raise ValueError(
            f"pre and post must have the same times and batch, got {tuple(pre.shape[:2])} and "
            f"{tuple(post.shape[:2])}"
        )
    if not ((weight >= low) & (weight <= high)).all():
        raise ValueError(f"weight must be between {low} and {high}")
    return pre.shape[0], pre.shape[1], targets, sources


def start(state: tuple[Tensor, ...] | None, *shapes: tuple[int, ...], like: Tensor) -> list[Tensor]:
    """Return copies of the parts of a state, zeros where there is none."""
    if state is None:
        return [torch.zeros(shape, dtype=like.dtype) for shape in shapes]
    found = [tuple(part.shape) for part in state]
    if found != list(shapes):
        raise ValueError(f"expected a state of shapes {list(shapes)}, got {found}")
    return [part.detach().to(like.dtype).contiguous().clone() for part in state]


def numbers(like: Tensor, *values: float) -> np.ndarray:
    """Return numbers in the type of a tensor, as kernels take them."""
    return np.array(values, as_array(like[:0]).dtype)  # type: ignore[union-attr]
