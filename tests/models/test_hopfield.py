"""Hopfield networks against their laws, mean-field equations, projections and torch's attention."""

import io

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from nsai.models.attention import attention_weights
from nsai.models.hopfield import (
    Hopfield,
    hebbian_weights,
    modern_energy,
    modern_update,
    one_step_errors,
    overlap_theory,
    projection_weights,
)
from nsai.models.threshold import corners


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def signs(*shape: int, seed: int = 0) -> torch.Tensor:
    return 2 * torch.randint(2, shape, generator=seeded(seed)).double() - 1


def whole_weights(units: int, seed: int) -> torch.Tensor:
    """Symmetric weights in whole numbers, for which all sums are exact."""
    w = torch.randint(-3, 4, (units, units), generator=seeded(seed)).double().triu(1)
    return w + w.T


def plain_energy(w: torch.Tensor, s: torch.Tensor) -> float:
    """Oracle: the double sum."""
    pairs = ((i, j) for i in range(len(s)) for j in range(len(s)))
    return -0.5 * sum(float(w[i, j] * s[i] * s[j]) for i, j in pairs)


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_energy_falls_with_every_change_until_none_is_left(seed):
    network = Hopfield(whole_weights(7, seed))
    starts = 2 * corners(7).double() - 1
    rest = network.settle(starts, generator=seeded(seed), trace=True)
    steps = rest.energies.diff(dim=0)
    assert (steps <= 0).all()
    assert (steps < 0).sum() == rest.flips.sum()
    assert network.stable(rest.states).all()
    assert torch.equal(rest.energies[0], network.energy(starts))
    assert torch.equal(rest.energies[-1], network.energy(rest.states))


