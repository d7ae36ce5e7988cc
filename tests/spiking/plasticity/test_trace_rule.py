"""The rule of Diehl and Cook against its definition, spike by spike."""

import math
from inspect import unwrap

import pytest
import torch
from torch import Tensor

from spiking.plasticity import TraceRule
from spiking.plasticity.trace_rule import TraceState, step


def spikes(*shape: int, seed: int) -> Tensor:
    drawn = torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return (drawn < 0.1).double()


@pytest.mark.parametrize("pairing", ["all", "nearest"])
def test_weights_follow_the_definition(pairing: str):
    rule = TraceRule(15e-3, 0.05, 0.3, dt=2e-3, pairing=pairing, mu=0.2)
    pre, post = spikes(90, 1, 5, seed=0), spikes(90, 1, 3, seed=1)
    w = torch.full((3, 5), 0.6, dtype=torch.float64)
    found, _ = rule(w, pre, post)
    for j in range(3):
        for i in range(5):
            wanted = 0.6
            for t in post[:, 0, j].nonzero().flatten().tolist():
                past = [s for s in pre[:, 0, i].nonzero().flatten().tolist() if s <= t]
                past = past if pairing == "all" else past[-1:]
                trace = sum(math.exp(-(t - s) * 2 / 15) for s in past)
                wanted += 0.05 * (trace - 0.3) * (1 - wanted) ** 0.2
                wanted = min(max(wanted, 0.0), 1.0)
            assert math.isclose(found[j, i], wanted, abs_tol=1e-12)


@pytest.mark.parametrize("mu", [0.0, 0.2, 1.0])
def test_events_equal_dense_steps(mu: float):
    rule = TraceRule(rate=0.2, mu=mu, pairing="all")
    pre, post = spikes(150, 4, 20, seed=2), spikes(150, 4, 10, seed=3)
    w = torch.rand(10, 20, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    wanted, state = w, TraceState(torch.zeros(4, 20, dtype=torch.float64))
    for now_pre, now_post in zip(pre, post, strict=True):
        wanted, state = step(wanted, now_pre, now_post, state, rule)
    found, last = rule(w, pre, post)
    torch.testing.assert_close(found, wanted, rtol=1e-11, atol=1e-12)
    torch.testing.assert_close(last, state, rtol=1e-12, atol=1e-12)
    half, state = rule(w, pre[:70], post[:70])
    torch.testing.assert_close(rule(half, pre[70:], post[70:], state)[0], found, rtol=1e-12, atol=0)


def test_without_a_spike_of_the_neuron_nothing_changes():
    w = torch.full((2, 3), 0.5)
    after, state = TraceRule()(w, torch.ones(5, 1, 3), torch.zeros(5, 1, 2))
    assert torch.equal(after, w)
    assert (state.x > 0).all()


def test_errors_name_what_was_expected():
    call = unwrap(TraceRule.__call__)
    with pytest.raises(ValueError, match=r"expected post \(time, batch, 2\), got \(5, 1, 4\)"):
        call(TraceRule(), torch.zeros(2, 3), torch.ones(5, 1, 3), torch.zeros(5, 1, 4))
    with pytest.raises(ValueError, match=r"expected a state of shapes \[\(1, 3\)\]"):
        call(
            TraceRule(), torch.zeros(2, 3), torch.ones(5, 1, 3), torch.zeros(5, 1, 2),
            (torch.zeros(2, 3),),
        )  # fmt: skip
    with pytest.raises(ValueError, match="tau_pre must be positive"):
        TraceRule(tau_pre=-1.0)
