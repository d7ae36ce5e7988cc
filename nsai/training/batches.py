"""Batches as iterators that know where they are: shuffled, or windows of a sequence."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor


def minibatches(
    *tensors: Tensor, batch_size: int, epochs: int, generator: torch.Generator
) -> Iterator[tuple[Tensor, ...]]:
    """Return shuffled minibatches for a number of epochs.

    Parameters
    ----------
    tensors
        Aligned tensors, each of shape (samples, ...).
    batch_size
        Samples a batch; the last batch of an epoch may be smaller.
    epochs
        Passes over the data.
    generator
        Source of the shuffles, on the CPU.

    Returns
    -------
    iterator of tuples of Tensor
        One slice of each tensor, (batch, ...).

    Examples
    --------
    >>> x = torch.arange(5)
    >>> g = torch.Generator().manual_seed(0)
    >>> [len(batch) for (batch,) in minibatches(x, batch_size=2, epochs=1, generator=g)]
    [2, 2, 1]
    """
    if len({len(t) for t in tensors}) != 1:
        raise ValueError(f"tensors must have the same length, got {[len(t) for t in tensors]}")
    if batch_size < 1 or epochs < 0:
        raise ValueError(f"expected batch_size >= 1, epochs >= 0; got {batch_size}, {epochs}")
    samples = len(tensors[0])

    def draw() -> Sequence[Tensor]:
        return torch.randperm(samples, generator=generator).split(batch_size)

    def take(chosen: Tensor) -> tuple[Tensor, ...]:
        return tuple(t[chosen.to(t.device)] for t in tensors)

    return Epochs(draw, take, epochs, generator)


class Epochs(Iterator[tuple[Tensor, ...]]):
    """Batches drawn anew for each epoch; goes on from a state to the same batches.

    Parameters
    ----------
    draw
        Returns which samples make each batch of an epoch, int64 (batch,) each.
    take
        Takes the samples of a batch and returns their slices.
    epochs
        How often to draw.
    generator
        What `draw` draws from.
    """

    def __init__(
        self,
        draw: Callable[[], Sequence[Tensor]],
        take: Callable[[Tensor], tuple[Tensor, ...]],
        epochs: int,
        generator: torch.Generator,
    ) -> None:
        self.draw, self.take, self.epochs, self.generator = draw, take, epochs, generator
        self.order: list[Tensor] = []
        self.epoch = self.used = 0

    def __next__(self) -> tuple[Tensor, ...]:
        if self.used >= len(self.order):
            if self.epoch >= self.epochs:
                raise StopIteration
            self.order = [chosen for chosen in self.draw() if len(chosen)]
            self.epoch, self.used = self.epoch + 1, 0
            if not self.order:
                raise StopIteration
        self.used += 1
        return self.take(self.order[self.used - 1])

    def state_dict(self) -> dict[str, Any]:
        """Return where the iterator and its generator are."""
        place = {"order": self.order, "epoch": self.epoch, "used": self.used}
        return {**place, "generator": self.generator.get_state()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go to where another such iterator was."""
        self.order, self.epoch, self.used = (state_dict[k] for k in ("order", "epoch", "used"))
        self.generator.set_state(state_dict["generator"])


def windows(
    tokens: Tensor, *, length: int, batch_size: int, steps: int, generator: torch.Generator
) -> Iterator[tuple[Tensor, Tensor]]:
    """Return random windows of a token sequence with their next-token targets.

    Parameters
    ----------
    tokens
        The sequence, int64 (tokens,).
    length
        Tokens a window.
    batch_size
        Windows a batch.
    steps
        Number of batches.
    generator
        Source of the offsets, on the CPU.

    Returns
    -------
    iterator of tuples of Tensor
        Inputs and targets, both int64 (batch_size, length); targets are one token later.

    Examples
    --------
    >>> g = torch.Generator().manual_seed(0)
    >>> x, y = next(windows(torch.arange(9), length=3, batch_size=2, steps=1, generator=g))
    >>> bool((y == x + 1).all())
    True
    """
    if tokens.ndim != 1 or len(tokens) <= length:
        shape = tuple(tokens.shape)
        raise ValueError(f"tokens must have shape (n,) with n > length = {length}, got {shape}")
    return _Windows(tokens, length, batch_size, steps, generator)


class _Windows(Iterator[tuple[Tensor, Tensor]]):
    """Goes on from a state to the same batches."""

    def __init__(
        self, tokens: Tensor, length: int, size: int, steps: int, generator: torch.Generator
    ) -> None:
        self.tokens, self.size, self.steps, self.generator = tokens, size, steps, generator
        self.span = torch.arange(length + 1)
        self.used = 0

    def __next__(self) -> tuple[Tensor, Tensor]:
        if self.used >= self.steps:
            raise StopIteration
        self.used += 1
        most = len(self.tokens) - len(self.span) + 1
        start = torch.randint(most, (self.size, 1), generator=self.generator)
        chunk = self.tokens[(start + self.span).to(self.tokens.device)]
        return chunk[:, :-1], chunk[:, 1:]

    def state_dict(self) -> dict[str, Any]:
        return {"used": self.used, "generator": self.generator.get_state()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.used = state_dict["used"]
        self.generator.set_state(state_dict["generator"])
