"""Loads of links against a walk of every packet, tile by tile."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spiking.hardware import link_loads, route
from spiking.hardware.chips.parts import Mesh


def walk(start, end):
    """Yield the links of a packet: first along x, then along y, one tile after the other."""
    x, y = start
    while x != end[0]:
        to = x + 1 if end[0] > x else x - 1
        yield (x, y), (to, y)
        x = to
    while y != end[1]:
        to = y + 1 if end[1] > y else y - 1
        yield (x, y), (x, to)
        y = to


def tile(mesh, core):
    k = core // mesh.cores_per_tile
    return k // mesh.height, k % mesh.height


def walked(mesh, packets, inputs, entry):
    """Count the packets on each link in plain Python."""
    loads = Counter()
    for a, row in enumerate(packets):
        for b, count in enumerate(row):
            for link in walk(tile(mesh, a), tile(mesh, b)):
                loads[link] += count
    for b, count in enumerate(inputs):
        for link in walk(entry, tile(mesh, b)):
            loads[link] += count
    return loads


def as_links(mesh, loads):
    """Return loads as a table from link to number, for all links."""
    table = {}
    for x in range(mesh.width - 1):
        for y in range(mesh.height):
            table[(x, y), (x + 1, y)] = loads.east[x, y]
            table[(x + 1, y), (x, y)] = loads.west[x, y]
    for x in range(mesh.width):
        for y in range(mesh.height - 1):
            table[(x, y), (x, y + 1)] = loads.south[x, y]
            table[(x, y + 1), (x, y)] = loads.north[x, y]
    return table


@st.composite
def meshes(draw):
    width, height, cores = (draw(st.integers(1, n)) for n in (5, 4, 3))
    mesh = Mesh(width, height, cores)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    packets = rng.poisson(0.7, (3, mesh.cores, mesh.cores))
    inputs = rng.poisson(0.7, (3, mesh.cores))
    entry = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    return mesh, packets, inputs, entry


@settings(max_examples=40)
@given(meshes())
def test_loads_are_those_of_a_walk_of_every_packet(case):
    mesh, packets, inputs, entry = case
    loads = link_loads(mesh, packets[0], inputs[0], entry)
    expected = walked(mesh, packets[0], inputs[0], entry)
    table = as_links(mesh, loads)
    assert table == {link: expected[link] for link in table}
    assert float(loads.hops) == expected.total()
    along = sum(n for ((_, y), (_, to)), n in expected.items() if y == to)
    assert (float(loads.hops_x), float(loads.hops_y)) == (along, expected.total() - along)
    if not table:
        assert loads.most_loaded() is None
        assert float(loads.congestion) == float(loads.peak) == 0
        return
    first, last, most = loads.most_loaded()
    assert expected[first, last] == most == max(table.values()) == float(loads.peak)
    mean = expected.total() / len(table)
    assert float(loads.congestion) == pytest.approx(most / mean if mean else 0)


@settings(max_examples=20)
@given(meshes())
def test_steps_are_counted_apart(case):
    mesh, packets, inputs, entry = case
    together = link_loads(mesh, packets, inputs, entry)
    single = [link_loads(mesh, *step, entry) for step in zip(packets, inputs, strict=True)]
    for name in ("east", "west", "south", "north", "hops", "hops_x", "hops_y", "peak"):
        each = np.stack([getattr(loads, name) for loads in single])
        np.testing.assert_array_equal(getattr(together, name), each)
        if name in ("east", "west", "south", "north"):
            np.testing.assert_array_equal(getattr(together.total(), name), each.sum(0))


def test_a_link_without_packets_has_exactly_none():
    packets = np.zeros((6, 6))
    packets[0, 4] = 0.1  # (0, 0) to (2, 0)
    packets[2, 0] = 0.3  # (1, 0) to (0, 0)
    loads = link_loads(Mesh(3, 2, 1), packets)
    assert loads.east.tolist() == [[0.1, 0], [0.1, 0]]
    assert loads.west.tolist() == [[0.3, 0], [0, 0]]
    assert not loads.south.any()
    assert not loads.north.any()


def test_a_route_goes_along_x_first():
    for start, end in [((0, 0), (3, 2)), ((3, 2), (0, 0)), ((1, 2), (1, 0)), ((2, 2), (2, 2))]:
        tiles = route(start, end)
        assert list(pairwise(tiles)) == list(walk(start, end))
        assert (tiles[0], tiles[-1]) == (start, end)


def test_what_does_not_fit_the_mesh_is_named():
    mesh, packets = Mesh(2, 2, 1), np.zeros((4, 4))
    with pytest.raises(ValueError, match="entry must be a tile of a mesh of 2 x 2, got"):
        link_loads(mesh, packets, np.ones(4), (2, 0))
    with pytest.raises(ValueError, match=r"expected packets \(..., 4, 4\), got \(5, 5\)"):
        link_loads(mesh, np.zeros((5, 5)))
    with pytest.raises(ValueError, match=r"expected inputs \(4,\), got \(3,\)"):
        link_loads.__wrapped__(mesh, packets, np.ones(3))
