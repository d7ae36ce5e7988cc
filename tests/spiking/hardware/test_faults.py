"""Broken chips: what breaks does, and nothing else."""

import numpy as np
import pytest

from spiking.hardware import (
    LOIHI,
    HardwareError,
    IntegerNetwork,
    PlacedNetwork,
    Population,
    Projection,
    as_mantissas,
    flip_bits,
    run_by_events,
    silence,
    simulate,
)


def network(weights=None, bits=8):
    rng = np.random.default_rng(0)
    drawn = rng.integers(-256, 256, (12, 20)) if weights is None else weights
    cells = Population("cells", 20, decay_v=300, threshold=rng.integers(100, 300, 20))
    loop = rng.integers(-60, 60, (20, 20))
    return IntegerNetwork(
        12,
        [cells],
        [
            Projection("input", "cells", as_mantissas(drawn, bits=bits), bits=bits),
            Projection("cells", "cells", as_mantissas(loop), delays=2),
        ],
    )


SPIKES = np.random.default_rng(1).random((60, 2, 12)) < 0.2


def test_dead_neurons_are_silent_and_others_hear_nothing_of_them():
    net, dead = network(), [3, 7, 19]
    found = run_by_events(silence(net, dead), SPIKES, watch=["cells"])
    assert not found.spikes[..., dead].any()
    assert not found.voltages["cells"][..., dead].any()
    loop = net.projections[1].weights.toarray()
    loop[dead] = 0
    cut = IntegerNetwork(
        12, net.populations, [net.projections[0], Projection("cells", "cells", loop, delays=2)]
    )
    alive = np.setdiff1d(np.arange(20), dead)
    assert np.array_equal(found.spikes[..., alive], run_by_events(cut, SPIKES).spikes[..., alive])
    assert found.spikes[..., alive].any()


@pytest.mark.parametrize("bits", [8, 5])
@pytest.mark.parametrize("sign", ["mixed", "excitatory", "inhibitory"])
def test_a_flip_changes_a_bit_of_memory_and_a_second_undoes_it(sign, bits):
    rng = np.random.default_rng(0)
    low, high = {"mixed": (-256, 256), "excitatory": (0, 256), "inhibitory": (-255, 1)}[sign]
    net = network(rng.integers(low, high, (12, 20)), bits)
    before = net.projections[0].weights.toarray()
    once = flip_bits(net, 1.0, np.random.default_rng(0))
    after = once.projections[0].weights.toarray()
    assert (before != after).all()
    assert np.array_equal(as_mantissas(after, sign, bits), after)  # still weights of that memory
    step = 2 ** (8 - bits + (sign == "mixed"))
    if sign == "mixed":  # all bits of a two's complement: −1 less the number
        assert np.array_equal(after // step, -1 - before // step)
    else:
        assert np.array_equal(np.abs(after) // step, 2**bits - 1 - np.abs(before) // step)
    same = flip_bits(net, 0.0, np.random.default_rng(0)).projections[0].weights.toarray()
    assert np.array_equal(same, before)


def test_as_many_bits_flip_as_are_drawn():
    net = network()
    found = flip_bits(net, 0.1, np.random.default_rng(0)).projections[0].weights.data
    stored = [(w // 2) & 255 for w in (net.projections[0].weights.data, found)]
    flipped = np.unpackbits((stored[0] ^ stored[1]).astype(np.uint8)).mean()
    assert flipped == pytest.approx(0.1, abs=4 * np.sqrt(0.09 / (8 * 240)))


@pytest.mark.parametrize("positions", [[7], [0], [2, 5], []])
def test_only_bits_in_some_positions_flip(positions):
    net = network()
    found = flip_bits(net, 0.5, np.random.default_rng(0), positions=positions)
    for before, after in zip(net.projections, found.projections, strict=True):
        changed = ((before.weights.data // 2) ^ (after.weights.data // 2)) & 255
        assert np.bitwise_or.reduce(changed) == sum(1 << p for p in positions)


def test_lost_spikes_reach_nobody_and_cost_their_way():
    placed = PlacedNetwork(network(), LOIHI, np.repeat([0, 40], 10))
    none = simulate(placed, SPIKES, lost=1.0, generator=np.random.default_rng(0))
    assert not none.spikes.any()
    assert none.energy["synapse, dense"] == none.energy["axon in"] == 0
    assert none.energy["axon out"] == pytest.approx(SPIKES.sum() * 2 * LOIHI.energy.axon_out)
    some = simulate(placed, SPIKES, lost=0.3, generator=np.random.default_rng(0))
    again = simulate(placed, SPIKES, lost=0.3, generator=np.random.default_rng(0))
    assert np.array_equal(some.spikes, again.spikes)
    all_of_them = simulate(placed, SPIKES)
    assert 0 < some.spikes.sum() < all_of_them.spikes.sum()


def test_wrong_faults_are_named():
    net = network()
    with pytest.raises(HardwareError, match="neurons must be from 0 to 19, got 2 to 20"):
        silence(net, [2, 20])
    with pytest.raises(HardwareError, match=r"probability must be from 0 to 1, got 1\.5"):
        flip_bits(net, 1.5, np.random.default_rng(0))
    with pytest.raises(HardwareError, match=r"positions must be from 0 to 7, got \[3, 8\]"):
        flip_bits(net, 0.5, np.random.default_rng(0), positions=[8, 3])
    placed = PlacedNetwork(net, LOIHI, np.zeros(20, int))
    with pytest.raises(HardwareError, match="lost must be a probability from 0 to 1, got -1"):
        simulate(placed, SPIKES, lost=-1.0)
    with pytest.raises(HardwareError, match="lost spikes need a generator"):
        simulate(placed, SPIKES, lost=0.5)
