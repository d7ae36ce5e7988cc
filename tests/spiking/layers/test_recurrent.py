"""Recurrent layers: one operation against steps under autograd."""

import pytest
import torch
from torch import nn

from spiking import (
    LIF,
    AdaptiveLIF,
    ArcTan,
    CubaLIF,
    ForeignNeuron,
    Izhikevich,
    LeakyIntegrator,
    Recurrent,
    Sequential,
)

NEURONS, STEPS, BATCH = 9, 30, 4


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def connection(bias: bool) -> nn.Linear:
    linear = nn.Linear(NEURONS, NEURONS, bias=bias).double()
    linear.weight.data = 1.5 * (random(NEURONS, NEURONS, seed=9) - 0.4)
    return linear


class Slow(nn.Module):
    """A linear connection that no kernel knows."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.linear = linear

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.linear(x)


MADE = {
    "lif": lambda: LIF(NEURONS, 10e-3, surrogate=ArcTan(), learn=("tau_mem", "threshold")),
    "lif, resistance": lambda: LIF(
        NEURONS, 10e-3, r=4.0, reset="zero", detach_reset=False, learn=("r", "tau_mem", "v_reset")
    ),
    "lif, refractory": lambda: LIF(NEURONS, 10e-3, refractory=2e-3, learn=("tau_mem",)),
    "cuba": lambda: CubaLIF(NEURONS, 3e-3, w=2.0, learn=("tau_syn", "w", "tau_mem")),
    "cuba, refractory": lambda: CubaLIF(NEURONS, 3e-3, refractory=3e-3, learn=("tau_syn",)),
    "adaptive": lambda: AdaptiveLIF(NEURONS, a=0.3, r=15.0, learn=AdaptiveLIF.learnable),
}


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("bias", [False, True])
def test_one_operation_equals_steps_under_autograd(name, bias):
    linear, neuron = connection(bias), MADE[name]().double()
    x = 0.5 * random(STEPS, BATCH, NEURONS)
    weights = random(STEPS, BATCH, NEURONS, seed=1) - 0.3
    results = []
    for layer in (Recurrent(neuron, linear), Recurrent(neuron, Slow(linear))):
        layer.zero_grad()
        given = x.clone().requires_grad_()
        start = neuron(x[:1])[1].state
        state = tuple(part.detach().clone().requires_grad_() for part in start)
        fired = random(BATCH, NEURONS, seed=5).round().requires_grad_()
        spikes, record = layer(given, (*state, fired))
        loss = (spikes * weights).sum() + (record.voltage * weights).square().sum()
        loss.backward()
        parts = [
            given.grad,
            fired.grad,
            *(p.grad for p in state),
            *(p.grad for p in layer.parameters()),
        ]
        results.append(((spikes, record), [part for part in parts if part is not None]))
    (ours, slopes), (theirs, others) = results
    assert 0.03 < ours[0].mean() < 0.97
    assert torch.equal(ours[0], theirs[0])
    torch.testing.assert_close(ours[1].voltage, theirs[1].voltage, rtol=1e-12, atol=1e-12)
    assert len(slopes) == len(others)
    for a, b in zip(slopes, others, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-10)


def test_the_state_goes_on_with_the_spikes_that_come_back():
    layer = Sequential(nn.Linear(3, NEURONS), Recurrent(LIF(NEURONS)), LeakyIntegrator(NEURONS))
    x = 4 * random(20, 2, 3).float()
    whole, record = layer(x)
    first, middle = layer(x[:7])
    second, last = layer(x[7:], middle.state)
    torch.testing.assert_close(torch.cat((first, second)), whole)
    torch.testing.assert_close(last.state, record.state)


def test_any_neuron_that_spikes_may_be_recurrent():
    snntorch = pytest.importorskip("snntorch")
    x = 2 * random(12, 2, NEURONS).float()
    linear = connection(bias=True).float()
    ours = Recurrent(LIF(NEURONS, 1e-3 / 0.6931471805599453, reset_delay=True), linear)
    theirs = Recurrent(ForeignNeuron(snntorch.Leaky(beta=0.5)), linear)
    assert torch.equal(ours(x)[0], theirs(x)[0])
    assert Recurrent(Izhikevich(NEURONS))(20 * x)[0].any()


def test_recurrent_faults_say_what_was_expected():
    with pytest.raises(ValueError, match="from 9 to 9 neurons, got one from 9 to 8"):
        Recurrent(LIF(9), nn.Linear(9, 8))
    with pytest.raises(ValueError, match=r"one dimension, got \(2, 3\)"):
        Recurrent(LIF((2, 3)))
    with pytest.raises(ValueError, match="neurons that spike, got LeakyIntegrator"):
        Recurrent(LeakyIntegrator(3))(torch.ones(2, 1, 3))
    layer = Recurrent(LIF(3))
    _, record = layer(torch.ones(2, 5, 3))
    with pytest.raises(ValueError, match=r"\(4, 3\), as the last part of the state, got \(5, 3\)"):
        layer(torch.ones(2, 4, 3), record.state)


def test_recurrence_over_a_map_goes_through_a_convolution():
    layer = Recurrent(LIF((2, 4, 4)), nn.Conv2d(2, 2, 3, padding=1))
    spikes, record = layer(random(5, 3, 2, 4, 4).float())
    assert spikes.shape == record.voltage.shape == (5, 3, 2, 4, 4)
