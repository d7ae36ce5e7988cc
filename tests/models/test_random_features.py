import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import default_rng
from scipy.integrate import quad
from sklearn.linear_model import Ridge

from nsai.models.random_features import (
    RandomFeatures,
    expected_risk,
    limiting_risk,
    ridge_path,
)

double = {"dtype": torch.float64}


def problem(samples, features, *, outputs=2, seed=0):
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(samples, features, generator=g, **double)
    return x, torch.randn(samples, outputs, generator=g, **double)


@pytest.mark.parametrize("shape", [(30, 7), (7, 30), (9, 9)])
def test_path_equals_scikit_learns_ridge(shape):
    x, y = problem(*shape)
    for penalty, found in zip((0.1, 3.0), ridge_path(x, y, [0.1, 3.0]), strict=True):
        model = Ridge(alpha=penalty, fit_intercept=False, solver="cholesky").fit(x, y)
        torch.testing.assert_close(found, torch.from_numpy(model.coef_.T), rtol=1e-8, atol=1e-10)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 12), st.integers(1, 12), st.integers(1, 12), st.integers(0, 10**6))
def test_no_penalty_is_the_moore_penrose_solution_at_any_rank(samples, features, rank, seed):
    # Whole numbers of small size, so that the rank is exact and far from rounding.
    rng = default_rng(seed)
    left = torch.from_numpy(rng.integers(-2, 3, (samples, rank))).double()
    x = left @ torch.from_numpy(rng.integers(-2, 3, (rank, features))).double()
    y = torch.from_numpy(rng.normal(size=(samples, 1)))
    expected = torch.linalg.pinv(x) @ y
    torch.testing.assert_close(ridge_path(x, y)[0], expected, rtol=1e-6, atol=1e-8)


def test_minimum_norm_fit_is_exact_and_the_shortest():
    x, y = problem(5, 12)
    found = ridge_path(x, y)[0]
    torch.testing.assert_close(x @ found, y)
    null = torch.linalg.svd(x).Vh[5:].T
    torch.testing.assert_close(null.T @ found, torch.zeros(7, 2, **double), rtol=0, atol=1e-12)


def test_small_penalties_lead_to_the_minimum_norm_fit():
    x, y = problem(6, 10)
    least, tiny = ridge_path(x, y, [0.0, 1e-9])
    torch.testing.assert_close(least, tiny, rtol=1e-6, atol=1e-8)


def test_data_sets_side_by_side_are_independent():
    problems = [problem(8, 5, seed=seed) for seed in range(3)]
    x, y = (torch.stack(part) for part in zip(*problems, strict=True))
    together = ridge_path(x, y, [0.0, 1.0])
    assert together.shape == (3, 2, 5, 2)
    for found, one in zip(together, problems, strict=True):
        torch.testing.assert_close(found, ridge_path(*one, [0.0, 1.0]))


@pytest.mark.parametrize("penalties", [[], [-1.0]])
def test_penalties_must_not_be_negative_nor_absent(penalties):
    with pytest.raises(ValueError, match="penalties must be"):
        ridge_path(*problem(4, 3), penalties)


def test_samples_must_agree():
    with pytest.raises(ValueError, match=r"same samples, got \(4, 3\) and \(5, 2\)"):
        ridge_path(problem(4, 3)[0], problem(5, 3)[1])


