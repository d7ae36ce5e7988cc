r"""Which core goes where on the mesh: a quadratic assignment.

.. math:: \min_p \; \sum_{i,j} P_{ij}\, d(p_i, p_j) + \sum_i g_i\, d(\text{entry}, p_i), \qquad
          d = w_x |\Delta x| + w_y |\Delta y|

with P the packets from core to core and g those from outside.

References
----------
Koopmans & Beckmann, "Assignment problems and the location of economic activities", Econometrica 25
(1), 1957.
Adams & Johnson, "Improved linear programming-based lower bounds for the quadratic assignment
problem", DIMACS Series 16, 1994 (the linear form of `exact_places`).
Kirkpatrick, Gelatt & Vecchi, "Optimization by simulated annealing", Science 220, 1983.
Taillard, "Robust taboo search for the quadratic assignment problem", Parallel Computing 17, 1991.
Jin et al., "Mapping very large scale spiking neuron network to neuromorphic hardware", ASPLOS 2023
(the same two steps for far larger chips: a start that keeps neighbours, then local moves).
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from spiking.hardware.errors import HardwareError
from spiking.hardware.placing.routing import Tile
from spiking.hardware.placing.traffic import Packets
from spiking.kernels.sites import Problem, anneal, descend, greedy, search

STAGES, RESTARTS = 100, 4  # of annealing
ROUNDS, EFFORT = (
    10_000,
    5 * 10**7,
)  # rounds of the taboo search, and pairs in all of them
TABLES = 512  # places, at most, for which it is done
LARGEST = 3_000  # variables of an integer programme, for seconds rather than hours


@dataclass(frozen=True, eq=False)
class Places:
    """Places of a mesh that cores may take, and what their distances cost.

    Parameters
    ----------
    x, y
        (places,), of their tiles.
    entry
        Tile at which packets from outside come in.
    hop_weights
        Cost of a link east or west, and of one north or south.
    """

    x: np.ndarray
    y: np.ndarray
    entry: Tile = (0, 0)
    hop_weights: tuple[float, float] = (1.0, 1.0)

    def tiles(self) -> tuple[np.ndarray, np.ndarray]:
        """Return x and y of the tiles, (2, tiles), and the number of each place's, (places,)."""
        both = np.stack((self.x, self.y))
        tiles, number = np.unique(both, axis=1, return_inverse=True)
        return tiles, number.ravel()

    def distances(self) -> np.ndarray:
        """Return the cost of a packet from place to place, (places, places)."""
        along = np.abs(self.x[:, None] - self.x)
        return self.hop_weights[0] * along + self.hop_weights[1] * np.abs(self.y[:, None] - self.y)

    def depths(self) -> np.ndarray:
        """Return the cost of a packet from the entry to each place, (places,)."""
        along, down = np.abs(self.x - self.entry[0]), np.abs(self.y - self.entry[1])
        return self.hop_weights[0] * along + self.hop_weights[1] * down


def cost_of(packets: Packets, places: Places, place_of: np.ndarray) -> float:
    """Return the links that all packets take, weighted.

    Parameters
    ----------
    packets
        Between (cores, cores), and from outside to (cores,).
    places
        Places.
    place_of
        (cores,), place of each core.
    """
    x, y = places.x[place_of], places.y[place_of]
    taken = Places(x, y, places.entry, places.hop_weights)
    return float((packets.cores * taken.distances()).sum() + packets.inputs @ taken.depths())


def optimised_places(packets: Packets, places: Places, seed: int = 0) -> np.ndarray:
    """Return a place for each core, (cores,), that costs little.

    The best of these, each improved by swaps until none helps: the order as it is, a greedy start,
    and simulated annealing from there, several times; then, on up to 512 places, a taboo search
    from the best. The same seed gives the same places.

    Parameters
    ----------
    packets
        Between (cores, cores), and from outside to (cores,).
    places
        Places; at least as many as cores.
    seed
        Of the annealing.

    Examples
    --------
    A ring of four cores on 2 × 2 tiles needs one link a packet:

    >>> ring = np.roll(np.eye(4), 1, axis=1)[[0, 2, 1, 3]][:, [0, 2, 1, 3]]
    >>> places = Places(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]))
    >>> packets = Packets(ring, np.zeros(4))
    >>> cost_of(packets, places, np.arange(4)), cost_of(
    ...     packets, places, optimised_places(packets, places)
    ... )
    (6.0, 4.0)
    """
    cores, count = len(packets.inputs), len(places.x)
    problem = _problem_of(packets, places)
    least = 1e-12 * max(float(problem.amount.sum() + problem.pull.sum()), 1e-300)
    start, holder = np.arange(cores), np.full(count, -1)
    holder[:cores] = start
    centre = np.abs(places.x - places.x.mean()) + np.abs(places.y - places.y.mean())
    grown, taken = start.copy(), holder.copy()
    greedy(problem, np.argsort(centre, kind="stable"), grown, taken)
    starts = [(start, holder), (grown.copy(), taken.copy())]
    sources = np.random.SeedSequence(seed).generate_state(RESTARTS + 1, np.uint64)[:, None]
    for source in sources[:-1]:
        anneal(problem, grown, taken, source, STAGES, 16 * min(count, 8 * cores))
        starts.append((grown.copy(), taken.copy()))
    for place_of, held in starts:
        descend(problem, place_of, held, least)
    found = [place_of for place_of, _ in starts]
    best = min(found, key=lambda place_of: cost_of(packets, places, place_of))
    return best if count > TABLES else _searched(packets, places, problem, best, sources[-1], least)


