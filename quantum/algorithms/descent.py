"""Minima of functions by BFGS, from many starts as one batch."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from quantum.errors import InputError

ARMIJO, HALVINGS = 1e-4, 20


@dataclass(frozen=True, eq=False)
class Minimum:
    """Where a descent from each start ended.

    Attributes
    ----------
    weights
        (starts, ...).
    energies
        (starts,).
    history
        (steps + 1, starts), energies before each step and behind the last.
    evaluations
        Of an energy and its gradient, all starts together.
    """

    weights: Tensor
    energies: Tensor
    history: Tensor
    evaluations: int

    @property
    def energy(self) -> float:
        """The least energy."""
        return float(self.energies.min())

    @property
    def best(self) -> Tensor:
        """The weights of the least energy."""
        return self.weights[int(self.energies.argmin())]


class _State(NamedTuple):
    """Where descents are: weights (starts, d), energies, gradients, inverse Hessians."""

    w: Tensor
    f: Tensor
    g: Tensor
    H: Tensor


def minimise(
    function: Callable[[Tensor, Tensor], Tensor],
    start: Tensor,
    *,
    steps: int = 200,
    tolerance: float = 1e-6,
) -> Minimum:
    """Minimise a function from many starts at once, by BFGS with exact gradients.

    Each start has a dense inverse Hessian and a step length of its own, halved until the function
    falls enough (Armijo); those that wait do not hold up others, nor cost evaluations.

    Parameters
    ----------
    function
        Of weights (batch, ...) and of the numbers of their starts (batch,); gives (batch,).
    start
        (starts, ...), floating.
    steps
        At most so many.
    tolerance
        A start is done where no entry of its gradient is larger.

    Raises
    ------
    InputError
        Without a start.

    References
    ----------
    Nocedal and Wright, "Numerical optimization", 2nd ed. 2006, algorithm 6.1.

    Examples
    --------
    >>> bowl = lambda w, _: ((w - 3) ** 2).sum(-1)
    >>> minimise(bowl, torch.zeros(2, 1, dtype=torch.float64)).weights.round(decimals=6).tolist()
    [[3.0], [3.0]]
    """
    if start.ndim < 2 or not start.numel():
        raise InputError(f"expected weights of at least one start, got {tuple(start.shape)}")
    shape, count = start.shape[1:], 0

    def evaluate(w: Tensor, which: Tensor) -> tuple[Tensor, Tensor]:
        nonlocal count
        count += len(w)
        leaf = w.detach().clone().requires_grad_()
        with torch.enable_grad():
            f = function(leaf.reshape(-1, *shape), which)
            (g,) = torch.autograd.grad(f.sum(), leaf)
        return f.detach(), g

    w = start.detach().flatten(1)
    f, g = evaluate(w, torch.arange(len(w)))
    eye = torch.eye(w.shape[1], dtype=w.dtype).expand(len(w), -1, -1)
    state = _State(w, f, g, eye / g.norm(dim=1).clamp(min=1.0)[:, None, None])
    history, open_ = [f], torch.arange(len(w))
    for step in range(steps):
        open_ = open_[state.g[open_].abs().amax(1) > tolerance]
        if not len(open_):
            break
        state, open_ = _step(evaluate, state, open_, first=step == 0)
        history.append(state.f)
    return Minimum(state.w.reshape(-1, *shape), state.f, torch.stack(history), count)


def _step(
    evaluate: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]],
    state: _State,
    open_: Tensor,
    *,
    first: bool,
) -> tuple[_State, Tensor]:
    """Return all states behind a step, and which starts have moved."""
    w, f, g, H = (part[open_] for part in state)
    p = -torch.einsum("bij,bj->bi", H, g)
    slope = (p * g).sum(1)
    uphill = slope >= 0  # by rounding: begin anew with the gradient
    p, slope = torch.where(uphill[:, None], -g, p), torch.where(uphill, -(g * g).sum(1), slope)
    t, moved = torch.ones_like(f), torch.zeros_like(uphill)
    w_new, f_new, g_new = w.clone(), f.clone(), g.clone()
    for _ in range(HALVINGS):
        rest = torch.nonzero(~moved).flatten()
        if not len(rest):
            break
        tried = w[rest] + t[rest, None] * p[rest]
        value, gradient = evaluate(tried, open_[rest])
        low = f[rest] + ARMIJO * t[rest] * slope[rest]
        good = (value <= low) & (value < f[rest])  # at the floor of rounding neither helps
        at = rest[good]
        w_new[at], f_new[at], g_new[at], moved[at] = tried[good], value[good], gradient[good], True
        t[rest] = t[rest] / 2
    new = _State(w_new, f_new, g_new, _updated(H, w_new - w, g_new - g, first=first))
    merged = [old.clone() for old in state]
    for old, part in zip(merged, new, strict=True):
        old[open_] = part
    return _State(*merged), open_[moved]


def _updated(H: Tensor, s: Tensor, y: Tensor, *, first: bool) -> Tensor:
    """Return the BFGS update of inverse Hessians where the curvature is positive."""
    sy = (s * y).sum(1)
    fits = sy > 1e-10 * s.norm(dim=1) * y.norm(dim=1)
    rho = torch.where(fits, 1 / torch.where(fits, sy, 1.0), 0.0)[:, None, None]
    eye = torch.eye(s.shape[1], dtype=s.dtype)
    if first:  # scaled as in Nocedal and Wright (6.20)
        scale = torch.where(fits, sy / (y * y).sum(1).clamp(min=np.finfo(float).tiny), 1.0)
        H = scale[:, None, None] * eye
    left = eye - rho * s[:, :, None] * y[:, None, :]
    return left @ H @ left.mT + rho * s[:, :, None] * s[:, None, :]
