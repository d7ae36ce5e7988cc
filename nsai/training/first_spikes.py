"""Train spiking networks in continuous time to let the right output neuron spike first."""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from nsai.training.batches import minibatches
from nsai.training.fit import History, fit
from spiking import SortedEvents, first_spike_loss


def latencies(x: Float[Tensor, "samples inputs"], longest: float = 30e-3) -> SortedEvents:
    """Return numbers in [0, 1] as spike times, and one more input that spikes at 0.

    Parameters
    ----------
    x
        Numbers.
    longest
        Spike time of 1, in seconds.

    Returns
    -------
    SortedEvents
        Of inputs + 1 neurons; times are float64.

    Examples
    --------
    >>> latencies(torch.tensor([[1.0, 0.5]])).times.tolist()
    [0.0, 0.015, 0.03]
    """
    return SortedEvents.from_times(longest * nn.functional.pad(x.double(), (0, 1)))


def train_first_spikes(
    model: nn.Module,
    x: Float[Tensor, "samples inputs"],
    y: Int[Tensor, " samples"],
    *,
    epochs: int,
    rate: float,
    batch_size: int,
    generator: torch.Generator,
    decay: float = 0.95,
    clip: float | None = None,
    longest: float = 30e-3,
) -> History:
    """Train in place with Adam and a learning rate that falls from epoch to epoch.

    Parameters
    ----------
    model
        Takes events and returns events of as many neurons as there are classes.
    x, y
        Numbers in [0, 1], and classes.
    epochs
        Passes over the samples.
    rate
        Learning rate of the first epoch.
    batch_size
        Samples a step.
    generator
        Source of the shuffles.
    decay
        Factor of the learning rate after an epoch.
    clip
        Largest norm of the gradient.
    longest
        Spike time of 1, in seconds.

    Returns
    -------
    History
        Losses; the evaluations are shares of errors in the batches, one a step.

    References
    ----------
    Wunderlich and Pehle 2021, Scientific Reports 11, and the code of their Yin-Yang experiment.

    Examples
    --------
    >>> from spiking import EventLIF
    >>> g = torch.Generator().manual_seed(0)
    >>> x = torch.rand(40, 1, generator=g)
    >>> model = EventLIF(2, 2, mean=6.0, std=1.0, generator=g)
    >>> y = (x[:, 0] > 0.5).long()
    >>> history = train_first_spikes(
    ...     model, x, y, epochs=3, rate=0.1, batch_size=20, generator=g)
    >>> len(history.loss), history.loss[-1] < history.loss[0]
    (6, True)
    """
    steps = math.ceil(len(x) / batch_size)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate, fused=True)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, steps, decay)
    wrong: list[float] = []

    def loss(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
        times = model(latencies(batch[0], longest)).first_times()
        wrong.append(_errors(times, batch[1]) / len(times))
        return first_spike_loss(times, batch[1])

    batches = minibatches(x, y, batch_size=batch_size, epochs=epochs, generator=generator)
    history = fit(
        model, batches, loss, optimizer, schedule=schedule, clip=clip, total=epochs * steps
    )
    history.evaluations = list(enumerate(wrong, start=1))
    return history


@torch.no_grad()
def first_spike_errors(
    model: nn.Module,
    x: Float[Tensor, "samples inputs"],
    y: Int[Tensor, " samples"],
    *,
    longest: float = 30e-3,
) -> float:
    """Return the share of samples whose right neuron does not spike before all others.

    Parameters
    ----------
    model, x, y, longest
        As in `train_first_spikes`.
    """
    return _errors(model(latencies(x, longest)).first_times(), y) / len(x)


def _errors(times: Tensor, y: Tensor) -> int:
    first, place = times.detach().min(1)
    return int(((place != y) | first.isinf()).sum())
