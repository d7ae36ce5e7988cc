"""The evidence accumulation task against its description."""

import pytest
import torch

from nsai import data


def draw(trials: int = 400, seed: int = 0, **options) -> data.Evidence:
    return data.evidence(trials, torch.Generator().manual_seed(seed), **options)


def test_the_answer_is_the_side_with_more_cues():
    found = draw(cues=5, delay=40, shown=60, pause=10, question=30, rate=0.2)
    assert found.x.shape == (5 * 70 + 40 + 30, 400, 40)
    cue = found.x[:350].view(5, 70, 400, 4, 10).sum((1, 4))
    assert not found.x[:350].view(5, 70, 400, 4, 10)[:, :10, :, :2].any()  # pauses
    assert not (cue[..., 0] * cue[..., 1]).any()  # one side at a time
    assert torch.equal((cue[..., 1] > 0).sum(0) > 2, found.y == 1)
    assert 0.4 < found.y.float().mean() < 0.6


def test_delay_is_silent_but_for_noise_and_the_question_comes_last():
    found = draw(cues=1, delay=200, question=50, rate=0.2)
    groups = found.x.view(len(found.x), 400, 4, 10).mean((1, 3))
    assert not groups[150:350, :3].any()
    assert groups[350:, :2].sum() == 0
    assert abs(groups[350:, 2].mean() - 0.2) < 0.01
    assert abs(groups[:, 3].mean() - 0.05) < 0.005
    assert torch.equal(found.asked, (torch.arange(400) >= 350).float())


def test_a_trial_has_a_likely_side():
    found = draw(4000, cues=7, delay=0, shown=20, pause=0, question=1, rate=0.9)
    cue = found.x[:140].view(7, 20, 4000, 4, 10).sum((1, 4))
    right = (cue[..., 1] > 0).float().sum(0)
    # a mixture of two binomials: the mean of the majority is 0.7 of 7 for most
    assert abs(right.mean() - 3.5) < 0.1
    assert abs(right.var() - (7 * 0.21 + 1.4**2)) < 0.15


def test_what_is_out_of_range_is_refused():
    with pytest.raises(ValueError, match="cues odd, got 5 and 4"):
        draw(5, cues=4)
    with pytest.raises(ValueError, match="delay and pause must not be negative"):
        draw(5, delay=-1)
    with pytest.raises(ValueError, match=r"rate and unlikely must be in \[0, 1\]"):
        draw(5, rate=2.0)
