"""Points on either side of a plane, by definition and against the benchmark's own recipe."""

import numpy as np
import pytest
import torch
from scipy.stats import ks_2samp

from nsai.data import linearly_separable


def original(samples, features, rng):
    # XanaduAI/qml-benchmarks, data/linearly_separable.py
    x = 2 * rng.random((2 * samples, features)) - 1
    x = x[np.abs(x.sum(1)) > 0.02 * features][:samples]
    return x, (x.sum(1) <= 0).astype(int)


def test_the_class_is_the_side_and_nobody_is_in_the_margin():
    x, y = linearly_separable(500, 7, torch.Generator().manual_seed(0), margin=0.5)
    total = x.double().sum(1)
    assert x.dtype == torch.float32
    assert x.shape == (500, 7)
    assert torch.equal(y, (total < 0).long())
    assert total.abs().min() > 0.5
    assert total.abs().min() < 0.55
    assert x.abs().max() <= 1


@pytest.mark.parametrize("features", [2, 10])
def test_points_are_distributed_as_in_the_benchmark(features):
    x, y = linearly_separable(20_000, features, torch.Generator().manual_seed(1))
    theirs, labels = original(20_000, features, np.random.default_rng(1))
    assert ks_2samp(x.sum(1).numpy(), theirs.sum(1)).pvalue > 0.01
    assert ks_2samp(x[:, 0].numpy(), theirs[:, 0]).pvalue > 0.01
    assert y.double().mean() == pytest.approx(labels.mean(), abs=0.015)


@pytest.mark.parametrize(("features", "margin"), [(0, 0.0), (3, 3.0), (3, -0.1)])
def test_what_cannot_be_drawn_is_refused(features, margin):
    with pytest.raises(ValueError, match="margin"):
        linearly_separable(5, features, torch.Generator(), margin=margin)
