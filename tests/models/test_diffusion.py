import io
import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from nsai.models.diffusion import (
    PointDenoiser,
    Schedule,
    encode,
    guided,
    noise_loss,
    sample,
    stepping,
    time_features,
)
from nsai.models.mixture import Mixture


def three_clouds():
    centres = torch.tensor([[2.0, 0.0], [-1.0, 1.7], [-1.0, -1.7]], dtype=torch.float64)
    return Mixture(centres, torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64), 0.25)


@given(st.lists(st.floats(1e-4, 0.9), min_size=1, max_size=30))
def test_leap_has_the_moments_of_the_steps(betas):
    schedule = Schedule(torch.tensor(betas))
    factor, variance = 1.0, 0.0
    for t, beta in enumerate(schedule.betas.tolist(), start=1):
        factor, variance = math.sqrt(1 - beta) * factor, (1 - beta) * variance + beta
        x = torch.ones(1, 1, dtype=torch.float64)
        at = torch.tensor([t])
        assert schedule.diffuse(x, at, 0 * x).item() == pytest.approx(factor, abs=1e-12)
        assert schedule.diffuse(0 * x, at, x).item() ** 2 == pytest.approx(variance, abs=1e-12)


@pytest.mark.parametrize("make", [Schedule.linear, Schedule.cosine])
def test_schedules_forget_steadily_and_wholly(make):
    kept = make(1000).kept
    assert kept[0] == 1
    assert (kept.diff() < 0).all()
    assert kept[-1] < 1e-4


def test_cosine_schedule_is_the_papers():
    f = [math.cos((t / 50 + 0.008) / 1.008 * math.pi / 2) ** 2 for t in range(50)]
    expected = torch.tensor(f, dtype=torch.float64) / f[0]
    assert torch.allclose(Schedule.cosine(50).kept[:50], expected)


def test_one_gaussian_is_sampled_in_closed_form():
    """DDIM is linear for N(0, σ²): the product of its factors is known."""
    one = Mixture(torch.zeros(1, 1).double(), torch.ones(1).double(), 0.5)
    schedule = Schedule.linear(100)
    x, factor = torch.ones(1, 1).double(), 1.0
    stops = stepping(schedule, 7)
    for t, s in itertools.pairwise(stops):
        at, to = float(schedule.kept[t]), float(schedule.kept[s])
        share = (1 - at) / (0.25 * at + 1 - at)
        factor *= math.sqrt(to / at) * (1 - share) + math.sqrt((1 - to) / (1 - at)) * share
    made = sample(one.exact_noise(schedule), schedule, x, count=7)[-1]
    assert made.item() == pytest.approx(factor)


@pytest.mark.parametrize("eta", [0.0, 1.0])
def test_samples_have_the_moments_and_shares_of_the_mixture(eta):
    g = torch.Generator().manual_seed(0)
    schedule, mixture = Schedule.cosine(1000), three_clouds()
    start = torch.randn(4000, 2, generator=g, dtype=torch.float64)
    made = sample(mixture.exact_noise(schedule), schedule, start, count=250, eta=eta, generator=g)
    x = made[-1]
    shares = torch.cdist(x, mixture.centres).argmin(1).bincount() / 4000
    assert torch.allclose(shares.double(), mixture.weights, atol=0.04)
    assert torch.allclose(x.mean(0), mixture.weights @ mixture.centres, atol=0.1)
    assert len(made) == 251


def test_ancestral_step_is_the_posterior_of_the_paper():
    """Ho et al. 2020, eq. 7: mean and variance of q(x_{t-1} | x_t, x_0)."""
    schedule, t = Schedule.linear(20), 11
    x, start = torch.full((50_000, 1), 0.7).double(), 0.4
    at, to, beta = (float(v) for v in (schedule.kept[t], schedule.kept[t - 1], schedule.betas[10]))
    known = lambda x, _: (x - math.sqrt(at) * start) / math.sqrt(1 - at)  # noqa: E731
    short = Schedule(schedule.betas[:t])
    step = sample(known, short, x, count=t, eta=1.0, generator=torch.Generator().manual_seed(0))[1]
    mean = math.sqrt(to) * beta / (1 - at) * start
    mean += math.sqrt(1 - beta) * (1 - to) / (1 - at) * 0.7
    variance = (1 - to) / (1 - at) * beta
    assert step.mean().item() == pytest.approx(mean, abs=5 * math.sqrt(variance / 50_000))
    assert step.var().item() == pytest.approx(variance, rel=0.04)


