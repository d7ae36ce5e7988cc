"""Highest potentials against sums over a fine grid; gradients against finite differences."""

import pytest
import torch
from torch import nn

from spiking import EventIntegrator, EventLIF, SortedEvents

TAUS = [(20e-3, 5e-3), (10e-3, 5e-3), (20e-3, 7.3e-3), (5e-3, 5e-3), (4e-3, 9e-3)]
DOUBLE = torch.float64


def random(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=DOUBLE)


def readout(inputs, neurons, taus, **options):
    layer = EventIntegrator(inputs, neurons, *taus, **options).double()
    layer.weight.data = 3 * random(neurons, inputs, seed=9) - 1
    return layer


def brute_force(layer, x, taus, end):
    """Return maxima over a fine grid of summed responses."""
    tau_mem, tau_syn = taus
    t = torch.linspace(0, end, 20001, dtype=DOUBLE)
    s = (t - x[:, :, None]).clamp(min=0)
    if tau_mem == tau_syn:
        rise = s / tau_mem * (-s / tau_mem).exp()
    else:
        rise = ((-s / tau_mem).exp() - (-s / tau_syn).exp()) * tau_syn / (tau_mem - tau_syn)
    return torch.einsum("ni,bit->bnt", layer.weight, rise).amax(-1).clamp(min=0)


@pytest.mark.parametrize("taus", TAUS)
@pytest.mark.parametrize("end", [0.12, 0.02])
def test_highest_potential_is_that_of_a_fine_grid(taus, end):
    layer, x = readout(7, 6, taus, duration=end), 30e-3 * random(6, 7)
    found = layer(SortedEvents.from_times(x))
    expected = brute_force(layer, x, taus, end)
    assert (found >= expected - 1e-12).all()
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-3)


@pytest.mark.parametrize("taus", TAUS)
def test_gradient_equals_finite_differences(taus):
    layer, x = readout(5, 4, taus), (30e-3 * random(4, 5)).requires_grad_()
    scale = random(4, 4, seed=1) - 0.3

    def value():
        return (scale * layer(SortedEvents.from_times(x))).sum()

    require_exact(value, [layer.weight, x], [1e-6, 2e-8])


def test_gradient_goes_through_spiking_layers():
    hidden = EventLIF(4, 6, generator=torch.Generator().manual_seed(1)).double()
    hidden.weight.data *= 2.5
    net, x = nn.Sequential(hidden, readout(6, 2, TAUS[0])), (30e-3 * random(3, 4)).requires_grad_()

    def value():
        return net(SortedEvents.from_times(x)).square().sum()

    require_exact(value, [hidden.weight, net[1].weight, x], [1e-6, 1e-6, 1e-8])


def require_exact(value, tensors, steps):
    value().backward()
    for tensor, step in zip(tensors, steps, strict=True):
        slope = torch.zeros(tensor.numel(), dtype=DOUBLE)
        with torch.no_grad():
            flat = tensor.view(-1)
            for i, kept in enumerate(flat.clone()):
                flat[i] = kept + step
                above = value()
                flat[i] = kept - step
                slope[i] = (above - value()) / (2 * step)
                flat[i] = kept
        assert slope.any()
        torch.testing.assert_close(
            tensor.grad.flatten(), slope, rtol=0, atol=1e-7 * slope.abs().max().item()
        )


def test_a_rise_that_an_input_stops_moves_with_that_input():
    # The second input inhibits so strongly that the potential is highest when it comes.
    layer = EventIntegrator(2, 1, 10e-3, 5e-3).double()
    layer.weight.data = torch.tensor([[1.0, -50.0]], dtype=DOUBLE)
    x = torch.tensor([[0.0, 2e-3]], dtype=DOUBLE, requires_grad=True)
    highest = layer(SortedEvents.from_times(x))
    highest.sum().backward()
    s = torch.tensor(2e-3, dtype=DOUBLE, requires_grad=True)
    v = (-s / 10e-3).exp() - (-s / 5e-3).exp()
    v.backward()
    torch.testing.assert_close(highest[0, 0], v.detach(), rtol=1e-13, atol=0)
    torch.testing.assert_close(x.grad[0], torch.stack((-s.grad, s.grad)), rtol=1e-12, atol=0)


def test_inhibition_alone_leaves_zero_and_no_gradient():
    layer = EventIntegrator(2, 3)
    nn.init.constant_(layer.weight, -1.0)
    highest = layer(SortedEvents.from_times(torch.zeros(4, 2)))
    highest.sum().backward()
    assert not highest.any()
    assert not layer.weight.grad.any()


def test_wrong_constants_and_inputs_are_refused():
    with pytest.raises(ValueError, match="tau_syn must be a positive number, got -1"):
        EventIntegrator(2, 1, tau_syn=-1.0)
    with pytest.raises(ValueError, match="duration must be positive"):
        EventIntegrator(2, 1, duration=-1.0)
    with pytest.raises(ValueError, match="inputs and neurons must be positive"):
        EventIntegrator(0, 1)
    with pytest.raises(ValueError, match="expected events of 2 neurons, got 3"):
        EventIntegrator(2, 1)(SortedEvents.from_times(torch.zeros(1, 3)))
