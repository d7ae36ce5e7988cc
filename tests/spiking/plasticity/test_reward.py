"""Reward-modulated STDP against a sum over pairs and rewards."""

import math
from inspect import unwrap

import pytest
import torch
from torch import Tensor

from spiking.plasticity import STDP, RewardSTDP
from spiking.plasticity.reward import RewardState, step

FREE = {"w_min": -math.inf, "w_max": math.inf}


def spikes(*shape: int, seed: int) -> Tensor:
    drawn = torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return (drawn < 0.1).double()


def rewards(*shape: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randn(shape, generator=generator, dtype=torch.float64)
    return drawn * (torch.rand(shape, generator=generator) < 0.1)


def test_change_is_the_sum_over_pairs_and_later_rewards():
    rule = RewardSTDP(15e-3, 30e-3, 0.1, 0.02, 0.013, dt=2e-3, **FREE)
    pre, post, reward = spikes(60, 2, 3, seed=0), spikes(60, 2, 2, seed=1), rewards(60, 2, seed=2)
    w = torch.zeros(2, 3, dtype=torch.float64)
    found, _ = rule(w, pre, post, reward)
    wanted = torch.zeros(2, 3, dtype=torch.float64)
    for b, j, i in ((b, j, i) for b in range(2) for j in range(2) for i in range(3)):
        sources = pre[:, b, i].nonzero().flatten().tolist()
        targets = post[:, b, j].nonzero().flatten().tolist()
        pairs = [
            (t, 0.02 * math.exp(-(t - s) * 2 / 15)) for s in sources for t in targets if s <= t
        ]
        pairs += [
            (s, -0.013 * math.exp(-(s - t) * 2 / 30)) for s in sources for t in targets if t <= s
        ]
        for moment, size in pairs:
            for r in range(moment, 60):
                wanted[j, i] += reward[r, b] * size * math.exp(-(r - moment) * 2 / 100)
    torch.testing.assert_close(found, wanted, rtol=1e-10, atol=1e-12)


def test_constant_reward_without_forgetting_is_stdp_summed_over_time():
    pre, post, w = spikes(50, 1, 6, seed=3), spikes(50, 1, 4, seed=4), torch.zeros(4, 6).double()
    rule = RewardSTDP(tau_eligibility=1e9, a_plus=0.02, a_minus=0.03, **FREE)
    found, _ = rule(w, pre, post, torch.ones(50, 1).double())
    plain = STDP(a_plus=0.02, a_minus=0.03, **FREE)
    wanted = sum(plain(w, pre[:t], post[:t])[0] for t in range(1, 51))
    torch.testing.assert_close(found, wanted, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("pairing", ["all", "nearest"])
def test_events_equal_dense_steps_also_past_many_time_constants(pairing: str):
    rule = RewardSTDP(tau_eligibility=8e-3, a_plus=0.1, a_minus=0.12, pairing=pairing)
    pre, post, reward = (
        spikes(300, 3, 9, seed=5),
        spikes(300, 3, 7, seed=6),
        rewards(300, 3, seed=7),
    )
    w = torch.rand(7, 9, generator=torch.Generator().manual_seed(8), dtype=torch.float64)
    state = RewardState(*(torch.zeros(s).double() for s in ((3, 9), (3, 7), (3, 7, 9))))
    wanted = w
    for row in zip(pre, post, reward, strict=True):
        wanted, state = step(wanted, *row, state, rule)
    found, last = rule(w, pre, post, reward)
    torch.testing.assert_close(found, wanted, rtol=1e-9, atol=1e-11)
    torch.testing.assert_close(last, state, rtol=1e-9, atol=1e-12)
    assert ((wanted == 0) | (wanted == 1)).any()  # bounds were met
    half, state = rule(w, pre[:90], post[:90], reward[:90])
    again, _ = rule(half, pre[90:], post[90:], reward[90:], state)
    torch.testing.assert_close(again, found, rtol=1e-9, atol=1e-11)


def test_without_a_reward_nothing_changes_and_its_sign_counts():
    pre, post, w = spikes(80, 1, 5, seed=9), spikes(80, 1, 4, seed=10), torch.full((4, 5), 0.5)
    pre, post = pre.float(), post.float()
    none, state = RewardSTDP()(w, pre, post, torch.zeros(80, 1))
    assert torch.equal(none, w)
    assert state.c.abs().max() > 1e-3
    praised, _ = RewardSTDP()(w, pre, post, torch.ones(80, 1))
    blamed, _ = RewardSTDP()(w, pre, post, -torch.ones(80, 1))
    torch.testing.assert_close(praised - 0.5, 0.5 - blamed, rtol=1e-4, atol=1e-6)
    assert (praised - 0.5).abs().max() > 1e-3


def test_a_reward_of_another_shape_is_refused():
    call = unwrap(RewardSTDP.__call__)
    zeros = (torch.zeros(2, 3), torch.zeros(5, 1, 3), torch.zeros(5, 1, 2))
    with pytest.raises(ValueError, match=r"expected reward \(5, 1\), got \(5,\)"):
        call(RewardSTDP(), *zeros, torch.zeros(5))
