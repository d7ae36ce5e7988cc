"""Two ways to train a GPT: quickly on a processor, and nanoGPT's recipe."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Literal, NamedTuple

import torch
from jaxtyping import Int
from torch import Tensor

from nsai.data.splits import leading_part
from nsai.models.transformer import GPT
from nsai.training.batches import windows
from nsai.training.fit import fit
from nsai.training.groups import weight_decay_groups
from nsai.training.history import History
from nsai.training.language import next_symbol_loss, text_loss
from nsai.training.muon import Muon
from nsai.training.schedule import warmup_then_decay


def encode_characters(
    text: str,
) -> tuple[list[str], Int[Tensor, " lessons"], Int[Tensor, " exam"]]:
    """Number the symbols of a text in their order, and keep its last tenth for validation.

    Returns
    -------
    tuple
        The symbols, and the text in numbers: 90 % to train on and the rest, as nanoGPT cuts it.

    Examples
    --------
    >>> encode_characters("banana_bar")
    (['_', 'a', 'b', 'n', 'r'], tensor([2, 1, 3, 1, 3, 1, 0, 2, 1]), tensor([4]))
    """
    symbols = sorted(set(text))
    number = {symbol: i for i, symbol in enumerate(symbols)}
    train, validation = (
        torch.tensor([number[c] for c in leading_part(text, part)], dtype=torch.long)
        for part in ("train", "validation")
    )
    return symbols, train, validation


def train_gpt(
    model: GPT,
    batches: Iterable[Any],
    *,
    steps: int,
    rate: float = 0.04,
    loss: Callable[..., Tensor] = next_symbol_loss,
    evaluate: Callable[[Any], float] | None = None,
) -> History:
    """Train in place: Muon for the matrices of the blocks, AdamW for all else.

    Rates rise for a twentieth of the steps, then fall linearly to 0; the others' rate is 0.01.

    Parameters
    ----------
    model
        A new model, on the device of the batches.
    batches
        What `loss` takes, at least `steps` of them.
    steps
        Number of steps.
    rate
        Step of the matrices, per singular value.
    loss
        Takes the model and a batch.
    evaluate
        Called ten times on the way; its results are the history's evaluations.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> g = torch.Generator().manual_seed(0)
    >>> model = GPT(5, block=8, layers=1, heads=2, width=8)
    >>> text = torch.arange(200) % 5
    >>> some = windows(text, length=8, batch_size=4, steps=50, generator=g)
    >>> history = train_gpt(model, some, steps=50)
    >>> history.loss[-1] < history.loss[0] / 2
    True
    """
    matrices = [p for p in model.blocks.parameters() if p.ndim == 2]
    inner = set(map(id, matrices))
    others = [p for p in model.parameters() if id(p) not in inner]
    optimizer = Muon(matrices, others, rate=rate, other_rate=0.01, weight_decay=0.1)
    return fit(
        model,
        batches,
        loss,
        optimizer,
        schedule=warmup_then_decay(optimizer, warmup=steps // 20, steps=steps, shape="linear"),
        clip=1.0,
        total=steps,
        evaluate=evaluate,
        evaluate_every=max(1, steps // 10),
    )


class Recipe(NamedTuple):
    """One of the two settings in nanoGPT's README.

    Attributes
    ----------
    block, layers, heads, width, dropout
        As in `GPT`.
    batch
        Windows a step.
    steps
        Number of steps.
    published
        Lowest validation loss on tiny Shakespeare, nats a character.
    """

    block: int
    layers: int
    heads: int
    width: int
    dropout: float
    batch: int
    steps: int
    published: float


NANOGPT: dict[Literal["cpu", "gpu"], Recipe] = {
    "cpu": Recipe(64, 4, 4, 128, 0.0, batch=12, steps=2000, published=1.88),
    "gpu": Recipe(256, 6, 6, 384, 0.2, batch=64, steps=5000, published=1.4697),
}


def train_nanogpt(
    train: Int[Tensor, " time"],
    validation: Int[Tensor, " rest"],
    recipe: Recipe,
    *,
    symbols: int,
    generator: torch.Generator,
    every: int = 250,
    checkpoint: Path | None = None,
) -> tuple[GPT, float]:
    """Train as nanoGPT does; on a GPU compiled and in bfloat16.

    AdamW with a cosine schedule from 1e-3 to 1e-4 after 100 steps of warm-up, decay 0.1 of
    matrices, gradients clipped at 1.

    Parameters
    ----------
    train, validation
        Texts, int64, on the device to train on.
    recipe
        Sizes, from `NANOGPT`.
    symbols
        Size of the vocabulary.
    generator
        Source of the windows.
    every
        Steps from one look at the validation text to the next.
    checkpoint
        As in `fit`.

    Returns
    -------
    model : GPT
        As it is after the last step.
    best : float
        The lowest validation loss seen, in nats a character, as nanoGPT reports it.

    References
    ----------
    Karpathy, nanoGPT, 2022, README and config/train_shakespeare_char.py.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> g = torch.Generator().manual_seed(0)
    >>> text, small = torch.arange(400) % 5, Recipe(8, 1, 2, 16, 0.0, 8, 200, 0.0)
    >>> _, best = train_nanogpt(text[:300], text[300:], small, symbols=5, generator=g, every=100)
    >>> best < 0.5
    True
    """
    gpu = train.is_cuda
    model = GPT(
        symbols,
        block=recipe.block,
        layers=recipe.layers,
        heads=recipe.heads,
        width=recipe.width,
        dropout=recipe.dropout,
    ).to(train.device)
    groups = weight_decay_groups(model, 0.1)
    optimizer = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.99), fused=True)
    batches = windows(
        train,
        length=recipe.block,
        batch_size=recipe.batch,
        steps=recipe.steps,
        generator=generator,
    )

    def judge(_: object) -> float:
        return text_loss(model, validation, block=recipe.block)

    history = fit(
        model,
        batches,
        next_symbol_loss,
        optimizer,
        schedule=warmup_then_decay(optimizer, warmup=100, steps=recipe.steps, floor=0.1),
        clip=1.0,
        total=recipe.steps,
        evaluate=judge,
        evaluate_every=every,
        compiled=gpu,
        precision="bfloat16" if gpu else "float32",
        checkpoint=checkpoint,
    )
    return model, min(loss for _, loss in history.evaluations)
