"""Costs of networks against counts by hand, one product at a time."""

import pytest
import torch
from torch import nn

from spiking import LIF, Delay, DelayedLinear, LeakyIntegrator, Linear, Recurrent, Sequential
from spiking.metrics import (
    activation_sparsity,
    connection_sparsity,
    footprint,
    synaptic_operations,
)


def pruned(net: nn.Module, seed: int = 0) -> nn.Module:
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for layer in net.modules():
            if isinstance(layer, (nn.Linear, nn.Conv2d)):
                layer.weight *= 3
                layer.weight[torch.rand(layer.weight.shape, generator=generator) < 0.3] = 0
    return net.eval()


def test_products_are_those_counted_one_by_one():
    torch.manual_seed(0)
    net = pruned(Sequential(Linear(4, 5), Recurrent(LIF(5), nn.Linear(5, 5)), Linear(5, 2)))
    x = torch.randint(-1, 2, (6, 3, 4)).float()
    x[2, 1, 0] = 0.5  # at this step the first layer multiplies
    _, record = net(x)
    spikes = record["1"].spikes
    late = torch.cat((torch.zeros(1, 3, 5), spikes[:-1]))
    acs = macs = 0
    for given, weight in (
        (x, net[0].weight),
        (late, net[1].connection.weight),
        (spikes, net[2].weight),
    ):
        for t in range(6):
            met = sum(
                int(given[t, b, i] != 0 and weight[j, i] != 0)
                for b in range(3)
                for j, i in torch.cartesian_prod(*map(torch.arange, weight.shape)).tolist()
            )
            if given is x and t == 2:
                macs += met
            else:
                acs += met
    found = synaptic_operations(net, x, record)
    assert acs > 0 < macs
    assert found == (macs / 3, acs / 3, 6 * (4 * 5 + 5 * 5 + 5 * 2))


def test_padding_is_no_product():
    conv = nn.Conv2d(1, 1, 3, padding=1)
    net = Sequential(conv, LIF((1, 4, 4)))
    x = torch.zeros(2, 1, 1, 4, 4)
    x[0, 0, 0, 0, 0] = 1.0  # a corner is seen by 2 x 2 patches
    found = synaptic_operations(net, x, net(x)[1])
    inside = 4 * 9 + 8 * 6 + 4 * 4  # places within, at an edge, in a corner
    assert found == (0.0, 4.0, 2.0 * inside)


def test_a_spike_counts_once_for_a_synapse_with_a_delay():
    net = Sequential(DelayedLinear(4, 3, 5e-3), LIF(3))
    x = torch.zeros(9, 2, 4)
    x[1, 0, 2] = x[8, 1, 3] = 1.0
    assert synaptic_operations(net, x, net(x)[1]) == (0.0, 3.0, 9 * 12.0)


def test_activations_are_those_that_are_sent():
    net = Sequential(Delay(4, 2e-3), nn.ReLU(), Sequential(LIF(4)), LeakyIntegrator(4))
    x = torch.randn(20, 3, 4)
    _, record = net(x)
    late = torch.cat((torch.zeros(2, 3, 4), x[:-2])).relu()
    spikes = record["2"]["0"].spikes
    zeros = (late == 0).sum() + (spikes == 0).sum()
    assert activation_sparsity(net, x, record) == zeros.item() / (2 * 240)


def test_bytes_and_zeros_of_weights():
    net = Sequential(
        Linear(4, 3), LIF(3, tau_mem=torch.ones(3), learn=("tau_mem",)), nn.Conv1d(1, 1, 2)
    )
    with torch.no_grad():
        net[0].weight[1] = 0
        net[0].bias.zero_()
    numbers = 4 * (12 + 3 + 3 + 2 + 1)  # float32: weights, biases, time constants
    assert footprint(net) == numbers + 8 * 3  # float64: threshold, v_leak, v_reset
    assert connection_sparsity(net) == 4 / 14


def test_faults_say_what_was_expected():
    net, x = Sequential(Linear(3, 2), LIF(2)), torch.rand(5, 2, 3)
    _, record = net(x)
    with pytest.raises(ValueError, match=r"record of layers \['0'\], got \['1'\]"):
        synaptic_operations(Sequential(LIF(3)), x, record)
    with pytest.raises(
        ValueError, match=r"layer 1: expected a record of .* = \(4, 2\), got \(5, 2\)"
    ):
        synaptic_operations(net, x[1:], record)
    with pytest.raises(ValueError, match="with weights, got one without"):
        connection_sparsity(Sequential(LIF(3)))
    silent = Sequential(Linear(3, 2))
    with pytest.raises(ValueError, match="with neurons that spike"):
        activation_sparsity(silent, x, silent(x)[1])
