"""Diehl and Cook's network against plain numpy, one neuron and one step after the other."""

import math
from inspect import unwrap

import numpy as np
import pytest
import torch

from spiking.kernels import competition
from spiking.plasticity import Competition, DiehlCook, TraceRule, assign_classes, vote
from spiking.plasticity.diehl_cook import populations

INPUTS, NEURONS, STEPS = 30, 6, 1000
SMALL = Competition(total=0.3)  # few inputs need strong weights


def brute_force(spikes, weight, theta, c: Competition, learning: bool):
    """Return spike times and what was learned, by the equations in millivolts and float64."""
    weight, theta = weight.astype(float).copy(), theta.astype(float).copy()
    v, u, ge, gi, gu = (np.full(NEURONS, x) for x in (-65.0, -60.0, 0.0, 0.0, 0.0))
    free, free_u, last = np.zeros(NEURONS), np.zeros(NEURONS), np.full(INPUTS, -np.inf)
    dt, found, rule = 1e3 * c.dt, [], c.rule
    for t, row in enumerate(spikes):
        for j in range(NEURONS):
            slope = -65 - v[j] - ge[j] * v[j] + gi[j] * (-100 - v[j])
            v[j] = v[j] + dt / 100 * slope if t >= free[j] else -65
            u[j] = u[j] + dt / 10 * (-60 - u[j] - gu[j] * u[j]) if t >= free_u[j] else -45
        ge, gu, gi = ge * math.exp(-dt / 1), gu * math.exp(-dt / 1), gi * math.exp(-dt / 2)
        fired = [j for j in range(NEURONS) if t >= free[j] and v[j] > -72 + theta[j] * 1e3]
        woken = [j for j in range(NEURONS) if t >= free_u[j] and u[j] > -40]
        for i in row.nonzero()[0]:
            last[i] = t
            ge += weight[i]
        for j in woken:
            gi += np.where(np.arange(NEURONS) == j, 0, 17.0)
            u[j], free_u[j] = -45, t + 1 + round(2 / dt)
        for j in fired:
            found.append((t, j))
            gu[j] += 10.4
            v[j], free[j] = -65, t + 1 + round(5 / dt)
            if learning:
                theta[j] += c.theta_plus
                x = np.exp((last - t) * dt / (1e3 * rule.tau_pre))
                weight[:, j] += rule.rate * (x - rule.target) * (1 - weight[:, j]) ** rule.mu
                weight[:, j] = weight[:, j].clip(0, 1)
    return found, weight, theta


@pytest.mark.parametrize("learning", [False, True])
@pytest.mark.parametrize("mu", [0.0, 0.2, 1.0])
def test_spikes_and_weights_equal_brute_force(mu: float, learning: bool):
    c = Competition(rule=TraceRule(rate=0.05, dt=0.5e-3, mu=mu), theta_plus=3e-3)
    random = np.random.default_rng(0)
    spikes = random.random((STEPS, INPUTS)) < 0.15
    weight = (0.4 * random.random((INPUTS, NEURONS))).astype(np.float32)
    theta = np.full(NEURONS, 20e-3, np.float32)
    found, wanted, wanted_theta = brute_force(spikes, weight, theta, c, learning)
    start = np.concatenate(([0], spikes.sum(1).cumsum()))
    fade = np.exp(-np.arange(STEPS) * c.dt / c.rule.tau_pre).astype(np.float32)
    rule = np.array((0.05, c.rule.target, 0, 1, mu, c.theta_plus), np.float32)
    decays = np.exp([-0.5, -0.25]).astype(np.float32)
    counts = np.zeros(NEURONS, np.int64)
    competition.simulate(
        start, spikes.nonzero()[1].astype(np.int32), *populations(c), decays,
        np.array((10.4, 17.0), np.float32), rule, fade, learning, False,
        np.zeros(1, np.uint64), weight, theta, counts,
    )  # fmt: skip
    assert len(found) > 20
    assert len({j for _, j in found}) > 2
    assert counts.tolist() == np.bincount([j for _, j in found], minlength=NEURONS).tolist()
    np.testing.assert_allclose(weight, wanted, rtol=0, atol=2e-5)
    np.testing.assert_allclose(theta, wanted_theta, rtol=1e-5)


def test_input_spikes_have_their_rates_and_are_independent_of_each_other():
    share, steps = np.array([0.0, 0.02, 0.3, 0.9]), 20_000
    times, sources, columns = (np.zeros(4 * steps, np.int32) for _ in range(3))
    start, source = np.zeros(steps + 1, np.int64), np.array([1], np.uint64)
    competition.draw(share, steps, source, times, sources, start, columns)
    dense = np.zeros((steps, 4))
    for t in range(steps):
        np.add.at(dense[t], columns[start[t] : start[t + 1]], 1)
    assert dense.max() == 1  # never twice in a step
    deviation = np.sqrt(share * (1 - share) / steps)
    assert (abs(dense.mean(0) - share) <= 4 * deviation).all()
    assert abs((dense[1:] * dense[:-1]).mean(0) - share**2).max() < 0.015
    assert abs(np.corrcoef(dense[:, 1:].T) - np.eye(3)).max() < 0.03


