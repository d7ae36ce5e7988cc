"""One training loop for every notebook."""

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn
from tqdm import tqdm

from nsai.training.checkpoints import Checkpoint, Stateful
from nsai.training.history import Best, History

Precision = Literal["float32", "bfloat16", "float16"]


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
    accumulate: int = 1,
    patience: int | None = None,
    precision: Precision = "float32",
    compiled: bool = False,
    checkpoint: Path | None = None,
    checkpoint_every: int = 100,
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
        Steps once for `accumulate` batches.
    schedule
        Stepped after each step of the optimizer.
    evaluate
        Called with the model in evaluation mode and without gradients.
    evaluate_every
        Steps between evaluations; 0 evaluates only after the last step.
    clip
        Largest norm of the gradient.
    total
        Expected number of steps; given, a progress bar is shown on a terminal.
    accumulate
        Batches whose mean loss makes a step: a large batch in little memory.
    patience
        Stop after so many evaluations without a lower one, and go back to the weights of the
        lowest; `evaluate` must return a number.
    precision
        Type of products and activations; weights and sums stay float32. float16 needs a GPU.
    compiled
        Whether `loss` is given ``torch.compile(model)``; its first step takes up to a minute.
    checkpoint
        A file that is written every `checkpoint_every` steps and at the end, and read first if it
        is there: training goes on where it was, to the same weights, bit by bit on a CPU. Batches
        of `minibatches`, `windows` and `random_shifts` know where they were; of others those that
        were used are drawn again, so nothing else may draw from their generator.
    checkpoint_every
        Steps between checkpoints.

    Returns
    -------
    History
        Losses and evaluations, those before a checkpoint included.

    Raises
    ------
    ValueError
        If there are no batches, `loss` returns no scalar, `accumulate`, `patience` or
        `checkpoint_every` is below 1, `patience` comes without `evaluate`, or the checkpoint is of
        another training.
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
    counts = {"accumulate": accumulate, "patience": patience, "checkpoint_every": checkpoint_every}
    for name, count in counts.items():
        if count is not None and count < 1:
            raise ValueError(f"{name} must be at least 1, got {count}")
    if patience is not None and evaluate is None:
        raise ValueError("patience needs evaluate: what should it wait for?")
    history, best = History(), Best()
    batches = iter(batches)
    step_of = _Step(model, loss, optimizer, precision, compiled=compiled, clip=clip)
    kept = None
    if checkpoint is not None:
        parts: dict[str, Stateful] = {
            "model": model,
            "optimizer": optimizer,
            "scaler": step_of.scaler,
        }
        parts |= {} if schedule is None else {"schedule": schedule}
        kept = Checkpoint(checkpoint, parts, batches, history, best, used=accumulate)
        kept.restore()
    quiet = None if total else True
    bar = tqdm(total=total, initial=len(history.loss), disable=quiet, leave=False)
    model.train()
    for group in _groups(batches, accumulate):
        if patience is not None and best.waited >= patience:
            break
        history.loss.append(step_of(group, len(history.loss) + 1))
        step = len(history.loss)
        bar.update()
        if schedule is not None:
            schedule.step()
        if evaluate is not None and evaluate_every and step % evaluate_every == 0:
            _evaluate(model, evaluate, history, best if patience else None)
        if kept is not None and step % checkpoint_every == 0:
            kept.save()
    bar.close()
    if not history.loss:
        raise ValueError("batches is empty: nothing to train on")
    last = len(history.loss)
    if evaluate is not None and (not history.evaluations or history.evaluations[-1][0] != last):
        _evaluate(model, evaluate, history, best if patience else None)
    if kept is not None:
        kept.save()
    if best.weights is not None:
        model.load_state_dict(best.weights)
    return history


def _groups(batches: Iterator[Any], size: int) -> Iterator[list[Any]]:
    """Yield lists of as many batches; the last may be shorter. None is drawn ahead of its use."""
    while True:
        group = [batch for _, batch in zip(range(size), batches, strict=False)]
        if not group:
            return
        yield group


class _Step:
    """One step of the optimizer."""

    def __init__(
        self,
        model: nn.Module,
        loss: Callable[[nn.Module, Any], Tensor],
        optimizer: torch.optim.Optimizer,
        precision: Precision,
        *,
        compiled: bool,
        clip: float | None,
    ) -> None:
        place = next((w.device.type for w in model.parameters()), "cpu")
        if precision == "float16" and place == "cpu":
            raise ValueError("precision 'float16' needs a GPU; on a CPU there is 'bfloat16'")
        self.model, self.loss, self.optimizer, self.clip = model, loss, optimizer, clip
        self.seen: Any = torch.compile(model) if compiled else model
        self.kind = None if precision == "float32" else getattr(torch, precision)
        self.place = place
        self.scaler = torch.amp.GradScaler(place, enabled=precision == "float16")

    def _autocast(self) -> AbstractContextManager[Any]:
        return nullcontext() if self.kind is None else torch.autocast(self.place, self.kind)

    def __call__(self, group: list[Any], step: int) -> float:
        """Take the step and return the mean loss of some batches."""
        mean = 0.0
        for number, batch in enumerate(group):
            with self._autocast():
                value = self.loss(self.seen, batch)
            if value.ndim != 0:
                raise ValueError(f"loss must return a scalar, got shape {tuple(value.shape)}")
            mean += value.item() / len(group)
            if not math.isfinite(mean):
                raise FloatingPointError(f"loss is {mean} at step {step}")
            if number == 0:  # here and not before: a loss may take steps of its own
                self.optimizer.zero_grad(set_to_none=True)
            part = value if len(group) == 1 else value / len(group)
            self.scaler.scale(part).backward()
        if self.clip is not None:
            self.scaler.unscale_(self.optimizer)
            nn.utils.clip_grad_norm_(self.model.parameters(), self.clip)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        return mean


def _evaluate(
    model: nn.Module, evaluate: Callable[[nn.Module], Any], history: History, best: Best | None
) -> None:
    model.eval()
    with torch.no_grad():
        value = evaluate(model)
    model.train()
    history.evaluations.append((len(history.loss), value))
    if best is not None:
        best.see(float(value), model)
