import math
from io import BytesIO

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nsai.models.alphazero import PolicyValueNet, SearchPlayer, search, uniform_guess
from nsai.models.board_games import CONNECT_FOUR, TIC_TAC_TOE, solve
from tests.models.positions import position

SOLUTION = solve(TIC_TAC_TOE)


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
