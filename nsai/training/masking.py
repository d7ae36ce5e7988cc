r"""Masked prediction: hide some symbols of a sequence, and learn to say which they were.

Paper: Devlin et al., "BERT", NAACL 2019, section 3.1 and appendix C.2. Each place is chosen with
probability 0.15. Of the chosen ones, 80 % show the mask, 10 % a symbol drawn at random and 10 % the
symbol itself; the loss counts the chosen places and no others. With K symbols, what is seen, y,
comes from what stands there, x, by

.. math:: p(y \mid x, \text{chosen}) = \begin{cases} r & y = \text{mask} \\
          q / K + (1 - r - q)\,[y = x] & \text{else} \end{cases}, \qquad
          p(y \mid x) = c\, p(y \mid x, \text{chosen}) + (1 - c)\,[y = x]

for c = 0.15, r = 0.8, q = 0.1, so that the best possible answer can be computed where the language
is known.

Shapes: tokens (batch, time).
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from nsai.models.bert import MaskedBert
from nsai.training.fit import fit
from nsai.training.history import History
from nsai.training.muon import Muon
from nsai.training.schedule import warmup_then_decay


class Masked(NamedTuple):
    """Sequences with hidden symbols.

    Attributes
    ----------
    tokens
        What is shown, (batch, time).
    chosen
        The places that are asked, (batch, time).
    targets
        What stood there before, (batch, time).
    """

    tokens: Int[Tensor, "batch time"]
    chosen: Bool[Tensor, "batch time"]
    targets: Int[Tensor, "batch time"]


@dataclass(frozen=True)
class Masking:
    """A rule by which symbols are hidden.

    Parameters
    ----------
    symbols
        Number of ordinary symbols, those from 0 on.
    mask
        The symbol that is shown in place of a hidden one.
    share
        Chance of a place to be chosen.
    replaced
        Chance of a chosen one to show the mask.
    scrambled
        Chance of a chosen one to show a symbol drawn at random.

    Raises
    ------
    ValueError
        If a chance is outside [0, 1], the last two add up to more than 1, there is no symbol, or
        the mask is one of them.

    Examples
    --------
    >>> rule = Masking(symbols=10, mask=10, share=0.5, replaced=1.0, scrambled=0.0)
    >>> shown = rule(torch.arange(4)[None], torch.Generator().manual_seed(0))
    >>> shown.tokens.tolist(), shown.chosen.int().tolist()
    ([[10, 1, 10, 10]], [[1, 0, 1, 1]])
    """

    symbols: int
    mask: int
    share: float = 0.15
    replaced: float = 0.8
    scrambled: float = 0.1

    def __post_init__(self) -> None:
        chances = {name: getattr(self, name) for name in ("share", "replaced", "scrambled")}
        for name, chance in chances.items():
            if not 0 <= chance <= 1:
                raise ValueError(f"{name} must lie in [0, 1], got {chance}")
        if self.replaced + self.scrambled > 1 + 1e-9:
            total = self.replaced + self.scrambled
            raise ValueError(f"replaced + scrambled must be at most 1, got {total}")
        if self.symbols < 1 or 0 <= self.mask < self.symbols:
            raise ValueError(
                f"expected symbols >= 1 and a mask outside of them, got {self.symbols} and "
                f"{self.mask}"
            )

    def __call__(
        self,
        tokens: Int[Tensor, "batch time"],
        generator: torch.Generator,
        *,
        allowed: Bool[Tensor, "batch time"] | None = None,
    ) -> Masked:
        """Hide symbols.

        Parameters
        ----------
        tokens
            Sequences.
        generator
            Source of the choices, on the CPU.
        allowed
            Places that may be chosen; None means all. Padding and separators should not be.
        """
        chance = torch.rand(tokens.shape, generator=generator)
        chosen = chance < self.share
        if allowed is not None:
            chosen &= allowed.cpu()
        fate = torch.rand(tokens.shape, generator=generator)
        drawn = torch.randint(self.symbols, tokens.shape, generator=generator)
        hidden = (chosen & (fate < self.replaced)).to(tokens.device)
        wrong = chosen & (fate >= self.replaced) & (fate < self.replaced + self.scrambled)
        shown = torch.where(wrong.to(tokens.device), drawn.to(tokens.device), tokens)
        return Masked(shown.masked_fill(hidden, self.mask), chosen.to(tokens.device), tokens)

    def evidence(
        self, shown: Int[Tensor, "batch time"], *, chosen: bool = False
    ) -> Float[Tensor, "batch time symbols"]:
        """Return p(what is shown | the symbol), for each symbol that may stand there.

        Parameters
        ----------
        shown
            Sequences after hiding.
        chosen
            Whether it is known that a place was chosen, as it is of one that is asked; otherwise
            the chance of that counts in.
        """
        share = 1.0 if chosen else self.share
        masked = shown == self.mask
        same = F.one_hot(shown.masked_fill(masked, 0), self.symbols).double()
        right = 1 - share * (self.replaced + self.scrambled)
        seen = share * self.scrambled / self.symbols + right * same
        return torch.where(masked[..., None], share * self.replaced, seen)


def masked_loss(model: nn.Module, batch: Masked) -> Float[Tensor, ""]:
    """Return the mean of −log p of what stood at the chosen places, in nats; 0 if there are none.

    Parameters
    ----------
    model
        Gives logits (batch, time, symbols) for tokens (batch, time).
    batch
        As `Masking` makes it.

    Examples
    --------
    >>> model = nn.Embedding.from_pretrained(torch.zeros(4, 4))
    >>> rule = Masking(symbols=3, mask=3, share=1.0)
    >>> shown = rule(torch.tensor([[0, 1, 2]]), torch.Generator().manual_seed(0))
    >>> round(masked_loss(model, shown).item(), 4)  # log 4
    1.3863
    """
    logits = model(batch.tokens)[batch.chosen]
    total = F.cross_entropy(logits, batch.targets[batch.chosen], reduction="sum")
    return total / max(1, len(logits))


def train_masked(
    model: MaskedBert,
    sequences: Int[Tensor, "rows time"],
    rule: Masking,
    *,
    batch_size: int,
    generator: torch.Generator,
    rate: float = 0.02,
    other_rate: float = 0.01,
    evaluate: Callable[[nn.Module], Any] | None = None,
    evaluate_every: int = 0,
    checkpoint: Path | None = None,
) -> History:
    """Learn to fill gaps in place, in one pass over sequences, each hidden anew.

    Muon moves the matrices of the blocks and AdamW all other weights; both rates rise for a
    twentieth of the steps and then fall to nothing in a straight line.

    Parameters
    ----------
    model
        The network, on the device of `sequences`.
    sequences
        What to read, in this order.
    rule
        What is hidden.
    batch_size
        Sequences a step.
    generator
        Source of the gaps, on the CPU.
    rate, other_rate
        Highest learning rates of Muon and of AdamW.
    evaluate, evaluate_every, checkpoint
        As in `fit`.

    Returns
    -------
    History
        Losses and evaluations.

    Examples
    --------
    >>> from nsai.models.bert import Bert
    >>> g = torch.Generator().manual_seed(0)
    >>> _ = torch.manual_seed(0)
    >>> model = MaskedBert(Bert(4, block=6, layers=1, heads=2, width=16, spread=0.2))
    >>> turns = (torch.arange(6) + torch.randint(3, (6400, 1), generator=g)) % 3  # 0 1 2 0 1 2
    >>> history = train_masked(model, turns, Masking(3, 3), batch_size=32, generator=g)
    >>> history.loss[0] > 1 and sum(history.loss[-10:]) / 10 < 0.2
    True
    """
    matrices = [p for p in model.bert.blocks.parameters() if p.ndim == 2]
    others = [p for p in model.parameters() if all(p is not matrix for matrix in matrices)]
    optimizer = Muon(matrices, others, rate=rate, other_rate=other_rate)
    batches = sequences.split(batch_size)
    steps = len(batches)
    schedule = warmup_then_decay(optimizer, warmup=steps // 20, steps=steps, shape="linear")
    return fit(
        model,
        (rule(batch, generator) for batch in batches),
        masked_loss,
        optimizer,
        schedule=schedule,
        clip=1.0,
        total=steps,
        evaluate=evaluate,
        evaluate_every=evaluate_every,
        checkpoint=checkpoint,
    )
