"""Encodings against their definitions and against snntorch's."""

import math

import pytest
import snntorch.spikegen
import torch

from spiking import encode_delta, encode_latency, encode_population, encode_rate


def test_rates_are_the_numbers_and_steps_are_independent():
    x = torch.tensor([[0.0, 0.1, 0.5, 0.9, 1.0]])
    spikes = encode_rate(x, 20_000, generator=torch.Generator().manual_seed(0))
    assert spikes.shape == (20_000, 1, 5)
    deviation = (x * (1 - x) / 20_000).sqrt()
    assert ((spikes.mean(0) - x).abs() <= 4 * deviation).all()
    both = (spikes[1:] * spikes[:-1]).mean(0)
    assert ((both - x**2).abs() <= 0.015).all()
    again = encode_rate(x, 20_000, generator=torch.Generator().manual_seed(0))
    assert torch.equal(again, spikes)


def test_latency_is_one_spike_at_the_time_of_the_formula():
    x = torch.linspace(0, 1, 101, dtype=torch.float64)[None]
    for tau in (None, 5.0):
        spikes = encode_latency(x, 40, tau=tau)
        assert torch.equal(spikes.sum(0), (x > 0.01).double())
        times = spikes[:, 0, 2:].argmax(0)
        for value, time in zip(x[0, 2:].tolist(), times.tolist(), strict=True):
            wanted = 39 * (1 - value) if tau is None else tau * math.log(value / (value - 0.01))
            assert abs(time - min(wanted, 39)) <= 0.5 + 1e-9
        assert (times.diff() <= 0).all()


def test_latency_equals_snntorch():
    x = torch.rand(4, 30, generator=torch.Generator().manual_seed(0)) * 0.9 + 0.05
    ours = encode_latency(x, 25, tau=5.0, threshold=0.01)
    theirs = snntorch.spikegen.latency(x, num_steps=25, tau=5, threshold=0.01)
    assert torch.equal(ours, theirs)


def test_delta_follows_a_signal_to_within_a_step():
    time = torch.linspace(0, 6, 600, dtype=torch.float64)
    x = torch.stack((time.sin(), 0.3 * time), -1)[:, None]
    spikes = encode_delta(x, 0.05)
    followed = x[0] + 0.05 * (spikes[..., 0] - spikes[..., 1]).cumsum(0)
    assert ((followed - x).abs() < 0.05 + 1e-9).all()
    assert not (spikes[..., 0] * spikes[..., 1]).any()
    assert spikes.sum() > 50


def test_population_answers_most_at_the_nearest_centre_and_tells_numbers_apart():
    x = torch.linspace(-1, 3, 201, dtype=torch.float64)[:, None]
    answers = encode_population(x, 9, low=-1.0, high=3.0)
    centres = torch.linspace(-1, 3, 9, dtype=torch.float64)
    nearest = (x - centres).abs().amin(-1)
    chosen = (x[:, 0] - centres[answers[:, 0].argmax(-1)]).abs()
    torch.testing.assert_close(chosen, nearest)
    decoded = (answers * centres).sum(-1) / answers.sum(-1)
    assert (decoded - x)[20:-20].abs().max() < 0.06


def test_what_is_out_of_range_is_named():
    x = torch.tensor([[0.5, 1.5]])
    faults = [
        (lambda: encode_rate(x, 5), r"must be in \[0, 1\], got 1.5; scale them first"),
        (lambda: encode_rate(x * torch.nan, 5), r"must be in \[0, 1\], got nan"),
        (lambda: encode_latency(x, 5), r"must be in \[0, 1\], got 1.5"),
        (lambda: encode_rate(x / 2, 0), "steps must be at least 1, got 0"),
        (lambda: encode_latency(x / 2, 5, tau=-1.0), "tau must be a positive number of steps"),
        (lambda: encode_latency(x / 2, 5, threshold=1.0), "threshold must be between 0 and 1"),
        (lambda: encode_delta(x[None], 0.0), "threshold must be positive, got 0"),
        (lambda: encode_population(x, 1), "neurons must be at least 2, got 1"),
        (lambda: encode_population(x, 3, low=2.0), "expected low < high"),
    ]
    for run, message in faults:
        with pytest.raises(ValueError, match=message):
            run()