def _problem_of(packets: Packets, places: Places) -> Problem:
    """Return packets and places in the form that the kernels take."""
    both = packets.cores + packets.cores.T
    np.fill_diagonal(both, 0)
    flow = csr_array(both)
    return Problem(
        flow.indptr.astype(np.int64),
        flow.indices.astype(np.int64),
        flow.data.astype(float),
        np.r_[packets.inputs, np.zeros(len(places.x) - len(packets.inputs))],
        places.x.astype(np.int64),
        places.y.astype(np.int64),
        (int(places.entry[0]), int(places.entry[1])),
        (float(places.hop_weights[0]), float(places.hop_weights[1])),
    )


def _searched(
    packets: Packets,
    places: Places,
    problem: Problem,
    start: np.ndarray,
    source: np.ndarray,
    least: float,
) -> np.ndarray:
    """Return the best places of a taboo search; free places are units without packets."""
    cores, count = len(start), len(places.x)
    flow = np.zeros((count, count))
    flow[:cores, :cores] = packets.cores + packets.cores.T
    np.fill_diagonal(flow, 0)
    at = np.r_[start, np.setdiff1d(np.arange(count), start)]
    rounds = min(ROUNDS, EFFORT // (cores * count) + 1)
    gap = places.distances().astype(float)
    search(problem, flow, gap, places.tiles()[1], at, cores, source, rounds, least)
    return at[:cores]


def exact_places(packets: Packets, places: Places) -> np.ndarray:
    r"""Return a place for each core, (cores,), that costs least of all, for small cases.

    With :math:`x_{it}` for core i on tile t, each product :math:`x_{it} x_{ju}` is a variable
    :math:`0 \le z`, and :math:`\sum_u z_{itju} = x_{it}`, :math:`\sum_t z_{itju} = x_{ju}`; an
    integer programme then, solved by scipy's HiGHS.

    Parameters
    ----------
    packets
        Between (cores, cores), and from outside to (cores,).
    places
        Places; at least as many as cores.

    Raises
    ------
    HardwareError
        If there are too many cores and tiles for that, or the solver gives up.
    """
    tiles, on_tile = places.tiles()
    n, m = len(packets.inputs), tiles.shape[1]
    both = packets.cores + packets.cores.T
    left, right = np.nonzero(np.triu(both, 1))
    pairs, size = len(left), n * m + len(left) * m * m
    if size > LARGEST:
        raise HardwareError(
            f"exact placement is for small cases, up to {LARGEST:,} variables; {n} cores, "
            f"{pairs} pairs that talk and {m} tiles make {size:,}: take method='optimised'"
        )
    on = Places(tiles[0], tiles[1], places.entry, places.hop_weights)
    cost = np.concatenate([
        np.outer(packets.inputs, on.depths()).ravel(),
        np.multiply.outer(both[left, right], on.distances()).ravel(),
    ])  # fmt: skip
    # rows: one tile a core, room on a tile, then both sums of the products of each pair
    x = np.arange(n * m)
    product = n * m + np.arange(pairs * m * m).reshape(pairs, m, m)
    by_first = n + m + np.arange(pairs * m).reshape(pairs, m)
    by_second = by_first + pairs * m
    tile = np.arange(m)
    row = [x // m, n + x % m, np.repeat(by_first, m), np.repeat(by_second[:, None], m, 1).ravel()]
    column = [x, x, product.ravel(), product.ravel()]
    row += [by_first.ravel(), by_second.ravel()]
    column += [(left[:, None] * m + tile).ravel(), (right[:, None] * m + tile).ravel()]
    value = np.concatenate([np.ones(2 * n * m + 2 * pairs * m * m), -np.ones(2 * pairs * m)])
    rows = n + m + 2 * pairs * m
    matrix = csr_array((value, (np.concatenate(row), np.concatenate(column))), (rows, size))
    low, high = np.zeros(rows), np.zeros(rows)
    low[:n], high[:n], high[n : n + m] = 1, 1, np.bincount(on_tile, minlength=m)
    integer = (np.arange(size) < n * m).astype(int)
    constraints = LinearConstraint(matrix, low, high)
    found = milp(cost, integrality=integer, bounds=Bounds(0, 1), constraints=constraints,
                 options={"mip_rel_gap": 0.0})  # fmt: skip
    if found.status != 0:
        raise HardwareError(f"no exact placement was found: {found.message}")
    chosen = found.x[: n * m].reshape(n, m).argmax(1)
    place_of = np.empty(n, np.int64)
    for t in range(m):
        here = np.flatnonzero(chosen == t)
        place_of[here] = np.flatnonzero(on_tile == t)[: len(here)]
    return place_of