def test_encoding_and_sampling_return_and_the_error_is_of_first_order():
    schedule, mixture = Schedule.linear(1000), three_clouds()
    exact = mixture.exact_noise(schedule)
    x = mixture.sample(200, torch.Generator().manual_seed(0))

    def error(count):
        z = encode(exact, schedule, x, count=count)
        return (sample(exact, schedule, z, count=count)[-1] - x).norm(dim=1).median().item()

    assert error(500) < 0.02
    assert error(500) / error(125) == pytest.approx(0.25, abs=0.08)


def test_bound_keeps_the_end_within():
    schedule = Schedule.linear(10)
    x = torch.full((1, 1), 5.0)
    wild = lambda x, t: -10 * torch.ones_like(x)  # noqa: E731
    assert sample(wild, schedule, x, count=10, bound=1.0)[-1].item() == pytest.approx(1.0)
    assert sample(wild, schedule, x, count=10)[-1].item() > 2


class Labelled(nn.Module):
    """Says the label, or −1 for none."""

    classes = 3

    def __init__(self):
        super().__init__()
        self.seen = []

    def forward(self, x, t, labels):
        self.seen.append(labels)
        return torch.where(labels == 3, -1, labels)[:, None].to(x).expand_as(x)


def test_guidance_exaggerates_what_the_label_adds():
    labels, x, t = torch.tensor([0, 2]), torch.zeros(2, 1), torch.tensor([5, 5])
    assert guided(Labelled(), labels, 0.0)(x, t).flatten().tolist() == [0, 2]
    # (1 + w) c − w (−1)
    assert guided(Labelled(), labels, 2.0)(x, t).flatten().tolist() == [2, 8]


def test_labels_are_hidden_at_the_given_rate():
    schedule, g = Schedule.linear(5), torch.Generator().manual_seed(0)
    labels = torch.zeros(4000, dtype=torch.long)
    for hide, expected in ((0.0, 0.0), (0.3, 0.3), (1.0, 1.0)):
        model = Labelled()
        noise_loss(model, schedule, torch.zeros(4000, 1), labels, hide=hide, generator=g)
        share = (model.seen[0] == 3).double().mean().item()
        assert share == pytest.approx(expected, abs=0.04 if 0 < hide < 1 else 0)


def test_a_perfect_guess_has_no_loss_and_a_null_guess_has_one():
    schedule, g = Schedule.linear(50), torch.Generator().manual_seed(0)
    x = torch.zeros(4000, 1)

    class Guess(nn.Module):
        def __init__(self, share):
            super().__init__()
            self.share = share

        def forward(self, seen, t):
            return self.share * seen / schedule.noise(t, seen)

    assert noise_loss(Guess(1), schedule, x, generator=g).item() < 1e-6
    assert noise_loss(Guess(0), schedule, x, generator=g).item() == pytest.approx(1, abs=0.1)


def test_time_features_are_bounded_and_tell_all_steps_apart():
    features = time_features(torch.arange(1, 1001), 32)
    assert features.abs().max() <= 1
    assert torch.pdist(features).min() > 1e-3


def test_weights_survive_saving():
    model, other = PointDenoiser(2, steps=10), PointDenoiser(2, steps=10)
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    file.seek(0)
    other.load_state_dict(torch.load(file, weights_only=True))
    x, t = torch.randn(3, 2), torch.tensor([1, 5, 10])
    assert torch.equal(model(x, t), other(x, t))


def test_wrong_arguments_are_named():
    schedule = Schedule.linear(10)
    with pytest.raises(ValueError, match=r"numbers in \(0, 1\)"):
        Schedule(torch.tensor([0.5, 1.0]))
    with pytest.raises(ValueError, match=r"count must lie in \[1, 10\], got 11"):
        stepping(schedule, 11)
    with pytest.raises(ValueError, match="eta must lie"):
        sample(lambda x, t: x, schedule, torch.zeros(1, 1), count=2, eta=1.5)
