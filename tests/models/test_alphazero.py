import math
from io import BytesIO

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nsai.models.alphazero import (
    PolicyValueNet,
    SearchPlayer,
    against_all_replies,
    match,
    optimal_share,
    score,
    search,
    uniform_guess,
)
from nsai.models.board_games import CONNECT_FOUR, TIC_TAC_TOE, LineGame, solve

SOLUTION = solve(TIC_TAC_TOE)


def position(game, seed, plies):
    g = torch.Generator().manual_seed(seed)
    board = game.start(1)
    for _ in range(plies):
        after = game.play(board, game.legal(board).float().multinomial(1, generator=g)[:, 0])
        if bool(game.outcome(after)[0]):
            break
        board = after
    return board


def linear_guess(game, seed):
    """A guess without ties."""
    g = torch.Generator().manual_seed(seed)
    W = torch.randn(2 * game.cells, game.actions + 1, generator=g)
    b = torch.randn(game.actions + 1, generator=g)

    def guess(boards):
        out = boards.flatten(1).float() @ W + b
        return out[:, :-1], (out[:, -1] / 3).tanh()

    return guess


def one_tree(game, guess, root, simulations, c):
    """Oracle: PUCT as the paper says it, one position at a time, in dictionaries and recursion."""

    def add(board):
        over, value = game.outcome(board)
        logits, guessed = guess(board)
        legal = game.legal(board)[0]
        prior = logits[0].masked_fill(~legal, -math.inf).softmax(0).tolist()
        edges = {a: [0, 0.0, None] for a in legal.nonzero()[:, 0].tolist()}
        node = {"board": board, "over": bool(over), "prior": prior, "edges": edges}
        node["value"] = float(value) if node["over"] else float(guessed)
        return node

    def visit(node):
        if node["over"]:
            return node["value"]
        total = sum(edge[0] for edge in node["edges"].values())

        def score(a):
            n, w, _ = node["edges"][a]
            q = w / n if n else 0.0
            return q + c * node["prior"][a] * math.sqrt(1 + total) / (1 + n)

        a = max(node["edges"], key=score)
        edge = node["edges"][a]
        if edge[2] is None:
            edge[2] = add(game.play(node["board"], torch.tensor([a])))
            value = -edge[2]["value"]
        else:
            value = -visit(edge[2])
        edge[0] += 1
        edge[1] += value
        return value

    tree = add(root)
    for _ in range(simulations - 1):
        visit(tree)
    return tree["edges"]


@pytest.mark.parametrize("game", [TIC_TAC_TOE, CONNECT_FOUR])
@settings(max_examples=8)
@given(seed=st.integers(0, 10_000), plies=st.integers(0, 7))
def test_search_equals_one_tree_by_recursion(game, seed, plies):
    boards = torch.cat([position(game, seed + k, plies) for k in range(3)])
    guess = linear_guess(game, seed)
    found = search(game, guess, boards, 40, exploration=1.3)
    for k in range(3):
        edges = one_tree(game, guess, boards[k : k + 1], 40, 1.3)
        for action in range(game.actions):
            n, w, _ = edges.get(action, (0, 0.0, None))
            assert found.visits[k, action] == n
            assert float(found.worth[k, action]) == pytest.approx(w / max(n, 1), abs=1e-5)


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.integers(0, 8), st.integers(2, 30))
def test_visits_are_legal_and_sum_to_the_simulations(seed, plies, simulations):
    board = position(TIC_TAC_TOE, seed, plies)
    found = search(TIC_TAC_TOE, linear_guess(TIC_TAC_TOE, seed), board, simulations, noise=0.25)
    assert float(found.visits.sum()) == simulations - 1
    assert not bool(found.visits[~TIC_TAC_TOE.legal(board)].any())
    assert -1 <= float(found.value) <= 1


