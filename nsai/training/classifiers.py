"""Train a classifier by one recipe, and count its errors: for comparisons that are fair."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int, Num
from torch import Tensor, nn

from nsai.training.augment import random_shifts
from nsai.training.batches import minibatches
from nsai.training.fit import fit


def train_classifier(
    model: nn.Module,
    x: Num[Tensor, "samples ..."],
    y: Int[Tensor, " samples"],
    *,
    epochs: int,
    rate: float,
    batch_size: int,
    generator: torch.Generator,
    criterion: Callable[[Tensor, Tensor], Tensor] = F.cross_entropy,
    most_shift: int = 0,
) -> Float[Tensor, " steps"]:
    """Train in place with AdamW under a one-cycle schedule, and return the error as it fell.

    Parameters
    ----------
    model
        Takes (batch, ...) and returns scores (batch, classes); on the device of `x`.
    x, y
        Samples and their classes.
    epochs
        Passes over the samples.
    rate
        Highest learning rate, reached after 30 % of the steps.
    batch_size
        Samples a step.
    generator
        Source of the shuffles and shifts, on the CPU.
    criterion
        Takes scores and classes and returns the loss.
    most_shift
        Largest random shift of each image along either axis, in pixels.

    Returns
    -------
    Tensor
        The share of each batch that was classified wrongly before its step.

    References
    ----------
    Loshchilov and Hutter 2019, arXiv:1711.05101. Smith and Topin 2018, arXiv:1708.07120.

    Examples
    --------
    >>> g = torch.Generator().manual_seed(0)
    >>> x = torch.randn(200, 2, generator=g)
    >>> y = (x[:, 0] > 0).long()
    >>> model = nn.Linear(2, 2)
    >>> wrong = train_classifier(model, x, y, epochs=20, rate=0.1, batch_size=20, generator=g)
    >>> len(wrong), error_rate(model, x, y) < 0.05
    (200, True)
    """
    batches: Iterator[Any] = minibatches(
        x, y, batch_size=batch_size, epochs=epochs, generator=generator
    )
    if most_shift:
        batches = random_shifts(batches, most=most_shift, generator=generator)
    steps = epochs * math.ceil(len(x) / batch_size)
    if x.ndim == 4:
        # A third faster on a CPU; torch's stubs do not know the argument.
        model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps)
    wrong: list[Tensor] = []

    def loss(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
        scores = model(batch[0])
        wrong.append((scores.argmax(1) != batch[1]).float().mean())
        return criterion(scores, batch[1])

    fit(model, batches, loss, optimizer, schedule=schedule, total=steps)
    return torch.stack(wrong).cpu()


@torch.no_grad()
def error_rate(
    model: nn.Module,
    x: Num[Tensor, "samples ..."],
    y: Int[Tensor, " samples"],
    *,
    batch_size: int = 1000,
) -> float:
    """Return the share of samples whose highest score is not their class, in evaluation mode.

    Parameters
    ----------
    model
        Takes (batch, ...) and returns scores (batch, classes).
    x, y
        Samples and their classes.
    batch_size
        Samples that are held in memory at a time.

    Examples
    --------
    >>> error_rate(nn.Identity(), torch.eye(4), torch.tensor([0, 1, 2, 0]))
    0.25
    """
    before = model.training
    model.eval()
    pairs = zip(x.split(batch_size), y.split(batch_size), strict=True)
    wrong = sum(int((model(part).argmax(1) != label).sum()) for part, label in pairs)
    model.train(before)
    return wrong / len(x)
