"""Liquid: step by step by hand, states, memory."""

import pytest
import torch

from spiking.layers.liquid import Liquid


def liquid(**arguments):
    return Liquid(40, steps=5, generator=torch.Generator().manual_seed(1), **arguments)


def series(time=20, batch=2):
    return torch.randn(time, batch, 1, generator=torch.Generator().manual_seed(0))


def test_counts_are_those_of_a_plain_loop():
    layer, x = liquid(input_scale=0.5, gain=1.0), series()
    features, record = layer(x)
    neuron = layer.network.neuron
    alpha = torch.exp(torch.tensor(-neuron.dt / neuron.tau_mem.item()))
    weight = layer.network.connection.weight
    v, s, trace = torch.zeros(2, 40), torch.zeros(2, 40), torch.zeros(2, 40)
    for t in range(20):
        current = layer.inward[:, 0] + x[t] * layer.inward[:, 1]
        count = torch.zeros(2, 40)
        for _ in range(5):
            v = alpha * (v - s) + current + s @ weight.T
            s = (v > 1).float()
            count += s
        trace = 0.5 * trace + 0.5 * count / 5
        assert torch.equal(record.spikes[t], count)
        assert torch.allclose(features[t, :, 2:], trace, atol=1e-6)
        assert torch.equal(features[t, :, :2], torch.cat((torch.ones(2, 1), x[t]), 1))
    assert record.spikes.sum() > 50


def test_a_series_in_two_parts_gives_the_same():
    layer, x = liquid(), series(100)
    whole, _ = layer(x)
    first, record = layer(x[:70])
    second, _ = layer(x[70:], record.state)
    assert torch.allclose(torch.cat((first, second)), whole, atol=1e-6)


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match="neurons and steps must be at least 1"):
        Liquid(0)
    with pytest.raises(ValueError, match=r"memory in \[0, 1\), got 0.1 and 1.0"):
        Liquid(10, memory=1.0)
    with pytest.raises(ValueError, match=r"expected input \(time, batch, 1\), got \(4, 2, 3\)"):
        Liquid.forward.__wrapped__(liquid(), torch.zeros(4, 2, 3))
