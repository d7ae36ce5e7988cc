"""Two curves, by definition and against the benchmark's own recipe."""

import numpy as np
import pytest
import torch
from scipy.stats import ks_2samp

from nsai.data import two_curves


def original(samples, features, degree, offset, noise, rng):
    # XanaduAI/qml-benchmarks, data/two_curves.py
    c = rng.uniform(size=(features, degree + 1, 2))
    c = c / np.linalg.norm(c)

    def curve():
        out = np.zeros((samples // 2, features))
        for s in range(samples // 2):
            t = rng.random()
            for i in range(features):
                out[s, i] = c[i, 0, 0] + c[i, 0, 1] + rng.normal(0, noise)
                for k in range(1, degree + 1):
                    out[s, i] += c[i, k, 0] * np.cos(k * np.pi * t)
                    out[s, i] += c[i, k, 1] * np.sin(k * np.pi * t)
        return out

    x = np.r_[curve(), curve() + offset]
    return (x - x.mean(0)) / x.std(0), np.repeat([0, 1], samples // 2)


def spectrum(x, y):
    return np.linalg.svd(x - x.mean(0), compute_uv=False)[[0, 3]] / np.sqrt(len(x))


def test_without_noise_points_lie_on_a_curve_of_the_degree():
    g = torch.Generator().manual_seed(0)
    x, y = two_curves(400, 30, g, degree=3, offset=0.0, noise=0.0)
    values = torch.linalg.svdvals(x.double())
    assert values[5] > 0.1
    assert values[6] < 1e-4
    assert int(y.sum()) == 200


def test_the_second_curve_is_the_first_one_moved():
    g = torch.Generator().manual_seed(0)
    x, y = two_curves(2000, 5, g, offset=50.0, noise=0.0)
    for feature in x.T.double():
        low, high = feature[y == 0].sort().values, feature[y == 1].sort().values
        assert high.min() > low.max()
        assert (high - low).std() < 0.01 * (high - low).mean()


def test_features_are_standard_and_in_random_order():
    x, y = two_curves(300, 4, torch.Generator().manual_seed(3))
    assert x.mean(0).abs().max() < 1e-6
    assert torch.allclose(x.std(0, correction=0), torch.ones(4), atol=1e-6)
    assert 60 < int(y[:150].sum()) < 90


def test_tasks_are_distributed_as_in_the_benchmark():
    g, rng = torch.Generator().manual_seed(2), np.random.default_rng(2)
    ours = [two_curves(60, 6, g) for _ in range(100)]
    theirs = [original(60, 6, 5, 0.1, 0.01, rng) for _ in range(100)]
    ours = [(x.double().numpy(), y.numpy()) for x, y in ours]
    for k in (0, 1):
        found = ks_2samp([spectrum(*t)[k] for t in ours], [spectrum(*t)[k] for t in theirs])
        assert found.pvalue > 0.01
    gap = [[np.linalg.norm(x[y == 1].mean(0) - x[y == 0].mean(0)) for x, y in of]
           for of in (ours, theirs)]  # fmt: skip
    assert ks_2samp(*gap).pvalue > 0.01


def test_a_single_sample_is_refused():
    with pytest.raises(ValueError, match="samples >= 2"):
        two_curves(1, 3, torch.Generator())
