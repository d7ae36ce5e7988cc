import io
import math

import pytest
import torch
from torch.distributions import Bernoulli, Normal, kl_divergence

from nsai.models.image_vae import ImageVAE, binarise, code_grid
from nsai.training import fit


def g(seed=0):
    return torch.Generator().manual_seed(seed)


def tiny(latent=2, pixels=4, seed=0):
    model = ImageVAE(pixels, latent, hidden=(8,), generator=g(seed)).double()
    with torch.no_grad():
        for p in model.parameters():
            p.mul_(1.5)
    return model


def every_image(pixels=4):
    return torch.cartesian_prod(*[torch.tensor([0.0, 1.0]).double()] * pixels)


def test_loss_is_that_of_torch_distributions():
    model, x = tiny(3), every_image()
    measured = model.loss(x, g(7))
    mean, s = model.encode(x)
    z = mean + s * torch.randn(mean.shape, generator=g(7)).double()
    likelihood = Bernoulli(logits=model.decode(z)).log_prob(x).sum(1)
    prior = Normal(torch.zeros(3).double(), torch.ones(3).double())
    divergence = kl_divergence(Normal(mean, s), prior)
    torch.testing.assert_close(model.divergence(x), divergence)
    torch.testing.assert_close(measured, (divergence.sum(1) - likelihood).mean())


def test_log_weights_are_those_of_torch_distributions():
    model, x = tiny(3), every_image()
    measured = model.log_weights(x, 5, g(3))
    mean, s = model.encode(x)
    z = mean + s * torch.randn(5, *mean.shape, generator=g(3)).double()
    prior = Normal(torch.zeros(3).double(), torch.ones(3).double())
    joint = Bernoulli(logits=model.decode(z)).log_prob(x).sum(-1) + prior.log_prob(z).sum(-1)
    torch.testing.assert_close(measured, joint - Normal(mean, s).log_prob(z).sum(-1))
    by_hand = measured.exp().mean(0).log()
    torch.testing.assert_close(model.bound(x, 5, g(3)), by_hand)
    torch.testing.assert_close(model.loss(x, g(3), samples=5), -by_hand.mean())


@pytest.mark.parametrize("latent", [1, 2])
def test_exact_probabilities_of_all_images_sum_to_one(latent):
    model = tiny(latent)
    total = model.exact_log_likelihood(every_image(), reach=7.0).exp().sum().item()
    assert total == pytest.approx(1, abs=1e-9)


def test_exact_likelihood_is_the_mean_over_codes_from_the_prior():
    model, x = tiny(2), every_image()
    z = torch.randn(200_000, 2, generator=g()).double()
    with torch.no_grad():
        drawn = Bernoulli(logits=model.decode(z)[:, None]).log_prob(x).sum(-1).exp()
    error = drawn.std(0) / math.sqrt(len(z))
    away = (drawn.mean(0) - model.exact_log_likelihood(x).exp()) / error
    assert away.abs().max() < 5


def test_bounds_rise_to_the_exact_likelihood():
    model, x = tiny(2), every_image()
    with torch.no_grad():  # the proposal is then the prior, which covers every posterior
        model.encoder[-1].weight.zero_()
        model.encoder[-1].bias.zero_()
    with torch.no_grad():
        weights = model.log_weights(x, 40_000, g())
    bounds = [
        (weights.view(-1, k, len(x)).logsumexp(1) - math.log(k)).mean() for k in (1, 10, 100, 10000)
    ]
    truth = model.exact_log_likelihood(x).mean()
    assert bounds[0] < bounds[1] < bounds[2]
    assert bounds[2] < truth
    assert bounds[3].item() == pytest.approx(truth.item(), abs=1e-2)


def test_gap_of_the_elbo_is_the_divergence_from_the_posterior():
    model, x = tiny(2), every_image()
    z, area = code_grid(2, reach=7.0)
    truth, joint = model.exact_log_likelihood(x, reach=7.0), model.log_joint(x, z.double())
    mean, s = (v[:, None] for v in model.encode(x))
    log_q = Normal(mean, s).log_prob(z.double()).sum(-1).detach()
    gap = ((log_q.exp() * (log_q - joint + truth[:, None])).sum(1) * area).mean()
    with torch.no_grad():
        elbo = model.log_weights(x, 40_000, g()).mean(0)
    assert (truth - elbo).mean().item() == pytest.approx(gap.item(), rel=0.02)


def test_log_joint_in_parts_is_the_plain_formula():
    model, x = tiny(2), every_image()
    z = torch.randn(5000, 2, generator=g()).double()
    prior = Normal(0, 1).log_prob(z).sum(-1)
    with torch.no_grad():
        direct = Bernoulli(logits=model.decode(z)).log_prob(x[:, None]).sum(-1) + prior
    torch.testing.assert_close(model.log_joint(x, z), direct)