def bars(repeats: int) -> torch.Tensor:
    """Return images of 12 by 12 with one of four bright bands, in turn."""
    band = torch.zeros(4, 12, 12)
    for k in range(4):
        band[k, 3 * k : 3 * k + 3] = 1
    return band.flatten(1).repeat(repeats, 1)


def test_neurons_come_to_stand_for_different_inputs():
    g = torch.Generator().manual_seed(0)
    network = DiehlCook(144, 8, SMALL, generator=g)
    fresh = network.weight.clone()
    images = bars(60)
    network.learn(images, g)
    labels = torch.arange(4).repeat(10)
    assigned = assign_classes(network(images[:40], g), labels, 4)
    assert set(assigned.tolist()) >= {0, 1, 2, 3}
    answers = vote(network(images[:40], g), assigned, 4).argmax(1)
    assert (answers == labels).float().mean() > 0.9
    inside = network.weight.view(8, 4, 36).sum(2).max(1).values / network.weight.sum(1)
    before = fresh.view(8, 4, 36).sum(2).max(1).values / fresh.sum(1)
    assert inside.median() > 0.8
    assert before.median() < 0.35


def test_shuffled_traces_leave_no_fields():
    g = torch.Generator().manual_seed(0)
    network = DiehlCook(144, 8, SMALL, generator=g)
    network.learn(bars(60), g, shuffled=True)
    inside = network.weight.view(8, 4, 36).sum(2).max(1).values / network.weight.sum(1)
    assert inside.median() < 0.5


def test_showing_changes_nothing_and_the_same_seed_gives_the_same_spikes():
    g = torch.Generator().manual_seed(3)
    network = DiehlCook(144, 5, SMALL, generator=g)
    weight, theta = network.weight.clone(), network.theta.clone()
    first = network(bars(3), torch.Generator().manual_seed(1))
    assert torch.equal(first, network(bars(3), torch.Generator().manual_seed(1)))
    assert torch.equal(network.weight, weight)
    assert torch.equal(network.theta, theta)
    assert (first.sum(1) >= 5).all()  # what is too faint is shown again, brighter


def test_thresholds_follow_spikes_and_weights_keep_their_sum():
    g = torch.Generator().manual_seed(3)
    network = DiehlCook(144, 5, SMALL, generator=g)
    theta = network.theta.double()
    total = 0.3 * 144
    for image in bars(2).split(1):
        counts = network.learn(image, g)[0].double()
        theta = (theta + 0.05e-3 * counts) * math.exp(-0.5 / 1e4)
    torch.testing.assert_close(network.theta.double(), theta, rtol=1e-5, atol=0)
    torch.testing.assert_close(network.weight.sum(1), torch.full((5,), total), rtol=1e-4, atol=0)


def test_a_class_is_where_a_neuron_fires_most_on_average():
    counts = torch.tensor([[3, 0, 0], [3, 0, 1], [3, 0, 0], [4, 0, 2]])
    labels = torch.tensor([0, 0, 0, 1])
    assert assign_classes(counts, labels, 3).tolist() == [1, -1, 1]
    votes = vote(counts, torch.tensor([1, -1, 0]), 3)
    assert votes.tolist() == [[0, 3, -1], [1, 3, -1], [0, 3, -1], [2, 4, -1]]


def test_errors_name_what_was_expected():
    g = torch.Generator().manual_seed(0)
    network = DiehlCook(4, 2, generator=g)
    with pytest.raises(ValueError, match=r"expected images \(images, 4\), got \(3, 5\)"):
        network(torch.zeros(3, 5), g)
    with pytest.raises(ValueError, match=r"must be numbers in \[0, 1\]"):
        network(torch.full((1, 4), 255.0), g)
    with pytest.raises(ValueError, match="inputs and neurons must be positive"):
        DiehlCook(0, 2, generator=g)
    with pytest.raises(ValueError, match=r"rule\.dt must be dt"):
        Competition(dt=1e-3)
    with pytest.raises(ValueError, match=r"rule\.pairing must be nearest"):
        Competition(rule=TraceRule(dt=0.5e-3, pairing="all"))
    with pytest.raises(ValueError, match="must be as many"):
        unwrap(assign_classes)(torch.zeros(3, 2).long(), torch.zeros(2).long(), 2)
    with pytest.raises(ValueError, match=r"labels must be in \[0, 2\)"):
        assign_classes(torch.zeros(1, 2).long(), torch.tensor([2]), 2)
