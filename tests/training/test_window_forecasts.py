import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge
from torch import nn

from nsai.training.window_forecasts import (
    Windows,
    ridge_forecast,
    split_windows,
    train_on_windows,
)


def series(steps=60, channels=()):
    g = torch.Generator().manual_seed(0)
    return torch.randn(steps, *channels, generator=g).double().cumsum(0)


@pytest.mark.parametrize("anchored", [False, True])
def test_windows_are_those_of_loops(anchored):
    x, cuts = series(channels=(2,)), (30, 45, 58)
    parts = split_windows(x, past=4, ahead=3, cuts=cuts, anchored=anchored)
    z = ((x - x[:30].mean(0)) / x[:30].std(0, correction=0)).numpy()
    for part, first, last in zip(parts, (4, 30, 45), cuts, strict=True):
        pieces = [z[t - 4 : t + 3, c] for t in range(first, last - 2) for c in (0, 1)]
        pieces = np.stack([p - anchored * p[3] for p in pieces])
        assert torch.cat(part, 1).numpy() == pytest.approx(pieces, abs=1e-14)


def test_scale_is_that_of_the_first_part_alone():
    x = series()
    before = split_windows(x, past=3, ahead=1, cuts=(40, 60))
    later = x.clone()
    later[40:] *= 100
    after = split_windows(later, past=3, ahead=1, cuts=(40, 60))
    assert torch.equal(before[0].x, after[0].x)
    assert not torch.equal(before[1].y, after[1].y)


@pytest.mark.parametrize("cuts", [(5, 60), (40, 41), (40, 61)])
def test_parts_that_hold_no_window_are_refused(cuts):
    with pytest.raises(ValueError, match="parts of 6 values or more that end by 60, got cuts"):
        split_windows(series(), past=4, ahead=2, cuts=cuts)


def test_ridge_is_sklearns_with_the_best_penalty():
    train, validation, test = split_windows(series(200), past=6, ahead=2, cuts=(100, 150, 200))
    penalties, found = (1e-3, 0.1, 10.0, 1000.0), {}
    for penalty in penalties:
        judge = Ridge(alpha=penalty).fit(train.x, train.y)
        error = ((judge.predict(validation.x) - validation.y.numpy()) ** 2).mean()
        found[error] = judge.predict(test.x)
    said = ridge_forecast(train, validation, test.x, penalties)
    assert said.numpy() == pytest.approx(found[min(found)], abs=1e-9)
    alone = ridge_forecast(train, validation, test.x, (1000.0,))
    assert not torch.allclose(said, alone, atol=1e-3)


def test_noise_shrinks_a_linear_map_as_ridge_does():
    g = torch.Generator().manual_seed(1)
    x = torch.randn(400, 1, generator=g)
    windows = Windows(x, 2 * x)
    slopes = {}
    for noise in (0.0, 1.0):
        net = nn.Sequential(nn.Flatten(), nn.Linear(1, 1))
        train_on_windows(net, windows, steps=300, rate=0.1, noise=noise, generator=g)
        slopes[noise] = net[1].weight.item()
    assert slopes[0.0] == pytest.approx(2, abs=1e-2)
    power = float(x.var(correction=0))
    assert slopes[1.0] == pytest.approx(2 * power / (power + 1), abs=0.1)