@given(st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_energy_is_the_double_sum(seed):
    w, s = whole_weights(5, seed), signs(5, seed=seed)
    assert float(Hopfield(w).energy(s)) == plain_energy(w, s)


def test_each_change_is_of_one_unit_against_its_input():
    network = Hopfield(whole_weights(9, 4))
    starts = signs(40, 9, seed=1)
    rest = network.settle(starts, generator=seeded(2))
    changed = (rest.states != starts).sum(1)
    assert (changed <= rest.flips).all()
    assert ((rest.flips - changed) % 2 == 0).all()
    assert torch.equal(starts, signs(40, 9, seed=1))  # the argument is left alone


def test_the_unit_to_change_is_drawn_evenly():
    # Two units that inhibit each other, both on: whoever looks first goes off, then all is still.
    network = Hopfield(torch.tensor([[0.0, -1], [-1, 0]]))
    rest = network.settle(torch.ones(2000, 2), generator=seeded(0))
    assert (rest.flips == 1).all()
    assert float((rest.states[:, 0] < 0).float().mean()) == pytest.approx(0.5, abs=0.05)


def test_the_same_generator_gives_the_same_walk():
    network, starts = Hopfield(whole_weights(12, 1)), signs(30, 12)
    one, two = (network.settle(starts, generator=seeded(5)).states for _ in range(2))
    assert torch.equal(one, two)


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_parallel_updates_end_in_cycles_of_two_at_most(seed):
    network = Hopfield(whole_weights(7, seed))
    s = 2 * corners(7).double() - 1
    for _ in range(200):
        s = network(s)
    assert torch.equal(network(network(s)), s)


def test_parallel_updates_can_swing_for_ever():
    network = Hopfield(torch.tensor([[0.0, -1], [-1, 0]]))
    s = torch.ones(1, 2)
    assert torch.equal(network(s), -s)
    assert torch.equal(network(-s), s)


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_renaming_what_counts_as_on_changes_nothing(seed):
    w, gauge, s = whole_weights(6, seed), signs(6, seed=seed), signs(10, 6, seed=seed + 1)
    renamed = Hopfield(w * gauge[:, None] * gauge)
    assert torch.equal(renamed.energy(s * gauge), Hopfield(w).energy(s))
    assert torch.equal(renamed(s * gauge), Hopfield(w)(s) * gauge)


def test_hebbian_weights_are_the_mean_product():
    xi = signs(3, 5)
    expected = sum(torch.outer(p, p) for p in xi) / 5
    torch.testing.assert_close(hebbian_weights(xi), expected - expected.diag().diag())


def test_a_few_patterns_and_their_negatives_are_recalled_from_a_part():
    xi = signs(3, 200, seed=3)
    network = Hopfield(hebbian_weights(xi))
    damaged = torch.cat([xi, -xi])
    damaged[:, :50] = signs(6, 50, seed=4)
    rest = network.settle(damaged, generator=seeded(0))
    assert torch.equal(rest.states, torch.cat([xi, -xi]))


def test_mixtures_of_three_are_stable_and_of_two_are_not():
    xi = signs(3, 600, seed=2)
    network = Hopfield(hebbian_weights(xi))
    three = xi.sum(0).sign()
    assert bool(network.stable(three))
    assert float(network.energy(three) / network.energy(xi).mean()) == pytest.approx(0.75, abs=0.1)
    two = torch.where(xi[0] == xi[1], xi[0], signs(600, seed=9))
    assert not bool(network.stable(two))


def test_projection_is_the_projection_without_its_diagonal():
    xi = signs(6, 15, seed=1)
    q, _ = np.linalg.qr(xi.numpy().T)
    expected = q @ q.T
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(projection_weights(xi), expected, atol=1e-12)


def test_projection_keeps_alike_patterns_where_hebb_does_not():
    xi = signs(40, 100, seed=1)
    xi[:, :60] = 1.0  # most units agree in all patterns
    xi = xi[:30]
    assert Hopfield(projection_weights(xi)).stable(xi).all()
    assert not Hopfield(hebbian_weights(xi)).stable(xi).any()


def test_modern_update_equals_attention():
    q, k = (torch.randn(n, 16, generator=seeded(n)).double() for n in (5, 9))
    theirs = F.scaled_dot_product_attention(q[None], k[None], k[None])[0]
    torch.testing.assert_close(modern_update(q, k, 0.25), theirs, rtol=0, atol=1e-12)
    ours = attention_weights(q[None, None], k[None, None], causal=False)[0, 0] @ k
    torch.testing.assert_close(modern_update(q, k, 0.25), ours, rtol=0, atol=1e-12)


@given(st.integers(0, 10_000), st.floats(0.05, 5))
@settings(max_examples=25, deadline=None)
def test_modern_energy_never_rises(seed, beta):
    patterns, s = (torch.randn(n, 6, generator=seeded(seed + n)).double() for n in (8, 20))
    for _ in range(10):
        after = modern_update(s, patterns, beta)
        rise = modern_energy(after, patterns, beta) - modern_energy(s, patterns, beta)
        assert float(rise.max()) < 1e-9
        s = after


def test_modern_update_is_a_step_down_its_energy():
    patterns, s = (torch.randn(n, 5, generator=seeded(n)).double() for n in (7, 3))
    s.requires_grad_()
    (slope,) = torch.autograd.grad(modern_energy(s, patterns, 1.5).sum(), s)
    torch.testing.assert_close(s - slope, modern_update(s, patterns, 1.5))
    assert torch.autograd.gradcheck(lambda v: modern_update(v, patterns, 1.5), s)


def test_modern_update_knows_no_order():
    patterns, s = (torch.randn(n, 5, generator=seeded(n)).double() for n in (7, 3))
    shuffled, places = (
        torch.randperm(7, generator=seeded(0)),
        torch.randperm(5, generator=seeded(1)),
    )
    plain = modern_update(s, patterns, 2.0)
    torch.testing.assert_close(modern_update(s, patterns[shuffled], 2.0), plain)
    torch.testing.assert_close(
        modern_update(s[:, places], patterns[:, places], 2.0), plain[:, places]
    )


def test_high_beta_returns_the_most_similar_and_low_beta_the_mean():
    patterns, s = torch.randn(7, 5, generator=seeded(1)), torch.randn(4, 5, generator=seeded(2))
    nearest = patterns[(s @ patterns.T).argmax(1)]
    torch.testing.assert_close(modern_update(s, patterns, 1e4), nearest)
    mean = patterns.mean(0).expand(4, 5)
    torch.testing.assert_close(modern_update(s, patterns, 1e-6), mean, rtol=0, atol=1e-4)


@given(st.floats(1.0, 3.5))
def test_theory_solves_the_mean_field_equations(y):
    # Amit, Gutfreund and Sompolinsky at temperature 0, with their own variables r and C.
    load, m = (float(v) for v in overlap_theory(torch.tensor([y]).double()))
    r = (m / y) ** 2 / (2 * load)
    c = (2 / (np.pi * load * r)) ** 0.5 * np.exp(-(m**2) / (2 * load * r))
    assert r == pytest.approx((1 - c) ** -2, rel=1e-6)


def test_theory_has_the_published_edge():
    load, m = overlap_theory(torch.linspace(0.5, 4, 100_001).double())
    assert float(load.max()) == pytest.approx(0.137906, abs=1e-6)  # Stojnic 2024, arXiv:2403.01907
    assert float(m[load.argmax()]) == pytest.approx(0.967, abs=5e-4)


def test_one_step_errors_are_a_normal_tail_and_what_is_measured():
    loads = torch.tensor([0.105, 0.138, 0.37, 0.61]).double()
    np.testing.assert_allclose(one_step_errors(loads), norm.sf(1 / loads.sqrt()), rtol=1e-9)
    xi = signs(101, 500, seed=1)
    wrong = (xi * (xi @ hebbian_weights(xi)) < 0).double().mean()
    assert float(wrong) == pytest.approx(float(one_step_errors(torch.tensor([0.2]))), rel=0.15)


def test_network_survives_a_state_dict_round_trip():
    file, w = io.BytesIO(), whole_weights(4, 1)
    torch.save(Hopfield(w).state_dict(), file)
    file.seek(0)
    other = Hopfield(torch.zeros(4, 4).double())
    other.load_state_dict(torch.load(file, weights_only=True))
    assert torch.equal(other.weights, w)


def test_bad_weights_are_named():
    with pytest.raises(ValueError, match="symmetric"):
        Hopfield(torch.tensor([[0.0, 1], [2, 0]]))
    with pytest.raises(ValueError, match="zero diagonal"):
        Hopfield(torch.eye(2))
    with pytest.raises(ValueError, match="got 0"):
        modern_update(torch.ones(2), torch.ones(1, 2), 0.0)