def test_features_are_rectified_projections_on_unit_directions():
    units = RandomFeatures(3, 50, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(units.directions.norm(dim=1), torch.ones(50, **double))
    x = torch.eye(3, **double)
    both = units(x) - units(-x)  # max(0, z) − max(0, −z) = z
    torch.testing.assert_close(both, units.directions.T)
    assert (units(x) >= 0).all()
    assert (units(x) == 0).any()
    torch.testing.assert_close(units(5 * x), 5 * units(x))
    assert not list(units.parameters())


def test_features_follow_the_arc_cosine_kernel():
    # Cho and Saul 2009: E max(0, w·x) max(0, w·z) for isotropic w, here |w|² = d, |x| = |z| = 1.
    units = RandomFeatures(4, 100_000, generator=torch.Generator().manual_seed(1))
    angle = 0.7
    x = torch.tensor([[1.0, 0, 0, 0], [math.cos(angle), math.sin(angle), 0, 0]])
    first, second = units(x)
    expected = (math.sin(angle) + (math.pi - angle) * math.cos(angle)) / (2 * math.pi)
    assert 4 * float((first * second).mean()) == pytest.approx(expected, rel=0.02)


def test_features_can_be_saved(tmp_path):
    units, other = RandomFeatures(6, 4), RandomFeatures(6, 4)
    torch.save(units.state_dict(), tmp_path / "units.pt")
    other.load_state_dict(torch.load(tmp_path / "units.pt", weights_only=True))
    x = torch.randn(3, 2, 3)
    torch.testing.assert_close(other(x), units(x), rtol=0, atol=0)


def test_features_refuse_wrong_sizes():
    with pytest.raises(ValueError, match="must be positive, got 3 and 0"):
        RandomFeatures(3, 0)
    with pytest.raises(ValueError, match="x must have 3 numbers a sample"):
        RandomFeatures(3, 2)(torch.zeros(1, 4))


@pytest.mark.parametrize(("samples", "features"), [(20, 10), (20, 16), (20, 25), (20, 60)])
def test_expected_risk_is_the_mean_over_many_fits(samples, features):
    g, draws, signal, noise = torch.Generator().manual_seed(3), 1000, 2.0, 0.5
    x = torch.randn(draws, samples, features, generator=g, **double)
    beta = torch.zeros(features, 1, **double)
    beta[0] = signal**0.5
    eps = torch.randn(draws, samples, 1, generator=g, **double) * noise**0.5
    found = ridge_path(x, torch.cat([(x @ beta), eps], -1))[:, 0]
    risk = expected_risk(samples, features, signal=signal, noise=noise)
    for part, expected in ((found[..., :1] - beta, risk.bias), (found[..., 1:], risk.variance)):
        values = part.square().sum((1, 2))
        margin = 5 * float(values.std()) / draws**0.5 + 1e-12
        assert float(values.mean()) == pytest.approx(expected, abs=margin)


@pytest.mark.parametrize("ratio", [0.2, 0.5, 0.9, 1.2, 2.0, 10.0])
def test_expected_risk_tends_to_the_limit(ratio):
    n = 1_000_000
    exact = expected_risk(n, round(ratio * n), signal=1.5, noise=0.4)
    assert exact == pytest.approx(limiting_risk(ratio, signal=1.5, noise=0.4), rel=1e-4)


@pytest.mark.parametrize("ratio", [0.3, 1.0, 2.5])
@pytest.mark.parametrize("penalty", [0.05, 0.7])
def test_limiting_risk_is_the_integral_over_marchenko_and_pasturs_law(ratio, penalty):
    low, high = (1 - math.sqrt(ratio)) ** 2, (1 + math.sqrt(ratio)) ** 2

    def mean(f):
        # The law of the eigenvalues of XᵀX/n: a density, and for γ > 1 an atom at 0.
        # s = low + (high − low) sin² t takes the roots at both ends away.
        def inner(t):
            s = low + (high - low) * math.sin(t) ** 2
            wide = (high - low) ** 2 * (math.sin(t) * math.cos(t)) ** 2
            return f(s) * 2 * wide / (2 * math.pi * ratio * s) if s else 0.0

        return quad(inner, 0, math.pi / 2)[0] + max(0.0, 1 - 1 / ratio) * f(0.0)

    assert mean(lambda s: 1.0) == pytest.approx(1.0, rel=1e-6)
    risk = limiting_risk(ratio, signal=2.0, noise=0.3, penalty=penalty)
    bias = 2.0 * mean(lambda s: (penalty / (s + penalty)) ** 2)
    variance = 0.3 * ratio * mean(lambda s: s / (s + penalty) ** 2)
    assert (risk.bias, risk.variance) == pytest.approx((bias, variance), rel=1e-6)
    assert risk.total == pytest.approx(bias + variance, rel=1e-6)


@pytest.mark.parametrize("ratio", [0.3, 3.0])
def test_limiting_risk_goes_on_to_the_one_without_penalty(ratio):
    none = limiting_risk(ratio, signal=1.0, noise=0.25)
    tiny = limiting_risk(ratio, signal=1.0, noise=0.25, penalty=1e-9)
    assert tiny == pytest.approx(none, rel=1e-6, abs=1e-9)


@given(st.floats(0.05, 20), st.floats(0.1, 10), st.floats(0.01, 5), st.floats(0.05, 20))
def test_best_penalty_is_noise_times_ratio_by_signal(ratio, signal, noise, factor):
    best = noise * ratio / signal
    least = limiting_risk(ratio, signal=signal, noise=noise, penalty=best).total
    other = limiting_risk(ratio, signal=signal, noise=noise, penalty=best * factor).total
    assert least <= other * (1 + 1e-9)


def test_risk_is_infinite_at_the_threshold_only_with_noise():
    for p in (9, 10, 11):
        assert expected_risk(10, p, signal=1.0, noise=0.1).variance == math.inf
        assert expected_risk(10, p, signal=1.0, noise=0.0).variance == 0
    assert limiting_risk(1.0, signal=1.0, noise=0.1).variance == math.inf
    assert limiting_risk(1.0, signal=1.0, noise=0.0) == (0, 0)


def test_risks_refuse_impossible_sizes():
    with pytest.raises(ValueError, match="must be positive, got 0 and 3"):
        expected_risk(0, 3, signal=1.0, noise=1.0)
    with pytest.raises(ValueError, match="ratio > 0 and penalty >= 0"):
        limiting_risk(0.0, signal=1.0, noise=1.0)
    with pytest.raises(ValueError, match="ratio > 0 and penalty >= 0"):
        limiting_risk(1.0, signal=1.0, noise=1.0, penalty=-1.0)
