"""Events of trembling images against what a pixel remembers, and against the real camera."""

import pytest
import torch

from nsai import data
from nsai.data.nmnist_small import event_counts
from nsai.data.saccades import DARK, saccade_events


def square(n: int = 1) -> torch.Tensor:
    image = torch.zeros(n, 1, 28, 28)
    image[..., 8:20, 8:20] = 1.0
    return image


def recorded(n: int = 4, **options) -> data.Events:
    generator = torch.Generator().manual_seed(0)
    return saccade_events(square(n), torch.arange(n), generator=generator, **options)


def test_signed_events_follow_the_light_to_within_the_contrast():
    """Around the triangle and back, a pixel has seen as much up as down, but for one contrast."""
    counts = event_counts(recorded(noise=0.0, contrast=0.2, frames=600), 1, 300_000)[0]
    balance = counts[:, 1] - counts[:, 0]
    assert counts.sum() > 1000
    assert balance.abs().max() <= 1
    swing = torch.log(torch.tensor((1 + DARK) / DARK)) / 0.2
    assert counts[:, 1].max() <= 3 * swing * 1.3  # at most once up and down a side


def test_only_edges_fire():
    counts = event_counts(recorded(noise=0.0), 1, 300_000)[0].sum(1)
    inside, outside = counts[:, 15:19, 15:19], torch.cat((counts[:, :8], counts[:, -8:]), 1)
    assert counts.sum() > 500
    assert inside.sum() == 0
    assert outside.sum() == 0


def test_events_are_sorted_and_of_their_recording():
    events = recorded(noise=0.01)
    assert events.offsets[0] == 0
    assert events.offsets[-1] == len(events.x)
    for first, last in zip(events.offsets[:-1], events.offsets[1:], strict=True):
        assert (events.time_us[first:last].diff() >= 0).all()
    assert 0 <= events.time_us.min() <= events.time_us.max() < 300_000
    assert events.label.tolist() == [0, 1, 2, 3]


def test_noise_fires_at_its_rate():
    generator = torch.Generator().manual_seed(0)
    events = saccade_events(
        torch.zeros(20, 1, 28, 28), torch.zeros(20).long(), noise=0.01, generator=generator
    )
    expected = 0.01 * 20 * 60 * 34 * 34
    assert len(events.x) == pytest.approx(expected, abs=5 * expected**0.5)
    assert events.polarity.float().mean() == pytest.approx(0.5, abs=0.03)


def test_generated_recordings_are_like_those_of_the_camera(need):
    need("nmnist_small")
    digits = data.mnist5k("test")
    generator = torch.Generator().manual_seed(0)
    ours = saccade_events(digits.x[:100], digits.y[:100], contrast=0.35, generator=generator)
    real = data.nmnist_small("test")
    assert 0.8 < len(ours.x) / len(real.x) < 1.25
    rates = [
        e.time_us.bincount(minlength=300_000)[:300_000].view(3, -1).sum(1) for e in (ours, real)
    ]
    shares = [rate / rate.sum() for rate in rates]
    assert (shares[0] - shares[1]).abs().max() < 0.1  # each saccade has about a third


def test_faults_name_the_argument():
    generator = torch.Generator()
    with pytest.raises(ValueError, match="up to 34"):
        saccade_events(torch.zeros(1, 1, 40, 28), torch.zeros(1).long(), generator=generator)
    with pytest.raises(ValueError, match="contrast > 0"):
        recorded(contrast=0.0)
