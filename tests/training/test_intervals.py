"""Confidence intervals against scipy, and against their meaning."""

import pytest
import torch
from scipy import stats

from nsai.training import mean_interval


@pytest.mark.parametrize("level", [0.5, 0.95])
def test_it_is_students_interval(level):
    values = torch.tensor([0.3, 0.9, 0.8, 0.1], dtype=torch.float64)
    found = mean_interval(values, level=level)
    low, high = stats.t.interval(
        level, 3, loc=float(values.mean()), scale=stats.sem(values.numpy())
    )
    assert found.low == pytest.approx(low, abs=1e-12)
    assert found.high == pytest.approx(high, abs=1e-12)


def test_it_covers_the_true_mean_as_often_as_it_says():
    draws = 5 + 2 * torch.randn(4000, 5, generator=torch.Generator().manual_seed(0))
    found = [mean_interval(draw, level=0.9) for draw in draws]
    covered = sum(one.low <= 5 <= one.high for one in found) / 4000
    assert covered == pytest.approx(0.9, abs=0.02)


@pytest.mark.parametrize(("count", "level"), [(1, 0.9), (3, 1.0)])
def test_too_few_values_and_impossible_levels_are_refused(count, level):
    with pytest.raises(ValueError, match="two values"):
        mean_interval(torch.ones(count), level=level)
