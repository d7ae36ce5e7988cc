"""Who wins: a player of board games against every reply, against perfect play, against another.

A player is a function that takes positions and returns an action for each, such as a
`nsai.models.alphazero.SearchPlayer` or a `nsai.models.alpha_beta.AlphaBeta`.

Shapes: boards (batch, 2, rows, columns), actions and scores (batch,).
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from nsai.models.board_games import LineGame, Solution

Player = Callable[[Tensor], Tensor]


class Score(NamedTuple):
    """Games of a player against every reply there is.

    Attributes
    ----------
    wins, draws, losses
        Ends of the game that can be reached, different positions counted once.
    """

    wins: int
    draws: int
    losses: int


def against_all_replies(
    game: LineGame, player: Player, *, first: bool, most: int = 100_000
) -> Score:
    """Let a player that always answers alike meet every sequence of replies.

    Parameters
    ----------
    game
        A small game.
    player
        Takes boards and returns actions.
    first
        Whether it makes the first move.
    most
        Positions at one level at most.

    Returns
    -------
    Score
        With no loss here, no opponent whatever can beat this player.

    Raises
    ------
    ValueError
        If there are more positions.

    Examples
    --------
    >>> from nsai.models.board_games import TIC_TAC_TOE
    >>> careless = lambda boards: TIC_TAC_TOE.legal(boards).int().argmax(1)
    >>> against_all_replies(TIC_TAC_TOE, careless, first=True).losses > 0
    True
    """
    boards, ours, ends = game.start(1), first, [0, 0, 0]
    while len(boards):
        if len(boards) > most:
            raise ValueError(f"more than most = {most:,} positions at a level")
        if ours:
            children = game.play(boards, player(boards))
        else:
            parents, actions = game.legal(boards).nonzero(as_tuple=True)
            children = game.play(boards[parents], actions)
        flat = children.flatten(1).unique(dim=0)
        boards = flat.view(-1, *children.shape[1:])
        over, value = game.outcome(boards)
        won = (value < 0) & over  # who has just moved has won
        ends[0 if ours else 2] += int(won.sum())
        ends[1] += int((over & ~won).sum())
        boards, ours = boards[~over], not ours
    return Score(*ends)


def optimal_share(game: LineGame, solution: Solution, player: Player) -> float:
    """Return the share of all positions in which a player's move keeps the value of the game.

    Parameters
    ----------
    game
        The rules.
    solution
        What `solve` found.
    player
        Takes boards and returns actions.

    Examples
    --------
    >>> from nsai.models.board_games import TIC_TAC_TOE, solve
    >>> careless = lambda boards: TIC_TAC_TOE.legal(boards).int().argmax(1)
    >>> 0.3 < optimal_share(TIC_TAC_TOE, solve(TIC_TAC_TOE), careless) < 0.8
    True
    """
    live = ~solution.over
    actions = player(solution.boards[live])
    kept = solution.worth[live].gather(1, actions[:, None])[:, 0] == solution.value[live]
    return float(kept.double().mean())


def match(
    game: LineGame,
    first: Player,
    second: Player,
    boards: Bool[Tensor, "batch 2 rows columns"],
) -> Float[Tensor, " batch"]:
    """Play games out and return 1 where `first`, to move on `boards`, wins, 0.5 if drawn, else 0.

    Parameters
    ----------
    game
        The rules.
    first, second
        Take boards and return actions.
    boards
        Openings; no game may be over.

    Examples
    --------
    >>> from nsai.models.board_games import TIC_TAC_TOE
    >>> careless = lambda boards: TIC_TAC_TOE.legal(boards).int().argmax(1)
    >>> match(TIC_TAC_TOE, careless, careless, TIC_TAC_TOE.start(2))
    tensor([1., 1.])
    """
    score = torch.full((len(boards),), 0.5)
    which, side, players = torch.arange(len(boards)), 0, (first, second)
    while len(which):
        boards = game.play(boards, players[side](boards))
        over, value = game.outcome(boards)
        won = which[over & (value < 0)]
        score[won] = 1.0 - side
        boards, which, side = boards[~over], which[~over], 1 - side
    return score


def score(
    game: LineGame,
    player: Player,
    rival: Player,
    boards: Bool[Tensor, "batch 2 rows columns"],
) -> float:
    """Return a player's mean score, 1 a win and 0.5 a draw, when each side begins each opening.

    Parameters
    ----------
    game, boards
        As in `match`.
    player, rival
        Take boards and return actions.

    Examples
    --------
    >>> from nsai.models.board_games import TIC_TAC_TOE
    >>> careless = lambda boards: TIC_TAC_TOE.legal(boards).int().argmax(1)
    >>> score(TIC_TAC_TOE, careless, careless, TIC_TAC_TOE.start(1))
    0.5
    """
    first, second = match(game, player, rival, boards), match(game, rival, player, boards)
    return float(torch.cat([first, 1 - second]).mean())
