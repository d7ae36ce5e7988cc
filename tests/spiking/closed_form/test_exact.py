"""Exact solutions against each other, a published trace, and quadrature."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp
from scipy.special import erf

from spiking import LIF
from spiking.closed_form.exact import solve_lif
from spiking.closed_form.firing_rates import firing_rate, siegert_rate

GOLDEN = Path(__file__).parents[4] / "shared" / "golden" / "loihi" / "exact_lif.csv"


@pytest.mark.skipif(not GOLDEN.is_file(), reason="shared/golden is not here")
def test_the_published_solution_of_a_neuron_is_found():
    x, voltage, spikes = torch.from_numpy(np.loadtxt(GOLDEN, delimiter=",")).T
    found = solve_lif(x[:, None], 2.5e-3, 1e-4, threshold=0.1)
    torch.testing.assert_close(found.voltage[:, 0], voltage, rtol=0, atol=1e-8)
    steps = (found.times[0] / 1e-4).floor().long()
    assert torch.equal(steps, spikes.nonzero().flatten())


def test_the_solution_is_that_of_a_solver_of_differential_equations():
    x = torch.tensor([1.3, 0.2, 4.0, -1.0, 2.5], dtype=torch.float64)
    tau, dt, leak, r, low, wait = 11e-3, 7e-3, 0.1, 1.5, -0.3, 1.2e-3
    found = solve_lif(
        x[:, None], tau, dt, v_leak=leak, v_reset=low, r=r, threshold=0.8, refractory=wait
    )
    now, v, times, voltage = 0.0, leak, [], []

    def crossed(_, v):
        return v[0] - 0.8

    crossed.terminal, crossed.direction = True, 1
    free = 0.0
    for k, value in enumerate(x.tolist()):
        end = (k + 1) * dt
        while now < end:
            start = max(now, min(free, end))
            if start == end:
                now = end
                break
            run = solve_ivp(
                lambda _, v, value=value: (leak - v + r * value) / tau,
                (start, end), [v], events=crossed, rtol=1e-12, atol=1e-13,
            )  # fmt: skip
            now, v = run.t[-1], run.y[0, -1]
            if run.status == 1:
                times.append(now)
                v, free = low, now + wait
        voltage.append(v)
    assert len(times) > 3
    torch.testing.assert_close(found.times[0], torch.tensor(times, dtype=torch.float64))
    torch.testing.assert_close(found.voltage[:, 0], torch.tensor(voltage, dtype=torch.float64))


def test_the_closed_form_rate_is_that_of_the_solution():
    currents = torch.tensor([0.5, 1.01, 1.2, 3.0], dtype=torch.float64)
    options = {"threshold": 0.9, "v_leak": 0.05, "v_reset": -0.1, "refractory": 3e-3}
    found = solve_lif(currents.expand(2000, 4), **options)
    rates = firing_rate(currents, **options)
    assert rates[0] == 0
    assert len(found.times[0]) == 0
    for rate, times in zip(rates[1:], found.times[1:], strict=True):
        torch.testing.assert_close(times.diff(), (1 / rate).expand(len(times) - 1))


def test_siegert_tends_to_the_rate_without_noise():
    exact = firing_rate(torch.tensor(1.5, dtype=torch.float64)).item()
    assert siegert_rate(1.5, 1e-3) == pytest.approx(exact, rel=1e-4)


def test_siegert_integral_against_a_sum():
    x = np.linspace((0 - 0.7) / 0.4, (1 - 0.7) / 0.4, 200_001)
    mean = np.trapezoid(np.exp(x**2) * (1 + erf(x)), x)
    expected = 1 / (2e-3 + 15e-3 * math.sqrt(math.pi) * mean)
    assert siegert_rate(0.7, 0.4, 15e-3, refractory=2e-3) == pytest.approx(expected, rel=1e-8)


def test_a_noisy_population_fires_at_siegerts_rate():
    dt, tau, mean, deviation = 1e-4, 10e-3, 0.9, 0.4
    generator = torch.Generator().manual_seed(0)
    alpha = math.exp(-dt / tau)
    step = deviation * math.sqrt((1 - alpha**2) / 2) / (1 - alpha)
    x = mean + step * torch.randn(5000, 1, 1000, generator=generator, dtype=torch.float64)
    spikes, _ = LIF(1000, tau, dt, r=1.0, reset="zero")(x)
    rate = spikes[500:].mean().item() / dt
    assert rate == pytest.approx(siegert_rate(mean, deviation, tau, dt=dt), rel=0.02)
    assert rate < 0.95 * siegert_rate(mean, deviation, tau)


def test_impossible_neurons_are_refused():
    with pytest.raises(ValueError, match="below the threshold"):
        solve_lif(torch.ones(3, 1), v_reset=1.0)
    with pytest.raises(ValueError, match="positive deviation"):
        siegert_rate(1.0, 0.0)
