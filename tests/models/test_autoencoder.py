import io
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import subspace_angles
from sklearn.decomposition import PCA

from nsai.models.autoencoder import (
    Autoencoder,
    curvatures,
    posterior_mean,
    principal_angles,
    principal_components,
    wiener,
)
from nsai.training import fit


def cloud(samples=60, features=5, seed=0):
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(samples, features, generator=g, dtype=torch.float64)
    return x * torch.tensor([2.0, 1.5, 1.0, 0.7, 0.4]).double()[:features] + 3


def linear(sizes, seed=0):
    g = torch.Generator().manual_seed(seed)
    return Autoencoder(sizes, activation="linear", generator=g, dtype=torch.float64)


def test_shapes_and_mirror():
    model = Autoencoder([12, 7, 3])
    assert [tuple(w.shape) for w in model.encoder.weights] == [(7, 12), (3, 7)]
    assert [tuple(w.shape) for w in model.decoder.weights] == [(7, 3), (12, 7)]
    x = torch.randn(4, 12)
    assert model.encode(x).shape == (4, 3)
    assert model(x).shape == (4, 12)
    assert model.score(x, 0.5).shape == (4, 12)


def test_error_and_loss_are_squared_distances():
    model, x = Autoencoder([6, 2]), torch.randn(9, 6)
    by_hand = ((model.decoder(model.encoder(x)) - x) ** 2).sum(1)
    torch.testing.assert_close(model.error(x), by_hand)
    torch.testing.assert_close(model.loss(x), by_hand.mean())


def test_noise_is_added_to_the_input_and_not_to_the_target():
    model, x = Autoencoder([4, 3]), torch.randn(8, 4)
    noise = torch.randn(8, 4, generator=torch.Generator().manual_seed(5))
    expected = ((model(x + 0.3 * noise) - x) ** 2).sum(1).mean()
    measured = model.loss(x, noise=0.3, generator=torch.Generator().manual_seed(5))
    torch.testing.assert_close(measured, expected)


def test_gradient_against_finite_differences():
    g = torch.Generator().manual_seed(1)
    model = Autoencoder([4, 3, 2], activation="tanh", generator=g, dtype=torch.float64)
    x = torch.randn(5, 4, generator=g, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(model, (x,))


def test_principal_components_are_those_of_scikit_learn():
    x = cloud()
    values, vectors = principal_components(x)
    other = PCA().fit(x.numpy())
    n = len(x)
    assert torch.allclose(values * n / (n - 1), torch.from_numpy(other.explained_variance_))
    overlap = (vectors.T @ torch.from_numpy(other.components_).T).abs()
    assert torch.allclose(overlap, torch.eye(5).double(), atol=1e-8)


def test_principal_components_survive_pixels_that_never_vary():
    x = torch.cat([torch.rand(50, 300), torch.zeros(50, 484)], 1)
    values, vectors = principal_components(x)
    assert values.shape == (784,)
    assert vectors.dtype == torch.float32
    assert bool(values.isfinite().all())
    torch.testing.assert_close(values.sum(), x.var(0, correction=0).sum())


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 4))
def test_principal_angles_are_those_of_scipy_and_do_not_see_the_basis(seed, k):
    g = torch.Generator().manual_seed(seed)
    a, b = (torch.randn(7, k, generator=g, dtype=torch.float64) for _ in range(2))
    mix = torch.randn(k, k, generator=g, dtype=torch.float64) + 3 * torch.eye(k).double()
    angles = principal_angles(a, b)
    assert torch.allclose(angles, torch.from_numpy(subspace_angles(a, b)), atol=1e-6)
    assert torch.allclose(principal_angles(a @ mix, b), angles, atol=1e-6)


def test_tiny_angles_are_not_rounded_away():
    tilt = torch.tensor([[1.0], [1e-11]], dtype=torch.float64)
    flat = torch.tensor([[1.0], [0.0]], dtype=torch.float64)
    assert principal_angles(flat, tilt).item() == pytest.approx(1e-11, rel=1e-3)


def test_trained_linear_autoencoder_spans_the_principal_plane():
    x = cloud()
    x = x - x.mean(0)
    values, vectors = principal_components(x)
    model = linear([5, 2])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.03, momentum=0.9)
    history = fit(model, [x] * 600, lambda m, b: m.loss(b), optimizer)
    found = model.decoder.weights[0].detach()
    assert principal_angles(found, vectors[:, :2])[0] < 1e-5
    assert history.loss[-1] == pytest.approx(float(values[2:].sum()), rel=1e-8)


@pytest.mark.parametrize(("chosen", "minimum"), [((0, 1), True), ((0, 2), False), ((3, 4), False)])
def test_projections_on_eigenvectors_are_critical_and_only_the_leading_is_no_saddle(
    chosen, minimum
):
    x = cloud()
    x = x - x.mean(0)
    values, vectors = principal_components(x)
    model = linear([5, 2])
    model.set_projection(vectors[:, list(chosen)])
    loss = model.loss(x)
    slopes = torch.autograd.grad(loss, list(model.parameters()))
    assert max(float(s.abs().max()) for s in slopes) < 1e-12
    assert loss.item() == pytest.approx(float(values.sum() - values[list(chosen)].sum()))
    assert (curvatures(model, x)[0] > -1e-9) == minimum


