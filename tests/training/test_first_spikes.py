"""Training by first spike times: encoding, errors, and a task that needs the hidden layer."""

import pytest
import torch
from torch import nn

from nsai.data import yin_yang_points
from nsai.training.first_spikes import first_spike_errors, latencies, train_first_spikes
from spiking import EventLIF, SortedEvents


def test_numbers_become_spike_times_and_a_spike_at_zero():
    events = latencies(torch.tensor([[1.0, 0.5], [0.25, 0.0]]), longest=20e-3)
    first = events.first_times()
    expected = torch.tensor([[20e-3, 10e-3, 0.0], [5e-3, 0.0, 0.0]], dtype=torch.float64)
    torch.testing.assert_close(first, expected, rtol=0, atol=1e-15)


class Given(nn.Module):
    """Spikes when it is told to."""

    def __init__(self, times):
        super().__init__()
        self.times = times

    def forward(self, events):
        return SortedEvents.from_times(self.times)


def test_the_right_neuron_must_spike_and_spike_first():
    inf = torch.inf
    model = Given(torch.tensor([[0.1, 0.2], [inf, 0.2], [inf, inf], [0.3, 0.2], [inf, inf]]))
    y = torch.tensor([0, 0, 0, 1, 1])
    assert first_spike_errors(model, torch.zeros(5, 1), y) == pytest.approx(3 / 5)


def test_yin_yang_is_learned_better_than_a_linear_readout_can():
    g = torch.Generator().manual_seed(0)
    x, y = yin_yang_points(300, g)
    hidden = EventLIF(5, 40, mean=1.5, std=1.5, generator=g)
    net = nn.Sequential(hidden, EventLIF(40, 3, mean=0.5, std=0.3, generator=g))
    before = first_spike_errors(net, x, y)
    history = train_first_spikes(
        net, x, y, epochs=8, rate=2e-2, batch_size=30, generator=g, decay=0.9
    )
    assert len(history.loss) == len(history.evaluations) == 80
    assert before > 0.5
    assert first_spike_errors(net, x, y) < 0.3  # the best linear readout is wrong at 0.36
