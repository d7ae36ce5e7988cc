import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nsai.models.alpha_beta import AlphaBeta
from nsai.models.board_games import CONNECT_FOUR, TIC_TAC_TOE, LineGame, solve
from tests.models.positions import position

SMALL = LineGame(4, 4, 3, gravity=True)


def plain(game, board, depth, guess):
    """Oracle: negamax by the rules on tensors, without bits, pruning or a table."""
    over, value = game.outcome(board)
    if bool(over):
        return float(value)
    if depth == 0:
        return guess(board)
    legal = game.legal(board)[0].nonzero()[:, 0]
    after = [game.play(board, action[None]) for action in legal]
    return max(-plain(game, each, depth - 1, guess) for each in after)


def holes(game, board):
    """Oracle: free cells that complete a line, by trying each cell."""
    counts = []
    for side in (0, 1):
        stones, count = board[0, side].flatten().float(), 0
        for cell in (~board[0].any(0).flatten()).nonzero()[:, 0].tolist():
            tried = stones.clone()
            tried[cell] = 1
            count += bool((game.lines @ tried == game.connect).any())
        counts.append(count)
    return (counts[0] - counts[1]) / (game.cells + 1)


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.integers(0, 30), st.integers(1, 3))
def test_value_equals_plain_minimax(seed, plies, depth):
    board = position(CONNECT_FOUR, seed, plies)
    found = AlphaBeta(CONNECT_FOUR, depth).choose(board[0])
    expected = plain(CONNECT_FOUR, board, depth, lambda b: holes(CONNECT_FOUR, b))
    assert found.value == pytest.approx(expected)
    after = CONNECT_FOUR.play(board, torch.tensor([found.action]))
    chosen = -plain(CONNECT_FOUR, after, depth - 1, lambda b: holes(CONNECT_FOUR, b))
    assert chosen == pytest.approx(expected)


def test_full_depth_equals_the_solution_everywhere():
    solution = solve(SMALL)
    player = AlphaBeta(SMALL, SMALL.cells)
    for k in range(0, len(solution.value), 97):
        if not bool(solution.over[k]):
            found = player.choose(solution.boards[k])
            assert found.value == solution.value[k]
            assert solution.worth[k, found.action] == solution.value[k]


def test_a_batch_is_answered_one_by_one():
    boards = torch.cat([position(CONNECT_FOUR, seed, 9) for seed in range(4)])
    player = AlphaBeta(CONNECT_FOUR, 3)
    assert player(boards).tolist() == [player.choose(board).action for board in boards]


def test_four_by_four_is_drawn():
    game = LineGame(4, 4, 4, gravity=True)
    assert AlphaBeta(game, 16).choose(game.start(1)[0]).value == 0


def test_pruning_looks_at_fewer_positions_than_there_are():
    found = AlphaBeta(CONNECT_FOUR, 6).choose(CONNECT_FOUR.start(1)[0])
    assert found.positions < sum(7**k for k in range(1, 7)) / 20


def test_errors_say_what_is_wrong():
    with pytest.raises(ValueError, match="gravity"):
        AlphaBeta(TIC_TAC_TOE, 3)
    with pytest.raises(ValueError, match="depth"):
        AlphaBeta(CONNECT_FOUR, 0)
    board = CONNECT_FOUR.start(1)
    for column in (0, 1, 0, 1, 0, 1, 0):
        board = CONNECT_FOUR.play(board, torch.tensor([column]))
    with pytest.raises(ValueError, match="over"):
        AlphaBeta(CONNECT_FOUR, 2).choose(board[0])
