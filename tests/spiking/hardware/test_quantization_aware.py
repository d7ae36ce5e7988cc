"""Training with rounded weights: they are those that the chip gets, and training helps."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from spiking import LIF, DelayedLinear, LeakyIntegrator, Linear, Recurrent, Sequential
from spiking.hardware import Format, NetworkError, quantize, train_quantized


def network(seed):
    torch.manual_seed(seed)
    return Sequential(
        Linear(8, 16, bias=False), LIF(16, reset="zero"), Linear(16, 4), LeakyIntegrator(4)
    )


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_weights_of_training_are_those_of_the_chip(bits):
    net, x = network(0), (torch.rand(20, 3, 8) < 0.3).float()
    train_quantized(net, Format(), bits=bits)
    found = quantize(net, Format(), calibration=x, bits=bits)
    for p, layer in zip(found.projections, (net[0], net[2]), strict=True):
        weight = layer.weight.detach().double().T.flatten().numpy()
        unit = 2.0 ** (p.exponent + 6) / found.scales[p.target]
        np.testing.assert_allclose(p.weights.data * unit, weight, rtol=1e-5, atol=1e-7)
    assert all(report.weight_error < 1e-6 for report in found.reports)


@pytest.mark.parametrize("bits", [2, 3, 5])
@pytest.mark.parametrize("loop", [0.07, 1.0, 30.0])
def test_weights_that_meet_in_a_neuron_share_a_scale(bits, loop):
    torch.manual_seed(bits)
    net = Sequential(Linear(8, 16), Recurrent(LIF(16, reset="zero")))
    net[1].connection.weight.data *= loop
    train_quantized(net, Format(), bits=bits)
    x = (torch.rand(20, 3, 8) < 0.3).float()
    (report,) = quantize(net, Format(), calibration=x, bits=bits).reports
    assert report.weight_error < 1e-6
    assert report.lost == 0
    for layer in (net[0], net[1].connection):
        assert 1 < len(layer.weight.unique()) <= 2**bits


def test_a_copy_learns_by_itself():
    net = Sequential(Linear(8, 16), Recurrent(LIF(16, reset="zero")))
    train_quantized(net, Format(), bits=3)
    other = copy.deepcopy(net)
    before = other[0].weight.clone()
    with torch.no_grad():
        net[1].connection.parametrizations.weight.original *= 3
    torch.testing.assert_close(other[0].weight, before)
    assert not torch.equal(net[0].weight, before)
    assert set(net.state_dict()) == set(other.state_dict())


def test_the_original_of_a_copy_is_left_alone():
    """Delays are parametrized already, and copies share the class that torch has made for that."""
    net = Sequential(DelayedLinear(4, 3, 5e-3, 1e-3), LIF(3, reset="zero"))
    copies = [copy.deepcopy(net) for _ in range(2)]
    before = net[0].weight.clone()
    for bits, other in zip((2, 5), copies, strict=True):
        train_quantized(other, Format(), bits=bits)
    assert torch.equal(net[0].weight, before)
    assert [len(other[0].weight.unique()) <= 4 for other in copies] == [True, False]
    assert torch.equal(copies[0][0].delay, net[0].delay)


def test_what_would_scale_rounded_weights_is_refused():
    net = Sequential(Linear(8, 16), nn.BatchNorm1d(16), LIF(16, reset="zero"))
    with pytest.raises(NetworkError, match="layer 1: BatchNorm1d would scale weights after"):
        train_quantized(net, Format())
    with pytest.raises(NetworkError, match="bits must be from 1 to 8, got 9"):
        train_quantized(nn.Linear(2, 2), Format(), bits=9)


def test_gradients_pass_as_if_nothing_were_rounded():
    torch.manual_seed(0)
    layer, x = nn.Linear(5, 3), torch.rand(7, 5)
    train_quantized(layer, Format(), bits=2)
    kept = layer.parametrizations.weight.original
    layer(x).square().sum().backward()
    rounded = layer.weight.detach().requires_grad_()
    nn.functional.linear(x, rounded, layer.bias).square().sum().backward()
    torch.testing.assert_close(kept.grad, rounded.grad)
    assert not torch.equal(kept.detach(), layer.weight)


def test_training_through_rounding_is_better_than_rounding_afterwards():
    """Half the error at least, in 3 bits; a network without hidden layers would gain little."""
    torch.manual_seed(0)
    x = torch.randn(400, 6)
    y = torch.sin(x @ torch.randn(6, 3))
    losses = []
    for aware in (False, True):
        torch.manual_seed(1)
        net = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 3))
        if aware:
            train_quantized(net, Format(), bits=3)
        optimiser = torch.optim.Adam(net.parameters(), 0.01)
        for _ in range(300):
            optimiser.zero_grad()
            (net(x) - y).square().mean().backward()
            optimiser.step()
        if not aware:
            train_quantized(net, Format(), bits=3)
        losses.append((net(x) - y).square().mean().item())
    assert losses[1] < 0.5 * losses[0]
