"""Places of cores against all permutations and an integer optimum, and against chance."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spiking.hardware import (
    LOIHI,
    CapacityError,
    HardwareError,
    IntegerNetwork,
    NetworkError,
    PlacedNetwork,
    Population,
    Projection,
    partition,
    place,
)
from spiking.hardware.chips.parts import Core, Mesh
from spiking.hardware.placing.assignment import Places, cost_of, exact_places, optimised_places
from spiking.hardware.placing.routing import tile_of
from spiking.hardware.placing.traffic import Packets


def chip(width, height, cores_per_tile=1, neurons=16, **limits):
    core = replace(LOIHI.core, neurons=neurons, **limits)
    return replace(LOIHI, name="mini", mesh=Mesh(width, height, cores_per_tile), core=core)


def places_of(mesh, **options):
    return Places(*tile_of(mesh, np.arange(mesh.cores)), **options)


def random_packets(rng, cores, density=0.6):
    between = rng.integers(1, 20, (cores, cores)) * (rng.random((cores, cores)) < density)
    return Packets(between.astype(float), rng.integers(0, 9, cores).astype(float))


def by_hand(packets, mesh, cores, entry=(0, 0), weights=(1, 1)):
    """Return packets times weighted links in plain Python."""

    def far(a, b):
        return weights[0] * abs(a[0] - b[0]) + weights[1] * abs(a[1] - b[1])

    tiles = [divmod(int(core) // mesh.cores_per_tile, mesh.height) for core in cores]
    total = sum(packets.inputs[i] * far(entry, tile) for i, tile in enumerate(tiles))
    for i, a in enumerate(tiles):
        total += sum(packets.cores[i, j] * far(a, b) for j, b in enumerate(tiles))
    return total


def layered(seed, scrambled=False, depth=5, width=64, spread=6):
    """Return layers of 4 cores of 16 neurons, each talking to its neighbourhood in the next."""
    rng = np.random.default_rng(seed)
    where = [np.arange(width) for _ in range(depth + 1)]
    if scrambled:
        where[1:] = [rng.permutation(width) for _ in range(depth)]
    names = ["input", *(f"layer {i}" for i in range(depth))]
    projections = []
    for i in range(depth):
        near = np.abs(where[i][:, None] - where[i + 1]) <= spread
        projections.append(
            Projection(names[i], names[i + 1], near * rng.integers(1, 9, near.shape), kind="sparse")
        )
    network = IntegerNetwork(width, [Population(name, width) for name in names[1:]], projections)
    return network, rng.uniform(0.2, 1.8, width * (depth + 1))


@pytest.mark.parametrize("seed", range(6))
def test_the_exact_optimum_is_the_best_of_all_permutations(seed):
    rng = np.random.default_rng(seed)
    mesh = [Mesh(2, 3, 1), Mesh(3, 1, 2), Mesh(5, 1, 1)][seed % 3]
    entry = (int(rng.integers(mesh.width)), int(rng.integers(mesh.height)))
    weights = (3.0, 4.2) if seed < 3 else (1.0, 1.0)
    packets = random_packets(rng, 3 + seed % 3)
    options = permutations(range(mesh.cores), len(packets.inputs))
    best = min(by_hand(packets, mesh, cores, entry, weights) for cores in options)
    places = places_of(mesh, entry=entry, hop_weights=weights)
    found = exact_places(packets, places)
    assert len(set(found)) == len(found)
    assert by_hand(packets, mesh, found, entry, weights) == pytest.approx(best, rel=1e-9)
    assert cost_of(packets, places, found) == pytest.approx(best, rel=1e-9)


@pytest.mark.parametrize("seed", range(8))
def test_optimised_places_meet_the_integer_optimum_on_small_meshes(seed):
    rng = np.random.default_rng(seed)
    mesh = [Mesh(2, 2, 1), Mesh(2, 3, 1), Mesh(2, 2, 2), Mesh(3, 2, 1)][seed % 4]
    packets = random_packets(rng, mesh.cores - seed % 2)
    places = places_of(mesh)
    found, best = optimised_places(packets, places, seed), exact_places(packets, places)
    assert len(set(found)) == len(found)
    assert cost_of(packets, places, found) == pytest.approx(cost_of(packets, places, best))


def test_placed_networks_meet_the_integer_optimum():
    for seed in range(3):
        network, traffic = layered(seed, depth=3, width=24, spread=4)
        hops = [
            float(place(network, chip(2, 3, 1, 12), method, traffic, seed).loads.hops)
            for method in ("optimised", "exact", "random")
        ]
        assert hops[0] == pytest.approx(hops[1], rel=1e-9)
        assert hops[1] <= hops[2]


@pytest.mark.parametrize("mini", [chip(5, 4), chip(8, 4, 4)], ids=["20 cores", "128 cores"])
def test_optimised_places_halve_the_hops_of_random_ones(mini):
    hops = []
    for seed in range(5):
        network, traffic = layered(seed)
        placed = [place(network, mini, m, traffic, seed) for m in ("optimised", "random")]
        assert [p.graph.number_of_nodes() for p in placed] == [20, 20]
        hops.append([float(p.loads.hops) for p in placed])
    optimised, chance = np.mean(hops, 0)
    assert optimised <= 0.5 * chance


def test_optimised_places_are_better_than_a_scrambled_sequence():
    for seed in range(5):
        network, traffic = layered(seed, scrambled=True)
        optimised = place(network, chip(5, 4), "optimised", traffic, seed)
        in_order = place(network, chip(5, 4), "sequential", traffic, partitioning="sequential")
        assert optimised.loads.hops <= 0.5 * in_order.loads.hops


@pytest.mark.parametrize("seed", range(3))
def test_optimised_places_unfold_a_scrambled_line(seed):
    order = np.random.default_rng(seed).permutation(20)
    line = np.zeros((20, 20))
    line[order[:-1], order[1:]] = 1.0
    packets, places = Packets(line, np.zeros(20)), places_of(Mesh(5, 4, 1))
    assert cost_of(packets, places, optimised_places(packets, places, seed)) == 19


@settings(max_examples=25)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from(["optimised", "sequential", "random"]),
    st.sampled_from(["traffic", "sequential"]),
)
def test_every_neuron_has_a_core_and_no_limit_is_broken(seed, method, partitioning):
    rng = np.random.default_rng(seed)
    n, inputs = int(rng.integers(4, 40)), int(rng.integers(1, 6))
    weights = rng.integers(1, 9, (n, n)) * (rng.random((n, n)) < 0.1)
    network = IntegerNetwork(
        inputs,
        [Population("a", n, bias=1)],
        [
            Projection("a", "a", weights, kind="sparse"),
            Projection("input", "a", np.ones((inputs, n), int)),
        ],
    )
    mini = chip(3, 3, 2, 8, synapse_memory=800, axons_in=30, axons_out=30)
    dead = rng.choice(18, int(rng.integers(0, 8)), replace=False).tolist()
    traffic = rng.random(inputs + n)
    entry = (int(rng.integers(3)), int(rng.integers(3)))
    spikes = rng.integers(0, 3, (4, inputs + n))
    options = {"partitioning": partitioning, "without": dead, "entry": entry}
    try:
        placed = place(network, mini, method, traffic, seed, **options)
    except CapacityError:
        return
    assert placed.core_of.shape == (n,)
    assert not set(placed.core_of.tolist()) & set(dead)
    assert (placed.usage.table() <= [8, 800, 30, 30]).all()
    check_graph(placed, network, traffic)
    check_hops(placed, weights, traffic, placed.loads.hops)
    for step, hops in zip(spikes, placed.loads_of(spikes).hops, strict=True):
        check_hops(placed, weights, step, hops)
    again = place(network, mini, method, traffic, seed, **options)
    np.testing.assert_array_equal(again.core_of, placed.core_of)


def check_graph(placed, network, traffic):
    """Compare the graph's numbers with sums over neurons."""
    graph = placed.graph
    assert sorted(graph) == sorted(set(placed.core_of.tolist()))
    assert sum(data["neurons"] for _, data in graph.nodes(data=True)) == network.neurons
    bits = sum(p.weights.nnz * p.bits for p in network.projections)
    assert sum(data["synapse_bits"] for _, data in graph.nodes(data=True)) == bits
    for core, data in graph.nodes(data=True):
        assert data["tile"] == (core // 2 // 3, core // 2 % 3)
        assert data["populations"] == {"a": int((placed.core_of == core).sum())}
        assert data["input_packets"] == pytest.approx(traffic[: network.inputs].sum())
        assert data["axons_in"] >= network.inputs
        assert data["axons_out"] <= 30
    links = sum(data["packets"] * data["hops"] for *_, data in graph.edges(data=True))
    links += sum(
        data["input_packets"] * sum(map(abs, np.subtract(data["tile"], placed.entry)))
        for _, data in graph.nodes(data=True)
    )
    assert float(placed.loads.hops) == pytest.approx(links)


def check_hops(placed, weights, spikes, hops):
    """Compare hops with those of each spike to each core that holds one of its synapses."""
    inputs = len(spikes) - len(weights)
    tile = {core: divmod(core // 2, 3) for core in range(18)}
    total = 0.0
    for sender, count in enumerate(spikes):
        if sender < inputs:
            start, targets = placed.entry, set(placed.core_of.tolist())
        else:
            own = sender - inputs
            start = tile[int(placed.core_of[own])]
            targets = set(placed.core_of[weights[own] != 0].tolist())
        total += count * sum(
            abs(tile[core][0] - start[0]) + abs(tile[core][1] - start[1]) for core in targets
        )
    assert float(hops) == pytest.approx(total)


def test_a_costly_direction_is_avoided():
    line = Packets(np.eye(4, k=1), np.zeros(4))
    for weights, still in [((1.0, 9.0), "y"), ((9.0, 1.0), "x")]:
        places = places_of(Mesh(4, 4, 1), hop_weights=weights)
        found = optimised_places(line, places)
        assert len(set(getattr(places, still)[found])) == 1


def test_the_entry_draws_what_listens_to_it():
    weights = np.ones((8, 4), int)
    network = IntegerNetwork(8, [Population("a", 4)], [Projection("input", "a", weights)])
    for entry in [(0, 0), (0, 2), (3, 1)]:
        placed = place(network, chip(4, 3), entry=entry)
        assert [data["tile"] for _, data in placed.graph.nodes(data=True)] == [entry]
        assert placed.loads.hops == 0


def test_what_cannot_be_placed_is_named():
    network, traffic = layered(0)
    with pytest.raises(CapacityError, match=r"needs 20 cores and mini has 12: 8 too many.*first 3"):
        place(network, chip(4, 3))
    with pytest.raises(CapacityError, match="mini without 1 of them has 19: 1 too many"):
        place(network, chip(5, 4), without=[3])
    with pytest.raises(HardwareError, match=r"mini has cores 0 to 19, got \[20\]"):
        place(network, chip(5, 4), without=[20])
    with pytest.raises(HardwareError, match="small cases, up to 3,000 variables; 20 cores"):
        place(network, chip(8, 4, 4), "exact")
    with pytest.raises(HardwareError, match="entry must be a tile of a mesh of 5 x 4"):
        place(network, chip(5, 4), entry=(5, 0))
    with pytest.raises(NetworkError, match="64 inputs and 320 neurons"):
        place(network, chip(5, 4), traffic=traffic[1:])
    with pytest.raises(ValueError, match="one of optimised, sequential, random, exact, got 'x'"):
        place.__wrapped__(network, chip(5, 4), "x")


def test_a_placement_by_hand_keeps_the_limits_too():
    network, _ = layered(0)
    mini, core_of = chip(5, 4), np.arange(320) // 16
    assert PlacedNetwork(network, mini, core_of).graph.number_of_nodes() == 20
    with pytest.raises(CapacityError, match="core 19 of mini would take 17 of neurons, 1 more"):
        PlacedNetwork(network, mini, np.minimum((np.arange(320) + 1) // 16, 19))
    with pytest.raises(HardwareError, match="mini has cores 0 to 19, got 0 to 20"):
        PlacedNetwork(network, mini, np.r_[core_of[:-1], 20])
    with pytest.raises(HardwareError, match=r"core_of must be integers \(320,\)"):
        PlacedNetwork(network, mini, core_of[1:])
    with pytest.raises(ValueError, match=r"expected spikes \(time, 384\), got \(5, 3\)"):
        PlacedNetwork(network, mini, core_of).loads_of(np.zeros((5, 3)))


def test_a_part_of_the_package_takes_what_a_chip_gives():
    network, _ = layered(1)
    parts = partition(network, LOIHI.core, cores=LOIHI.mesh.cores, chip=LOIHI.name)
    assert not parts.any()  # 320 neurons fit one core of 1,024
    assert isinstance(LOIHI.core, Core)
