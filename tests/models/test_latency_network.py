"""The grid network reads the latencies that event networks read."""

import pytest
import torch

from nsai.models.latency_network import LatencyNetwork
from nsai.training.first_spikes import latencies


def test_spikes_are_those_of_the_event_encoding_rounded_to_the_grid():
    x = torch.rand(9, 4, generator=torch.Generator().manual_seed(0))
    net = LatencyNetwork(4, 5, 3, dt=0.25e-3)
    spikes = net.encode(x)
    assert spikes.shape == (200, 9, 5)
    assert (spikes.sum(0) == 1).all()
    times = spikes.argmax(0) * 0.25e-3
    assert (times - latencies(x).first_times()).abs().max() <= 0.126e-3


def test_scores_are_the_highest_potentials_and_reach_all_weights():
    g = torch.Generator().manual_seed(1)
    net, x = LatencyNetwork(4, 40, 3, generator=g), torch.rand(20, 4, generator=g)
    scores = net(x)
    spikes, _ = net.neurons(net.synapses(net.encode(x)))
    v, i = torch.zeros(20, 3), torch.zeros(20, 3)
    most = torch.full((20, 3), -torch.inf)
    a, b = (torch.tensor(-0.5e-3 / tau).exp() for tau in (20e-3, 5e-3))
    for drive in spikes @ net.readout.weight.T:
        i = b * i + drive
        v = a * v + (1 - a) * i
        most = torch.maximum(most, v)
    torch.testing.assert_close(scores, most, rtol=1e-4, atol=1e-5)
    scores.square().sum().backward()
    assert all(p.grad.abs().sum() > 0 for p in net.parameters())


def test_grids_that_cannot_hold_the_spikes_are_refused():
    with pytest.raises(ValueError, match="expected 0 < dt <= longest <= duration"):
        LatencyNetwork(4, 5, 3, duration=10e-3)
