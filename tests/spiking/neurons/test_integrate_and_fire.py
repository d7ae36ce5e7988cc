"""Neurons without a leak against their closed form, and against SpikingJelly."""

import pytest
import torch

from spiking import IF, LIF, Integrator


def test_if_fires_at_closed_form_times():
    current, r, theta, dt = 0.7, 150.0, 2.0, 1e-3
    spikes, record = IF(1, dt, r=r, threshold=theta, reset="zero")(
        torch.full((200, 1, 1), current, dtype=torch.float64)
    )
    gap = int(theta / (dt * r * current)) + 1  # the first step above the threshold
    assert spikes.flatten().nonzero().flatten().tolist() == [*range(gap - 1, 200, gap)]
    assert record.voltage[0].item() == pytest.approx(dt * r * current, rel=1e-14)


@pytest.mark.parametrize("reset", ["subtract", "zero", "none"])
def test_if_is_the_limit_of_lif(reset: str):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(300, 4, 6, generator=generator).double() * 0.3
    spikes, record = IF(6, reset=reset, refractory=2e-3)(x)
    slow, almost = LIF(6, tau_mem=1e13, reset=reset, refractory=2e-3)(x)
    assert 0 < spikes.mean() < 1
    assert torch.equal(spikes, slow)
    torch.testing.assert_close(record.voltage, almost.voltage, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("hard", [True, False])
def test_if_equals_spikingjelly(hard: bool):
    neuron = pytest.importorskip(
        "spikingjelly.activation_based.neuron", reason="SpikingJelly is in benchmarks/peers.txt"
    )
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(300, 4, 6, generator=generator).double() * 0.4
    theirs = neuron.IFNode(v_reset=0.0 if hard else None, step_mode="m")
    assert torch.equal(IF(6, reset="zero" if hard else "subtract")(x)[0], theirs(x))


def test_integrator_sums_its_input():
    x = torch.randn(50, 3, 4, dtype=torch.float64)
    v, record = Integrator(4, dt=2e-3, r=torch.tensor([1.0, 2.0, 3.0, 4.0]))(x)
    expected = 2e-3 * torch.arange(1, 5).double() * x.cumsum(0)
    torch.testing.assert_close(v, expected, rtol=1e-12, atol=1e-14)
    again, _ = Integrator(4, dt=2e-3)(x[:7])
    torch.testing.assert_close(again, x[:7].cumsum(0))
    assert record.spikes is None


def test_gradients_by_r_and_input_are_those_of_finite_differences():
    x = torch.rand(5, 2, 3, dtype=torch.float64, requires_grad=True)
    layer = Integrator(3, r=torch.full((3,), 300.0, dtype=torch.float64), learn=("r",))
    assert torch.autograd.gradcheck(lambda x: layer(x)[0], x)
    up = layer(x.detach())[0].sum()
    up.backward()
    with torch.no_grad():
        before = layer(x)[0].sum()
        layer.r[1] += 1e-3
        after = layer(x)[0].sum()
    assert layer.r.grad[1].item() == pytest.approx((after - before).item() / 1e-3, rel=1e-6)


def test_what_cannot_learn_is_refused():
    with pytest.raises(ValueError, match="learn must be names among threshold, v_reset, r"):
        IF(3, learn=("tau_mem",))
    with pytest.raises(ValueError, match="learn must be names among r;"):
        Integrator(3, learn=("tau_mem",))
