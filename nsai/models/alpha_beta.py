r"""Alpha–beta search for games of lines with gravity, on boards of bits.

Papers: Knuth and Moore, "An analysis of alpha-beta pruning", Artificial Intelligence 6 (1975)
293–326. Allis, "A knowledge-based approach of Connect-Four", Vrije Universiteit, 1988 (the first
player wins). Tromp, "John's Connect Four Playground", https://tromp.github.io/c4/c4.html.

A board is a pair of whole numbers, a bit a cell: cell (i, j) is bit i + j (rows + 1), so that a
row of zeros above every column keeps lines from running on into the next one. Four stones of m
are in a line if m & (m >> s) & (m >> 2s) & (m >> 3s) is not 0 for a step s of 1, rows, rows + 1 or
rows + 2.

The value of a position is that of `board_games`, searched to a depth. Where that ends the search,
it is a guess below 1: the share of free cells that would complete a line of the player to move,
less that of the other.
"""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from nsai.models.board_games import LineGame


class Choice(NamedTuple):
    """What a search found.

    Attributes
    ----------
    action
        The best action; among equals, the one nearest to the middle.
    value
        What it is worth to the player to move: 1 or −1 for a proven win or loss.
    positions
        Positions that were looked at.
    """

    action: int
    value: float
    positions: int


class AlphaBeta:
    """Search to a fixed depth with a table of positions that were seen.

    Parameters
    ----------
    game
        A game with gravity.
    depth
        Moves to look ahead.

    Raises
    ------
    ValueError
        If the game has no gravity, or the depth is below 1.

    Examples
    --------
    >>> from nsai.models.board_games import CONNECT_FOUR
    >>> board = CONNECT_FOUR.start(1)
    >>> for column in (3, 0, 3, 0, 3, 0):
    ...     board = CONNECT_FOUR.play(board, torch.tensor([column]))
    >>> AlphaBeta(CONNECT_FOUR, 2).choose(board[0])[:2]
    (3, 1.0)
    """

    def __init__(self, game: LineGame, depth: int) -> None:
        if not game.gravity:
            raise ValueError("alpha-beta on bits is for games with gravity")
        if depth < 1:
            raise ValueError(f"depth must be at least 1, got {depth}")
        self.game, self.depth = game, depth
        self.height = game.rows + 1
        column = (1 << game.rows) - 1
        self.columns = [column << (j * self.height) for j in range(game.columns)]
        self.bottoms = [1 << (j * self.height) for j in range(game.columns)]
        self.full = sum(self.columns)
        middle = (game.columns - 1) / 2
        self.order = sorted(range(game.columns), key=lambda j: abs(j - middle))
        self.steps = (1, game.rows, game.rows + 1, game.rows + 2)
        self._seen: dict[tuple[int, int, int], tuple[float, float]] = {}
        self._count = 0

    def bits(self, board: Bool[Tensor, "2 rows columns"]) -> tuple[int, int]:
        """Return the stones of the player to move and of the other, as numbers."""
        both = []
        for plane in board.tolist():
            places = ((i, j) for i, row in enumerate(plane) for j, set_ in enumerate(row) if set_)
            both.append(sum(1 << (i + j * self.height) for i, j in places))
        return both[0], both[1]

    def wins(self, stones: int) -> bool:
        """Return whether some stones hold a line."""
        for step in self.steps:
            line = stones
            for _ in range(self.game.connect - 1):
                line &= line >> step
            if line:
                return True
        return False

    def completing(self, stones: int) -> int:
        """Return the cells of the board that would complete a line of some stones."""
        found, connect = 0, self.game.connect
        for step in self.steps:
            for hole in range(connect):
                line = -1
                for k in range(connect):
                    if k != hole:
                        shift = (k - hole) * step
                        line &= stones >> shift if shift > 0 else stones << -shift
                found |= line
        return found & self.full

    def guess(self, own: int, other: int) -> float:
        """Return what a position seems worth where the search ends, within ±1."""
        free = self.full & ~(own | other)
        ours, theirs = self.completing(own) & free, self.completing(other) & free
        return (ours.bit_count() - theirs.bit_count()) / (self.game.cells + 1)

    def choose(self, board: Bool[Tensor, "2 rows columns"]) -> Choice:
        """Return the best action of a position in which the game is not over.

        Raises
        ------
        ValueError
            If the game is over.
        """
        own, other = self.bits(board)
        if self.wins(other) or own | other == self.full:
            raise ValueError("the game is over")
        self._seen.clear()
        self._count = 0
        best, action = -2.0, -1
        for column in self.order:
            move = self._move(own | other, column)
            if move:
                value = self._worth(own | move, other, self.depth - 1, best, 2.0)
                if value > best:
                    best, action = value, column
        return Choice(action, best, self._count)

    def __call__(self, boards: Bool[Tensor, "batch 2 rows columns"]) -> Int[Tensor, " batch"]:
        """Return the best action of each position, one after the other."""
        return torch.tensor([self.choose(board).action for board in boards], dtype=torch.int64)

    def _move(self, stones: int, column: int) -> int:
        """Return the cell where a stone comes to rest, 0 if the column is full."""
        return (stones + self.bottoms[column]) & self.columns[column]

    def _worth(self, own: int, other: int, depth: int, alpha: float, beta: float) -> float:
        """Return the value to `own`, who has just moved, exact within (alpha, beta)."""
        self._count += 1
        if self.wins(own):
            return 1.0
        if own | other == self.full:
            return 0.0
        if depth == 0:
            return -self.guess(other, own)
        key = (own, other, depth)
        low, high = self._seen.get(key, (-2.0, 2.0))
        alpha, beta = max(alpha, low), min(beta, high)
        if alpha >= beta:
            return low if low >= beta else high
        # The other is to move: it looks for the least of our values, the negative of its own.
        worst, below, start = 2.0, beta, beta
        for column in self.order:
            move = self._move(own | other, column)
            if move:
                value = -self._worth(other | move, own, depth - 1, -below, -alpha)
                worst = min(worst, value)
                below = min(below, value)
                if worst <= alpha:
                    break
        if worst <= alpha:
            high = min(high, worst)
        elif worst >= start:
            low = max(low, worst)
        else:
            low = high = worst
        self._seen[key] = (low, high)
        return worst
