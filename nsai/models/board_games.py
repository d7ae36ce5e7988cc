r"""Games of lines on a board, tic-tac-toe and Connect-4 among them, and how they are searched.

Papers: von Neumann, "Zur Theorie der Gesellschaftsspiele", Mathematische Annalen 100 (1928)
295–320 (minimax). Shannon, "Programming a computer for playing chess", Philosophical Magazine 41
(1950) 256–275. Knuth and Moore, "An analysis of alpha-beta pruning", Artificial Intelligence 6
(1975) 293–326.

Two players set stones by turns; who first has `connect` in a line wins. With gravity a stone falls
to the lowest free row. A position is seen by the player to move, so that the value of a position
is the negative of what it is worth to the other:

.. math:: v(s) = \max_a \bigl[-v(s \cdot a)\bigr]

Shapes: boards (batch, 2, rows, columns), True where the player to move (plane 0) or the other
(plane 1) has a stone; row 0 is the lowest. Actions are cells counted row after row, or columns
with gravity. Values are −1, 0 and 1.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


@dataclass(frozen=True)
class LineGame:
    """The rules, as functions of batches of positions.

    Parameters
    ----------
    rows, columns
        Size of the board.
    connect
        Stones in a row, a column or a diagonal that win.
    gravity
        Whether stones fall; actions are then columns.

    Raises
    ------
    ValueError
        If a number is below 1, or no line fits on the board.

    Examples
    --------
    >>> board = TIC_TAC_TOE.start(1)
    >>> for cell in (0, 3, 1, 4, 2):
    ...     board = TIC_TAC_TOE.play(board, torch.tensor([cell]))
    >>> over, value = TIC_TAC_TOE.outcome(board)  # seen by the one who has just lost
    >>> over.item(), value.item()
    (True, -1.0)
    """

    rows: int
    columns: int
    connect: int
    gravity: bool = False

    def __post_init__(self) -> None:
        if min(self.rows, self.columns, self.connect) < 1:
            raise ValueError(f"rows, columns and connect must be at least 1, got {self}")
        if self.connect > max(self.rows, self.columns):
            raise ValueError(f"no line of {self.connect} fits on {self.rows} × {self.columns}")

    @property
    def cells(self) -> int:
        """Number of cells."""
        return self.rows * self.columns

    @property
    def actions(self) -> int:
        """Number of actions, legal or not."""
        return self.columns if self.gravity else self.cells

    @cached_property
    def lines(self) -> Float[Tensor, "lines cells"]:
        """Every line that wins, 1 in its cells."""
        found = []
        for i in range(self.rows):
            for j in range(self.columns):
                for up, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
                    row = [i + k * up for k in range(self.connect)]
                    column = [j + k * right for k in range(self.connect)]
                    if row[-1] < self.rows and 0 <= column[-1] < self.columns:
                        line = torch.zeros(self.rows, self.columns)
                        line[row, column] = 1
                        found.append(line.flatten())
        return torch.stack(found)

    def start(self, batch: int) -> Bool[Tensor, "batch 2 rows columns"]:
        """Return empty boards."""
        return torch.zeros(batch, 2, self.rows, self.columns, dtype=torch.bool)

    def legal(self, boards: Bool[Tensor, "batch 2 rows columns"]) -> Bool[Tensor, "batch actions"]:
        """Return which actions find a free cell, (batch, actions)."""
        free = ~boards.any(1)
        return free[:, -1] if self.gravity else free.flatten(1)

    def play(
        self, boards: Bool[Tensor, "batch 2 rows columns"], actions: Int[Tensor, " batch"]
    ) -> Bool[Tensor, "batch 2 rows columns"]:
        """Return the positions after one legal action each, seen by the other player.

        Raises
        ------
        ValueError
            If an action is not legal.
        """
        which = torch.arange(len(boards))
        if not bool(self.legal(boards)[which, actions].all()):
            raise ValueError("an action is not legal: its cell or column is full")
        if self.gravity:
            row, column = boards.any(1)[which, :, actions].sum(1), actions
        else:
            row, column = actions // self.columns, actions % self.columns
        after = boards.flip(1)
        after[which, 1, row, column] = True
        return after

    def outcome(
        self, boards: Bool[Tensor, "batch 2 rows columns"]
    ) -> tuple[Bool[Tensor, " batch"], Float[Tensor, " batch"]]:
        """Return which games are over, and their value to the player to move: −1, or 0 if drawn."""
        lost = (boards[:, 1].flatten(1).float() @ self.lines.T == self.connect).any(1)
        return lost | boards.any(1).flatten(1).all(1), 0 - lost.float()

    def key(self, boards: Bool[Tensor, "batch 2 rows columns"]) -> Int[Tensor, " batch"]:
        """Return a number that tells positions apart: base 3, a digit a cell.

        Raises
        ------
        ValueError
            If the board has more than 39 cells, whose numbers do not fit.
        """
        if self.cells > 39:
            raise ValueError(f"key is for at most 39 cells, got {self.cells}")
        digits = boards[:, 0].long() + 2 * boards[:, 1].long()
        return (digits.flatten(1) * 3 ** torch.arange(self.cells)).sum(1)

    @cached_property
    def symmetries(
        self,
    ) -> tuple[Int[Tensor, "symmetries cells"], Int[Tensor, "symmetries actions"]]:
        """Which cell and which action comes to each place when the board is mirrored or turned."""
        board = torch.arange(self.cells).view(self.rows, self.columns)
        if self.gravity:
            cells = torch.stack([board, board.flip(1)])
            return cells.flatten(1), cells[:, 0]
        turns = range(4) if self.rows == self.columns else range(0, 4, 2)
        turned = [board.rot90(k) for k in turns]
        cells = torch.stack(turned + [each.flip(1) for each in turned]).flatten(1)
        return cells, cells


TIC_TAC_TOE = LineGame(3, 3, 3)
CONNECT_FOUR = LineGame(6, 7, 4, gravity=True)


class Solution(NamedTuple):
    """The value of every position that can be reached.

    Attributes
    ----------
    boards
        The positions, those with fewer stones first.
    value
        1 if the player to move wins, −1 if the other does, 0 for a draw, with best play.
    over
        Which positions end the game.
    worth
        −v of the position that each action leads to, −∞ where there is none.
    """

    boards: Bool[Tensor, "positions 2 rows columns"]
    value: Float[Tensor, " positions"]
    over: Bool[Tensor, " positions"]
    worth: Float[Tensor, "positions actions"]


def solve(game: LineGame, *, most: int = 1_000_000) -> Solution:
    """Find every position that can be reached, and its value by exhaustive minimax.

    Parameters
    ----------
    game
        A small game.
    most
        Positions at most.

    Raises
    ------
    ValueError
        If there are more positions, or more than 39 cells.

    Examples
    --------
    >>> solution = solve(TIC_TAC_TOE)
    >>> len(solution.value), solution.value[0].item()  # a draw, as everyone knows
    (5478, 0.0)
    """
    levels, links = [game.start(1)], []
    while True:
        boards = levels[-1]
        open_ = game.legal(boards) & ~game.outcome(boards)[0][:, None]
        parents, actions = open_.nonzero(as_tuple=True)
        if not len(parents):
            break
        children = game.play(boards[parents], actions)
        _, place = game.key(children).unique(return_inverse=True)
        one = torch.empty(int(place.max()) + 1, dtype=torch.int64)
        one[place] = torch.arange(len(place))
        levels.append(children[one])
        links.append((parents, actions, place))
        if sum(map(len, levels)) > most:
            raise ValueError(f"more than most = {most:,} positions can be reached")
    values: list[Tensor] = []
    worths: list[Tensor] = []
    for depth in reversed(range(len(levels))):
        over, value = game.outcome(levels[depth])
        worth = torch.full((len(over), game.actions), -torch.inf)
        if depth < len(links):
            parents, actions, place = links[depth]
            worth[parents, actions] = 0 - values[-1][place]  # no −0
        values.append(torch.where(over, value, worth.amax(1)))
        worths.append(worth)
    boards = torch.cat(levels)
    return Solution(
        boards, torch.cat(values[::-1]), game.outcome(boards)[0], torch.cat(worths[::-1])
    )
