import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nsai.models.board_games import CONNECT_FOUR, TIC_TAC_TOE, LineGame, solve

LINES = ["012", "345", "678", "036", "147", "258", "048", "246"]


def won(board, player):
    return any(all(board[int(k)] == player for k in line) for line in LINES)


def minimax(board, seen):
    """Oracle: tic-tac-toe on strings; seen maps a board to its value for the player to move."""
    if board in seen:
        return seen[board]
    me = "xo"[(board.count("x") + board.count("o")) % 2]
    other = "ox"["xo".index(me)]
    if won(board, other):
        value = -1
    elif "." not in board:
        value = 0
    else:
        value = max(
            -minimax(board[:k] + me + board[k + 1 :], seen) for k in range(9) if board[k] == "."
        )
    seen[board] = value
    return value


def text(board):
    own, other = board.flatten(1).tolist()
    mover = "x" if sum(own) == sum(other) else "o"
    rest = "o" if mover == "x" else "x"
    return "".join(mover if a else rest if b else "." for a, b in zip(own, other, strict=True))


def play_at_random(game, seed, plies):
    g = torch.Generator().manual_seed(seed)
    board = game.start(1)
    for _ in range(plies):
        if bool(game.outcome(board)[0]):
            break
        board = game.play(board, game.legal(board).float().multinomial(1, generator=g)[:, 0])
    return board


def test_every_position_of_tic_tac_toe_has_its_minimax_value():
    seen = {}
    minimax("." * 9, seen)
    solution = solve(TIC_TAC_TOE)
    assert len(solution.value) == len(seen) == 5478
    assert int(solution.over.sum()) == 958
    for board, value in zip(solution.boards, solution.value.tolist(), strict=True):
        assert value == seen[text(board)]


def test_worth_is_the_value_after_the_move():
    solution = solve(TIC_TAC_TOE)
    value = dict(
        zip(TIC_TAC_TOE.key(solution.boards).tolist(), solution.value.tolist(), strict=True)
    )
    for k in range(0, 5478, 37):
        board, worth = solution.boards[k : k + 1], solution.worth[k]
        for action in range(9):
            free = bool(TIC_TAC_TOE.legal(board)[0, action]) and not bool(solution.over[k])
            if free:
                after = TIC_TAC_TOE.play(board, torch.tensor([action]))
                assert worth[action] == -value[int(TIC_TAC_TOE.key(after))]
            else:
                assert worth[action] == -torch.inf


def test_positions_of_connect_four_by_stones():
    # https://oeis.org/A212693, Edelkamp and Kissmann 2008
    known = [1, 7, 49, 238, 1120, 4263, 16422]
    boards = CONNECT_FOUR.start(1)
    for count in known:
        assert len(boards) == count
        open_ = CONNECT_FOUR.legal(boards) & ~CONNECT_FOUR.outcome(boards)[0][:, None]
        parents, actions = open_.nonzero(as_tuple=True)
        children = CONNECT_FOUR.play(boards[parents], actions)
        boards = children.flatten(1).unique(dim=0).view(-1, 2, 6, 7)


def test_small_connect_four_has_tromps_count_and_is_drawn():
    # https://tromp.github.io/c4/c4.html: 161,029 positions on 4 x 4
    solution = solve(LineGame(4, 4, 4, gravity=True))
    assert len(solution.value) == 161_029
    assert solution.value[0] == 0


@pytest.mark.parametrize(("game", "lines"), [(TIC_TAC_TOE, 8), (CONNECT_FOUR, 69)])
def test_number_of_lines(game, lines):
    assert game.lines.shape == (lines, game.cells)
    assert bool((game.lines.sum(1) == game.connect).all())
    assert len(game.lines.unique(dim=0)) == lines


@pytest.mark.parametrize("game", [TIC_TAC_TOE, CONNECT_FOUR, LineGame(3, 4, 3)])
@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), plies=st.integers(0, 12))
def test_symmetric_positions_have_symmetric_moves_and_the_same_outcome(game, seed, plies):
    board = play_at_random(game, seed, plies)
    over, value = game.outcome(board)
    for cells, actions in zip(*game.symmetries, strict=True):
        turned = board.flatten(2)[:, :, cells].view_as(board)
        assert torch.equal(game.legal(turned), game.legal(board)[:, actions])
        assert torch.equal(game.outcome(turned)[0], over)
        assert torch.equal(game.outcome(turned)[1], value)
        if not bool(over) and bool(game.legal(turned).any()):
            new = int(game.legal(turned)[0].float().argmax())
            there = game.play(turned, torch.tensor([new]))
            here = game.play(board, actions[new : new + 1])
            assert torch.equal(there, here.flatten(2)[:, :, cells].view_as(board))


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.integers(0, 42))
def test_stones_fall_and_players_alternate(seed, plies):
    board = play_at_random(CONNECT_FOUR, seed, plies)[0]
    stones = board.any(0)
    assert not bool((board[0] & board[1]).any())
    assert bool((stones[:-1] | ~stones[1:]).all())  # nothing floats
    assert int(board[1].sum()) - int(board[0].sum()) in (0, 1)


@pytest.mark.parametrize(
    "moves", [[0, 1, 0, 1, 0, 1, 0], [3, 3, 4, 4, 5, 5, 6], [0, 1, 1, 2, 2, 3, 2, 3, 3, 6, 3]]
)
def test_four_in_a_line_wins_and_three_do_not(moves):
    board = CONNECT_FOUR.start(1)
    for column in moves:
        assert not bool(CONNECT_FOUR.outcome(board)[0])
        board = CONNECT_FOUR.play(board, torch.tensor([column]))
    assert [part.item() for part in CONNECT_FOUR.outcome(board)] == [True, -1]


def test_lines_do_not_run_around_the_edge():
    board = torch.zeros(1, 2, 6, 7, dtype=torch.bool)
    board[0, 1, 0, 4:], board[0, 1, 1, 0] = True, True
    assert not bool(CONNECT_FOUR.outcome(board)[0])


def test_errors_say_what_is_wrong():
    with pytest.raises(ValueError, match="at least 1"):
        LineGame(0, 3, 3)
    with pytest.raises(ValueError, match="no line"):
        LineGame(3, 3, 4)
    with pytest.raises(ValueError, match="not legal"):
        TIC_TAC_TOE.play(
            TIC_TAC_TOE.play(TIC_TAC_TOE.start(1), torch.tensor([4])), torch.tensor([4])
        )
    with pytest.raises(ValueError, match="39 cells"):
        CONNECT_FOUR.key(CONNECT_FOUR.start(1))
    with pytest.raises(ValueError, match="more than most"):
        solve(TIC_TAC_TOE, most=100)
