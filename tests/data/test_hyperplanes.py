"""Hyperplanes and parity, by definition and against the benchmark's own recipe."""

import numpy as np
import pytest
import torch
from scipy.stats import ks_2samp

from nsai.data import hyperplanes, parity_of_sides


def original(samples, features, planes, rng):
    # XanaduAI/qml-benchmarks, data/hyperplanes.py; its classes -1 and 1 are 0 and 1 here
    weights, biases = rng.uniform(size=(planes, 3)), rng.uniform(size=planes)
    x = rng.normal(size=(4 * samples, 3))
    ones = np.array([sum(int(w @ p + b > 0) for w, b in zip(weights, biases, strict=True))
                     for p in x])  # fmt: skip
    a, b = x[ones % 2 == 0], x[ones % 2 == 1]
    if min(len(a), len(b)) < samples // 2:
        return original(samples, features, planes, rng)
    x = np.r_[a[: samples // 2], b[: samples // 2]] @ rng.uniform(size=(3, features))
    return (x - x.mean(0)) / x.std(0), np.repeat([0, 1], samples // 2)


def test_parity_counts_planes_one_by_one():
    g = torch.Generator().manual_seed(0)
    points, w, b = (torch.randn(*shape, generator=g) for shape in ((50, 3), (7, 3), (7,)))
    counted = [sum(float(torch.dot(w[k], p) + b[k]) > 0 for k in range(7)) % 2 for p in points]
    assert parity_of_sides(points, w, b).tolist() == counted


def test_classes_are_balanced_in_a_space_of_three_dimensions():
    x, y = hyperplanes(300, 10, 5, torch.Generator().manual_seed(0))
    assert int(y.sum()) == 150
    assert 60 < int(y[:150].sum()) < 90
    values = torch.linalg.svdvals(x.double())
    assert values[2] > 0.1
    assert values[3] < 1e-4
    assert torch.allclose(x.std(0, correction=0), torch.ones(10), atol=1e-6)


def test_one_plane_divides_linearly():
    x, y = hyperplanes(200, 3, 1, torch.Generator().manual_seed(1))
    design = torch.cat([x, torch.ones(200, 1)], 1).double()
    w = torch.zeros(4, dtype=torch.float64)
    for _ in range(5000):  # the perceptron stops only for classes that a plane divides
        wrong = torch.where((design @ w > 0) != y.bool())[0]
        if not len(wrong):
            break
        w += (2 * y[wrong[0]] - 1) * design[wrong[0]]
    assert not len(wrong)


@pytest.mark.parametrize("planes", [2, 5])
def test_tasks_are_distributed_as_in_the_benchmark(planes):
    g, rng = torch.Generator().manual_seed(4), np.random.default_rng(4)
    ours = [hyperplanes(60, 4, planes, g) for _ in range(80)]
    theirs = [original(60, 4, planes, rng) for _ in range(80)]
    ours = [(x.double().numpy(), y.numpy()) for x, y in ours]

    def correlation(x, y):
        return (x[:, 0] * (2 * y - 1)).mean()

    for measure in (correlation, lambda x, y: np.linalg.svd(x, compute_uv=False)[1]):
        found = ks_2samp([measure(*task) for task in ours], [measure(*task) for task in theirs])
        assert found.pvalue > 0.01


def test_odd_numbers_of_samples_are_refused():
    with pytest.raises(ValueError, match="even"):
        hyperplanes(7, 3, 2, torch.Generator())
