"""Izhikevich's neuron against an adaptive integrator, and its firing patterns."""

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

from spiking import Izhikevich


def spike_times(kind: dict[str, float], current: float, seconds: float) -> np.ndarray:
    """Return the times of spikes, in s, of scipy's integrator with events."""
    a, b, c, d = (kind.get(k, v) for k, v in {"a": 0.02, "b": 0.2, "c": -65.0, "d": 8.0}.items())

    def slope(_, y):
        return [0.04 * y[0] ** 2 + 5 * y[0] + 140 - y[1] + current, a * (b * y[0] - y[1])]

    def crosses(_, y):
        return y[0] - 30

    crosses.terminal = True
    now, state, times = 0.0, [c, b * c], []
    while now < 1e3 * seconds:
        done = solve_ivp(slope, (now, 1e3 * seconds), state, events=crosses, rtol=1e-9, atol=1e-9)
        if not len(done.t_events[0]):
            break
        now = done.t_events[0][0]
        times.append(now / 1e3)
        state = [c, done.y_events[0][0][1] + d]
    return np.array(times)


@pytest.mark.parametrize("current", [5.0, 10.0, 20.0])
@pytest.mark.parametrize(
    "kind", [{}, {"a": 0.1, "d": 2.0}, {"c": -50.0, "d": 2.0}], ids=["regular", "fast", "chatter"]
)
def test_spikes_come_at_the_times_of_an_adaptive_integrator(kind, current):
    dt, seconds = 1e-5, 0.1
    layer = Izhikevich(1, **kind, dt=dt, substeps=1)
    x = torch.full((round(seconds / dt), 1, 1), current, dtype=torch.float64)
    ours = layer(x)[0].flatten().nonzero().flatten().numpy() * dt
    theirs = spike_times(kind, current, seconds)
    assert len(ours) == pytest.approx(len(theirs), abs=1)
    both = min(len(ours), len(theirs), 10)  # later, the end of a burst hangs on the last digits
    assert both >= 1
    assert np.abs(ours[:both] - theirs[:both]).max() < 1e-3


def test_state_goes_on_and_gradients_reach_the_input():
    x = torch.full((60, 2, 3), 12.0, dtype=torch.float64, requires_grad=True)
    layer = Izhikevich(3, learn=("a", "d")).double()
    whole, _ = layer(x)
    first, record = layer(x[:25])
    second, _ = layer(x[25:], record.state)
    assert torch.equal(torch.cat((first, second)), whole)
    whole.sum().backward()
    assert x.grad.abs().sum() > 0
    assert all(p.grad.isfinite().all() for p in layer.parameters())


def test_substeps_must_be_positive():
    with pytest.raises(ValueError, match="substeps must be at least 1, got 0"):
        Izhikevich(1, substeps=0)
