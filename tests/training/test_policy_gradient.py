import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nsai.models.cart_pole import fallen, push, returns
from nsai.models.decision_process import DecisionProcess, all_episodes, finite_value
from nsai.training.fit import fit
from nsai.training.policy_gradient import (
    advantages,
    reinforce_gradients,
    reinforce_loss,
    roll_out,
    roll_outs,
    sample_episodes,
)


def small(seed: int, discount: float = 0.9):
    g = torch.Generator().manual_seed(seed)
    P = torch.rand(3, 2, 3, generator=g, dtype=torch.float64)
    r = torch.randn(3, 2, generator=g, dtype=torch.float64)
    logits = torch.randn(3, 2, generator=g, dtype=torch.float64)
    return DecisionProcess(P / P.sum(-1, keepdim=True), r, discount), logits


def moments(process, policy, steps, baseline=None):
    courses = all_episodes(process, first=0, steps=steps)
    chance = courses.chance * policy[courses.states, courses.actions].prod(1)
    gradients = reinforce_gradients(courses, policy, baseline)
    mean = torch.einsum("e,esa->sa", chance, gradients)
    return mean, torch.einsum("e,esa->sa", chance, (gradients - mean).square())


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 4), st.floats(0.3, 1.0))
def test_mean_over_all_episodes_is_the_gradient_with_any_baseline(seed, steps, discount):
    process, logits = small(seed, discount)
    logits.requires_grad_()
    (exact,) = torch.autograd.grad(finite_value(process, logits.softmax(1), steps)[0, 0], logits)
    policy = logits.detach().softmax(1)
    g = torch.Generator().manual_seed(seed)
    baseline = torch.randn(steps, 3, generator=g, dtype=torch.float64)
    for b in (None, baseline):
        torch.testing.assert_close(moments(process, policy, steps, b)[0], exact, atol=1e-12, rtol=0)


@pytest.mark.parametrize("seed", range(5))
def test_the_value_as_baseline_lowers_the_variance(seed):
    process, logits = small(seed)
    policy, steps = torch.full_like(logits, 0.5), 4
    discounts = process.discount ** torch.arange(steps).double()
    baseline = discounts[:, None] * finite_value(process, policy, steps)
    _, plain = moments(process, policy, steps)
    _, lowered = moments(process, policy, steps, baseline)
    assert lowered.sum() < plain.sum()


def test_drawn_episodes_have_the_exact_mean():
    process, logits = small(2)
    policy = logits.softmax(1)
    exact, variance = moments(process, policy, 3)
    g = torch.Generator().manual_seed(0)
    drawn = sample_episodes(process, policy, first=0, steps=3, episodes=40_000, generator=g)
    assert drawn.chance.sum() == pytest.approx(1)
    assert bool((drawn.states[:, 0] == 0).all())
    off = reinforce_gradients(drawn, policy).mean(0) - exact
    assert float((off / (variance / 40_000).sqrt()).abs().max()) < 5


def test_advantages_leave_each_cart_out():
    g = torch.Generator().manual_seed(0)
    gain, up = torch.randn(4, 2, 5, generator=g), torch.rand(4, 2, 5, generator=g) < 0.7
    gain = gain * up
    found = advantages(gain, up)
    for t in range(4):
        for net in range(2):
            for k in range(5):
                others = [float(gain[t, net, j]) for j in range(5) if j != k and up[t, net, j]]
                mean = sum(others) / max(len(others), 1)
                expected = float(gain[t, net, k]) - mean if up[t, net, k] else 0.0
                assert float(found[t, net, k]) == pytest.approx(expected, abs=1e-6)


def test_roll_out_follows_the_dynamics_and_sums_the_rewards():
    g = torch.Generator().manual_seed(0)
    made = roll_out(lambda s: torch.stack([-9 * s[..., 2], 9 * s[..., 3]], -1), (3, 4), generator=g)
    steps = len(made.up)
    for t in range(steps - 1):
        after = push(made.states[t], made.actions[t])
        on = made.up[t + 1]
        torch.testing.assert_close(made.states[t + 1][on], after[on])
        assert torch.equal(on, made.up[t] & ~fallen(after))
    length = made.up.sum(0)
    expected = (1 - 0.99 ** length.double()) / 0.01
    torch.testing.assert_close(made.gain[0].double(), expected, atol=1e-3, rtol=1e-5)


def test_actions_are_drawn_from_the_policy():
    g = torch.Generator().manual_seed(0)
    logits = torch.tensor([0.0, 1.0])
    made = roll_out(lambda s: logits.expand(*s.shape[:-1], 2), (4000,), limit=3, generator=g)
    share = made.actions.float().mean().item()
    assert share == pytest.approx(logits.softmax(0)[1].item(), abs=0.02)


def test_loss_has_the_gradient_of_the_sum_over_steps():
    torch.manual_seed(0)
    g = torch.Generator().manual_seed(0)
    model = torch.nn.Linear(4, 2)
    made = roll_out(model, (6,), generator=g, limit=40)
    reinforce_loss(model, made).backward()
    worth = advantages(made.gain, made.up)
    worth = worth / ((worth.square().sum() / made.up.sum()).sqrt() + 0.01)
    other, total = torch.nn.Linear(4, 2), torch.tensor(0.0)
    other.load_state_dict(model.state_dict())
    for t in range(len(made.up)):
        for k in range(6):
            if made.up[t, k]:
                logp = other(made.states[t, k]).log_softmax(0)[made.actions[t, k]]
                total = total - logp * worth[t, k]
    (total / made.up.sum()).backward()
    torch.testing.assert_close(model.weight.grad, other.weight.grad, atol=1e-5, rtol=1e-4)


def test_nets_side_by_side_do_not_mix():
    logits = torch.randn(7, 3, 10, 2, generator=torch.Generator().manual_seed(0))
    made = roll_out(lambda s: torch.zeros(*s.shape[:-1], 2), (3, 10), limit=7)
    seen = logits.movedim(0, 1).flatten(1, 2).requires_grad_()
    alone = []
    for net in range(3):
        part = type(made)(*(field[:, net] for field in made))
        alone.append(reinforce_loss(lambda s, net=net: seen[net], part))
    torch.testing.assert_close(reinforce_loss(lambda s: seen, made), sum(alone))


def test_rounding_is_no_gradient_where_all_episodes_are_alike():
    model = torch.nn.Linear(4, 2)
    made = roll_out(model, (20,), limit=5, discount=0.9)  # nobody falls in five steps
    reinforce_loss(model, made).backward()
    assert float(model.weight.grad.abs().max()) < 1e-3


def test_a_few_updates_balance_longer():
    torch.manual_seed(0)
    g = torch.Generator().manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(4, 32), torch.nn.ReLU(), torch.nn.Linear(32, 2))

    def steps():
        return returns(lambda s: model(s).argmax(-1), (50,), generator=g).mean()

    before = steps()
    batches = roll_outs(model, (24,), 25, limit=200, generator=g)
    fit(model, batches, reinforce_loss, torch.optim.Adam(model.parameters(), lr=1e-2))
    assert steps() > max(60, 1.5 * before)


def test_errors_say_what_is_wrong():
    process, logits = small(0)
    with pytest.raises(ValueError, match="at least 1"):
        sample_episodes(process, logits.softmax(1), first=0, steps=3, episodes=0)
