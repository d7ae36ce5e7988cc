"""Train networks that read sequences, time first, and count their errors."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from nsai.training.batches import minibatches
from nsai.training.fit import History, fit


def temporal_scores(
    model: nn.Module, x: Float[Tensor, "time samples ..."]
) -> Float[Tensor, "samples classes"]:
    """Return the log of the mean over time of a network's class probabilities.

    Parameters
    ----------
    model
        Takes (time, samples, ...) and returns a readout (time, samples, classes), and perhaps more.
    x
        Sequences.

    Examples
    --------
    >>> class Ear(nn.Module):
    ...     def forward(self, x):
    ...         return x, None
    >>> temporal_scores(Ear(), torch.zeros(5, 1, 2)).exp()
    tensor([[0.5000, 0.5000]])
    """
    found = model(x)
    readout = found[0] if isinstance(found, tuple) else found
    return readout.softmax(-1).mean(0).clamp(min=1e-8).log()


def train_temporal(
    model: nn.Module,
    x: Float[Tensor, "time samples ..."],
    y: Int[Tensor, " samples"],
    *,
    epochs: int,
    rate: float,
    batch_size: int,
    generator: torch.Generator,
    on_epoch: Callable[[int], None] | None = None,
    clip: float | None = 1.0,
) -> History:
    """Train in place with Adam under a one-cycle schedule.

    Parameters
    ----------
    model
        See `temporal_scores`.
    x, y
        Sequences of numbers, or of bytes to save memory, and their classes.
    epochs
        Passes over the sequences.
    rate
        Highest learning rate.
    batch_size
        Sequences a step.
    generator
        Source of the shuffles, on the CPU.
    on_epoch
        Called with the number of an epoch, from 0, before it; to anneal what a model has.
    clip
        Largest norm of the gradient.

    Returns
    -------
    History
        Losses of every step.

    Raises
    ------
    ValueError
        If there are not as many classes as sequences.

    Examples
    --------
    >>> from nsai.training import train_temporal
    >>> x = torch.randint(2, (1, 40, 1)).float().expand(5, 40, 1)
    >>> model = nn.Linear(1, 2)
    >>> history = train_temporal(model, x, x[0, :, 0].long(), epochs=20, rate=0.5, batch_size=10,
    ...                          generator=torch.Generator().manual_seed(0))
    >>> temporal_errors(model, x, x[0, :, 0].long())
    0.0
    """
    if x.shape[1] != len(y):
        raise ValueError(f"expected {x.shape[1]} classes, one a sequence, got {len(y)}")
    steps = epochs * -(-len(y) // batch_size)
    optimizer = torch.optim.Adam(model.parameters(), rate, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps + 1)
    history = History()

    def loss(model: nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
        (chosen,) = batch
        return F.nll_loss(temporal_scores(model, x[:, chosen].float()), y[chosen])

    for epoch in range(epochs):
        if on_epoch is not None:
            on_epoch(epoch)
        order = torch.arange(len(y))
        batches = minibatches(order, batch_size=batch_size, epochs=1, generator=generator)
        found = fit(model, batches, loss, optimizer, schedule=schedule, clip=clip)
        history.loss += found.loss
    return history


@torch.no_grad()
def temporal_errors(
    model: nn.Module,
    x: Float[Tensor, "time samples ..."],
    y: Int[Tensor, " samples"],
    batch_size: int = 256,
) -> float:
    """Return the share of sequences that are taken for another class; see `train_temporal`."""
    model.eval()
    parts = zip(x.split(batch_size, 1), y.split(batch_size), strict=True)
    wrong = sum(
        int((temporal_scores(model, part.float()).argmax(1) != labels).sum())
        for part, labels in parts
    )
    model.train()
    return wrong / len(y)
