"""Parts of networks: limits and packets counted in plain Python."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from spiking.hardware import (
    CapacityError,
    IntegerNetwork,
    NetworkError,
    Population,
    Projection,
    crossing,
    partition,
)
from spiking.hardware.chips.parts import Core
from spiking.hardware.placing.partition import _net_of
from spiking.hardware.placing.traffic import packets
from spiking.kernels.clusters import Clusters, gains, shift


def random_network(seed):
    """Return a network of up to three populations, joined at random, and traffic."""
    rng = np.random.default_rng(seed)
    inputs = int(rng.integers(0, 6))
    sizes = {"input": inputs} | {name: int(rng.integers(1, 12)) for name in "abc"[: seed % 3 + 1]}
    projections = []
    for source in sizes:
        for target in list(sizes)[1:]:
            for _ in range(int(rng.choice(3, p=[0.4, 0.5, 0.1]))):  # sometimes two in parallel
                shape = (sizes[source], sizes[target])
                weights = rng.integers(1, 9, shape) * (rng.random(shape) < 0.4)
                projections.append(
                    Projection(source, target, weights, bits=int(rng.integers(1, 9)), kind="sparse")
                )
    populations = [Population(name, sizes[name], bias=1) for name in list(sizes)[1:]]
    network = IntegerNetwork(inputs, populations, projections)
    return network, rng.integers(0, 9, inputs + network.neurons).astype(float)


def synapses_of(network):
    """Return (sender, target, bits) of all synapses, senders as (population or input, number)."""
    names = [(p.name, i) for p in network.populations for i in range(p.neurons)]
    number = {name: n for n, name in enumerate(names)}
    for p in network.projections:
        weights = p.weights.tocoo()
        for i, j in zip(*weights.coords, strict=True):
            yield (p.source, int(i)), number[p.target, int(j)], p.bits


def counted(network, core_of):
    """Return neurons, bits, senders and pairs of neuron and core, of each core."""
    cores = int(core_of.max()) + 1
    start = {name: where.start for name, where in network.slices.items()}
    neurons, bits = [0] * cores, [0] * cores
    heard, sent = [set() for _ in range(cores)], [set() for _ in range(cores)]
    for core in core_of:
        neurons[core] += 1
    for (name, i), target, size in synapses_of(network):
        core = core_of[target]
        bits[core] += size
        heard[core].add((name, i))
        if name != "input":
            sent[core_of[start[name] + i]].add((name, i, core))
    return np.array([neurons, bits, [len(h) for h in heard], [len(s) for s in sent]]).T


def crossed(network, core_of, traffic):
    """Return the packets from one core to another, or from outside."""
    start = {name: network.inputs + where.start for name, where in network.slices.items()}
    ways = set()
    for (name, i), target, _ in synapses_of(network):
        sender = start.get(name, 0) + i
        home = -1 if name == "input" else core_of[sender - network.inputs]
        if core_of[target] != home:
            ways.add((sender, int(core_of[target])))
    return sum(traffic[sender] for sender, _ in ways)


@settings(max_examples=60)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 9),
    st.integers(30, 200),
    st.integers(3, 20),
    st.integers(2, 20),
)
def test_no_limit_is_ever_broken(seed, neurons, memory, axons_in, axons_out):
    network, traffic = random_network(seed)
    core, parts = Core(neurons, memory, axons_in, axons_out), {}
    for method in ("sequential", "traffic"):
        try:
            parts[method] = partition(network, core, traffic, method=method)
        except CapacityError as error:
            words = ("more than a core has", "has targets on more cores")
            assert any(word in str(error) for word in words)  # noqa: PT017
            return
        assert parts[method].shape == (network.neurons,)
        used = counted(network, parts[method])
        assert (used <= [neurons, memory, axons_in, axons_out]).all()
        assert used[:, 0].min() >= 1  # no core is empty
    by_order, by_traffic = (crossed(network, part, traffic) for part in parts.values())
    assert by_traffic <= by_order
    for part in parts.values():
        assert crossing(network, part, traffic) == crossed(network, part, traffic)


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_packets_between_cores_are_those_counted(seed):
    network, traffic = random_network(seed)
    core_of = np.random.default_rng(seed).integers(0, 4, network.neurons)
    found = packets(network, core_of, 4, traffic)
    outside = found.cores.sum() - np.trace(found.cores) + found.inputs.sum()
    assert outside == crossed(network, core_of, traffic)
    ones = packets(network, core_of, 4)
    pairs = counted(network, np.r_[core_of, 3])[:, 3]  # the last core is there
    np.testing.assert_array_equal(ones.cores.sum(1), pairs)


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_moving_a_neuron_gains_what_brute_force_says(seed):
    network, traffic = random_network(seed)
    rng = np.random.default_rng(seed)
    core_of = np.r_[rng.integers(0, 3, network.neurons)]
    synapses = network.synapses().toarray() > 0
    count = np.stack([(synapses * (core_of == core)).sum(1) for core in range(3)], 1)
    net = _net_of(network, traffic)
    used = np.zeros((3, 4), np.int64)
    used[: core_of.max() + 1] = counted(network, core_of)
    clusters = Clusters(core_of, count.astype(np.int32), used, np.full(4, 99))
    for _ in range(6):
        n, to = int(rng.integers(network.neurons)), int(rng.integers(3))
        if core_of[n] == to:
            continue
        before, gain = crossed(network, core_of, traffic), np.zeros(3)
        gains(net, clusters, n, gain)
        won = shift(net, clusters, n, to)
        assert core_of[n] == to
        assert won == gain[to] == before - crossed(network, core_of, traffic)
        now = counted(network, core_of)
        np.testing.assert_array_equal(used[: len(now)], now)
        assert not used[len(now) :].any()


def test_parts_are_near_the_best_of_all_on_small_networks():
    ratios = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        weights = (rng.random((8, 8)) < 0.3).astype(int)
        cells = Population("a", 8, bias=1)
        network = IntegerNetwork(0, [cells], [Projection("a", "a", weights, kind="sparse")])
        traffic = rng.integers(1, 9, 8).astype(float)
        found = crossing(network, partition(network, Core(4, 10**6), traffic), traffic)
        best = np.inf
        for half in combinations(range(8), 4):
            core_of = np.zeros(8, int)
            core_of[list(half)] = 1
            best = min(best, crossed(network, core_of, traffic))
        assert found >= best
        ratios.append(found / best)
    assert np.mean(ratios) <= 1.1


def test_traffic_finds_the_neighbours_of_a_scrambled_ring():
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(64)
        weights = np.zeros((64, 64), int)
        for i in range(64):
            for step in (-2, -1, 1, 2):
                weights[order[i], order[(i + step) % 64]] = 1
        ring = IntegerNetwork(
            0, [Population("a", 64, bias=1)], [Projection("a", "a", weights, kind="sparse")]
        )
        core = Core(8, 10**6)
        in_order = crossing(ring, partition(ring, core, method="sequential"))
        assert crossing(ring, partition(ring, core)) <= 0.5 * in_order


def test_parts_follow_the_traffic():
    weights = np.zeros((4, 4), int)
    weights[0, 1] = weights[0, 3] = weights[2, 3] = 1
    cells = Population("a", 4, bias=1)
    network = IntegerNetwork(0, [cells], [Projection("a", "a", weights, kind="sparse")])
    core = Core(2, 10**6)
    loud = [np.array([0.1, 0, 9, 0]), np.array([9, 0, 0.1, 0])]
    for traffic, together in zip(loud, ([2, 3], [0, 1]), strict=True):
        part = partition(network, core, traffic)
        assert part[together[0]] == part[together[1]]


def layers(sizes, bits=8):
    names = [f"layer {i}" for i in range(len(sizes))]
    populations = [Population(name, size) for name, size in zip(names, sizes, strict=True)]
    ends = zip(["input", *names], names, [3, *sizes], sizes, strict=False)
    dense = [Projection(a, b, np.ones((n, m), int), bits=bits) for a, b, n, m in ends]
    return IntegerNetwork(3, populations, dense)


@pytest.mark.parametrize("method", ["sequential", "traffic"])
def test_a_network_larger_than_the_chip_says_by_how_much_and_what_fits(method):
    network = layers([8, 8, 8, 6])
    with pytest.raises(CapacityError) as found:
        partition(network, Core(4, 10**6), method=method, cores=5, chip="mini")
    assert str(found.value) == (
        "the network needs 8 cores and mini has 5: 3 too many. What fills most cores is neurons "
        "(4 neurons); the first 2 of 4 populations fit"
    )
    assert partition(network, Core(4, 10**6), method=method, cores=8).max() == 7


def test_each_limit_is_named_when_it_binds():
    cases = [
        (Core(99, 140), r"synapse memory \(140 bits of synapses: at most 15 synapses of 9 bits\)"),
        (Core(99, 10**6, axons_in=10), r"axons in, distinct senders \(10 distinct senders\)"),
        (Core(99, 10**6, axons_out=12), r"axons out \(12 axons out\)"),
    ]
    for core, message in cases:
        with pytest.raises(CapacityError, match=message) as found:
            partition(layers([10, 10, 10], bits=9), core, cores=2, chip="mini")
        assert "mini has 2" in str(found.value)
    with pytest.raises(CapacityError, match="the first 8 of 10 neurons of layer 0 fit"):
        partition(layers([10]), Core(4, 10**6), cores=2)


def test_a_neuron_that_fits_no_core_is_named():
    network = layers([10, 4], bits=9)
    cases = [
        (Core(99, 89), "neuron 0 of population layer 1 needs 90 bits of synapses, 1 more than a "
                       "core has; a core holds 89 bits of synapses: at most 9 synapses of 9 bits"),
        (Core(99, 10**6, axons_in=8), "needs 10 distinct senders, inputs and neurons, 2 more"),
        (Core(99, 10**6, fan_in=9), "neuron 0 of population layer 1 has 10 synapses, 1 more than"),
    ]  # fmt: skip
    for core, message in cases:
        with pytest.raises(CapacityError, match=message):
            partition(network, core)
    with pytest.raises(CapacityError, match="targets on more cores than the 1 axons out"):
        partition(layers([2, 2]), Core(1, 10**6, axons_out=1))


def test_a_synapse_of_weight_zero_takes_memory_and_an_axon():
    weights = csr_array((np.array([0, 5]), np.array([0, 1]), np.array([0, 2])), (1, 2))
    network = IntegerNetwork(1, [Population("a", 2)], [Projection("input", "a", weights, bits=8)])
    assert partition(network, Core(9, 8)).tolist() == [0, 1]
    assert crossing(network, np.array([0, 1])) == 2


def test_traffic_that_is_no_number_of_spikes_is_refused():
    network = layers([2])
    for wrong, message in [
        (np.ones(4), r"3 inputs and 2 neurons, \(5,\), got shape \(4,\)"),
        (np.array([1, 1, 1, 1, -1.0]), "none negative"),
        (np.array([1, 1, 1, 1, np.nan]), "finite"),
    ]:
        with pytest.raises(NetworkError, match=message):
            partition(network, Core(9, 10**6), wrong)
    with pytest.raises(ValueError, match="one of traffic, sequential, got 'metis'"):
        partition.__wrapped__(network, Core(9, 10**6), method="metis")
