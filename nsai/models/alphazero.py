r"""AlphaZero: a network that guesses, and a tree search that corrects its guesses.

Papers: Silver et al., "Mastering the game of Go without human knowledge", Nature 550 (2017)
354–359. Silver et al., "A general reinforcement learning algorithm that masters chess, shogi, and
Go through self-play", Science 362 (2018) 1140–1144. PUCT goes back to Rosin, Annals of Mathematics
and Artificial Intelligence 61 (2011) 203–230.

For a position s the network gives probabilities of actions p and a value v in (−1, 1), both for
the player to move. One simulation walks down the tree by

.. math:: a = \arg\max_a \Bigl[ Q(s, a) + c\, p(a | s)
              \frac{\sqrt{1 + \sum_b N(s, b)}}{1 + N(s, a)} \Bigr]

until it meets a position that is not in the tree, adds it with the network's p and v (or the true
outcome), and takes v back up, with the opposite sign at every other level: N counts the visits of
an action and Q is the mean of what came back. The visits of the root are the improved policy.

Shapes: boards (batch, 2, rows, columns), policies and visits (batch, actions), values (batch,).
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from nsai.models.board_games import LineGame

Guess = Callable[[Tensor], tuple[Tensor, Tensor]]


class PolicyValueNet(nn.Module):
    """A residual network with two heads.

    Parameters
    ----------
    game
        Gives the sizes of the board and of the policy.
    width
        Hidden units, or channels with `convolutional`.
    blocks
        Residual blocks of two layers each.
    convolutional
        Whether the layers are 3 × 3 convolutions, or fully connected: for small boards.

    Raises
    ------
    ValueError
        If `width` is below 1 or `blocks` below 0.

    Notes
    -----
    Without the batch normalisation of the paper, so that the value of a position does not depend
    on the company it is in.

    Examples
    --------
    >>> from nsai.models.board_games import TIC_TAC_TOE
    >>> logits, value = PolicyValueNet(TIC_TAC_TOE)(TIC_TAC_TOE.start(5))
    >>> logits.shape, value.shape
    (torch.Size([5, 9]), torch.Size([5]))
    """

    def __init__(
        self, game: LineGame, width: int = 64, blocks: int = 1, *, convolutional: bool = False
    ) -> None:
        super().__init__()
        if width < 1 or blocks < 0:
            raise ValueError(f"expected width >= 1 and blocks >= 0, got {width} and {blocks}")
        self.convolutional = convolutional

        def layer(inputs: int) -> nn.Module:
            if convolutional:
                return nn.Conv2d(inputs, width, 3, padding=1)
            return nn.Linear(inputs, width)

        self.first = layer(2 if convolutional else 2 * game.cells)
        self.blocks = nn.ModuleList(
            nn.Sequential(layer(width), nn.ReLU(), layer(width)) for _ in range(blocks)
        )
        features = width * game.cells if convolutional else width
        self.policy = nn.Linear(features, game.actions)
        self.value = nn.Sequential(nn.Linear(features, width), nn.ReLU(), nn.Linear(width, 1))

    def forward(
        self, boards: Bool[Tensor, "batch 2 rows columns"]
    ) -> tuple[Float[Tensor, "batch actions"], Float[Tensor, " batch"]]:
        """Return the logits of the policy, illegal actions included, and the value."""
        x = boards.to(self.policy.weight)
        x = F.relu(self.first(x if self.convolutional else x.flatten(1)))
        for block in self.blocks:
            x = F.relu(x + block(x))
        x = x.flatten(1)
        return self.policy(x), self.value(x).squeeze(1).tanh()


class Search(NamedTuple):
    """What the simulations found at the roots.

    Attributes
    ----------
    visits
        N of each action; they sum to the number of simulations less one.
    worth
        Q of each action, 0 where it was not visited.
    value
        Mean of all values that came back to the root.
    """

    visits: Float[Tensor, "batch actions"]
    worth: Float[Tensor, "batch actions"]
    value: Float[Tensor, " batch"]


def uniform_guess(game: LineGame) -> Guess:
    """Return a guess that knows nothing: equal logits, value 0.

    Examples
    --------
    >>> from nsai.models.board_games import TIC_TAC_TOE
    >>> uniform_guess(TIC_TAC_TOE)(TIC_TAC_TOE.start(1))[1]
    tensor([0.])
    """
    return lambda boards: (torch.zeros(len(boards), game.actions), torch.zeros(len(boards)))


@torch.no_grad()
def search(
    game: LineGame,
    guess: Guess,
    boards: Bool[Tensor, "batch 2 rows columns"],
    simulations: int,
    *,
    exploration: float = 1.5,
    noise: float = 0.0,
    generator: torch.Generator | None = None,
) -> Search:
    """Search many positions side by side, a tree each.

    Parameters
    ----------
    game
        The rules.
    guess
        Takes boards and returns the logits of the policy and the values; a `PolicyValueNet`.
    boards
        The roots; no game may be over.
    simulations
        Positions that each tree takes in, the root included.
    exploration
        The constant c.
    noise
        Share of the root's policy that is drawn from Dirichlet(1), the uniform distribution over
        policies; the paper takes 0.25, and parameters of about 10 per number of legal actions.
    generator
        Source of the noise; None takes torch's global one.

    Raises
    ------
    ValueError
        If `simulations` is below 2, or a game is over.

    Examples
    --------
    >>> from nsai.models.board_games import TIC_TAC_TOE
    >>> board = TIC_TAC_TOE.start(1)
    >>> for cell in (0, 3, 1, 4):
    ...     board = TIC_TAC_TOE.play(board, torch.tensor([cell]))
    >>> found = search(TIC_TAC_TOE, uniform_guess(TIC_TAC_TOE), board, 50)
    >>> found.visits.argmax().item(), found.worth.max().item()  # cell 2 wins
    (2, 1.0)
    """
    if simulations < 2:
        raise ValueError(f"simulations must be at least 2, got {simulations}")
    if bool(game.outcome(boards)[0].any()):
        raise ValueError("a game is over: nothing to search")
    tree = _Trees(game, guess, boards, simulations, exploration)
    if noise:
        drawn = torch.empty_like(tree.prior[:, 0]).exponential_(generator=generator)
        drawn = drawn * game.legal(boards)
        tree.prior[:, 0].lerp_(drawn / drawn.sum(1, keepdim=True), noise)
    for _ in range(simulations - 1):
        tree.simulate()
    visits, total = tree.visits[:, 0], tree.total[:, 0]
    value = (tree.first + total.sum(1)) / simulations
    return Search(visits, total / visits.clamp(min=1), value)


class _Trees:
    """A tree for each root; node 0 is the root, and nodes are numbered as they are added."""

    def __init__(
        self, game: LineGame, guess: Guess, roots: Tensor, size: int, exploration: float
    ) -> None:
        batch, actions = len(roots), game.actions
        self.game, self.guess, self.exploration = game, guess, exploration
        self.which = torch.arange(batch)
        self.boards = roots.new_zeros(batch, size, *roots.shape[1:])
        self.prior = torch.zeros(batch, size, actions)
        self.visits = torch.zeros(batch, size, actions)
        self.total = torch.zeros(batch, size, actions)
        self.child = torch.zeros(batch, size, actions, dtype=torch.int64)  # 0: none yet
        self.barred = torch.zeros(batch, size, actions)  # −∞ for illegal actions
        self.over = torch.zeros(batch, size, dtype=torch.bool)
        self.outcome = torch.zeros(batch, size)
        self.used = torch.zeros(batch, dtype=torch.int64)
        self.first = self._add(self.which, roots)

    def _add(self, which: Int[Tensor, " some"], boards: Tensor) -> Float[Tensor, " some"]:
        """Give each of some trees a new node, and return its value."""
        node = self.used[which]
        over, value = self.game.outcome(boards)
        logits, guessed = self.guess(boards)
        barred = torch.where(self.game.legal(boards), 0.0, -torch.inf)
        self.boards[which, node] = boards
        self.over[which, node] = over
        self.outcome[which, node] = value
        self.barred[which, node] = barred
        self.prior[which, node] = (logits + barred.clamp(min=-1e9)).softmax(1)
        self.used[which] += 1
        return torch.where(over, value, guessed)

    def simulate(self) -> None:
        """Walk down every tree, add a node where none is, and take its value back up."""
        which, node = self.which, torch.zeros_like(self.which)
        path: list[tuple[Tensor, Tensor, Tensor]] = []
        value = torch.zeros(len(which))
        while len(which):
            action = self._best(which, node)
            path.append((which, node, action))
            after = self.child[which, node, action]
            new = after == 0
            if bool(new.any()):
                w, n, a = which[new], node[new], action[new]
                self.child[w, n, a] = self.used[w]
                value[w] = self._add(w, self.game.play(self.boards[w, n], a))
                which, after = which[~new], after[~new]
            over = self.over[which, after]
            value[which[over]] = self.outcome[which[over], after[over]]
            which, node = which[~over], after[~over]
        depth = torch.zeros(len(self.which))
        for w, _, _ in path:
            depth[w] += 1
        for level, (w, n, a) in enumerate(path):
            sign = 1 - 2 * ((depth[w] - level) % 2)  # value is seen by the player at the end
            self.visits[w, n, a] += 1
            self.total[w, n, a] += sign * value[w]

    def _best(self, which: Tensor, node: Tensor) -> Tensor:
        """Return the action that PUCT takes."""
        N = self.visits[which, node]
        Q = self.total[which, node] / N.clamp(min=1)
        U = self.exploration * (1 + N.sum(1, keepdim=True)).sqrt() / (1 + N)
        return (Q + U * self.prior[which, node] + self.barred[which, node]).argmax(1)


class SearchPlayer:
    """Plays the action with the most visits; the same position always gets the same answer.

    Parameters
    ----------
    game, guess, simulations, exploration
        As in `search`. With one simulation the network plays alone, by its policy.

    Examples
    --------
    >>> from nsai.models.board_games import TIC_TAC_TOE
    >>> board = TIC_TAC_TOE.start(1)
    >>> for cell in (0, 3, 1, 4):
    ...     board = TIC_TAC_TOE.play(board, torch.tensor([cell]))
    >>> SearchPlayer(TIC_TAC_TOE, uniform_guess(TIC_TAC_TOE), 30)(board)  # cell 2 wins
    tensor([2])
    """

    def __init__(
        self, game: LineGame, guess: Guess, simulations: int, *, exploration: float = 1.5
    ) -> None:
        self.game, self.guess = game, guess
        self.simulations, self.exploration = simulations, exploration

    @torch.no_grad()
    def __call__(self, boards: Bool[Tensor, "batch 2 rows columns"]) -> Int[Tensor, " batch"]:
        """Return an action for each position."""
        if self.simulations == 1:
            legal = self.game.legal(boards)
            return self.guess(boards)[0].masked_fill(~legal, -torch.inf).argmax(1)
        found = search(
            self.game, self.guess, boards, self.simulations, exploration=self.exploration
        )
        return (found.visits + 0.5 * (found.worth / 2 + 0.5)).argmax(1)  # Q breaks ties
