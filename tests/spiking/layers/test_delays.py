"""Delays: kernels against plain torch, gradients against finite differences, states."""

import pytest
import torch

from spiking import LIF, Delay, DelayedLinear, Linear, Sequential
from spiking.layers.delayed_linear import convolve
from spiking.layers.delays import _shifted

STEPS, BATCH, NEURONS = 20, 3, 5


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_an_axon_delays_by_whole_steps_exactly():
    x = random(STEPS, BATCH, NEURONS).round()
    delays = torch.arange(NEURONS) * 1e-3
    y, _ = Delay(NEURONS, delays)(x)
    for n in range(NEURONS):
        assert torch.equal(y[n:, :, n], x[: STEPS - n, :, n])
        assert not y[:n, :, n].any()


def test_axonal_kernel_and_gradients_equal_plain_torch():
    x = random(STEPS, BATCH, NEURONS)
    layer = Delay(NEURONS, 7e-3 * random(NEURONS, seed=1), most=8e-3, learn=True).double()
    past = (random(layer.steps, BATCH, NEURONS, seed=2),)
    weights = random(STEPS, BATCH, NEURONS, seed=3)
    results = []
    for way in (0, 1):
        given, before = x.clone().requires_grad_(), past[0].clone().requires_grad_()
        layer.zero_grad()
        if way == 0:
            y = layer(given, (before,))[0]
        else:
            d = layer.delay / layer.dt
            y = _shifted(given, before, d - d.detach().floor(), d.detach().floor())
        (y * weights).sum().backward()
        results.append((y, given.grad, before.grad, next(layer.parameters()).grad))
    for a, b in zip(*results, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)


def test_an_axonal_delay_passes_gradcheck():
    layer = Delay(2, torch.tensor([1.3e-3, 2.7e-3]), most=4e-3, learn=True).double()
    x = random(6, 2, 2).requires_grad_()
    assert torch.autograd.gradcheck(lambda x, *_: layer(x)[0], (x, *layer.parameters()))


def test_a_learned_delay_finds_the_one_of_its_teacher():
    x = torch.nn.functional.avg_pool1d(random(1, 1, 400), 9, 1, 4).view(400, 1, 1)
    teacher, student = Delay(1, 6.4e-3), Delay(1, 2e-3, most=10e-3, learn=True).double()
    target = teacher(x)[0]
    optimizer = torch.optim.Adam(student.parameters(), 0.05)
    for _ in range(200):
        optimizer.zero_grad()
        (student(x)[0] - target).square().mean().backward()
        optimizer.step()
    assert student.delay.item() == pytest.approx(6.4e-3, abs=1e-4)


@pytest.mark.parametrize("density", [0.05, 0.1])
@pytest.mark.parametrize("binary", [True, False])
def test_events_through_taps_equal_the_dense_convolution(density, binary, monkeypatch):
    monkeypatch.setattr("spiking.layers.delayed_linear.LEAST", 1)
    x = (random(STEPS, BATCH, NEURONS) < density).double()
    x = x if binary else x * random(STEPS, BATCH, NEURONS, seed=4)
    kernel, weights = random(NEURONS, 6, 4, seed=5) - 0.5, random(STEPS, BATCH, 4, seed=6)
    results = []
    for least in (1, 1 << 30):
        monkeypatch.setattr("spiking.layers.delayed_linear.LEAST", least)
        given, taps = x.clone().requires_grad_(), kernel.clone().requires_grad_()
        y = convolve(given, taps)
        (y * weights).sum().backward()
        results.append((y, given.grad, taps.grad))
    assert x.any()
    for a, b in zip(*results, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)


def test_taps_with_one_delay_each_sum_late_spikes():
    layer = DelayedLinear(4, 3, most=6e-3, sigma=0.0, bias=False).double()
    x = random(STEPS, 2, 4).round()
    y, _ = layer(x)
    late = (layer.delay / layer.dt).round().long()
    expected = torch.zeros(STEPS, 2, 3, dtype=torch.float64)
    for j in range(3):
        for i in range(4):
            d = int(late[j, i])
            expected[d:, :, j] += layer.weight[j, i].detach() * x[: STEPS - d, :, i]
    torch.testing.assert_close(y, expected)


def test_a_narrow_gaussian_tends_to_the_nearest_tap():
    layer = DelayedLinear(6, 5, most=9e-3, sigma=0.05, bias=False).double()
    layer.delay = 1e-3 * (8 * random(5, 6, seed=2)).round() + 0.3e-3
    x = random(STEPS, 2, 6)
    narrow = layer(x)[0]
    layer.sigma = 0.0
    torch.testing.assert_close(narrow, layer(x)[0], rtol=0, atol=1e-6)


def test_synaptic_delays_pass_gradcheck():
    layer = DelayedLinear(2, 2, most=3e-3, sigma=0.8).double()
    x = random(5, 2, 2).requires_grad_()
    assert torch.autograd.gradcheck(lambda x, *_: layer(x)[0], (x, *layer.parameters()))


def test_what_is_on_its_way_arrives_in_the_next_sequence():
    x = random(STEPS, BATCH, NEURONS)
    net = Sequential(
        Delay(NEURONS, 3.3e-3), DelayedLinear(NEURONS, 4, most=5e-3), LIF(4), Linear(4, 2)
    ).double()
    whole, record = net(x)
    first, middle = net(x[:3])
    second, last = net(x[3:], middle.state)
    torch.testing.assert_close(torch.cat((first, second)), whole)
    torch.testing.assert_close(last.state, record.state)


def test_delay_faults_say_what_was_expected():
    with pytest.raises(ValueError, match=r"one delay or \(3,\), got shape \(2,\)"):
        Delay(3, torch.ones(2))
    with pytest.raises(ValueError, match=r"between 0 and 0\.001 s"):
        Delay(3, 2e-3, most=1e-3)
    with pytest.raises(ValueError, match="above 0"):
        Delay(3, 0.0, learn=True)
    with pytest.raises(ValueError, match=r"\(time, batch, 3\), got \(4, 3\)"):
        Delay.forward.__wrapped__(Delay(3, 1e-3), torch.ones(4, 3))
    with pytest.raises(ValueError, match=r"one tensor \(2, 5, 3\), got \[\(2, 4, 3\)\]"):
        Delay(3, 1e-3)(torch.ones(4, 5, 3), (torch.ones(2, 4, 3),))
    with pytest.raises(ValueError, match="must be positive"):
        DelayedLinear(3, 2, most=0.0)
