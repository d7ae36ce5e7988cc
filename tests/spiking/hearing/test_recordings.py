"""Recordings: one loudness, one length, bytes."""

import pytest
import torch

from spiking.hearing.cochlea import Cochlea
from spiking.hearing.recordings import equally_loud, hear


def noise(count=3, samples=1600):
    return torch.randn(count, samples, generator=torch.Generator().manual_seed(0))


def test_loudness_is_that_of_the_recorded_part():
    sound, length = noise(), torch.tensor([1600, 800, 10])
    sound = sound * (torch.arange(1600) < length[:, None])
    loud = equally_loud(sound, length, 0.2)
    for row, n in zip(loud, length.tolist(), strict=True):
        assert abs(row[:n].square().mean().sqrt().item() - 0.2) < 1e-6
        assert not row[n:].any()


def test_hearing_in_parts_and_at_another_volume_is_the_same():
    sound, length = noise(), torch.full((3,), 1600)
    cochlea = Cochlea(12, dt=2e-3)
    whole = hear(cochlea, sound, length)
    assert torch.equal(whole, hear(cochlea, sound, length, at_once=2))
    assert torch.equal(whole, hear(cochlea, 4 * sound, length))
    assert torch.equal(whole.float(), cochlea(equally_loud(sound, length)))
    assert whole.sum() > 100


def test_wrong_lengths_are_refused():
    with pytest.raises(ValueError, match=r"got \(3, 1600\) and \(2,\)"):
        equally_loud.__wrapped__(noise(), torch.tensor([1, 2]))
    with pytest.raises(ValueError, match="positive lengths"):
        equally_loud(noise(), torch.tensor([1, 0, 2]))
    with pytest.raises(ValueError, match="at_once must be at least 1"):
        hear(Cochlea(4), noise(), torch.full((3,), 1600), at_once=0)
