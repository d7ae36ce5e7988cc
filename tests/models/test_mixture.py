import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from nsai.models.diffusion import Schedule
from nsai.models.mixture import Mixture


def three_clouds():
    centres = torch.tensor([[2.0, 0.0], [-1.0, 1.7], [-1.0, -1.7]], dtype=torch.float64)
    return Mixture(centres, torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64), 0.25)


@given(kept=st.floats(0.0, 1.0), seed=st.integers(0, 1000))
def test_score_is_the_gradient_of_the_log_density(kept, seed):
    g = torch.Generator().manual_seed(seed)
    noisy = three_clouds().noisy(kept)
    x = noisy.sample(20, g).requires_grad_()
    (slope,) = torch.autograd.grad(noisy.log_density(x).sum(), x)
    assert torch.allclose(noisy.score(x.detach()), slope, atol=1e-9)


def test_log_density_is_that_of_torch_distributions():
    mixture = three_clouds()
    parts = torch.distributions.MultivariateNormal(
        mixture.centres, 0.25**2 * torch.eye(2, dtype=torch.float64)
    )
    chosen = torch.distributions.Categorical(mixture.weights)
    theirs = torch.distributions.MixtureSameFamily(chosen, parts)
    x = mixture.sample(50, torch.Generator().manual_seed(0))
    assert torch.allclose(mixture.log_density(x), theirs.log_prob(x))


def test_exact_noise_is_the_conditional_mean():
    """Against posterior draws by importance: E[ε | x_t] over many clean points."""
    schedule, mixture = Schedule.linear(100), three_clouds()
    clean = mixture.sample(200_000, torch.Generator().manual_seed(0))
    t, x = torch.tensor([40]), torch.tensor([[0.3, -0.4]], dtype=torch.float64)
    s, n = schedule.signal(t, x), schedule.noise(t, x)
    noise = (x - s * clean) / n
    weight = (-noise.square().sum(1) / 2).softmax(0)
    assert torch.allclose(mixture.exact_noise(schedule)(x, t)[0], weight @ noise, atol=0.02)


def test_noise_moves_the_centres_and_widens_the_clouds():
    noisy = three_clouds().noisy(0.25)
    assert torch.allclose(noisy.centres, three_clouds().centres / 2)
    assert noisy.sigma**2 == pytest.approx(0.25 * 0.25**2 + 0.75)


def test_draws_have_the_shares_and_the_width():
    mixture = three_clouds()
    x = mixture.sample(20_000, torch.Generator().manual_seed(0))
    nearest = torch.cdist(x, mixture.centres).argmin(1)
    assert torch.allclose(nearest.bincount() / 20_000, mixture.weights.float(), atol=0.02)
    away = (x - mixture.centres[nearest]).square().mean().sqrt()
    assert away.item() == pytest.approx(0.25, rel=0.02)


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="2 positive weights of sum 1"):
        Mixture(torch.zeros(2, 1), torch.tensor([0.5, 0.6]), 1.0)
    with pytest.raises(ValueError, match="sigma must be positive"):
        Mixture(torch.zeros(1, 1), torch.ones(1), 0.0)


def test_distribution_functions_and_distance_are_scipys():
    mixture = three_clouds()
    x = mixture.sample(500, torch.Generator().manual_seed(3)) * 1.1
    largest = []
    for axis in (0, 1):

        def cdf(v, axis=axis):
            parts = stats.norm.cdf(np.asarray(v)[:, None], mixture.centres[:, axis], mixture.sigma)
            return parts @ mixture.weights.numpy()

        assert mixture.cdf(x)[:, axis].numpy() == pytest.approx(cdf(x[:, axis]), abs=1e-14)
        largest.append(stats.kstest(x[:, axis].numpy(), cdf).statistic)
    assert mixture.kolmogorov_distance(x) == pytest.approx(max(largest), abs=1e-14)
    assert largest[0] != pytest.approx(largest[1], rel=0.01)
