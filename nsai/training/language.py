"""Losses of language models: of a batch while learning, and of a whole text afterwards."""

import itertools
from collections.abc import Callable

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from nsai.data.repeats import Repeats


def next_symbol_loss(
    model: nn.Module,
    batch: tuple[Int[Tensor, "batch time"], Int[Tensor, "batch time"]],
) -> Float[Tensor, ""]:
    """Return the mean of −log p of the targets, in nats; on a GPU computed in bfloat16.

    Parameters
    ----------
    model
        Gives logits (batch, time, symbols) for tokens (batch, time).
    batch
        Inputs and targets, as `nsai.training.windows` yields them.

    Examples
    --------
    >>> model = nn.Embedding.from_pretrained(torch.zeros(4, 4))
    >>> x = torch.tensor([[0, 1, 2]])
    >>> round(next_symbol_loss(model, (x, x)).item(), 4)  # log 4
    1.3863
    """
    x, y = batch
    gpu = x.device.type == "cuda"
    with torch.autocast(x.device.type, dtype=torch.bfloat16, enabled=gpu):
        logits = model(x)
    return F.cross_entropy(logits.flatten(0, 1).float(), y.flatten())


@torch.no_grad()
def text_loss(
    model: nn.Module,
    tokens: Int[Tensor, " time"],
    *,
    block: int,
    stride: int | None = None,
    batch_size: int = 64,
) -> float:
    """Return the mean of −log p over a whole text, each symbol predicted once, in nats.

    Windows of `block` places move by `stride`; of each, the last `stride` predictions count, and
    of the first all. A prediction then has at least ``block − stride`` symbols before it, save
    near the beginning of the text. Only the first symbol is never predicted.

    Parameters
    ----------
    model
        Gives logits (batch, time, symbols) for tokens (batch, time); read as it is, so put it in
        evaluation mode first.
    tokens
        The text, int64 (time,).
    block
        Places that the model reads at once.
    stride
        Places from one window to the next; None means `block`: no overlap.
    batch_size
        Windows at once.

    Raises
    ------
    ValueError
        If ``1 <= stride <= block`` does not hold, or the text has fewer than two symbols.

    Examples
    --------
    >>> model = nn.Embedding.from_pretrained(torch.zeros(4, 4))
    >>> round(text_loss(model, torch.tensor([0, 1, 2, 3, 0]), block=2), 4)  # log 4
    1.3863
    """
    stride = block if stride is None else stride
    if not 1 <= stride <= block:
        raise ValueError(f"stride must lie in [1, block = {block}], got {stride}")
    if len(tokens) < 2:
        raise ValueError(f"tokens must have at least two symbols, got {len(tokens)}")
    last = len(tokens) - 1
    block = min(block, last)
    # The final window ends with the text, whatever the stride, and counts what is left.
    ends = [*range(block, last, stride), last]
    counted = [block, *(after - before for before, after in itertools.pairwise(ends))]
    total = 0.0
    for i in range(0, len(ends), batch_size):
        end = torch.tensor(ends[i : i + batch_size])[:, None]
        chunk = tokens[(end + torch.arange(-block, 1)).to(tokens.device)]
        x, y = chunk[:, :-1], chunk[:, 1:]
        with torch.autocast(x.device.type, dtype=torch.bfloat16, enabled=x.is_cuda):
            logits = model(x)
        loss = F.cross_entropy(logits.float().mT, y, reduction="none")
        for row, count in zip(loss, counted[i : i + batch_size], strict=True):
            total += row[block - count :].sum().item()
    return total / last


def known_symbol_loss(model: nn.Module, batch: Repeats) -> Float[Tensor, ""]:
    """Return the mean of −log p of the symbols that can be known, in nats.

    Parameters
    ----------
    model
        Gives logits (rows, length, symbols) for tokens (rows, length).
    batch
        Sequences that repeat themselves.

    Examples
    --------
    >>> model = nn.Embedding.from_pretrained(torch.zeros(4, 4))
    >>> batch = Repeats(torch.tensor([[0, 1, 0, 1]]), torch.tensor([[False, False, True]]))
    >>> round(known_symbol_loss(model, batch).item(), 4)  # log 4
    1.3863
    """
    logits = model(batch.tokens[:, :-1])[batch.known]
    return F.cross_entropy(logits, batch.tokens[:, 1:][batch.known])


@torch.no_grad()
def known_symbols_right(model: Callable[[Tensor], Tensor], batch: Repeats) -> float:
    """Return the share of the symbols that can be known which a model finds likeliest.

    Parameters
    ----------
    model
        Takes tokens (rows, length) and returns logits (rows, length, symbols).
    batch
        As in `known_symbol_loss`.

    Examples
    --------
    >>> model = nn.Embedding.from_pretrained(torch.eye(4).roll(1, 1))  # one more than the last
    >>> batch = Repeats(torch.tensor([[0, 1, 0, 1]]), torch.tensor([[False, True, True]]))
    >>> known_symbols_right(model, batch)
    0.5
    """
    guess = model(batch.tokens[:, :-1]).argmax(-1)
    return (guess == batch.tokens[:, 1:])[batch.known].double().mean().item()
