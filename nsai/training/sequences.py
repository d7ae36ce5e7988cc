"""Train and judge networks that turn one sequence into another."""

import math
from collections.abc import Iterator
from pathlib import Path

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from nsai.models.seq2seq import PAD, START, EncoderDecoder
from nsai.training.batches import Epochs
from nsai.training.fit import fit
from nsai.training.muon import Muon
from nsai.training.schedule import warmup_then_decay

POOL = 50  # batches whose sentences are sorted by length together


def sequence_batches(
    source: Int[Tensor, "sentences places"],
    target: Int[Tensor, "targets time"],
    *,
    batch_size: int,
    epochs: int,
    generator: torch.Generator,
) -> Iterator[tuple[Tensor, ...]]:
    """Return shuffled batches of sentences of nearly the same length, without needless filler.

    Each epoch the sentences are shuffled; every fifty batches of them are sorted by the length of
    their targets, cut, and come in random order.

    Parameters
    ----------
    source, target
        Sentences that end with END, filled up with PAD.
    batch_size
        Sentences a batch; the last of an epoch may be smaller.
    epochs
        Passes over the sentences.
    generator
        Source of the shuffles, on the CPU.

    Returns
    -------
    iterator of tuples of Tensor
        Sources and targets, both int64 (batch, places).

    Raises
    ------
    ValueError
        If the two differ in length, or a count is too small.

    Examples
    --------
    >>> from nsai.training.vocabulary import Vocabulary
    >>> words = Vocabulary.of(["a b c"]).encode(["a", "b a", "c", "a b c"])
    >>> g = torch.Generator().manual_seed(0)
    >>> batches = sequence_batches(words, words, batch_size=2, epochs=1, generator=g)
    >>> sorted(tuple(y.shape) for _, y in batches)
    [(2, 2), (2, 4)]
    """
    if len(source) != len(target):
        raise ValueError(f"expected as many sources as targets, got {len(source)}, {len(target)}")
    if batch_size < 1 or epochs < 0:
        raise ValueError(f"expected batch_size >= 1, epochs >= 0; got {batch_size}, {epochs}")
    lengths = (target != PAD).sum(1).cpu()

    def draw() -> list[Tensor]:
        batches: list[Tensor] = []
        for pool in torch.randperm(len(lengths), generator=generator).split(POOL * batch_size):
            batches += pool[lengths[pool].argsort(stable=True)].split(batch_size)
        mixed = torch.randperm(len(batches), generator=generator)
        return [batches[i] for i in mixed.tolist()]

    def take(chosen: Tensor) -> tuple[Tensor, Tensor]:
        chosen = chosen.to(source.device)
        return trimmed(source[chosen]), trimmed(target[chosen])

    return Epochs(draw, take, epochs, generator)


def trimmed(tokens: Int[Tensor, "batch places"]) -> Int[Tensor, "batch fewer"]:
    """Return the sentences without the places behind the longest.

    Examples
    --------
    >>> trimmed(torch.tensor([[4, 2, 0, 0], [2, 0, 0, 0]]))
    tensor([[4, 2],
            [2, 0]])
    """
    return tokens[:, : int((tokens != PAD).sum(1).max())]


def shifted(target: Int[Tensor, "batch time"]) -> Int[Tensor, "batch time"]:
    """Return what the writer is given: START, and the right words but for the last place.

    Examples
    --------
    >>> shifted(torch.tensor([[4, 5, 2]]))
    tensor([[1, 4, 5]])
    """
    return torch.cat((torch.full_like(target[:, :1], START), target[:, :-1]), 1)


def teacher_forcing_loss(
    model: nn.Module, batch: tuple[Int[Tensor, "batch places"], Int[Tensor, "batch time"]]
) -> Float[Tensor, ""]:
    """Return the mean of −log p of the right words, given the right words before; PAD is left out.

    Parameters
    ----------
    model
        Gives logits (batch, time, symbols) for a source and shifted targets.
    batch
        Sources and targets.

    References
    ----------
    Williams and Zipser, "A learning algorithm for continually running fully recurrent neural
    networks", Neural Computation 1 (1989) 270–280.

    Examples
    --------
    >>> from nsai.models.seq2seq import END, Seq2Seq
    >>> model = Seq2Seq(6, 6, width=2, units=2)
    >>> _ = model.requires_grad_(False).out.weight.zero_(), model.out.bias.zero_()
    >>> words = torch.tensor([[4, 5, END], [4, END, PAD]])
    >>> round(teacher_forcing_loss(model, (words, words)).item(), 4)  # log 6
    1.7918
    """
    source, target = batch
    logits = model(source, shifted(target))
    return F.cross_entropy(logits.flatten(0, 1), target.flatten(), ignore_index=PAD)


