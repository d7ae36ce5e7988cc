"""Energy and time against SANA-FE, published figures, and events counted one by one."""

import json
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

from spiking.hardware import (
    LOIHI,
    IntegerNetwork,
    PlacedNetwork,
    Population,
    Projection,
    run_by_events,
    simulate,
)


def energies(run):
    found = {events.name: events.energy for events in run.energy.classes}
    return {
        "synapse": sum(energy for name, energy in found.items() if name.startswith("synapse")),
        "soma": sum(found[name] for name in ("soma access", "soma update", "spike out")),
        "network": sum(
            found[name] for name in ("axon out", "hop east or west", "hop north or south")
        ),
    }


def test_a_small_network_costs_what_sanafe_publishes():
    """Dense 20 to 10 on two tiles, 193 input spikes in 50 steps; shared/golden/README.md."""
    spikes = np.zeros(50 * 20)
    spikes[np.random.default_rng(0).permutation(50 * 20)[:193]] = 1
    cells = Population("cells", 10, threshold=2**17 - 1)
    network = IntegerNetwork(20, [cells], [Projection("input", "cells", np.full((20, 10), 2))])
    placed = PlacedNetwork(network, LOIHI, np.full(10, 4))
    run = simulate(placed, spikes.reshape(50, 1, 20))
    assert run.energy["soma access"] == pytest.approx(500 * 51.2e-12, rel=1e-12)
    assert run.energy["soma update"] == pytest.approx(490 * 21.6e-12, rel=1e-12)
    found = energies(run)
    assert found["synapse"] == pytest.approx(68.515e-9, rel=1e-12)
    assert found["network"] == pytest.approx(22.2336e-9, rel=1e-12)
    assert found["soma"] == pytest.approx(36.184e-9, rel=1e-12)


def random_case(seed):
    """Return a network with loops on five cores, and spikes; no leak, so that floats are exact."""
    rng = np.random.default_rng(seed)
    neurons, inputs, steps = 30, 8, 40
    weights = 2 * rng.integers(-60, 127, (inputs + neurons, neurons))
    weights *= rng.random(weights.shape) < 0.3
    thresholds = rng.integers(50, 400, neurons)
    cores = rng.choice(128, 5, replace=False)[rng.integers(0, 5, neurons)]
    network = IntegerNetwork(
        inputs,
        [Population("cells", neurons, threshold=thresholds)],
        [
            Projection("input", "cells", csr_array(weights[:inputs])),
            Projection("cells", "cells", csr_array(weights[inputs:])),
        ],
    )
    spikes = rng.random((steps, 1, inputs)) < 0.2
    return PlacedNetwork(network, LOIHI, cores), spikes, weights


