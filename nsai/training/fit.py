"""One training loop for every notebook."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from tqdm import tqdm


@dataclass
class History:
    """What a training run measured.

    Attributes
    ----------
    loss
        The training loss at every step.
    evaluations
        Pairs of step (counted from 1) and what `evaluate` returned then.
    """

    loss: list[float] = field(default_factory=list)
    evaluations: list[tuple[int, Any]] = field(default_factory=list)


def fit(
    model: nn.Module,
    batches: Iterable[Any],
    loss: Callable[[nn.Module, Any], Tensor],
    optimizer: torch.optim.Optimizer,
    *,
    schedule: torch.optim.lr_scheduler.LRScheduler | None = None,
    evaluate: Callable[[nn.Module], Any] | None = None,
    evaluate_every: int = 0,
    clip: float | None = None,
    total: int | None = None,
) -> History:
    """Train a model until the batches run out.

    Parameters
    ----------
    model
        The module to train, changed in place.
    batches
        One item a step, on the model's device; see `minibatches` and `windows`.
    loss
        Takes the model and a batch and returns a scalar to minimise.
    optimizer
        Steps once a batch.
    schedule
        Stepped once a batch, after the optimizer.
    evaluate
        Called with the model in evaluation mode and without gradients.
    evaluate_every
        Steps between evaluations; 0 evaluates only after the last step.
    clip
        Largest norm of the gradient.
    total
        Expected number of steps; given, a progress bar is shown on a terminal.

    Returns
    -------
    History
        Losses and evaluations.

    Raises
    ------
    ValueError
        If there are no batches, or `loss` returns no scalar.
    FloatingPointError
        If the loss is NaN or infinite; the message says at which step.

    Examples
    --------
    >>> model = nn.Linear(1, 1)
    >>> x = torch.linspace(-1, 1, 16)[:, None]
    >>> history = fit(model, [(x, 3 * x)] * 200,
    ...               lambda m, batch: nn.functional.mse_loss(m(batch[0]), batch[1]),
    ...               torch.optim.Adam(model.parameters(), lr=0.1))
    >>> history.loss[-1] < 1e-3
    True
    """
    history = History()
    bar = tqdm(batches, total=total, disable=None if total else True, leave=False)
    model.train()
    for step, batch in enumerate(bar, start=1):
        value = loss(model, batch)
        if value.ndim != 0:
            raise ValueError(f"loss must return a scalar, got shape {tuple(value.shape)}")
        history.loss.append(value.item())
        if not math.isfinite(history.loss[-1]):
            raise FloatingPointError(f"loss is {history.loss[-1]} at step {step}")
        optimizer.zero_grad(set_to_none=True)
        value.backward()
        if clip is not None:
            nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
        if schedule is not None:
            schedule.step()
        if evaluate is not None and evaluate_every and step % evaluate_every == 0:
            _evaluate(model, evaluate, step, history)
    if not history.loss:
        raise ValueError("batches is empty: nothing to train on")
    last = len(history.loss)
    if evaluate is not None and (not history.evaluations or history.evaluations[-1][0] != last):
        _evaluate(model, evaluate, last, history)
    return history


def _evaluate(
    model: nn.Module, evaluate: Callable[[nn.Module], Any], step: int, history: History
) -> None:
    model.eval()
    with torch.no_grad():
        history.evaluations.append((step, evaluate(model)))
    model.train()
