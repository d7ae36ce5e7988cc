"""Gammatone filters: against scipy's, against the bandwidth they are made for, by their sound."""

import math

import numpy as np
import pytest
import torch
from scipy import signal

from spiking.hearing.cochlea import Cochlea
from spiking.hearing.gammatone import erb, erb_spaced, gammatone

RATE = 16_000


def response(filters, channel, frequencies):
    """Frequency response of a channel, from its coefficients."""
    _, values = signal.freqz_sos(sections(filters, channel), frequencies, fs=RATE)
    return filters.gain[channel].item() * values


def sections(filters, channel):
    first, second = filters.poles[:, channel].tolist()
    return [[1.0, zero, 0.0, 1.0, first, second] for zero in filters.zeros[:, channel].tolist()]


@pytest.mark.parametrize("frequency", [150.0, 1000.0, 3000.0])
def test_coefficients_are_those_of_scipy(frequency):
    filters = gammatone(torch.tensor([frequency], dtype=torch.float64), RATE)
    b, a = signal.gammatone(frequency, "iir", fs=RATE)
    impulse = np.eye(1, 400)[0]
    mine = filters.gain.item() * signal.sosfilt(sections(filters, 0), impulse)
    theirs = signal.lfilter(b, a, impulse)
    np.testing.assert_allclose(mine, theirs, rtol=0, atol=5e-4 * np.abs(theirs).max())


def test_impulse_response_is_a_gammatone():
    f = 1000.0
    filters = gammatone(torch.tensor([f], dtype=torch.float64), RATE)
    t = np.arange(600) / RATE
    b = 1.019 * erb(torch.tensor(f, dtype=torch.float64)).item()
    expected = t**3 * np.exp(-2 * np.pi * b * t) * np.cos(2 * np.pi * f * t)
    found = signal.sosfilt(sections(filters, 0), np.eye(1, 600)[0])
    similar = found @ expected / math.sqrt((found @ found) * (expected @ expected))
    assert similar > 0.998


def test_filters_peak_at_their_centres_with_gain_one_and_the_ears_bandwidth():
    centres = erb_spaced(12, 100.0, 4000.0)
    filters = gammatone(centres, RATE)
    grid = np.arange(1.0, RATE / 2, 1.0)
    for channel, centre in enumerate(centres.tolist()):
        power = np.abs(response(filters, channel, grid)) ** 2
        assert abs(np.abs(response(filters, channel, [centre]))[0] - 1) < 1e-9
        width = erb(torch.tensor(centre)).item()
        assert abs(grid[power.argmax()] - centre) < 0.06 * width
        assert abs(power.sum() - width) < 0.02 * width  # a grid of 1 Hz, gain 1 at the centre


def test_bandwidth_is_glasberg_and_moores():
    # their eq. 3, and ERB(1 kHz) = 132 Hz of their text
    assert abs(erb(torch.tensor(1000.0)).item() - 132.6) < 0.1
    assert abs(erb(torch.tensor(0.0)).item() - 24.7) < 1e-5


def test_centres_are_evenly_spaced_on_the_scale_of_bandwidths():
    centres = erb_spaced(30, 80.0, 7000.0)
    number = 21.4 * torch.log10(4.37e-3 * centres + 1)  # Glasberg and Moore, eq. 4
    steps = number.diff()
    assert torch.allclose(steps, steps.mean().expand(29), rtol=1e-9)
    assert torch.allclose(centres[[0, -1]], torch.tensor([80.0, 7000.0], dtype=torch.float64))


def test_the_cochlea_filters_as_scipy_does():
    cochlea = Cochlea(8, RATE, low=100.0, high=5000.0, level=30.0)
    sound = torch.randn(2, 500, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    motion = cochlea.motion(sound)
    for channel in range(8):
        gain = cochlea.filters.gain[channel].item()
        expected = gain * signal.sosfilt(sections(cochlea.filters, channel), sound.numpy())
        np.testing.assert_allclose(motion[:, :, channel].T.numpy(), expected, atol=1e-9)


def test_frequencies_out_of_range_are_refused():
    with pytest.raises(ValueError, match="between 0 and 8000 Hz"):
        gammatone(torch.tensor([9000.0]), RATE)
    with pytest.raises(ValueError, match=r"0 < low < high, got 1, 100\.0 and 200\.0"):
        erb_spaced(1, 100.0, 200.0)
