"""Train many small classifiers side by side: seeds, data sets and learning rates at once."""

import math
from collections.abc import Callable, Iterator, Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int, Num
from torch import Tensor, nn

from nsai.training.fit import fit

Criterion = Callable[[Tensor, Tensor], Tensor]


class _ScaledAdam(torch.optim.Adam):
    """Adam whose step differs by copy, the first axis of each weight."""

    def __init__(self, weights: list[nn.Parameter], rates: Tensor, steps: int) -> None:
        super().__init__(weights, lr=1.0)
        self.rates, self.steps, self.taken = rates, steps, 0

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Take a step of Adam, shortened to each copy's rate at this time."""
        weights = self.param_groups[0]["params"]
        before = [w.clone() for w in weights]
        super().step(closure)
        now = self.rates * (1 + math.cos(math.pi * self.taken / self.steps)) / 2
        for old, w in zip(before, weights, strict=True):
            w.copy_(torch.lerp(old, w, now.to(w).reshape(-1, *[1] * (w.ndim - 1))))
        self.taken += 1


def train_copies(
    model: nn.Module,
    x: Num[Tensor, "copies samples ..."],
    y: Int[Tensor, "copies samples"],
    *,
    steps: int,
    rates: Float[Tensor, " rates"],
    batch_size: int,
    generator: torch.Generator,
    criterion: Criterion = F.cross_entropy,
) -> Float[Tensor, " steps"]:
    """Train in place with Adam, each copy on its own samples and at its own learning rate.

    Rates fall along half a cosine. A step of Adam does not depend on the scale of its gradient, so
    that copies do not disturb each other although their losses are added.

    Parameters
    ----------
    model
        Takes (copies, batch, ...) and returns scores (copies, batch, classes); all of its weights
        have the copies as their first axis, as those of `Copies` do.
    x, y
        Samples and classes of each copy.
    steps
        Number of steps.
    rates
        Learning rate of each copy at the start.
    batch_size
        Samples a step, drawn anew and alike for all copies, each time without repetition.
    generator
        Source of the batches, on the CPU.
    criterion
        Takes scores (samples, classes) and classes and returns their mean loss.

    Returns
    -------
    Tensor
        Loss at each step, the mean over copies.

    Raises
    ------
    ValueError
        If a weight or `rates` do not have the copies as their first axis.

    Examples
    --------
    >>> from nsai.models import Copies
    >>> _ = torch.manual_seed(0)
    >>> g = torch.Generator().manual_seed(0)
    >>> x = torch.randn(2, 100, 3, generator=g)
    >>> y = (x[:, :, 0] > 0).long()
    >>> model = Copies([nn.Linear(3, 2) for _ in range(2)])
    >>> loss = train_copies(model, x, y, steps=200, rates=torch.tensor([0.1, 0.0]), batch_size=50,
    ...                     generator=g)
    >>> copies_right(model, x, y)[0].item() > 0.95
    True
    """
    copies, samples = y.shape
    shapes = [tuple(w.shape) for w in (rates, *model.parameters())]
    wrong = [shape for shape in shapes if not shape or shape[0] != copies]
    if wrong:
        raise ValueError(f"rates and weights must have {copies} copies first, got {wrong[0]}")

    def batches() -> Iterator[Tensor]:
        for _ in range(steps):
            yield torch.randperm(samples, generator=generator)[:batch_size].to(x.device)

    def loss(model: nn.Module, chosen: Tensor) -> Tensor:
        scores = model(x[:, chosen])
        return criterion(scores.flatten(0, 1), y[:, chosen].flatten())

    optimizer = _ScaledAdam(list(model.parameters()), rates.to(x.device), steps)
    return torch.tensor(fit(model, batches(), loss, optimizer, total=steps).loss)


def tune_copies(
    builds: Sequence[Callable[[int], nn.Module]],
    x: Num[Tensor, "sets samples ..."],
    y: Int[Tensor, "sets samples"],
    *,
    learned: int,
    held: int,
    rates: Sequence[float],
    steps: int,
    batch_size: int,
    generator: torch.Generator,
) -> Float[Tensor, " sets"]:
    """Return how often the best of several trials is right, for each data set.

    A trial is a way to build a model and a learning rate. Each is trained on the first samples of
    each set; the one that is right most often on the next ones is tested on the rest. All sets and
    rates of one build are trained at once.

    Parameters
    ----------
    builds
        Each takes a number of copies and returns a model of so many.
    x, y
        Samples and classes of each data set, in random order.
    learned, held
        Samples to learn from, and samples after them to choose a trial by.
    rates
        Learning rates to choose from.
    steps, batch_size, generator
        As in `train_copies`.

    Raises
    ------
    ValueError
        If no samples are left to test on, or there are no trials.

    Examples
    --------
    >>> from nsai.models import Copies
    >>> _ = torch.manual_seed(0)
    >>> g = torch.Generator().manual_seed(0)
    >>> x = torch.randn(3, 200, 2, generator=g)
    >>> y = (x[..., 0] > 0).long()
    >>> def build(count):
    ...     return Copies([nn.Linear(2, 2) for _ in range(count)])
    >>> found = tune_copies([build], x, y, learned=80, held=40, rates=[0.0, 0.1], steps=100,
    ...                     batch_size=20, generator=g)
    >>> found > 0.8
    tensor([True, True, True])
    """
    end = learned + held
    if min(learned, held, len(builds), len(rates)) < 1 or end >= y.shape[1]:
        raise ValueError(
            f"expected trials, and samples to learn, choose and test by, of {y.shape[1]}; got "
            f"{len(builds)} builds, {len(rates)} rates, {learned} and {held} samples"
        )
    many, labels = (torch.cat([v] * len(rates)) for v in (x, y))
    each = torch.tensor(list(rates)).repeat_interleave(len(x))
    chosen, tested = [], []
    for build in builds:
        model = build(len(many)).to(x.device)
        train_copies(
            model,
            many[:, :learned],
            labels[:, :learned],
            steps=steps,
            rates=each,
            batch_size=batch_size,
            generator=generator,
        )
        chosen.append(copies_right(model, many[:, learned:end], labels[:, learned:end]))
        tested.append(copies_right(model, many[:, end:], labels[:, end:]))
    best = torch.cat(chosen).view(-1, len(x)).argmax(0, keepdim=True)
    return torch.cat(tested).view(-1, len(x)).gather(0, best)[0]


@torch.no_grad()
def copies_right(
    model: nn.Module,
    x: Num[Tensor, "copies samples ..."],
    y: Int[Tensor, "copies samples"],
) -> Float[Tensor, " copies"]:
    """Return the share of its samples that each copy classifies rightly.

    Parameters
    ----------
    model
        Takes (copies, samples, ...) and returns scores (copies, samples, classes).
    x, y
        Samples and classes of each copy.

    Examples
    --------
    >>> copies_right(nn.Identity(), torch.eye(2).repeat(3, 1, 1), torch.tensor([[0, 1]] * 3))
    tensor([1., 1., 1.])
    """
    return (model(x).argmax(-1) == y).float().mean(-1)