def test_curvature_matches_the_known_saddle():
    # One unit on the lesser of two axes: turning it by t changes E by -(l1 - l2) t²; with both
    # weights turned together the unit direction has curvature -(l1 - l2) or below.
    x = torch.tensor([[2.0, 0], [-2, 0], [0, 1], [0, -1]], dtype=torch.float64)
    model = linear([2, 1])
    model.set_projection(torch.tensor([[0.0], [1.0]]).double())
    angle, losses = 1e-3, []
    for turn in (0.0, angle):
        model.set_projection(torch.tensor([[math.sin(turn)], [math.cos(turn)]]).double())
        losses.append(model.loss(x).item())
    along = 2 * (losses[1] - losses[0]) / (2 * angle**2)  # both weights move: |direction|² = 2 t²
    model.set_projection(torch.tensor([[0.0], [1.0]]).double())
    assert curvatures(model, x)[0] <= along + 1e-5
    assert along == pytest.approx(-1.5, rel=1e-3)


def test_posterior_mean_in_closed_form():
    clean = torch.tensor([[-1.0], [1.0]], dtype=torch.float64)
    seen = torch.linspace(-2, 2, 9, dtype=torch.float64)[:, None]
    assert torch.allclose(posterior_mean(seen, clean, 0.7), torch.tanh(seen / 0.49))


def test_posterior_mean_is_the_score_of_the_mixture():
    g = torch.Generator().manual_seed(0)
    clean = torch.randn(6, 2, generator=g, dtype=torch.float64)
    seen = torch.randn(4, 2, generator=g, dtype=torch.float64, requires_grad=True)
    modes = torch.distributions.Independent(torch.distributions.Normal(clean, 0.5), 1)
    even = torch.distributions.Categorical(torch.ones(6).double())
    density = torch.distributions.MixtureSameFamily(even, modes)
    (score,) = torch.autograd.grad(density.log_prob(seen).sum(), seen)
    best = posterior_mean(seen, clean, 0.5)
    assert torch.allclose((best - seen) / 0.25, score)


def test_wiener_is_least_squares_on_many_noisy_copies():
    x, g = cloud(40, 3), torch.Generator().manual_seed(0)
    weights, bias = wiener(x, 0.8)
    clean = x.repeat(20_000, 1)
    seen = clean + 0.8 * torch.randn(clean.shape, generator=g, dtype=x.dtype)
    rows = torch.cat([seen, torch.ones(len(seen), 1).double()], 1)
    fitted = torch.linalg.lstsq(rows, clean).solution
    assert torch.allclose(weights, fitted[:3].T, atol=0.01)
    assert torch.allclose(bias, fitted[3], atol=0.03)


def test_denoiser_of_gaussian_data_learns_wieners_matrix():
    g = torch.Generator().manual_seed(0)
    x = torch.randn(500, 2, generator=g) @ torch.tensor([[1.0, 0.5], [0.0, 0.4]])
    model = Autoencoder([2, 8], activation="linear", generator=g)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.03)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.03, total_steps=800)
    fit(
        model,
        [x] * 800,
        lambda m, b: m.loss(b, noise=0.5, generator=g),
        optimizer,
        schedule=schedule,
    )
    found = model.decoder.weights[0] @ model.encoder.weights[0]
    best, _ = wiener(x, 0.5)
    assert (found - best).norm() < 0.05 * best.norm()


def test_round_trip():
    model, copy = Autoencoder([6, 4, 2]), Autoencoder([6, 4, 2])
    stored = io.BytesIO()
    torch.save(model.state_dict(), stored)
    stored.seek(0)
    copy.load_state_dict(torch.load(stored, weights_only=True))
    x = torch.randn(3, 6)
    assert torch.equal(model(x), copy(x))


def test_errors_say_what_was_expected():
    model, x = Autoencoder([4, 2], activation="linear"), torch.zeros(3, 4)
    with pytest.raises(ValueError, match="must not be negative, got -1"):
        model.loss(x, noise=-1.0)
    with pytest.raises(ValueError, match="must be positive, got 0"):
        model.score(x, 0.0)
    with pytest.raises(ValueError, match="must be positive, got 0"):
        posterior_mean(x, x, 0.0)
    with pytest.raises(ValueError, match="must be positive, got 0"):
        wiener(x, 0.0)
    with pytest.raises(ValueError, match=r"basis must have shape \(4, 2\), got \(4, 1\)"):
        model.set_projection(torch.eye(4)[:, :1])
    with pytest.raises(ValueError, match="orthonormal"):
        model.set_projection(torch.ones(4, 2))
    with pytest.raises(ValueError, match=r"one shape, got \(4, 1\), \(4, 2\)"):
        principal_angles(torch.ones(4, 1), torch.ones(4, 2))
