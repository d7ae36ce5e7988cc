import pytest
import torch

from nsai.models.decision_process import (
    DecisionProcess,
    evaluate_policy,
    greedy,
    grid_world,
    value_iteration,
)
from nsai.training.temporal_difference import q_learning, temporal_differences

WORLD = grid_world(["..+", ".#-", "..."], discount=0.9)


def generator():
    return torch.Generator().manual_seed(0)


def test_td_converges_to_the_value_of_its_policy():
    policy = torch.rand(WORLD.rewards.shape, generator=generator()).double() + 0.2
    policy = policy / policy.sum(1, keepdim=True)
    found = temporal_differences(WORLD, policy, steps=100_000, generator=generator())
    exact = evaluate_policy(WORLD, policy)
    assert float((found - exact).abs().max()) < 0.05
    assert float(exact.abs().max()) > 0.3


def test_q_learning_converges_to_the_best_values_though_it_acts_at_random():
    Q = q_learning(WORLD, steps=100_000, generator=generator())
    V = value_iteration(WORLD)
    assert float((Q - WORLD.actions_worth(V)).abs().max()) < 0.06
    clear = WORLD.actions_worth(V).sort(1).values
    sure = clear[:, -1] - clear[:, -2] > 0.1
    assert torch.equal(Q.argmax(1)[sure], greedy(WORLD, V)[sure])


def test_first_update_is_the_whole_reward():
    one = DecisionProcess(torch.tensor([[[0.0, 1]], [[0.0, 1]]]), torch.tensor([[3.0], [0]]), 0.5)
    V = temporal_differences(one, torch.ones(2, 1), steps=1, generator=generator())
    assert V.tolist() == [3.0, 0.0]


def test_draws_repeat_by_seed():
    first, again = (q_learning(WORLD, steps=500, generator=generator()) for _ in range(2))
    assert torch.equal(first, again)


@pytest.mark.parametrize(("options", "word"), [({"steps": 0}, "steps"), ({"power": 0.5}, "power")])
def test_errors_say_what_is_wrong(options, word):
    with pytest.raises(ValueError, match=word):
        q_learning(WORLD, **({"steps": 10} | options))
