import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import sqrtm
from scipy.optimize import linear_sum_assignment

from nsai.training.frechet import feature_distance, frechet_distance, nearest_distances


def gaussian(seed, n=4, rank=None):
    g = torch.Generator().manual_seed(seed)
    A = torch.randn(n, rank or n, generator=g, dtype=torch.float64)
    return torch.randn(n, generator=g, dtype=torch.float64), A @ A.T


@given(st.integers(0, 10_000))
def test_it_is_the_formula_with_scipys_square_root(seed):
    (m1, C1), (m2, C2) = gaussian(seed), gaussian(seed + 1)
    cross = sqrtm((C1 @ C2).numpy()).real
    expected = float((m1 - m2).square().sum() + (C1 + C2).trace()) - 2 * np.trace(cross)
    assert frechet_distance(m1, C1, m2, C2) == pytest.approx(expected, rel=1e-6, abs=1e-6)


@given(st.integers(0, 10_000))
def test_it_is_symmetric_and_nothing_between_equals(seed):
    first, second = gaussian(seed), gaussian(seed + 1, rank=2)
    there, back = frechet_distance(*first, *second), frechet_distance(*second, *first)
    assert there == pytest.approx(back, rel=1e-6, abs=1e-6)
    assert frechet_distance(*second, *second) == pytest.approx(0, abs=1e-5)
    assert there > 0


def test_on_a_line_it_is_the_distance_of_means_and_of_deviations():
    one = torch.ones(1, 1)
    assert frechet_distance(0 * one[0], 4 * one, 3 * one[0], 25 * one) == pytest.approx(9 + 9)


def test_samples_come_near_the_best_pairing():
    """The closed form against optimal transport between draws, an independent way to W2."""
    g = torch.Generator().manual_seed(0)
    a = torch.randn(1000, 2, generator=g) @ torch.tensor([[1.0, 0.5], [0.0, 2.0]])
    b = torch.randn(1000, 2, generator=g) + torch.tensor([4.0, 0.0])
    cost = torch.cdist(a, b).square().double().numpy()
    paired = cost[linear_sum_assignment(cost)].mean()
    assert feature_distance(a, b) == pytest.approx(paired, rel=0.05)


def test_nearest_distances_by_brute_force():
    x, others = torch.rand(7, 1, 2, 2), torch.rand(5, 1, 2, 2)
    slow = torch.tensor([min(float((a - b).norm()) for b in others) for a in x])
    assert torch.allclose(nearest_distances(x, others), slow, atol=1e-5)
    assert nearest_distances(others[:2], others).max() < 1e-3


def test_what_is_no_covariance_is_refused():
    zero, one = torch.zeros(2), torch.eye(2)
    with pytest.raises(ValueError, match="covariance1 must be symmetric"):
        frechet_distance(zero, torch.tensor([[1.0, 1.0], [0.0, 1.0]]), zero, one)
    with pytest.raises(ValueError, match="covariance2 must be positive semidefinite"):
        frechet_distance(zero, one, zero, -one)
    with pytest.raises(ValueError, match="two or more rows"):
        feature_distance(torch.zeros(1, 2), torch.zeros(5, 2))
