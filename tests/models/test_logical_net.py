"""Nerve nets against plain loops over their synapses."""

import io

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nsai.models.logical_net import LogicalNet, LogicalUnits, disjunctive_net
from nsai.models.threshold import corners


def random_units(size: int, sources: int, seed: int) -> LogicalUnits:
    g = torch.Generator().manual_seed(seed)
    return LogicalUnits(
        torch.randint(4, (size, sources), generator=g),
        torch.rand(size, sources, generator=g) < 0.2,
        torch.randint(4, (size,), generator=g),
    )


def one_unit(excitatory, inhibitory, threshold, active) -> bool:
    """Oracle: the definition, synapse by synapse."""
    if any(b and s for b, s in zip(inhibitory, active, strict=True)):
        return False
    return sum(a for a, s in zip(excitatory, active, strict=True) if s) >= threshold


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_units_follow_the_definition_at_every_corner(seed):
    units = random_units(3, 4, seed)
    for corner in corners(4).bool():
        rows = zip(
            units.excitatory.tolist(),
            units.inhibitory.tolist(),
            units.threshold.tolist(),
            strict=True,
        )
        expected = [one_unit(a, b, theta, corner.tolist()) for a, b, theta in rows]
        assert units(corner).tolist() == expected


def test_one_inhibitory_impulse_outweighs_any_excitation():
    unit = LogicalUnits(torch.tensor([[1000, 0]]), torch.tensor([[False, True]]), torch.tensor([1]))
    assert unit(torch.tensor([[True, False], [True, True]]))[:, 0].tolist() == [True, False]


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_net_with_circles_follows_its_units_moment_by_moment(seed):
    units = random_units(4, 6, seed)
    x = torch.rand(1, 7, 2, generator=torch.Generator().manual_seed(seed)) < 0.5
    state = torch.zeros(4, dtype=torch.bool)
    fired = LogicalNet(units)(x)[0]
    for now, row in zip(x[0], fired, strict=True):
        state = units(torch.cat([now, state]))
        assert torch.equal(row, state)


def test_a_run_can_be_interrupted_and_knows_no_future():
    net = LogicalNet(random_units(5, 8, 3))
    x = torch.rand(4, 9, 3, generator=torch.Generator().manual_seed(1)) < 0.5
    whole, first = net(x), net(x[:, :4])
    assert torch.equal(whole[:, :4], first)
    assert torch.equal(whole[:, 4:], net(x[:, 4:], first[:, -1]))


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_a_net_without_circles_forgets_after_as_many_moments_as_units(seed):
    units = random_units(4, 6, seed)
    later = torch.ones(4, 6, dtype=torch.bool).tril(1)
    net = LogicalNet(
        LogicalUnits(units.excitatory * later, units.inhibitory & later, units.threshold)
    )
    x = torch.rand(2, 12, 2, generator=torch.Generator().manual_seed(seed)) < 0.5
    x[1, -4:] = x[0, -4:]
    last = net(x)[:, -1]
    assert torch.equal(last[0], last[1])


def test_two_layers_compute_every_function_that_is_silent_at_silence():
    codes = torch.arange(256)
    tables = (codes[:, None] >> torch.arange(8)) & 1
    strict = disjunctive_net(tables)(corners(3).bool()).T
    loose = disjunctive_net(tables, spontaneous=True)(corners(3).bool()).T
    assert torch.equal(loose, tables.bool())
    assert torch.equal((strict == tables.bool()).all(1), tables[:, 0] == 0)
    assert int(disjunctive_net(tables)[0].threshold.min()) >= 1


def test_wrong_arguments_are_named():
    exc, inh = torch.ones(1, 2, dtype=torch.int64), torch.zeros(1, 2, dtype=torch.bool)
    with pytest.raises(ValueError, match="must not be negative"):
        LogicalUnits(-exc, inh, torch.tensor([1]))
    with pytest.raises(ValueError, match="got 1 in all"):
        LogicalNet(LogicalUnits(exc[:, :1].expand(2, 1), inh[:, :1].expand(2, 1), exc[0]))
    with pytest.raises(ValueError, match="got 3"):
        LogicalNet(LogicalUnits(exc, inh, torch.tensor([1])))(inh.new_zeros(1, 1, 3))
    with pytest.raises(ValueError, match="2\\*\\*n columns"):
        disjunctive_net(torch.ones(1, 3, dtype=torch.int64))


def test_units_survive_a_state_dict_round_trip():
    file = io.BytesIO()
    torch.save(random_units(3, 4, 1).state_dict(), file)
    file.seek(0)
    other = random_units(3, 4, 2)
    other.load_state_dict(torch.load(file, weights_only=True))
    x = corners(4).bool()
    assert torch.equal(other(x), random_units(3, 4, 1)(x))
