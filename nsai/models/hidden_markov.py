r"""A hidden Markov model: a language whose every guess is known in closed form.

Papers: Baum, Petrie, Soules and Weiss, "A maximization technique occurring in the statistical
analysis of probabilistic functions of Markov chains", Annals of Mathematical Statistics 41 (1970);
Rabiner, "A tutorial on hidden Markov models", Proceedings of the IEEE 77 (1989), equations 19–25.

A state walks by a matrix A and emits at each place a symbol by a matrix B. What is seen of the
symbol x at place t enters as evidence e_t(x) = p(seen at t | x): one at every symbol where nothing
is seen, one at a single symbol where it is plain. With :math:`b_t(s) = \sum_x B_{sx}\, e_t(x)`,

.. math:: \alpha_{t+1} = A^\top (\alpha_t \odot b_t), \qquad
          \beta_t = A\, (\beta_{t+1} \odot b_{t+1}), \qquad
          p(x_t \mid \text{seen elsewhere}) \propto \sum_s \alpha_t(s)\, \beta_t(s)\, B_{s x_t} .

Without β it is the guess of one who reads from left to right.

Shapes: start (states,), A (states, states), B (states, symbols), evidence (rows, time, symbols).
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor


class HiddenMarkov:
    """A hidden Markov model with known matrices.

    Parameters
    ----------
    start
        Probabilities of the first state, (states,).
    transition
        A, probabilities of the next state, (states, states).
    emission
        B, probabilities of the symbol, (states, symbols).

    Raises
    ------
    ValueError
        If the shapes disagree or a row is no distribution.

    Examples
    --------
    A chain that goes from 0 to 1 to 2 and back to 0, seen as it is:

    >>> chain = HiddenMarkov(torch.ones(3) / 3, torch.eye(3).roll(1, 1), torch.eye(3))
    >>> hidden_in_the_middle = torch.tensor([[[1.0, 0, 0], [1, 1, 1], [0, 0, 1]]])
    >>> chain.guesses(hidden_in_the_middle)[0, 1].tolist()
    [0.0, 1.0, 0.0]
    """

    def __init__(
        self,
        start: Float[Tensor, " states"],
        transition: Float[Tensor, "before after"],
        emission: Float[Tensor, "speaker symbols"],
    ) -> None:
        states = len(start)
        if transition.shape != (states, states) or len(emission) != states:
            shapes = [tuple(part.shape) for part in (start, transition, emission)]
            raise ValueError(f"expected (n,), (n, n) and (n, symbols), got {shapes}")
        for name, part in {"start": start, "transition": transition, "emission": emission}.items():
            rows = part.double().sum(-1)
            if bool((part < 0).any()) or not torch.allclose(rows, torch.ones_like(rows)):
                raise ValueError(f"every row of {name} must be a distribution")
        self.start, self.transition, self.emission = (
            part.double() for part in (start, transition, emission)
        )

    @property
    def symbols(self) -> int:
        """How many symbols there are."""
        return self.emission.shape[1]

    def sample(self, rows: int, time: int, generator: torch.Generator) -> Int[Tensor, "rows time"]:
        """Draw sequences.

        Parameters
        ----------
        rows, time
            Number of sequences, and symbols in each.
        generator
            Source of the draws, on the CPU.
        """
        state = torch.multinomial(self.start.expand(rows, -1), 1, generator=generator)[:, 0]
        symbols = []
        for _ in range(time):
            symbols.append(torch.multinomial(self.emission[state], 1, generator=generator))
            state = torch.multinomial(self.transition[state], 1, generator=generator)[:, 0]
        return torch.cat(symbols, 1)

    def plain(self, tokens: Int[Tensor, "rows time"]) -> Float[Tensor, "rows time symbols"]:
        """Return the evidence of symbols that are seen; all others give no evidence at all.

        Parameters
        ----------
        tokens
            Sequences; a number that is none of the symbols, such as that of a mask, is unseen.
        """
        known = (tokens >= 0) & (tokens < self.symbols)
        seen = F.one_hot(tokens.where(known, 0), self.symbols).double()
        return torch.where(known[..., None], seen, 1.0)

    def guesses(
        self, evidence: Float[Tensor, "rows time symbols"], *, both_sides: bool = True
    ) -> Float[Tensor, "rows time symbols"]:
        """Return the distribution of each symbol given what is seen at *other* places.

        Parameters
        ----------
        evidence
            Probability of what is seen at a place, for each symbol that may stand there; scale is
            of no matter.
        both_sides
            Whether later places count as well as earlier ones.

        Raises
        ------
        ValueError
            If the evidence is not for this many symbols, is negative, or cannot have come about.
        """
        if evidence.shape[-1] != self.symbols or bool((evidence < 0).any()):
            shape = tuple(evidence.shape)
            raise ValueError(f"evidence must be at least 0, (.., .., {self.symbols}), got {shape}")
        likelihood = evidence.double() @ self.emission.T  # rows, time, states
        ahead = [self.start.expand(len(evidence), -1)]
        for b in likelihood.unbind(1)[:-1]:
            ahead.append(_normal(ahead[-1] * b) @ self.transition)
        weight = torch.stack(ahead, 1)
        if both_sides:
            back = [torch.ones_like(weight[:, 0])]
            for b in likelihood.unbind(1)[:0:-1]:
                back.append(_normal(back[-1] * b) @ self.transition.T)
            weight = weight * torch.stack(back[::-1], 1)
        return _normal(weight @ self.emission)


def _normal(weight: Tensor) -> Tensor:
    total = weight.sum(-1, keepdim=True)
    if not bool((total > 0).all()):
        raise ValueError("evidence must be possible: a sequence has probability 0")
    return weight / total
