"""Batches as plain iterators: shuffled minibatches, and random windows of a sequence."""

from collections.abc import Iterator

import torch
from torch import Tensor


def minibatches(
    *tensors: Tensor, batch_size: int, epochs: int, generator: torch.Generator
) -> Iterator[tuple[Tensor, ...]]:
    """Yield shuffled minibatches for a number of epochs.

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

    Yields
    ------
    tuple of Tensor
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
    for _ in range(epochs):
        order = torch.randperm(len(tensors[0]), generator=generator)
        for chosen in order.split(batch_size):
            yield tuple(t[chosen.to(t.device)] for t in tensors)


def windows(
    tokens: Tensor, *, length: int, batch_size: int, steps: int, generator: torch.Generator
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield random windows of a token sequence with their next-token targets.

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

    Yields
    ------
    tuple of Tensor
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
    span = torch.arange(length + 1)
    for _ in range(steps):
        start = torch.randint(len(tokens) - length, (batch_size, 1), generator=generator)
        chunk = tokens[(start + span).to(tokens.device)]
        yield chunk[:, :-1], chunk[:, 1:]
