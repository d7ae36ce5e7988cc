from copy import deepcopy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nsai.models.cart_pole import anywhere, fallen, push
from nsai.models.gan import PointNets
from nsai.training.deep_q import Replay, Transitions, q_batches, q_loss, q_targets


def nets(n=2, seed=0):
    return PointNets([4, 8, 2], n, generator=torch.Generator().manual_seed(seed))


def numbered(k, carts=2):
    s = torch.full((1, carts, 4), float(k))
    zeros = torch.zeros(1, carts)
    return Transitions(s, zeros.long(), s + 0.5, zeros.bool())


@settings(max_examples=20)
@given(st.integers(1, 20), st.integers(2, 13))
def test_replay_keeps_exactly_the_latest(rounds, size):
    memory = Replay(1, size)
    for k in range(rounds):
        memory.add(numbered(k))
    drawn = memory.draw(2000, generator=torch.Generator().manual_seed(0))
    expected = [k for k in range(rounds) for _ in range(2)][-size:]
    assert set(drawn.state[0, :, 0].tolist()) == {float(k) for k in expected}
    assert torch.equal(drawn.after, drawn.state + 0.5)


def test_targets_by_hand():
    model, target = nets(seed=0), nets(seed=1)
    g = torch.Generator().manual_seed(0)
    s = torch.randn(2, 6, 4, generator=g)
    a, fell = torch.zeros(2, 6, dtype=torch.int64), torch.rand(2, 6, generator=g) < 0.4
    y = q_targets(model, target, Transitions(s, a, s, fell), 0.9)
    for net in range(2):
        for k in range(6):
            best = int(model(s)[net, k].argmax())
            expected = -1.0 if fell[net, k] else 0.9 * target(s)[net, k, best].item()
            assert float(y[net, k]) == pytest.approx(expected, abs=1e-6)
    assert not y.requires_grad


def test_transitions_follow_the_dynamics_and_only_falls_are_falls():
    g = torch.Generator().manual_seed(0)
    batches = list(q_batches(nets(), 2, carts=3, steps=40, limit=9, warm=20, generator=g))
    for batch in batches:
        torch.testing.assert_close(batch.after, push(batch.state, batch.action))
        assert torch.equal(batch.fell, fallen(batch.after))
    cut = torch.stack([b.fell for b in batches]).double().mean()
    assert cut < 0.1  # nearly all episodes of nine steps are cut, and a cut is no fall


def test_a_held_action_is_pushed_until_the_pole_falls():
    g = torch.Generator().manual_seed(0)
    fallen_midway = 0
    for batch in q_batches(
        nets(), 2, carts=5, steps=30, hold=4, starts=anywhere, warm=5, generator=g
    ):
        for net in range(2):
            for k in range(0, 128, 8):
                state, action, count = batch.state[net, k], batch.action[net, k], 0
                while count < 4 and not bool(fallen(state)):
                    state, count = push(state, action), count + 1
                torch.testing.assert_close(batch.after[net, k], state)
                assert bool(batch.fell[net, k]) == bool(fallen(state))
                fallen_midway += count < 4
    assert fallen_midway > 0


def test_the_limit_counts_pushes():
    g = torch.Generator().manual_seed(0)
    drawn = []

    def counted(shape, *, generator):
        drawn.append(torch.zeros(*shape, 4))
        return drawn[-1]

    steady = torch.nn.Linear(4, 2)
    for parameter in steady.parameters():
        torch.nn.init.zeros_(parameter)
    made = q_batches(
        steady, 1, carts=1, steps=2, limit=8, hold=4, starts=counted, warm=0, generator=g
    )
    first, second = (batch for batch in made)
    assert bool((first.state == 0).all())
    assert bool((second.state[0] != 0).any())  # the second action of the episode, then a cut
    third = q_batches(
        steady, 1, carts=1, steps=3, limit=8, hold=4, starts=counted, warm=0, generator=g
    )
    *_, last = third
    zero = (last.state[0] == 0).all(1)
    assert 0.4 < float(zero.double().mean()) < 0.9  # two of three transitions begin an episode


def test_exploration_falls_to_its_last_share():
    model = nets(1)
    g = torch.Generator().manual_seed(0)
    kept = {}
    for explore in ((1.0, 1.0), (0.0, 0.0)):
        made = q_batches(
            model, 1, carts=50, steps=4, batch_size=4000, explore=explore, warm=0, generator=g
        )
        *_, last = made
        kept[explore[0]] = float((last.action == model(last.state).argmax(-1)).double().mean())
    assert kept[0.0] == 1
    assert kept[1.0] == pytest.approx(0.5, abs=0.1)


def test_loss_reaches_the_model_alone_and_the_target_follows():
    model = nets()
    target = nets(seed=5)
    before = deepcopy(target)
    batch = next(q_batches(model, 2, carts=2, steps=1, batch_size=5))
    value = q_loss(target, keep=0.75)(model, batch)
    value.backward()
    assert all(p.grad is None for p in target.parameters())
    for new, old, now in zip(
        target.parameters(), before.parameters(), model.parameters(), strict=True
    ):
        torch.testing.assert_close(new, 0.75 * old + 0.25 * now)
    q = model(batch.state).gather(-1, batch.action[..., None])[..., 0]
    y = q_targets(model, target, batch, 0.99)
    torch.testing.assert_close(value, ((q - y) ** 2).mean(1).sum())


def test_fixed_point_is_the_discounted_fall():
    # A chain that falls after three steps: with Q at its fixed point the loss is 0.
    worth = {3.0: -1.0, 2.0: -0.9, 1.0: -0.81}

    def q(s):
        table = torch.tensor([[worth.get(float(v), 0.0)] * 2 for v in s[0, :, 0]])
        return table[None]

    s = torch.tensor([1.0, 2, 3])[None, :, None].expand(1, 3, 4)
    batch = Transitions(s, torch.zeros(1, 3).long(), s + 1, torch.tensor([[False, False, True]]))
    torch.testing.assert_close(q_targets(q, q, batch, 0.9), torch.tensor([[-0.81, -0.9, -1]]))


def test_errors_say_what_is_wrong():
    with pytest.raises(ValueError, match="at least 1"):
        Replay(1, 0)
    with pytest.raises(ValueError, match="empty"):
        Replay(1, 3).draw(2)
