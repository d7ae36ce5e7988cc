import pytest

from nsai.models.board_games import TIC_TAC_TOE, LineGame, solve
from nsai.models.matches import against_all_replies, match, optimal_share, score

SOLUTION = solve(TIC_TAC_TOE)


def perfect(boards):
    place = {key: k for k, key in enumerate(TIC_TAC_TOE.key(SOLUTION.boards).tolist())}
    return SOLUTION.worth[[place[key] for key in TIC_TAC_TOE.key(boards).tolist()]].argmax(1)


def careless(boards):
    return TIC_TAC_TOE.legal(boards).int().argmax(1)


def ends_by_recursion(player, first):
    """Oracle: final positions against every reply, one board at a time."""
    ends = {}

    def go(board, ours):
        over, value = TIC_TAC_TOE.outcome(board)
        if bool(over):
            result = 1 if float(value) == 0 else 2 if ours else 0
            ends[int(TIC_TAC_TOE.key(board))] = result
            return
        moves = player(board) if ours else TIC_TAC_TOE.legal(board)[0].nonzero()[:, 0]
        for action in moves:
            go(TIC_TAC_TOE.play(board, action[None]), not ours)

    go(TIC_TAC_TOE.start(1), first)
    return tuple(list(ends.values()).count(k) for k in (0, 1, 2))


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("player", [perfect, careless])
def test_all_replies_are_met(player, first):
    score = against_all_replies(TIC_TAC_TOE, player, first=first)
    assert tuple(score) == ends_by_recursion(player, first)
    assert (score.losses == 0) == (player is perfect)


def test_match_gives_the_score_of_the_first():
    start = TIC_TAC_TOE.start(3)
    assert match(TIC_TAC_TOE, perfect, perfect, start).tolist() == [0.5] * 3
    assert match(TIC_TAC_TOE, perfect, careless, start).tolist() == [1.0] * 3
    assert match(TIC_TAC_TOE, careless, perfect, start).max() <= 0.5


def test_score_counts_both_sides():
    start = TIC_TAC_TOE.start(2)
    assert score(TIC_TAC_TOE, perfect, careless, start) > 0.5
    both = score(TIC_TAC_TOE, perfect, careless, start) + score(
        TIC_TAC_TOE, careless, perfect, start
    )
    assert both == pytest.approx(1)


def test_optimal_share_is_one_for_perfect_play_and_counted_right():
    assert optimal_share(TIC_TAC_TOE, SOLUTION, perfect) == 1
    live = (~SOLUTION.over).nonzero()[:, 0].tolist()
    actions = careless(SOLUTION.boards[live]).tolist()
    kept = [
        float(SOLUTION.worth[k, a]) == float(SOLUTION.value[k])
        for k, a in zip(live, actions, strict=True)
    ]
    share = optimal_share(TIC_TAC_TOE, SOLUTION, careless)
    assert share == pytest.approx(sum(kept) / len(kept))


def test_errors_say_what_is_wrong():
    big = LineGame(4, 4, 4)
    with pytest.raises(ValueError, match="more than most"):
        against_all_replies(big, lambda b: big.legal(b).int().argmax(1), first=False, most=50)
