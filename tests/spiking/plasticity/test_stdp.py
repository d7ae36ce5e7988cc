"""STDP against a sum over all pairs of spikes, closed forms, and two other libraries."""

import math
from inspect import unwrap

import pytest
import torch
from snntorch.functional.stdp_learner import stdp_linear_single_step
from spikingjelly.activation_based.functional.learning import stdp_linear_step
from torch import Tensor, nn

from spiking import time_constant
from spiking.plasticity import STDP
from spiking.plasticity.stdp import STDPState, step

FREE = {"w_min": -math.inf, "w_max": math.inf}


def spikes(*shape: int, seed: int, share: float = 0.1) -> Tensor:
    drawn = torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return (drawn < share).double()


def weights(post: int, pre: int) -> Tensor:
    generator = torch.Generator().manual_seed(5)
    return torch.rand(post, pre, generator=generator, dtype=torch.float64)


def sum_over_pairs(rule: STDP, pre: list[int], post: list[int]) -> float:
    """Return the change of one weight by the definition, with spike times in steps."""
    total = 0.0
    for t in post:
        before = [s for s in pre if s <= t]
        for s in before if rule.pairing == "all" else before[-1:]:
            total += rule.a_plus * math.exp(-(t - s) * rule.dt / rule.tau_pre)
    for s in pre:
        before = [t for t in post if t <= s]
        for t in before if rule.pairing == "all" else before[-1:]:
            total -= rule.a_minus * math.exp(-(s - t) * rule.dt / rule.tau_post)
    return total


@pytest.mark.parametrize("pairing", ["all", "nearest"])
def test_change_is_the_sum_over_pairs(pairing: str):
    rule = STDP(15e-3, 30e-3, 0.02, 0.013, dt=2e-3, pairing=pairing, **FREE)
    pre, post = spikes(80, 3, 4, seed=0), spikes(80, 3, 5, seed=1)
    before = weights(5, 4)
    after, _ = rule(before, pre, post)
    for j in range(5):
        for i in range(4):
            times = ((pre[:, b, i], post[:, b, j]) for b in range(3))
            lists = ([s.nonzero().flatten().tolist() for s in pair] for pair in times)
            wanted = sum(sum_over_pairs(rule, *pair) for pair in lists)
            assert math.isclose(after[j, i] - before[j, i], wanted, abs_tol=1e-12)


@pytest.mark.parametrize("gap", [1, 7, 40])
@pytest.mark.parametrize("mu", [0.0, 0.5, 1.0])
def test_one_pair_has_the_closed_form(gap: int, mu: float):
    rule = STDP(20e-3, 10e-3, 0.1, 0.2, w_min=-1.0, w_max=2.0, mu=mu)
    early, late = torch.zeros(60, 1, 1).double(), torch.zeros(60, 1, 1).double()
    early[5] = late[5 + gap] = 1
    w = torch.full((1, 1), 0.25).double()
    up = 0.25 + 0.1 * 1.75**mu * math.exp(-gap / 20)
    down = 0.25 - 0.2 * 1.25**mu * math.exp(-gap / 10)
    assert math.isclose(rule(w, early, late)[0].item(), up, rel_tol=1e-12)
    assert math.isclose(rule(w, late, early)[0].item(), down, rel_tol=1e-12)


@pytest.mark.parametrize("pairing", ["all", "nearest"])
@pytest.mark.parametrize("mu", [0.0, 0.3, 1.0])
def test_events_equal_dense_steps(pairing: str, mu: float):
    rule = STDP(a_plus=0.2, a_minus=0.2, pairing=pairing, mu=mu)
    pre, post = spikes(200, 4, 30, seed=2), spikes(200, 4, 20, seed=3)
    w = weights(20, 30)
    state = STDPState(torch.zeros(4, 30).double(), torch.zeros(4, 20).double())
    wanted = w
    for now_pre, now_post in zip(pre, post, strict=True):
        wanted, state = step(wanted, now_pre, now_post, state, rule)
    found, last = rule(w, pre, post)
    torch.testing.assert_close(found, wanted, rtol=1e-11, atol=1e-12)
    torch.testing.assert_close(last, state, rtol=1e-12, atol=1e-12)
    if mu == 0:
        assert (wanted == 0).any()
        assert (wanted == 1).any()  # the hard bounds were met