def test_training_learns_two_patterns_and_one_active_number():
    pattern = torch.tensor([1.0, 1, 1, 0, 0, 0, 1, 0])
    x = torch.cat([pattern.repeat(64, 1), 1 - pattern.repeat(64, 1)])
    model = ImageVAE(8, 2, hidden=(16,), generator=g(1))
    before = model.exact_log_likelihood(x).mean()
    optimizer, source = torch.optim.Adam(model.parameters(), lr=0.02), g(2)
    fit(model, [x] * 400, lambda m, b: m.loss(b, source), optimizer)
    after = model.exact_log_likelihood(x).mean()
    assert before < -4  # 8 pixels at about even odds
    assert -math.log(2) - 0.3 < after <= -math.log(2)  # one bit is the best there is
    assert model.activity(x).max() > 0.1


def test_silencing_nothing_keeps_the_elbo_and_silencing_all_leaves_no_code():
    model, x = tiny(3), every_image()
    kept = model.silenced(x, torch.ones(3, dtype=torch.bool), g(4))
    torch.testing.assert_close(kept.mean(), -model.loss(x, g(4)).detach())
    mute = model.silenced(x, torch.zeros(3, dtype=torch.bool), g(4))
    alone = Bernoulli(logits=model.decode(torch.zeros(3).double())).log_prob(x).sum(1).detach()
    torch.testing.assert_close(mute, alone)


def test_activity_is_the_variance_of_the_means():
    model, x = tiny(3), every_image()
    torch.testing.assert_close(model.activity(x), model.encode(x)[0].detach().var(0))


def test_decoder_starts_at_the_mean_image():
    mean = torch.tensor([0.0, 0.2, 0.7, 1.0])
    model = ImageVAE(4, 2, mean=mean, generator=g())
    start = model.decode(torch.zeros(1, 2)).sigmoid()[0]
    torch.testing.assert_close(start, mean.clamp(1e-3, 1 - 1e-3))
    assert model.decoder[-1].bias.requires_grad


def test_binarise_keeps_the_mean_and_follows_the_generator():
    x = torch.tensor([0.0, 0.3, 1.0]).repeat(20_000, 1)
    drawn = binarise(x, g())
    assert set(drawn.unique().tolist()) == {0.0, 1.0}
    torch.testing.assert_close(drawn.mean(0), torch.tensor([0.0, 0.3, 1.0]), atol=0.02, rtol=0)
    assert torch.equal(drawn, binarise(x, g()))


def test_samples_are_probabilities_and_follow_the_generator():
    model = ImageVAE(6, 2, hidden=(4,), generator=g())
    first, second = (model.sample(5, g(3)) for _ in range(2))
    assert torch.equal(first, second)
    assert first.shape == (5, 6)
    assert bool(((first > 0) & (first < 1)).all())


def test_images_are_flattened_and_weights_follow_the_generator():
    first, second = (ImageVAE(16, 3, hidden=(5,), generator=g(2)) for _ in range(2))
    x = binarise(torch.rand(7, 1, 4, 4, generator=g()), g())
    assert torch.equal(first.bound(x, 4, g(1)), second.bound(x.flatten(1), 4, g(1)))


def test_round_trip():
    model = ImageVAE(6, 2, hidden=(4,), mean=torch.full((6,), 0.3))
    copy = ImageVAE(6, 2, hidden=(4,))
    stored = io.BytesIO()
    torch.save(model.state_dict(), stored)
    stored.seek(0)
    copy.load_state_dict(torch.load(stored, weights_only=True))
    assert torch.equal(model.sample(3, g(1)), copy.sample(3, g(1)))


def test_errors_say_what_was_expected():
    model, x = ImageVAE(4, 3, hidden=(4,)), torch.zeros(2, 4)
    with pytest.raises(ValueError, match="latent = 1 or 2, got 3"):
        model.exact_log_likelihood(x)
    with pytest.raises(ValueError, match="k must be at least 1, got 0"):
        model.bound(x, 0)
    with pytest.raises(ValueError, match=r"4 pixels an image, got \(2, 5\)"):
        model.encode(torch.zeros(2, 5))
    with pytest.raises(ValueError, match=r"must be positive, got 4, 0, \[200, 200\]"):
        ImageVAE(4, 0)
    with pytest.raises(ValueError, match=r"mean must have 4 pixels, got shape \(3,\)"):
        ImageVAE(4, 1, mean=torch.zeros(3))
    with pytest.raises(ValueError, match="points >= 2"):
        code_grid(1, points=1)
