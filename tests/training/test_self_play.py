import pytest
import torch
from torch.nn.functional import mse_loss

from nsai.models.alphazero import PolicyValueNet, uniform_guess
from nsai.models.board_games import CONNECT_FOUR, TIC_TAC_TOE, LineGame
from nsai.training.fit import fit
from nsai.training.self_play import Examples, alphazero_loss, mirrored, play_itself, self_play


def one_game(seed, **options):
    g = torch.Generator().manual_seed(seed)
    return play_itself(TIC_TAC_TOE, uniform_guess(TIC_TAC_TOE), 1, 12, generator=g, **options)


@pytest.mark.parametrize("seed", range(8))
def test_outcomes_alternate_and_end_with_the_last_move(seed):
    boards, policy, value = one_game(seed)
    assert boards.flatten(1).sum(1).tolist() == list(range(len(boards)))
    assert torch.equal(value[1:], -value[:-1])
    # Who moves last has won or drawn, and in a won game there was a winning move.
    assert value[-1] >= 0
    winning = 0
    for action in TIC_TAC_TOE.legal(boards[-1:])[0].nonzero()[:, 0]:
        winning += float(TIC_TAC_TOE.outcome(TIC_TAC_TOE.play(boards[-1:], action[None]))[1]) < 0
    assert bool(winning) >= bool(value[-1] == 1)
    assert not bool(policy[~TIC_TAC_TOE.legal(boards)].any())


def test_games_begin_with_random_moves_that_are_not_learned_from():
    g = torch.Generator().manual_seed(0)
    guess = uniform_guess(TIC_TAC_TOE)
    made = play_itself(TIC_TAC_TOE, guess, 400, 4, opening=6, generator=g)
    stones = made.boards.flatten(1).sum(1)[:400]  # the first positions of all games
    assert sorted(set(stones.tolist())) == list(range(7))
    assert not bool(TIC_TAC_TOE.outcome(made.boards)[0].any())
    assert 0.05 < float((stones == 0).double().mean()) < 0.3
    none = play_itself(TIC_TAC_TOE, guess, 5, 4, generator=g)
    assert not bool(none.boards[:5].any())


@pytest.mark.parametrize("opening", [0, 5])
def test_the_last_position_has_the_outcome_of_the_last_move(opening):
    g = torch.Generator().manual_seed(1)
    guess = uniform_guess(TIC_TAC_TOE)
    for _ in range(12):
        boards, _, value = play_itself(TIC_TAC_TOE, guess, 1, 6, opening=opening, generator=g)
        assert torch.equal(value[1:], -value[:-1])
        last = boards[-1:]
        ends = [
            TIC_TAC_TOE.outcome(TIC_TAC_TOE.play(last, action[None]))
            for action in TIC_TAC_TOE.legal(last)[0].nonzero()[:, 0]
        ]
        drawn = any(bool(over) and float(end) == 0 for over, end in ends)
        won = any(float(end) < 0 for _, end in ends)
        assert (value[-1] == 1 and won) or (value[-1] == 0 and drawn)


def test_games_side_by_side_keep_their_own_outcome():
    game = LineGame(1, 3, 2)  # the middle wins, a corner draws or loses
    g = torch.Generator().manual_seed(0)
    boards, _, value = play_itself(game, uniform_guess(game), 200, 3, noise=0.9, generator=g)
    middle = boards[:, 0, 0, 1] | boards[:, 1, 0, 1]
    second = boards.flatten(1).sum(1) == 1
    assert not bool((second & middle & (value > 0)).any())
    starts = boards.flatten(1).sum(1) == 0
    assert int(starts.sum()) == 200


def test_play_repeats_by_seed_and_is_greedy_when_cold():
    assert torch.equal(one_game(3)[1], one_game(3)[1])
    cold = [one_game(seed, noise=0.0, warm=0).boards for seed in (0, 1)]
    assert torch.equal(cold[0], cold[1])


@pytest.mark.parametrize("game", [TIC_TAC_TOE, CONNECT_FOUR])
def test_mirrored_turns_board_and_policy_together(game):
    g = torch.Generator().manual_seed(0)
    made = play_itself(game, uniform_guess(game), 5, 6, generator=g)
    # A policy that marks the free cells of its own board still does so once both are turned.
    marked = Examples(made.boards, game.legal(made.boards).float(), made.value)
    turned = mirrored(game, marked, generator=g)
    assert torch.equal(turned.policy, game.legal(turned.boards).float())
    assert torch.equal(turned.value, marked.value)
    assert not torch.equal(turned.boards, marked.boards)


def test_loss_is_the_formula_and_least_at_the_targets():
    torch.manual_seed(0)
    logits, value = torch.randn(6, 9), torch.rand(6) * 2 - 1
    batch = Examples(TIC_TAC_TOE.start(6), logits.softmax(1), value)
    entropy = -(batch.policy * batch.policy.log()).sum(1).mean()
    at_target = alphazero_loss(lambda boards: (logits, value), batch)
    torch.testing.assert_close(at_target, entropy)
    other, guess = torch.randn(6, 9), torch.zeros(6)
    by_hand = mse_loss(guess, value) - (batch.policy * other.log_softmax(1)).sum(1).mean()
    torch.testing.assert_close(alphazero_loss(lambda boards: (other, guess), batch), by_hand)
    assert by_hand > at_target


def test_learns_the_one_winning_move_of_a_tiny_game():
    torch.manual_seed(0)
    g = torch.Generator().manual_seed(0)
    game = LineGame(1, 3, 2)
    model = PolicyValueNet(game, 16)
    before = model(game.start(1))[1].item()
    batches = self_play(
        game, model, rounds=5, games=32, simulations=6, steps=20, batch_size=32, generator=g
    )
    history = fit(model, batches, alphazero_loss, torch.optim.Adam(model.parameters(), lr=0.02))
    logits, value = model(game.start(1))
    assert len(history.loss) == 100
    assert logits.argmax() == 1
    assert value.item() > 0.7 > before


def test_memory_keeps_the_latest():
    game = LineGame(1, 3, 2)
    seen = []

    class Watched(PolicyValueNet):
        def forward(self, boards):
            seen.append(len(boards))
            return super().forward(boards)

    batches = self_play(
        game, Watched(game), rounds=3, games=2, simulations=2, steps=1, batch_size=50, memory=4
    )
    assert [len(batch.value) for batch in batches] == [50, 50, 50]
    assert seen  # each round asks the model as it is by then


def test_errors_say_what_is_wrong():
    guess = uniform_guess(TIC_TAC_TOE)
    with pytest.raises(ValueError, match="games"):
        play_itself(TIC_TAC_TOE, guess, 0, 4)
    with pytest.raises(ValueError, match="opening"):
        play_itself(TIC_TAC_TOE, guess, 1, 4, opening=-1)
    model = PolicyValueNet(TIC_TAC_TOE)
    with pytest.raises(ValueError, match="at least 1"):
        next(self_play(TIC_TAC_TOE, model, rounds=1, games=1, simulations=4, steps=0))