def test_noise_spreads_the_visits_and_repeats_by_seed():
    def sure(boards):
        logits = torch.zeros(len(boards), 9)
        logits[:, 0] = 30
        return logits, torch.zeros(len(boards))

    def tried(noise):
        g = torch.Generator().manual_seed(0)
        root = TIC_TAC_TOE.start(20)
        return search(TIC_TAC_TOE, sure, root, 30, noise=noise, generator=g).visits

    assert bool((tried(0.0)[:, 1:] == 0).all())
    assert bool((tried(0.5)[:, 1:] > 0).any())
    assert torch.equal(tried(0.5), tried(0.5))


def test_a_long_search_without_knowledge_finds_the_value():
    live = (~SOLUTION.over).nonzero()[:, 0][3000::150]
    found = search(TIC_TAC_TOE, uniform_guess(TIC_TAC_TOE), SOLUTION.boards[live], 800)
    best = found.visits.argmax(1)
    worth = SOLUTION.worth[live, best]
    assert torch.equal(worth, SOLUTION.value[live])


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


def test_a_player_with_one_simulation_follows_the_policy():
    guess = linear_guess(TIC_TAC_TOE, 5)
    boards = SOLUTION.boards[~SOLUTION.over]
    alone = SearchPlayer(TIC_TAC_TOE, guess, 1)(boards)
    logits = guess(boards)[0]
    for k in range(0, len(boards), 101):
        legal = TIC_TAC_TOE.legal(boards[k : k + 1])[0].nonzero()[:, 0].tolist()
        assert int(alone[k]) == max(legal, key=lambda a, k=k: float(logits[k, a]))


@pytest.mark.parametrize("convolutional", [False, True])
@pytest.mark.parametrize("game", [TIC_TAC_TOE, CONNECT_FOUR])
def test_network_shapes_range_and_round_trip(game, convolutional):
    torch.manual_seed(0)
    model = PolicyValueNet(game, 8, 2, convolutional=convolutional)
    boards = torch.cat([position(game, seed, 5) for seed in range(4)])
    logits, value = model(boards)
    assert logits.shape == (4, game.actions)
    assert value.shape == (4,)
    assert bool((value.abs() < 1).all())
    torch.testing.assert_close(model(boards[2:3])[1], value[2:3])  # alone as in company
    file = BytesIO()
    torch.save(model.state_dict(), file)
    file.seek(0)
    other = PolicyValueNet(game, 8, 2, convolutional=convolutional)
    other.load_state_dict(torch.load(file, weights_only=True))
    assert torch.equal(other(boards)[0], logits)


@pytest.mark.parametrize("convolutional", [False, True])
def test_every_weight_gets_a_gradient(convolutional):
    torch.manual_seed(1)
    model = PolicyValueNet(TIC_TAC_TOE, 16, 1, convolutional=convolutional).double()
    logits, value = model(SOLUTION.boards[:50])
    (logits.square().mean() + value.square().mean()).backward()
    assert all(bool(p.grad.abs().sum() > 0) for p in model.parameters())


def test_the_network_sees_whose_stones_they_are():
    torch.manual_seed(2)
    board = position(TIC_TAC_TOE, 0, 3)
    logits, _ = PolicyValueNet(TIC_TAC_TOE)(torch.cat([board, board.flip(1)]))
    assert not torch.allclose(logits[0], logits[1])


def test_errors_say_what_is_wrong():
    with pytest.raises(ValueError, match="width"):
        PolicyValueNet(TIC_TAC_TOE, 0)
    guess = uniform_guess(TIC_TAC_TOE)
    with pytest.raises(ValueError, match="simulations"):
        search(TIC_TAC_TOE, guess, TIC_TAC_TOE.start(1), 1)
    with pytest.raises(ValueError, match="over"):
        search(TIC_TAC_TOE, guess, SOLUTION.boards[SOLUTION.over][:1], 5)
    big = LineGame(4, 4, 4)
    with pytest.raises(ValueError, match="more than most"):
        against_all_replies(big, lambda b: big.legal(b).int().argmax(1), first=False, most=50)
