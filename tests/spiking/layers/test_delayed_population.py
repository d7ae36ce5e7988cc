"""Delayed population: tuning curves, digits and delays by hand; states; what a readout can do."""

import math

import pytest
import torch

from spiking.layers.delayed_population import DelayedPopulation


def series(time=30, batch=2):
    g = torch.Generator().manual_seed(0)
    return torch.randn(time, batch, 1, generator=g, dtype=torch.float64)


def test_features_are_the_digits_of_tuning_curves_of_past_values():
    layer = DelayedPopulation(5, delays=3, steps=6, low=-2.0, high=2.0, overlap=0.8)
    x = series(8)
    features, record = layer(x)
    width = 4 / (0.8 * 4)
    for t in range(8):
        for b in range(2):
            expected = [1.0]
            for k in range(3):
                for m in range(5):
                    u = x[t - k, b, 0].item() if t >= k else None
                    answer = math.exp(-((u - (m - 2)) ** 2) / (2 * width**2)) if t >= k else 0
                    expected.append(math.floor(answer * 64) / 64)
            assert torch.allclose(features[t, b], torch.tensor(expected, dtype=torch.float64))
    digits = (features[..., 1:6] * 64).long()
    ones = sum((digits >> place) & 1 for place in range(6))
    assert torch.equal(record.spikes.long(), ones)


def test_rate_counts_carry_what_is_left_over():
    layer = DelayedPopulation(6, delays=2, steps=9, code="rate")
    x = torch.full((40, 1, 1), 0.3, dtype=torch.float64)
    features, record = layer(x)
    exact = DelayedPopulation(6, delays=2, steps=40)(x)[0][0, 0, 1:7]  # 40 digits: the answer
    mean = record.spikes[:, 0].sum(0) / (40 * 9)
    assert (mean - exact).abs().max() < 1.5 / (40 * 9)  # no count is lost from value to value
    assert torch.equal(features[1:, 0, 7:], features[:-1, 0, 1:7])


@pytest.mark.parametrize("code", ["phase", "rate"])
def test_a_series_in_two_parts_gives_the_same(code):
    layer = DelayedPopulation(7, delays=5, steps=8, code=code)
    x = series(100)
    whole, record = layer(x)
    first, between = layer(x[:70])
    second, end = layer(x[70:], between.state)
    assert torch.equal(torch.cat((first, second)), whole)
    assert torch.equal(torch.cat((between.spikes, end.spikes)), record.spikes)
    for one, other in zip(end.state, record.state, strict=True):
        assert torch.equal(one, other)


def test_noise_is_the_variance_of_what_digits_leave_out():
    layer = DelayedPopulation(20, delays=1, steps=7)
    x = series(3000)
    exact, said = DelayedPopulation(20, delays=1, steps=30)(x)[0], layer(x)[0]
    steep = (exact > 0.1) & (exact < 0.9)  # flat ends of the curves have digits of their own
    missing = (exact - said)[steep]
    assert abs(missing.var().item() / layer.noise - 1) < 0.05
    assert DelayedPopulation(steps=4, code="rate").noise == 1 / 192


def test_a_linear_readout_finds_a_function_of_a_past_value():
    layer = DelayedPopulation(20, delays=4, steps=14)
    x = series(600, 1).clamp(-2, 2)
    features = layer(x)[0][10:, 0]
    target = torch.sin(2 * x[7:-3, 0, 0])  # three values ago
    weights = torch.linalg.lstsq(features[:400], target[:400, None]).solution
    assert (features[400:] @ weights - target[400:, None]).abs().max() < 0.02


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match="delays and steps must be at least 1, got 0 and 12"):
        DelayedPopulation(delays=0)
    with pytest.raises(ValueError, match="neurons must be at least 2, got 1"):
        DelayedPopulation(1)
    layer = object.__new__(DelayedPopulation)
    with pytest.raises(ValueError, match="code must be phase or rate, got 'time'"):
        DelayedPopulation.__init__.__wrapped__(layer, code="time")
    with pytest.raises(ValueError, match=r"batch of the input, \(2, 20\), got \(1, 20\)"):
        DelayedPopulation()(series(), DelayedPopulation()(series(batch=1))[1].state)
