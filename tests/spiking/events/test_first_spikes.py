"""The loss of first spike times against its formula, sum by sum."""

import math

import pytest
import torch

from spiking import first_spike_loss


def test_loss_and_gradient_follow_the_papers_formula():
    g = torch.Generator().manual_seed(0)
    times = (30e-3 * torch.rand(6, 3, generator=g, dtype=torch.float64)).requires_grad_()
    labels = torch.tensor([0, 2, 1, 1, 0, 2])
    tau, late, tau_late = 2e-3, 0.1, 9e-3
    loss = first_spike_loss(times, labels, tau, late=late, tau_late=tau_late)
    loss.backward()
    total = 0.0
    for t, y, slope in zip(times.tolist(), labels.tolist(), times.grad.tolist(), strict=True):
        shares = [math.exp(-value / tau) for value in t]
        total += -math.log(shares[y] / sum(shares)) + late * (math.exp(t[y] / tau_late) - 1)
        for k in range(3):  # as the authors' code has it
            expected = ((k == y) - shares[k] / sum(shares)) / tau
            expected += (k == y) * late / tau_late * math.exp(t[y] / tau_late)
            assert slope[k] == pytest.approx(expected / 6, rel=1e-10)
    assert loss.item() == pytest.approx(total / 6, rel=1e-12)


def test_silent_neurons_are_left_out():
    inf = torch.inf
    times = torch.tensor([[0.01, inf, inf], [inf, 0.01, 0.02], [inf, inf, inf]], requires_grad=True)
    loss = first_spike_loss(times, torch.tensor([0, 0, 1]), late=0.0)
    loss.backward()
    assert loss == 0  # the only row with a right spike has no wrong one
    assert not times.grad.any()


def test_wrong_arguments_are_refused():
    times = torch.rand(4, 3)
    with pytest.raises(ValueError, match=r"got \(4, 3\) and \(5,\)"):
        first_spike_loss(times, torch.zeros(5, dtype=torch.long))
    with pytest.raises(ValueError, match="positive time constants"):
        first_spike_loss(times, torch.zeros(4, dtype=torch.long), 0.0)
