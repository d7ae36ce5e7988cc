"""The cochlea: place, loudness, phase, adaptation, silence; hair cells against a plain solver."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

from spiking.hearing.cochlea import Cochlea, HairCell
from spiking.kernels import hearing


def tone(frequency, seconds=0.4, rate=8000, amplitude=0.14):
    t = torch.arange(int(seconds * rate)) / rate
    return (amplitude * torch.sin(2 * torch.pi * frequency * t))[None]


@pytest.mark.parametrize("place", [6, 12, 20, 26])
def test_a_tone_excites_the_band_at_its_frequency_most(place):
    cochlea = Cochlea(30)
    found = cochlea(tone(cochlea.centres[place].item())).sum((0, 1))
    assert found[place] == found.max() > 0
    assert found[place] > 3 * found[(place + 15) % 30]


def test_silence_makes_no_spikes():
    assert Cochlea(30)(torch.zeros(2, 4000)).sum() == 0


def test_a_louder_tone_makes_more_spikes():
    cochlea = Cochlea(30)
    counts = [cochlea(tone(700, amplitude=a)).sum().item() for a in (0.003, 0.01, 0.03, 0.1, 0.3)]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1] / 3


def test_spikes_keep_to_a_phase_of_a_low_tone():
    frequency = 500.0
    cochlea = Cochlea(30, dt=1 / 8000)
    spikes = cochlea(tone(frequency))[800:, 0]
    channel = spikes.sum(0).argmax()
    when = spikes[:, channel].nonzero()[:, 0] / 8000
    angles = 2 * torch.pi * frequency * when
    strength = torch.stack((angles.cos().mean(), angles.sin().mean())).norm()
    assert len(when) > 30
    assert strength > 0.9


def test_the_answer_to_a_long_tone_adapts():
    spikes = Cochlea(30)(tone(1000, seconds=0.6))[:, 0]
    first, later = spikes[:20].sum(), spikes[500:520].sum()
    assert later < 0.75 * first
    assert later > 0


def test_hair_cells_follow_the_equations_of_meddis():
    cell, rate, seconds = HairCell(), 200_000, 0.03
    step = 1 / rate
    motion = 400 * np.sin(2 * np.pi * 300 * (np.arange(int(seconds * rate)) + 0.5) * step)

    def slopes(t, state):
        s = 400 * math.sin(2 * math.pi * 300 * t)
        q, c, w = state
        k = cell.g * max(s + cell.A, 0) / (s + cell.A + cell.B) if s > -cell.A else 0.0
        back = cell.r * c - cell.x * w
        return [cell.y * (1 - q) + cell.x * w - k * q, k * q - (cell.l + cell.r) * c, back]

    rest = Cochlea(4)._rest()
    exact = solve_ivp(slopes, (0, seconds), rest, rtol=1e-8, atol=1e-12, max_step=1e-4)
    kappa = cell.l + cell.r
    stays = math.exp(-kappa * step)
    rates = (cell.A, cell.B, cell.g, cell.y, cell.x, stays, (1 - stays) / (kappa * step))
    free, cleft, store = (np.full(1, value) for value in rest)
    out = np.zeros(1)
    for s in motion:
        hearing.release(np.full(1, s), out, (*rates, cell.r / kappa), step, free, cleft, store)
    np.testing.assert_allclose([free[0], cleft[0], store[0]], exact.y[:, -1], rtol=0.03)


def test_steady_release_is_the_fixed_point_of_the_equations():
    cell = HairCell()
    for motion in (0.0, 50.0, 2000.0):
        k = cell.g * (motion + cell.A) / (motion + cell.A + cell.B)
        equations = np.array(
            [[-cell.y - k, 0, cell.x], [k, -cell.l - cell.r, 0], [0, cell.r, -cell.x]]
        )
        steady = np.linalg.solve(equations, [-cell.y, 0, 0])
        assert math.isclose(cell.steady_cleft(motion), steady[1], rel_tol=1e-9)
    assert Cochlea(4)._rest()[1] == cell.steady_cleft()


def test_neurons_rest_after_a_spike():
    spikes = Cochlea(10, dt=1 / 8000, refractory=2e-3)(tone(500, amplitude=1.0))[:, 0]
    for channel in range(10):
        gaps = spikes[:, channel].nonzero()[:, 0].diff()
        assert (gaps > 16).all()  # 2 ms are 16 samples
    assert spikes.sum() > 100


def test_wider_bins_hold_the_same_spikes():
    sound = tone(900, seconds=0.1003)
    fine, wide = Cochlea(12, dt=1 / 8000)(sound), Cochlea(12, dt=5e-3)(sound)
    assert wide.shape == (21, 1, 12)
    padded = torch.cat((fine, torch.zeros(21 * 40 - len(fine), 1, 12)))
    assert torch.equal(padded.view(21, 40, 1, 12).sum(1), wide)


def test_recordings_of_a_batch_do_not_mix():
    sounds = torch.cat((tone(300), tone(1500), torch.zeros(1, 3200)))
    cochlea = Cochlea(16)
    together = cochlea(sounds)
    for b in range(3):
        assert torch.equal(together[:, b], cochlea(sounds[b : b + 1])[:, 0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dt": 1e-4}, "dt must be a whole number of samples"),
        ({"weight": 6.0}, "in silence, expected less than 1"),
        ({"high": 4000.0}, "between 0 and 4000 Hz"),
        ({"tau_mem": 0.0}, "expected positive fibres"),
    ],
)
def test_impossible_ears_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Cochlea(**arguments)


def test_what_is_no_sound_is_refused():
    with pytest.raises(ValueError, match="finite numbers"):
        Cochlea(4)(torch.full((1, 100), torch.nan))
    with pytest.raises(ValueError, match=r"expected sound \(batch, samples\), got \(1, 0\)"):
        Cochlea(4)(torch.zeros(1, 0))