def train_sequences(
    model: EncoderDecoder,
    source: Int[Tensor, "sentences places"],
    target: Int[Tensor, "sentences time"],
    *,
    epochs: int,
    rate: float,
    batch_size: int,
    generator: torch.Generator,
    hidden_rate: float | None = None,
    clip: float = 1.0,
    checkpoint: Path | None = None,
) -> Float[Tensor, " steps"]:
    """Train in place by teacher forcing, and return the loss at each step.

    Rates rise for a tenth of the steps, then fall linearly to 0.

    Parameters
    ----------
    model
        Reader and writer, on the device of the sentences.
    source, target
        Sentences that end with END, filled up with PAD.
    epochs, batch_size, generator
        As in `sequence_batches`.
    rate
        Highest rate of Adam.
    hidden_rate
        Given, the matrices take steps of Muon of this size: all but those that read or write words.
    clip
        Largest norm of the gradient.
    checkpoint
        As in `fit`.

    Examples
    --------
    >>> from nsai.models.seq2seq import Seq2Seq
    >>> from nsai.training.vocabulary import Vocabulary
    >>> _ = torch.manual_seed(0)
    >>> g = torch.Generator().manual_seed(0)
    >>> words = Vocabulary.of(["a b"]).encode(["a b", "b a", "a a", "b b"])
    >>> model = Seq2Seq(6, 6, width=8, units=16)
    >>> losses = train_sequences(model, words, words, epochs=100, rate=0.02, batch_size=4,
    ...                          generator=g)
    >>> right_sequences(model, words, words)
    tensor([True, True, True, True])
    """
    batches = sequence_batches(
        source, target, batch_size=batch_size, epochs=epochs, generator=generator
    )
    steps = epochs * math.ceil(len(source) / batch_size)
    outer = ("source.", "target.", "out.")
    weights = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    optimizer: torch.optim.Optimizer
    if hidden_rate is None:
        optimizer = torch.optim.Adam([p for _, p in weights], lr=rate)
    else:
        inner = {n for n, p in weights if p.ndim == 2 and min(p.shape) > 1}
        inner -= {n for n in inner if n.startswith(outer)}
        hidden, others = ([p for n, p in weights if (n in inner) is own] for own in (True, False))
        optimizer = Muon(hidden, others, rate=hidden_rate, other_rate=rate)
    schedule = warmup_then_decay(optimizer, warmup=steps // 10, steps=steps, shape="linear")
    history = fit(
        model,
        batches,
        teacher_forcing_loss,
        optimizer,
        schedule=schedule,
        clip=clip,
        total=steps,
        checkpoint=checkpoint,
    )
    return torch.tensor(history.loss)


@torch.no_grad()
def translate(
    model: EncoderDecoder,
    source: Int[Tensor, "sentences places"],
    *,
    most: int,
    batch_size: int = 500,
) -> Int[Tensor, "sentences time"]:
    """Return what a network writes, word by word, each the likeliest; in evaluation mode.

    Parameters
    ----------
    model
        Reader and writer.
    source
        Sentences that end with END, filled up with PAD.
    most
        Symbols after which to stop.
    batch_size
        Sentences at a time.

    Returns
    -------
    Tensor
        int64 (sentences, most), PAD behind END.
    """
    before = model.training
    model.eval()
    written = source.new_full((len(source), most), PAD)
    for rows in (source != PAD).sum(1).argsort(stable=True).split(batch_size):
        found = model.generate(trimmed(source[rows]), most)
        written[rows, : found.shape[1]] = found
    model.train(before)
    return written


def right_sequences(
    model: EncoderDecoder,
    source: Int[Tensor, "sentences places"],
    target: Int[Tensor, "sentences time"],
    *,
    batch_size: int = 500,
) -> Bool[Tensor, " sentences"]:
    """Return which sentences a network turns into exactly the right ones, END included.

    Parameters
    ----------
    model, source, batch_size
        As in `translate`.
    target
        The right sentences, END behind them, filled up with PAD.
    """
    # One symbol more than the longest: who goes on after the right words is wrong.
    written = translate(model, source, most=target.shape[1] + 1, batch_size=batch_size)
    return (written == F.pad(target, (0, 1), value=PAD)).all(1)
