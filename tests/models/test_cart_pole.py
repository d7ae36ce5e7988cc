import math
from io import BytesIO

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nsai.models.cart_pole import LIMIT, SOLVED, CartNets, anywhere, fallen, push, returns, start


def equations(state, force):
    """Oracle: Barto, Sutton and Anderson 1983 as a linear system in the two accelerations."""
    M, m, half, g = 1.0, 0.1, 0.5, 9.8
    x, v, angle, spin = state
    sin, cos = math.sin(angle), math.cos(angle)
    # Newton for cart and pole, and the torque about the joint.
    A = torch.tensor([[M + m, m * half * cos], [cos, 4 / 3 * half]], dtype=torch.float64)
    b = torch.tensor([force + m * half * spin**2 * sin, g * sin], dtype=torch.float64)
    pull, turn = torch.linalg.solve(A, b).tolist()
    return [x + 0.02 * v, v + 0.02 * pull, angle + 0.02 * spin, spin + 0.02 * turn]


@given(st.lists(st.floats(-2, 2), min_size=4, max_size=4), st.integers(0, 1))
def test_push_solves_the_equations_of_motion(state, action):
    ours = push(torch.tensor(state, dtype=torch.float64), torch.tensor(action))
    theirs = torch.tensor(equations(state, 20.0 * action - 10), dtype=torch.float64)
    torch.testing.assert_close(ours, theirs, atol=1e-12, rtol=1e-12)


@given(st.lists(st.floats(-2, 2), min_size=4, max_size=4), st.integers(0, 1))
def test_left_and_right_are_mirrored(state, action):
    s, a = torch.tensor(state, dtype=torch.float64), torch.tensor(action)
    torch.testing.assert_close(push(-s, 1 - a), -push(s, a), atol=1e-12, rtol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_episodes_equal_gymnasium_step_by_step(seed):
    gym = pytest.importorskip("gymnasium")
    environment = gym.make("CartPole-v1")
    seen, _ = environment.reset(seed=seed)
    state, g, steps, ended = torch.from_numpy(seen), torch.Generator().manual_seed(seed), 0, False
    while not ended:
        # A rule that balances most of the time, so that long episodes are compared as well.
        action = int(state[2] + 0.3 * state[3] + 0.02 * torch.randn((), generator=g) > 0)
        state = push(state, torch.tensor(action))
        seen, reward, fell, cut, _ = environment.step(action)
        steps, ended = steps + 1, fell or cut
        torch.testing.assert_close(state, torch.from_numpy(seen), atol=1e-6, rtol=1e-5)
        assert reward == 1.0
        assert bool(fallen(state)) == fell
        assert cut == (steps == LIMIT)
        state = torch.from_numpy(seen)
    assert steps > 20
    environment.close()


def test_the_bar_is_that_of_gymnasiums_registry():
    gym = pytest.importorskip("gymnasium")
    spec = gym.spec("CartPole-v1")
    assert spec.reward_threshold == SOLVED
    assert spec.max_episode_steps == LIMIT


def test_starts_are_within_a_twentieth_and_repeat_by_seed():
    first = start((50, 20), generator=torch.Generator().manual_seed(3))
    again = start((50, 20), generator=torch.Generator().manual_seed(3))
    assert torch.equal(first, again)
    assert first.abs().max() <= 0.05
    assert first.std() == pytest.approx(0.1 / math.sqrt(12), rel=0.05)


def test_exploring_starts_fill_the_box_in_which_the_pole_is_up():
    drawn = anywhere((200, 50), generator=torch.Generator().manual_seed(3))
    wide = torch.tensor([2.4, 2, math.radians(12), 2])
    assert not bool(fallen(drawn).any())
    assert bool((drawn.abs() <= wide).all())
    torch.testing.assert_close(drawn.flatten(0, 1).std(0), wide / math.sqrt(3), rtol=0.03, atol=0)


def test_networks_see_states_in_units_of_the_box():
    model = CartNets([8], 2, generator=torch.Generator().manual_seed(0))
    s = anywhere((2, 5), generator=torch.Generator().manual_seed(1))
    seen = s / torch.tensor([2.4, 2, math.radians(12), 2])
    hidden = (seen @ model.weights[0] + model.biases[0]).relu()
    torch.testing.assert_close(model(s), hidden @ model.weights[1] + model.biases[1])
    other = CartNets([8], 2)
    file = BytesIO()
    torch.save(model.state_dict(), file)
    file.seek(0)
    other.load_state_dict(torch.load(file, weights_only=True))
    assert torch.equal(other(s), model(s))


@pytest.mark.parametrize(
    ("state", "down"),
    [
        ([2.39, 0, 0, 0], False),
        ([-2.41, 0, 0, 0], True),
        ([0, 9, 0.2094, 9], False),
        ([0, 0, 0.2096, 0], True),
    ],
)
def test_limits_of_track_and_angle(state, down):
    assert bool(fallen(torch.tensor(state, dtype=torch.float64))) == down


def test_returns_equal_one_cart_at_a_time():
    def rule(s):
        return (s[..., 2] + 0.1 * s[..., 3] > 0.02).long()

    together = returns(rule, (20,), generator=torch.Generator().manual_seed(1))
    states = start((20,), generator=torch.Generator().manual_seed(1))
    for state, steps in zip(states, together.tolist(), strict=True):
        count = 0
        while count < LIMIT:
            state = push(state, rule(state))
            count += 1
            if fallen(state):
                break
        assert count == steps


def test_a_good_rule_balances_to_the_limit():
    steady = returns(lambda s: (s @ torch.tensor([0.1, 0.3, 3.0, 1.0]) > 0).long(), (4, 25))
    assert steady.shape == (4, 25)
    assert bool((steady == LIMIT).all())


@settings(max_examples=10)
@given(st.integers(1, 12))
def test_returns_stop_at_the_limit(limit):
    assert returns(lambda s: (s[..., 2] > 0).long(), (5,), limit=limit).max() <= limit
