import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nsai.models.decision_process import (
    DecisionProcess,
    all_episodes,
    evaluate_policy,
    finite_value,
    greedy,
    grid_world,
    linear_program,
    policy_iteration,
    value_iteration,
)

RUSSELL = ["...+", ".#.-", "...."]


def random_process(seed: int, states: int = 6, actions: int = 3, discount: float = 0.9):
    g = torch.Generator().manual_seed(seed)
    P = torch.rand(states, actions, states, generator=g, dtype=torch.float64) ** 3
    r = torch.randn(states, actions, generator=g, dtype=torch.float64)
    return DecisionProcess(P / P.sum(-1, keepdim=True), r, discount)


def best_of_all_policies(process):
    """Oracle: every deterministic policy, solved one by one."""
    states, actions = process.rewards.shape
    choices = torch.cartesian_prod(*[torch.arange(actions)] * states)
    best = None
    for choice in choices:
        P = process.transitions[torch.arange(states), choice]
        r = process.rewards[torch.arange(states), choice]
        V = torch.linalg.solve(torch.eye(states).double() - process.discount * P, r)
        best = V if best is None else torch.maximum(best, V)
    return best


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 0.95))
def test_three_ways_find_the_best_of_all_policies(seed, discount):
    process = random_process(seed, states=4, discount=discount)
    best = best_of_all_policies(process)
    for solve in (value_iteration, policy_iteration, linear_program):
        torch.testing.assert_close(solve(process), best, atol=1e-10, rtol=0)


def test_grid_of_russell_and_norvig():
    values = torch.tensor(
        [0.812, 0.868, 0.918, 1, 0.762, 0.660, -1, 0.705, 0.655, 0.611, 0.388, 0]
    ).double()
    process = grid_world(RUSSELL)
    for solve in (value_iteration, policy_iteration, linear_program):
        torch.testing.assert_close(solve(process), values, atol=5e-4, rtol=0)


def test_slips_go_sideways_and_walls_stop():
    process = grid_world([".#", ".+"], slip=0.2)
    assert process.transitions[0, 0].tolist() == pytest.approx([1, 0, 0, 0])
    assert process.transitions[0, 1].tolist() == pytest.approx([0.9, 0.1, 0, 0])
    assert process.transitions[1, 0].tolist() == pytest.approx([0.8, 0.1, 0.1, 0])
    assert bool((process.transitions[2, :, 3] == 1).all())


def test_value_of_a_policy_equals_the_long_run():
    process = random_process(3)
    policy = torch.rand(6, 3, generator=torch.Generator().manual_seed(0)).double()
    policy = policy / policy.sum(1, keepdim=True)
    torch.testing.assert_close(
        evaluate_policy(process, policy), finite_value(process, policy, 400)[0], atol=1e-9, rtol=0
    )


def test_gradient_of_the_value_passes_gradcheck():
    process = random_process(4, states=3, actions=2)
    logits = torch.randn(3, 2, dtype=torch.float64, requires_grad=True)
    for value in (
        lambda z: evaluate_policy(process, z.softmax(1)),
        lambda z: finite_value(process, z.softmax(1), 5),
    ):
        assert torch.autograd.gradcheck(value, (logits,))


def test_greedy_policy_of_the_best_values_is_best():
    process = random_process(5)
    V = value_iteration(process)
    pick = torch.nn.functional.one_hot(greedy(process, V), 3).double()
    torch.testing.assert_close(evaluate_policy(process, pick), V)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 4))
def test_all_episodes_are_a_distribution_with_the_value_as_mean(seed, steps):
    process = random_process(seed, states=3, actions=2)
    g = torch.Generator().manual_seed(seed)
    policy = torch.randn(3, 2, generator=g, dtype=torch.float64).softmax(1)
    courses = all_episodes(process, first=1, steps=steps)
    chance = courses.chance * policy[courses.states, courses.actions].prod(1)
    assert float(chance.sum()) == pytest.approx(1)
    assert len({tuple(row) for row in torch.cat(courses[:2], 1).tolist()}) == len(chance)
    expected = finite_value(process, policy, steps)[0, 1]
    torch.testing.assert_close((chance * courses.reward.sum(1)).sum(), expected)


def test_errors_say_what_is_wrong():
    P, r = torch.ones(2, 1, 2) / 2, torch.zeros(2, 1)
    with pytest.raises(ValueError, match="distribution"):
        DecisionProcess(P * 2, r, 0.9)
    with pytest.raises(ValueError, match="discount"):
        DecisionProcess(P, r, 1.1)
    with pytest.raises((ValueError, TypeError), match="states"):  # beartype may be first
        DecisionProcess(P, torch.zeros(3, 1), 0.9)
    with pytest.raises(ValueError, match="one length"):
        grid_world(["..", "."])
    with pytest.raises(ValueError, match="still change"):
        value_iteration(random_process(0), most=2)
    with pytest.raises(ValueError, match="still improving"):
        policy_iteration(random_process(0), most=1)
    with pytest.raises(ValueError, match="too many"):
        all_episodes(random_process(0), first=0, steps=9)
    with pytest.raises(ValueError, match="at least 1"):
        all_episodes(random_process(0), first=0, steps=0)
    endless = DecisionProcess(torch.ones(1, 1, 1), torch.ones(1, 1), 1.0)
    with pytest.raises(ValueError, match="no solution"):
        linear_program(endless)