@pytest.mark.skipif(find_spec("sanafe") is None, reason="sanafe is not installed")
@pytest.mark.parametrize("seed", range(3))
def test_random_networks_cost_what_sanafe_says(seed):
    placed, spikes, weights = random_case(seed)
    given = {
        "inputs": spikes[:, 0].astype(int).tolist(),
        "weights": weights.tolist(),
        "thresholds": placed.network.populations[0].threshold.tolist(),
        "tiles": (placed.core_of // 4).tolist(),
        "cores": (placed.core_of % 4).tolist(),
    }
    command = [sys.executable, str(Path(__file__).with_name("sanafe_peer.py"))]
    done = subprocess.run(
        command, input=json.dumps(given), capture_output=True, text=True, check=True
    )
    theirs = json.loads(done.stdout.splitlines()[-1])
    run = simulate(placed, spikes)
    assert run.spikes.sum() + spikes.sum() == theirs["fired"] > 500
    for name, energy in energies(run).items():
        assert energy == pytest.approx(theirs["energy"][name], rel=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_events_are_those_counted_one_by_one(seed):
    placed, spikes, weights = random_case(seed)
    network, chip, mesh = placed.network, placed.chip, LOIHI.mesh
    run = simulate(placed, spikes)
    tiles = [divmod(int(core) // 4, mesh.height) for core in placed.core_of]
    packets = across = down = met = 0
    busy = np.zeros((len(spikes), mesh.cores))
    way = np.zeros(len(spikes))
    time = chip.time
    for t in range(len(spikes)):
        sent = np.concatenate((spikes[t, 0], run.spikes[t, 0]))
        for sender in np.flatnonzero(sent):
            targets = np.flatnonzero(weights[sender])
            inside = sender < network.inputs
            x, y = (0, 0) if inside else tiles[sender - network.inputs]
            for core in np.unique(placed.core_of[targets]):
                here = divmod(int(core) // 4, mesh.height)
                dx, dy = abs(here[0] - x), abs(here[1] - y)
                packets, across, down = packets + 1, across + dx, down + dy
                count = (placed.core_of[targets] == core).sum()
                met += count
                busy[t, core] += time.axon_in + time.synapse * count
                if not inside:
                    busy[t, placed.core_of[sender - network.inputs]] += time.axon_out
                there = time.hop_x * dx + time.hop_y * dy or time.within_tile
                way[t] = max(way[t], there)
        for n in np.flatnonzero(run.spikes[t, 0]):
            busy[t, placed.core_of[n]] += time.spike_out
    alone = run_by_events(network, spikes, core_of=placed.core_of)
    busy[:, : alone.updates.shape[2]] += time.soma_update * alone.updates[:, 0]
    held = np.bincount(placed.core_of, minlength=mesh.cores)
    busy += time.soma_access * held
    numbers = {events.name: events.number for events in run.energy.classes}
    assert numbers["axon out"] == numbers["axon in"] == packets
    assert numbers["hop east or west"] == across
    assert numbers["hop north or south"] == down
    assert numbers["synapse, sparse"] + numbers["synapse, dense"] == met
    barrier = chip.barrier(len(np.unique(placed.core_of // 4)))
    np.testing.assert_allclose(run.latency.steps[:, 0], busy.max(1) + way + barrier, rtol=1e-12)
    np.testing.assert_allclose(run.latency.busy, busy.sum(0), rtol=1e-12)
    assert run.traffic.hops.sum() == across + down


@pytest.mark.parametrize("seed", range(3))
def test_no_spike_is_lost_between_cores(seed):
    placed, spikes, _ = random_case(seed)
    together = simulate(replace(placed, core_of=np.zeros(30, int)), spikes)
    apart = simulate(placed, spikes)
    assert np.array_equal(apart.spikes, together.spikes)
    assert apart.energy["soma update"] == together.energy["soma update"]
    assert apart.traffic.hops.sum() > together.traffic.hops.sum() == 0


def test_samples_are_apart_and_static_power_is_said():
    placed, spikes, _ = random_case(0)
    other = spikes[::-1]
    both = simulate(placed, np.concatenate((spikes, other), 1))
    first, second = simulate(placed, spikes), simulate(placed, other)
    assert both.energy.dynamic == pytest.approx(first.energy.dynamic + second.energy.dynamic)
    assert np.array_equal(both.latency.steps, np.c_[first.latency.steps, second.latency.steps])
    power = placed.chip.static_power
    assert both.energy.static == pytest.approx(power * both.latency.steps.sum())
    assert both.energy.static_share == pytest.approx(both.energy.static / both.energy.total)
    assert both.energy.per_sample == both.energy.total / 2
    without = replace(placed, chip=replace(LOIHI, static_power=None))
    assert simulate(without, spikes).energy.static is None


def test_a_clock_makes_steps_no_shorter_than_a_tick():
    placed, spikes, _ = random_case(0)
    slow = replace(LOIHI, time=replace(LOIHI.time, step=1e-3))
    assert (simulate(replace(placed, chip=slow), spikes).latency.steps == 1e-3).all()
