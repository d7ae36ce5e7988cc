r"""How AlphaZero learns: games against itself, each move searched, inside the one training loop.

A game is played by `search`, with noise at the root; actions are drawn in proportion to the
visits. Every position s of it becomes an example: the visits π and the final outcome z, seen by
the player to move. The network with policy p and value v lowers (Silver et al. 2017, eq. 1)

.. math:: l = (z - v)^2 - \pi^\top \ln p

with weight decay left to the optimizer. Shapes are those of `nsai.models.alphazero`.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from nsai.models.alphazero import Guess, search
from nsai.models.board_games import LineGame


class Examples(NamedTuple):
    """Positions of played games, and what to learn from them.

    Attributes
    ----------
    boards
        Positions seen by the player to move.
    policy
        Share of the visits of each action.
    value
        Outcome for the player to move.
    """

    boards: Bool[Tensor, "positions 2 rows columns"]
    policy: Float[Tensor, "positions actions"]
    value: Float[Tensor, " positions"]


@torch.no_grad()
def play_itself(
    game: LineGame,
    guess: Guess,
    games: int,
    simulations: int,
    *,
    exploration: float = 1.5,
    noise: float = 0.25,
    warm: int | None = None,
    opening: int = 0,
    generator: torch.Generator | None = None,
) -> Examples:
    """Play games side by side, both sides by the same search.

    Parameters
    ----------
    game
        The rules.
    guess
        The network.
    games
        How many.
    simulations, exploration, noise
        As in `search`.
    warm
        Moves of a game that are drawn in proportion to the visits, the later ones take the most
        visited action; None draws them all.
    opening
        Random moves, at most, with which a game begins and that are not learned from; how many is
        drawn for each game. Exploring starts: both sides meet what good players avoid.
    generator
        Source of noise and moves; None takes torch's global one.

    Raises
    ------
    ValueError
        If there are no games, or `opening` is negative.

    Examples
    --------
    >>> from nsai.models.alphazero import uniform_guess
    >>> from nsai.models.board_games import TIC_TAC_TOE
    >>> made = play_itself(TIC_TAC_TOE, uniform_guess(TIC_TAC_TOE), 10, 8)
    >>> 50 <= len(made.value) <= 90, made.policy.sum(1).allclose(torch.tensor(1.0))
    (True, True)
    """
    if games < 1 or opening < 0:
        raise ValueError(f"expected games >= 1 and opening >= 0, got {games} and {opening}")
    boards = _openings(game, games, opening, generator)
    which, outcome = torch.arange(games), torch.zeros(games)
    rounds: list[tuple[Tensor, Tensor, Tensor]] = []
    length = torch.zeros(games)
    while len(which):
        found = search(
            game,
            guess,
            boards,
            simulations,
            exploration=exploration,
            noise=noise,
            generator=generator,
        )
        policy = found.visits / found.visits.sum(1, keepdim=True)
        rounds.append((which, boards, policy))
        if warm is None or len(rounds) <= warm:
            action = policy.multinomial(1, generator=generator)[:, 0]
        else:
            action = policy.argmax(1)
        boards = game.play(boards, action)
        over, value = game.outcome(boards)
        length[which] += 1
        outcome[which[over]] = value[over]
        boards, which = boards[~over], which[~over]
    # The outcome is seen by the player who would move after the last move.
    values = [
        outcome[w] * (1 - 2 * ((length[w] - ply) % 2)) for ply, (w, _, _) in enumerate(rounds)
    ]
    boards_, policies = (torch.cat([r[k] for r in rounds]) for k in (1, 2))
    return Examples(boards_, policies, torch.cat(values))


def _openings(
    game: LineGame, games: int, most: int, generator: torch.Generator | None
) -> Bool[Tensor, "games 2 rows columns"]:
    """Return positions after 0 to `most` random moves, or fewer where the game would be over."""
    boards, wanted = game.start(games), torch.randint(most + 1, (games,), generator=generator)
    for k in range(most):
        action = game.legal(boards).float().multinomial(1, generator=generator)[:, 0]
        after = game.play(boards, action)
        going = (wanted > k) & ~game.outcome(after)[0]
        boards = torch.where(going[:, None, None, None], after, boards)
    return boards


def mirrored(
    game: LineGame, examples: Examples, *, generator: torch.Generator | None = None
) -> Examples:
    """Show each position in one of its symmetric forms, drawn at random.

    Parameters
    ----------
    game
        Gives the symmetries.
    examples
        Positions and their policies.
    generator
        Source of the draws; None takes torch's global one.

    Examples
    --------
    >>> from nsai.models.board_games import TIC_TAC_TOE
    >>> one = Examples(TIC_TAC_TOE.start(1), torch.eye(9)[:1], torch.zeros(1))
    >>> mirrored(TIC_TAC_TOE, one).policy.argmax().item() in (0, 2, 6, 8)
    True
    """
    cells, actions = game.symmetries
    which = torch.randint(len(cells), (len(examples.value),), generator=generator)
    flat = examples.boards.flatten(2)
    boards = flat.gather(2, cells[which][:, None].expand_as(flat)).view_as(examples.boards)
    return Examples(boards, examples.policy.gather(1, actions[which]), examples.value)


def self_play(
    game: LineGame,
    model: nn.Module,
    *,
    rounds: int,
    games: int,
    simulations: int,
    steps: int,
    batch_size: int = 256,
    memory: int = 20_000,
    generator: torch.Generator | None = None,
    **options: Any,
) -> Iterator[Examples]:
    """Yield batches for `fit`: in each round games are played by the model as it is by then.

    Parameters
    ----------
    game
        The rules.
    model
        The network that is being trained.
    rounds
        How often games are played.
    games, simulations
        As in `play_itself`, a round.
    steps
        Batches a round.
    batch_size
        Positions a batch, drawn from the memory with repetition and mirrored at random.
    memory
        How many of the latest positions are kept.
    generator
        Source of all draws.
    options
        More of `play_itself`.

    Raises
    ------
    ValueError
        If a number is below 1.

    Examples
    --------
    >>> from nsai.models.alphazero import PolicyValueNet
    >>> from nsai.models.board_games import TIC_TAC_TOE
    >>> model = PolicyValueNet(TIC_TAC_TOE)
    >>> batches = self_play(TIC_TAC_TOE, model, rounds=2, games=4, simulations=4, steps=3)
    >>> len(list(batches))
    6
    """
    if min(rounds, games, steps, batch_size, memory) < 1:
        raise ValueError("rounds, games, steps, batch_size and memory must be at least 1")
    kept: Examples | None = None
    for _ in range(rounds):
        made = play_itself(game, model, games, simulations, generator=generator, **options)
        if kept is not None:
            made = Examples(*(torch.cat(both)[-memory:] for both in zip(kept, made, strict=True)))
        kept = made
        for _ in range(steps):
            draw = torch.randint(len(kept.value), (batch_size,), generator=generator)
            yield mirrored(game, Examples(*(part[draw] for part in kept)), generator=generator)


def alphazero_loss(model: Guess, batch: Examples) -> Float[Tensor, ""]:
    """Return (z − v)² − πᵀ ln p, the mean over a batch.

    Parameters
    ----------
    model
        Returns the logits of the policy and the value.
    batch
        As `self_play` yields it.

    Notes
    -----
    The logits of illegal actions are not masked here: the search never visits these, so that the
    network learns to give them no weight.

    References
    ----------
    Silver et al. 2017, Nature 550, eq. 1.

    Examples
    --------
    >>> from nsai.models.alphazero import uniform_guess
    >>> from nsai.models.board_games import TIC_TAC_TOE
    >>> batch = Examples(TIC_TAC_TOE.start(2), torch.eye(9)[:2], torch.tensor([1.0, -1]))
    >>> alphazero_loss(uniform_guess(TIC_TAC_TOE), batch).item()  # 1 + ln 9
    3.197...
    """
    logits, value = model(batch.boards)
    return F.mse_loss(value, batch.value) + F.cross_entropy(logits, batch.policy)
