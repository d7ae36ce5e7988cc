r"""Rosenblatt's perceptron: a threshold unit that learns from its mistakes.

Papers: Rosenblatt, "The perceptron: a probabilistic model for information storage and
organization in the brain", Psychological Review 65 (1958) 386–408. Novikoff, "On convergence
proofs on perceptrons", Symposium on the Mathematical Theory of Automata 12 (1962) 615–622.

.. math:: \hat y = \operatorname{sign}(w \cdot x), \qquad
          w \leftarrow w + \eta\, y\, x \quad \text{where } y\, (w \cdot x) \le 0

Shapes: x (samples, features), y (samples,) of −1 and +1, w (features + 1,); a constant 1 is
appended to every x, so that the last weight is the bias.

Novikoff's theorem: from w = 0 it makes at most (R/γ)² mistakes, where R is the largest |x|
and γ the largest margin that any unit vector keeps to all of the data (`maximum_margin`).
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from nsai.models.margin import signed_samples


@dataclass(frozen=True)
class Trace:
    """What happened while a perceptron learned.

    Attributes
    ----------
    weights
        The start and the weights after each mistake, (mistakes + 1, features + 1).
    survived
        How many presentations each of these weights answered rightly in a row, (mistakes + 1,).
    examples
        Which sample was mistaken each time, (mistakes,).
    converged
        Whether a whole epoch passed without a mistake.
    """

    weights: Float[Tensor, "states weights"]
    survived: Int[Tensor, " states"]
    examples: Int[Tensor, " mistakes"]
    converged: bool

    @property
    def mistakes(self) -> int:
        """Number of updates made."""
        return len(self.examples)

    @property
    def average(self) -> Float[Tensor, " weights"]:
        """Weights averaged over all presentations (Freund and Schapire 1999), (features + 1,)."""
        shown = self.survived.to(self.weights, copy=True)
        shown[1:] += 1  # as in the paper, the update itself counts as one
        return (shown[:, None] * self.weights).sum(0) / shown.sum()


class Perceptron(nn.Module):
    """One linear threshold unit with Rosenblatt's learning rule.

    Parameters
    ----------
    features
        Number of inputs.
    dtype
        Type of the weights.

    Examples
    --------
    >>> x = torch.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    >>> unit = Perceptron(2)
    >>> unit.learn(x, torch.tensor([-1.0, -1, -1, 1])).converged  # AND
    True
    >>> (unit(x) > 0).int().tolist()
    [0, 0, 0, 1]
    """

    weights: Tensor

    def __init__(self, features: int, *, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        if features < 1:
            raise ValueError(f"features must be at least 1, got {features}")
        self.register_buffer("weights", torch.zeros(features + 1, dtype=dtype))

    def forward(self, x: Float[Tensor, "*batch features"]) -> Float[Tensor, "*batch"]:
        """Return w·x, (...); its sign is the answer."""
        return x @ self.weights[:-1] + self.weights[-1]

    def learn(
        self,
        x: Float[Tensor, "samples features"],
        y: Float[Tensor, " samples"],
        *,
        epochs: int = 1000,
        rate: float = 1.0,
        generator: torch.Generator | None = None,
    ) -> Trace:
        """Show the samples one by one, changing the weights at each mistake.

        Parameters
        ----------
        x
            The samples, (samples, features).
        y
            Their classes, −1 or +1, (samples,).
        epochs
            Passes over the samples at most; it stops after one without a mistake.
        rate
            The step η. From zero weights it changes their length and no answer.
        generator
            Shuffles each epoch; None keeps the order of `x`.

        Returns
        -------
        Trace
            Every state on the way; the last one stays in `weights`.

        Raises
        ------
        ValueError
            If a class is neither −1 nor +1, or the shapes disagree.
        """
        if x.shape[-1] != len(self.weights) - 1:
            raise ValueError(f"x must have {len(self.weights) - 1} features, got {x.shape[-1]}")
        z = signed_samples(x, y).to(self.weights)
        w = self.weights.clone()
        states, survived = [w], [0]
        examples: list[int] = []
        converged = False
        for _ in range(epochs):
            before = len(examples)
            order = (
                torch.arange(len(z))
                if generator is None
                else torch.randperm(len(z), generator=generator)
            )
            shown = z[order]
            place = 0
            while place < len(z):
                # All samples up to the next mistake see the same weights: test them at once.
                wrong = (shown[place:] @ w <= 0).nonzero()
                right = int(wrong[0]) if len(wrong) else len(z) - place
                survived[-1] += right
                place += right
                if place < len(z):
                    w = w + rate * shown[place]
                    states.append(w)
                    survived.append(0)
                    examples.append(int(order[place]))
                    place += 1
            if len(examples) == before:
                converged = True
                break
        self.weights.copy_(w)
        return Trace(
            torch.stack(states),
            torch.tensor(survived),
            torch.tensor(examples, dtype=torch.int64),
            converged,
        )


def reachable_weights(
    x: Float[Tensor, "samples features"], y: Float[Tensor, " samples"], *, limit: int = 100_000
) -> Float[Tensor, "states weights"]:
    """Find every weight vector that any order of presentation can lead to from zero.

    On data that no unit separates the perceptron never settles, yet its weights stay bounded
    (the cycling theorem, Block and Levin 1970). For whole-number samples the states can be
    listed, which proves it for these data.

    Parameters
    ----------
    x, y
        Samples and classes as in `Perceptron.learn`; the samples must be whole numbers.
    limit
        Most states to list.

    Raises
    ------
    ValueError
        If a sample is not whole, or there are more than `limit` states.

    Examples
    --------
    >>> len(reachable_weights(torch.tensor([[1.0], [-1.0]]), torch.tensor([1.0, -1.0])))
    4
    """
    z = signed_samples(x, y)
    if not bool((z == z.round()).all()):
        raise ValueError("x must hold whole numbers, or the states never repeat exactly")
    steps = [tuple(row) for row in z.long().tolist()]
    start = (0,) * z.shape[1]
    seen, waiting = {start}, [start]
    while waiting:
        state = waiting.pop()
        for step in steps:
            if sum(a * b for a, b in zip(state, step, strict=True)) <= 0:
                after = tuple(a + b for a, b in zip(state, step, strict=True))
                if after not in seen:
                    seen.add(after)
                    waiting.append(after)
        if len(seen) > limit:
            raise ValueError(f"more than limit = {limit} states can be reached")
    return torch.tensor(sorted(seen)).to(z)