def test_equals_snntorch_and_spikingjelly():
    tau = 20.0  # steps; they decay by 1 - 1 / tau
    pre, post = spikes(50, 6, 8, seed=4), spikes(50, 6, 5, seed=5)
    layer, w = nn.Linear(8, 5, bias=False).double(), weights(5, 8)
    layer.weight.data = w.clone()
    seconds = time_constant(1 - 1 / tau)
    rule = STDP(seconds, seconds, 1.0, 1.0, **FREE)
    x, y, theirs = None, None, w.clone()
    for now_pre, now_post in zip(pre, post, strict=True):
        x, y, change = stdp_linear_single_step(
            layer, now_pre, now_post, x, y, tau, tau, torch.ones_like, torch.ones_like
        )
        theirs += change
    found, _ = rule(w, pre, post)
    torch.testing.assert_close(found, theirs, rtol=1e-10, atol=1e-10)
    traces, other = (torch.zeros(6, 8).double(), torch.zeros(6, 5).double()), w.clone()
    ones = {"f_pre": torch.ones_like, "f_post": torch.ones_like}
    for now_pre, now_post in zip(pre, post, strict=True):
        how = {"tau_pre": tau, "tau_post": tau, **ones}
        change, traces = stdp_linear_step(now_pre, now_post, traces, w, **how)
        other += change
    torch.testing.assert_close(found, other, rtol=1e-10, atol=1e-10)


def test_second_half_goes_on_where_the_first_has_stopped():
    rule = STDP(mu=1.0)
    pre, post, w = spikes(40, 2, 6, seed=6), spikes(40, 2, 3, seed=7), weights(3, 6)
    whole, end = rule(w, pre, post)
    half, state = rule(w, pre[:17], post[:17])
    again, last = rule(half, pre[17:], post[17:], state)
    torch.testing.assert_close(again, whole, rtol=1e-13, atol=0)
    torch.testing.assert_close(last, end, rtol=1e-13, atol=0)


def test_single_precision_follows_double_and_arguments_stay():
    rule = STDP(mu=0.5)
    pre, post, w = spikes(60, 2, 9, seed=8), spikes(60, 2, 7, seed=9), weights(7, 9)
    kept = w.clone()
    double, _ = rule(w, pre, post)
    single, state = rule(w.float(), pre.float(), post.float())
    assert single.dtype == state.x.dtype == torch.float32
    torch.testing.assert_close(single.double(), double, rtol=0, atol=1e-5)
    assert torch.equal(w, kept)
    assert not torch.equal(w, double)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"tau_pre": 0.0}, "tau_pre must be positive and finite, got 0.0"),
        ({"w_min": 1.0}, "w_min must be below w_max"),
        ({"mu": -1.0}, "mu must be at least 0"),
        ({"mu": 1.0, "w_max": math.inf}, "needs finite bounds"),
    ],
)
def test_parameters_out_of_range_are_refused(arguments: dict, message: str):
    with pytest.raises(ValueError, match=message):
        STDP(**arguments)


def test_unknown_pairing_is_refused():
    with pytest.raises(ValueError, match="pairing must be one of all, nearest, got 'some'"):
        unwrap(STDP.__init__)(STDP.__new__(STDP), pairing="some")


@pytest.mark.parametrize(
    ("weight", "pre", "post", "message"),
    [
        ((3, 6), (9, 2, 5), (9, 2, 3), r"expected pre \(time, batch, 6\), got \(9, 2, 5\)"),
        ((3, 6), (9, 2, 6), (9, 1, 3), "must have the same times and batch"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(weight, pre, post, message: str):
    with pytest.raises(ValueError, match=message):
        unwrap(STDP.__call__)(STDP(), torch.zeros(weight), torch.zeros(pre), torch.zeros(post))


def test_what_is_no_spike_and_weights_out_of_bounds_are_refused():
    pre, post, w = torch.full((4, 1, 2), 0.5), torch.zeros(4, 1, 3), torch.zeros(3, 2)
    with pytest.raises(ValueError, match="pre must be spikes, 0 or 1"):
        STDP()(w, pre, post)
    with pytest.raises(ValueError, match=r"weight must be between 0\.0 and 1\.0"):
        STDP()(w - 1, pre.round(), post)
