"""The hidden manifold model, by definition and against the benchmark's own recipe."""

import numpy as np
import pytest
import torch
from scipy.stats import ks_2samp

from nsai.data import hidden_manifold


def original(samples, features, m, rng):
    # XanaduAI/qml-benchmarks, data/hidden_manifold.py
    F = rng.normal(size=(m, features))
    c = rng.normal(size=(samples, m))
    biases = 2 * rng.uniform(size=features) - 1
    x = np.tanh(c @ F / np.sqrt(m) - biases)
    W, v = rng.normal(size=(m, m)), rng.normal(size=m)
    y = np.array([np.dot(v, np.tanh(W @ one) / np.sqrt(m)) for one in c])
    return x, (y - np.median(y) >= 0).astype(int)


def explained(x, y):
    # share of the labels' variance that a linear function of the features explains
    design = np.column_stack([x, np.ones(len(x))])
    left = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    return 1 - left.var() / y.var()


def test_points_lie_on_a_manifold_of_the_dimension():
    x, y = hidden_manifold(400, 10, torch.Generator().manual_seed(0), dimension=3)
    flat = torch.atanh(x.double())
    values = torch.linalg.svdvals(flat - flat.mean(0))
    assert values[2] > 1
    assert values[3] < 1e-3
    assert x.abs().max() < 1
    assert int(y.sum()) == 200


def test_the_class_is_a_function_of_the_place_on_the_manifold():
    x, y = hidden_manifold(4000, 10, torch.Generator().manual_seed(0), dimension=2)
    flat = torch.atanh(x.double())
    apart = torch.cdist(flat, flat).fill_diagonal_(torch.inf)
    assert (y[apart.argmin(1)] == y).double().mean() > 0.95
    shuffled = y[torch.randperm(4000, generator=torch.Generator().manual_seed(1))]
    assert (shuffled[apart.argmin(1)] == shuffled).double().mean() < 0.6


def test_tasks_are_distributed_as_in_the_benchmark():
    g, rng = torch.Generator().manual_seed(2), np.random.default_rng(2)
    ours = [hidden_manifold(300, 8, g) for _ in range(150)]
    theirs = [original(300, 8, 6, rng) for _ in range(150)]
    ours = [(x.double().numpy(), y.numpy()) for x, y in ours]
    for measure in (explained, lambda x, y: x[:, 0].mean(), lambda x, y: x[:, 1].std()):
        found = ks_2samp([measure(*task) for task in ours], [measure(*task) for task in theirs])
        assert found.pvalue > 0.01


def test_no_features_are_refused():
    with pytest.raises(ValueError, match="features 0"):
        hidden_manifold(10, 0, torch.Generator())
