"""Forecasting: windows, error, free run, and models that must learn a sine."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from nsai.models import EchoState
from nsai.training import (
    fit_readout,
    forecast,
    shifted_windows,
    smape,
    train_forecaster,
    valid_time,
)


def sine(time=400, batch=1, dtype=torch.float64):
    t = torch.arange(time, dtype=dtype)[:, None] + 10 * torch.arange(batch)
    return (1 + 0.4 * torch.sin(2 * math.pi * t / 23.7) + 0.2 * torch.sin(t / 3.1))[..., None]


def test_windows_begin_half_a_lyapunov_time_apart():
    windows = shifted_windows(torch.arange(3750.0))
    assert windows.shape == (1501, 30, 1)
    assert windows[0, :4, 0].tolist() == [0, 37, 75, 112]  # as slices from 37.5 k begin
    assert torch.equal(windows[:, 29, 0], torch.arange(1087.0, 2588.0))
    with pytest.raises(ValueError, match="30 pieces of 1501 values need 2588 or more, got 2000"):
        shifted_windows(torch.zeros(2000))


def test_error_is_the_mean_of_each_steps():
    g = np.random.default_rng(0)
    a, b = g.normal(size=(2, 7, 3))
    pairs = zip(a.T, b.T, strict=True)
    expected = [200 * np.mean(np.abs(x - y) / (np.abs(x) + np.abs(y))) for x, y in pairs]
    found = smape(torch.tensor(a)[..., None], torch.tensor(b)[..., None])
    np.testing.assert_allclose(found.numpy(), expected)


def test_error_is_that_of_neurobench():
    metrics = pytest.importorskip("neurobench.metrics.workload")
    a, b = sine(), sine(batch=1) + 0.1
    assert metrics.SMAPE()(None, a[:, 0], (None, b[:, 0])) == pytest.approx(smape(a, b).item())


def test_what_leaves_the_numbers_is_as_wrong_as_can_be():
    a = torch.ones(3, 2, 1)
    a[1, 0] = torch.nan
    assert smape(a, torch.ones(3, 2, 1)).tolist() == [200, 0]


class Growth(nn.Module):
    """Says twice its input plus the number of values that it has seen."""

    def forward(self, x, state=None):
        count = (0 if state is None else state) + torch.arange(1.0, len(x) + 1)
        return 2 * x + count[:, None, None], count[-1]


def test_a_model_sees_the_history_and_then_itself():
    found = forecast(Growth(), torch.tensor([3.0, 1.0]).view(2, 1, 1), 3)
    # 2·1 + 2, then 2·4 + 3, then 2·11 + 4
    assert found.flatten().tolist() == [4, 11, 26]
    seen = []
    forecast(Growth(), torch.ones(5, 1, 1), 3, watch=lambda state: seen.append(state.item()))
    assert seen == [6, 7]


@pytest.mark.parametrize("options", [{}, {"standardise": True, "increments": True}])
def test_a_reservoir_learns_to_go_on(options):
    x = sine(330, 2)
    reservoir = EchoState(60, radius=0.9, generator=torch.Generator().manual_seed(0))
    model = fit_readout(reservoir, x[:300], 1e-8, **options)
    said = forecast(model, x[:300], 30)
    assert smape(said, x[300:]).max() < 1
    assert smape(x[:300].mean(0).expand(30, -1, -1), x[300:]).min() > 10


def test_a_readout_does_not_see_what_it_is_to_forecast():
    x = sine(301)
    reservoir = EchoState(30, generator=torch.Generator().manual_seed(0))
    first = fit_readout(reservoir, x[:300], 1e-6).weights
    changed = x[:300].clone()
    changed[-1] += 1
    assert not torch.equal(first, fit_readout(reservoir, changed, 1e-6).weights)
    features = reservoir(x[:299])[0][45:, 0]
    left = features.T @ features + 1e-6 * torch.eye(32, dtype=torch.float64)
    expected = torch.linalg.solve(left, features.T @ x[46:300, 0, 0])
    fitted = (features @ first[0], features @ expected)
    assert torch.allclose(*fitted, atol=1e-8)


def test_an_lstm_learns_the_next_value():
    x = sine(100, dtype=torch.float32)
    trained, begun = (train_forecaster(x, units=16, window=20, epochs=n) for n in (80, 1))
    errors = [(net(x[:-1])[0] - x[1:])[30:].square().mean().item() for net in (trained, begun)]
    assert errors[0] < 0.2 * x.var().item()
    assert errors[1] > 2 * errors[0] + x.var().item()


def test_training_repeats_and_leaves_the_global_seed_alone():
    x = sine(60, dtype=torch.float32)
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    models = [train_forecaster(x, units=4, window=5, epochs=3, seed=s) for s in (1, 1, 2)]
    assert torch.equal(torch.rand(1), expected)
    weights = [model.out.weight for model in models]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_a_forecast_is_valid_up_to_its_first_large_error():
    truth = sine(100, 3)
    said = truth.clone()
    said[60:, 0] += 1
    said[30, 1] = torch.nan
    assert valid_time(said, truth).tolist() == [60, 30, 100]
