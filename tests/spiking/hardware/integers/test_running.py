"""Integers against lava-nc, a chip, and every neuron and synapse at every step."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spiking.hardware import (
    Format,
    IntegerNetwork,
    NetworkError,
    Population,
    Projection,
    as_mantissas,
    run_by_clock,
    run_by_events,
)

GOLDEN = Path(__file__).parents[5] / "shared" / "golden" / "loihi"
needs_golden = pytest.mark.skipif(not GOLDEN.is_dir(), reason="shared/golden is not here")
WAYS = (run_by_events, run_by_clock)


@needs_golden
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", [path.name for path in sorted(GOLDEN.glob("*.npz"))])
def test_every_bit_equals_lava(case, way):
    trace = np.load(GOLDEN / case)
    p = json.loads(str(trace["params"]))
    weights = as_mantissas(trace["weights"], p["sign_mode"], p["num_weight_bits"])
    targets, inputs = weights.shape
    cells = Population(
        "cells",
        targets,
        decay_u=p["du"],
        decay_v=p["dv"],
        threshold=p["vth"],
        bias=p["bias_mant"],
        bias_exponent=p["bias_exp"],
    )
    synapses = Projection("input", "cells", weights.T, p["weight_exp"], p["num_weight_bits"])
    network = IntegerNetwork(inputs, [cells], [synapses])
    found = way(network, trace["spikes_in"].T[:, None], watch=["cells"])
    assert np.array_equal(found.spikes[:, 0], trace["spikes_out"])
    assert np.array_equal(found.currents["cells"][:, 0], trace["u"])
    assert np.array_equal(found.voltages["cells"][:, 0], trace["v"])


@needs_golden
@pytest.mark.parametrize("way", WAYS)
def test_a_chip_differs_only_where_it_reports_a_spike(way):
    gaps = [6, 15, 4, 3, 0, 2, 1, 2, 0, 1, *[0] * 10, 13, *[0] * 11, 5, 0, 14]
    units = np.cumsum(np.array(gaps) + 1) - 1
    x = np.zeros((1000, 1, 1))
    x[10 * units[units < 100]] = 1
    cell = Population("cell", 1, decay_v=163, threshold=25)
    network = IntegerNetwork(1, [cell], [Projection("input", "cell", [[10]])])
    found = way(network, x, watch=["cell"])
    with (GOLDEN / "chip_trace_lif.csv").open() as file:
        _, voltage, spike = np.array([[float(x) for x in row] for row in csv.reader(file)]).T
    assert np.array_equal(found.spikes[:, 0, 0], spike)
    differ = found.voltages["cell"][:, 0, 0] != voltage
    assert differ.sum() == 4
    assert set(voltage[differ]) == {128}
    assert np.array_equal(differ, spike > 0)


def random_network(seed, populations, steps):
    """Return populations with loops, delays, exponents and refractory periods, and spikes."""
    rng = np.random.default_rng(seed)
    sizes = [int(rng.integers(1, 200)) for _ in range(populations)]
    inputs, names = int(rng.integers(1, 30)), [f"p{i}" for i in range(len(sizes))]

    def cells(name, n):
        if rng.random() < 0.3:
            return Population(name, n, 0, 0, 2**17 - 1, 4095, 7)  # to the limits of the potential
        return Population(
            name,
            n,
            decay_u=rng.integers(0, 4096, n),
            decay_v=rng.integers(0, 4097, n),
            threshold=rng.integers(0, 400, n),
            bias=rng.integers(-20, 40, n),
            bias_exponent=rng.integers(0, 4, n),
            refractory=rng.integers(0, 5, n),
            reset=str(rng.choice(["zero", "subtract"])),
            spikes=bool(rng.random() < 0.9),
        )

    def synapses(source, target, a, b):
        least = int(rng.choice([-256, 0], p=[0.8, 0.2]))  # mixed signs lose a bit, others do not
        weights = as_mantissas(rng.integers(least, 256, (a, b)))
        weights *= rng.random((a, b)) < rng.choice([0.1, 0.5, 1.0])
        kind = str(rng.choice(["dense", "sparse"]))  # zeros are synapses, or are not
        exponent = int(rng.integers(-8, 8))
        delays = rng.integers(1, 6, (a, b)) if rng.random() < 0.5 else 1
        return Projection(source, target, weights, exponent, delays=delays, kind=kind)

    joined = [("input", name, inputs, n) for name, n in zip(names, sizes, strict=True)]
    pairs = [(a, b, m, n) for a, m in zip(names, sizes, strict=True)
             for b, n in zip(names, sizes, strict=True)]  # fmt: skip
    joined += [pair for pair in pairs if rng.random() < 0.6]
    every = [cells(name, n) for name, n in zip(names, sizes, strict=True)]
    spikes = rng.random((steps, 2, inputs)) < rng.choice([0.02, 0.3])
    sizes = Format(state=int(rng.integers(16, 25)))
    return IntegerNetwork(inputs, every, [synapses(*pair) for pair in joined], sizes), spikes


@given(st.integers(0, 2**32), st.integers(1, 3), st.integers(1, 40))
@settings(max_examples=60)
def test_events_and_clock_agree_on_everything(seed, populations, steps):
    network, spikes = random_network(seed, populations, steps)
    names = [population.name for population in network.populations]
    kept = None
    if seed % 3 == 0:
        shape = (steps, 2, network.inputs + network.neurons)
        kept = np.random.default_rng(seed).random(shape) < 0.8
    ours, plain = (way(network, spikes, watch=names, kept=kept) for way in WAYS)
    assert np.array_equal(ours.spikes, plain.spikes)
    for name in names:
        assert np.array_equal(ours.currents[name], plain.currents[name])
        assert np.array_equal(ours.voltages[name], plain.voltages[name])
    assert np.array_equal(ours.updates, plain.updates)
    assert np.array_equal(ours.operations, plain.operations)


def test_a_current_wraps_and_a_potential_stays_at_its_limit():
    """By hand: 255 · 2⁷ · 2⁶ is 2,088,960 a spike; five pass 2²³ = 8,388,608, and less 2²⁴."""
    network = IntegerNetwork(
        5,
        [Population("a", 1, 0, 0, 2**17 - 1)],
        [Projection("input", "a", [[255]] * 5, exponent=7)],
    )
    spikes = np.zeros((4, 1, 5))
    spikes[0] = 1
    for way in WAYS:
        found = way(network, spikes, watch=["a"])
        u, v = (trace["a"][:, 0, 0] for trace in (found.currents, found.voltages))
        first = 5 * 255 * 2**13 - 2**24
        assert u[1] == first
        assert u[2] == -(-first * 4095 // 4096)
        assert v[1] == first == -6332416
        assert v[2] == 1 - 2**23
        assert not found.spikes.any()


def test_states_and_sums_of_a_wide_chip_do_not_overflow_in_the_simulator():
    """By hand: 600 · 65,535 · 2⁷ is more than 2³²; 1,024 of 2²¹ make a current its very limit."""
    sizes = Format(state=32, weight=16, alignment=0, threshold=31)
    cases = [
        (np.full((600, 1), 65535), 7, 600 * 65535 * 2**7),
        (np.full((2, 1), 2**14), 7, 2**22),
        (np.full((1024, 1), 2**14), 7, 2**31),
    ]
    for weights, exponent, arrived in cases:
        synapses = Projection("input", "a", weights, exponent, 16)
        cell = Population("a", 1, 4095, 0, 2**31 - 1)
        network = IntegerNetwork(len(weights), [cell], [synapses], sizes)
        spikes = np.zeros((2, 1, len(weights)))
        spikes[0] = 1
        expected = (arrived + 2**31 - 1) % 2**32 - (2**31 - 1)
        for way in WAYS:
            found = way(network, spikes, watch=["a"])
            assert found.currents["a"][1, 0, 0] == expected
            assert found.voltages["a"][1, 0, 0] == min(expected, 2**31 - 1)


def test_a_neuron_is_held_for_its_refractory_period():
    cell = Population("a", 1, decay_v=4096, threshold=1, refractory=3)
    network = IntegerNetwork(1, [cell], [Projection("input", "a", [[4]])])
    for way in WAYS:
        found = way(network, np.ones((12, 1, 1)))
        assert found.spikes[:, 0, 0].nonzero()[0].tolist() == [1, 5, 9]


def test_spikes_arrive_after_their_delay():
    cells = Population("a", 3, decay_v=4096, threshold=1)
    network = IntegerNetwork(
        1, [cells], [Projection("input", "a", [[4, 4, 4]], delays=np.array([[1, 2, 5]]))]
    )
    spikes = np.zeros((8, 1, 1))
    spikes[1] = 1
    for way in WAYS:
        assert way(network, spikes).spikes[:, 0].nonzero()[0].tolist() == [2, 3, 6]


def test_a_bias_drives_a_network_without_synapses():
    """By hand: 5 · 2³ a step, above 1 · 2⁶ in every second."""
    network = IntegerNetwork(0, [Population("a", 1, threshold=1, bias=5, bias_exponent=3)], [])
    for way in WAYS:
        found = way(network, np.zeros((6, 1, 0)))
        assert found.spikes[:, 0, 0].astype(int).tolist() == [0, 1, 0, 1, 0, 1]


def test_input_that_is_no_spikes_is_refused():
    network = IntegerNetwork(2, [Population("a", 1)], [Projection("input", "a", [[1], [1]])])
    for way in WAYS:
        with pytest.raises(NetworkError, match=r"expected input spikes \(time, batch, 2\), got sh"):
            way(network, np.ones((3, 2)))
        with pytest.raises(NetworkError, match=r"must be 0 or 1, got 0\.5"):
            way(network, np.full((3, 1, 2), 0.5))
        with pytest.raises(NetworkError, match="must be 0 or 1, got nan"):
            way(network, np.full((3, 1, 2), np.nan))
        with pytest.raises(NetworkError, match="'b' is not one of the populations a"):
            way(network, np.ones((3, 1, 2)), watch=["b"])
