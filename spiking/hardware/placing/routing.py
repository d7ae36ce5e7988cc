r"""Ways of packets over the mesh, and how many take each link.

A packet goes east or west first, then north or south (XY routing). With tile k at
:math:`(x, y) = (\lfloor k / \text{height} \rfloor,\ k \bmod \text{height})`, rows counted from
north to south, a packet takes :math:`|x_1 - x_0| + |y_1 - y_0|` links; within a tile none.

References
----------
Davies et al., "Loihi: a neuromorphic manycore processor with on-chip learning", IEEE Micro 38 (1),
2018 (dimension-order routing of packets on a mesh).
"""

from dataclasses import dataclass
from math import prod

import numpy as np
from jaxtyping import Float, Real

from spiking.hardware.chips.parts import Mesh

Tile = tuple[int, int]
Tiles = tuple[np.ndarray, np.ndarray]  # x and y


@dataclass(frozen=True, eq=False)
class LinkLoads:
    """Packets on each link of a mesh, in each direction.

    Any axes may come before those of the tiles, such as time.

    Parameters
    ----------
    east, west
        (..., width − 1, height); at [x, y] the link between (x, y) and (x + 1, y).
    south, north
        (..., width, height − 1); at [x, y] the link between (x, y) and (x, y + 1).
    """

    east: Float[np.ndarray, "*time columns height"]
    west: Float[np.ndarray, "*time columns height"]
    south: Float[np.ndarray, "*time width rows"]
    north: Float[np.ndarray, "*time width rows"]

    def __repr__(self) -> str:
        whole = self.total()
        hops, peak = float(whole.hops), float(whole.peak)
        return f"LinkLoads({hops:,.0f} hops; at most {peak:,.0f} on a link)"

    @classmethod
    def of(cls, mesh: Mesh, loads: Float[np.ndarray, "*time links"]) -> "LinkLoads":
        """Return loads from those of all links in one axis, as `all_links` gives them."""
        columns, rows = (mesh.width - 1, mesh.height), (mesh.width, mesh.height - 1)
        ends = np.cumsum([prod(columns), prod(columns), prod(rows)])
        parts = zip(np.split(loads, ends, -1), (columns, columns, rows, rows), strict=True)
        return cls(*(part.reshape(*loads.shape[:-1], *shape) for part, shape in parts))

    @property
    def hops_x(self) -> Float[np.ndarray, "*time"]:
        """Links taken east and west by all packets."""
        return np.asarray(self.east.sum((-1, -2)) + self.west.sum((-1, -2)))

    @property
    def hops_y(self) -> Float[np.ndarray, "*time"]:
        """Links taken north and south by all packets."""
        return np.asarray(self.south.sum((-1, -2)) + self.north.sum((-1, -2)))

    @property
    def hops(self) -> Float[np.ndarray, "*time"]:
        """Links taken by all packets."""
        return np.asarray(self.hops_x + self.hops_y)

    def all_links(self) -> Float[np.ndarray, "*time links"]:
        """Return the loads of all links in one axis: east, west, south, north."""
        parts = (self.east, self.west, self.south, self.north)
        return np.concatenate(
            [part.reshape(*part.shape[:-2], prod(part.shape[-2:])) for part in parts], -1
        )

    @property
    def peak(self) -> Float[np.ndarray, "*time"]:
        """Packets on the most loaded link; 0 on a mesh without links."""
        return np.asarray(self.all_links().max(-1, initial=0.0))

    @property
    def congestion(self) -> Float[np.ndarray, "*time"]:
        """Load of the most loaded link over the mean of all links; 0 where nothing moves."""
        links = self.all_links().shape[-1]
        hops = self.hops
        out = np.zeros_like(hops)
        return np.asarray(np.divide(self.peak * links, hops, out=out, where=hops > 0))

    def total(self) -> "LinkLoads":
        """Return the sums over all axes before those of the tiles."""
        parts = (self.east, self.west, self.south, self.north)
        return LinkLoads(*(part.sum(tuple(range(part.ndim - 2))) for part in parts))

    def most_loaded(self) -> tuple[Tile, Tile, float] | None:
        """Return where the link with most packets begins and ends, and how many, over all steps.

        None on a mesh without links.
        """
        whole = self.total()
        best: tuple[Tile, Tile, float] | None = None
        for name, (dx, dy) in {"east": (1, 0), "south": (0, 1)}.items():
            back = {"east": "west", "south": "north"}[name]
            for loads, forward in ((getattr(whole, name), True), (getattr(whole, back), False)):
                if not loads.size:
                    continue
                x, y = (int(i) for i in np.unravel_index(loads.argmax(), loads.shape))
                ends = ((x, y), (x + dx, y + dy))
                if best is None or loads[x, y] > best[2]:
                    first, last = ends if forward else ends[::-1]
                    best = (first, last, float(loads[x, y]))
        return best


def tile_of(mesh: Mesh, core: np.ndarray | np.integer | int) -> tuple[np.ndarray, np.ndarray]:
    """Return x and y of the tiles of cores.

    Examples
    --------
    >>> x, y = tile_of(Mesh(8, 4, 4), 21)  # on tile 5
    >>> int(x), int(y)
    (1, 1)
    """
    x, y = np.divmod(np.asarray(core) // mesh.cores_per_tile, mesh.height)
    return np.asarray(x), np.asarray(y)


def route(start: Tile, end: Tile) -> list[Tile]:
    """Return the tiles of a packet's way, with both ends.

    Examples
    --------
    >>> route((0, 2), (2, 1))
    [(0, 2), (1, 2), (2, 2), (2, 1)]
    """
    (x0, y0), (x1, y1) = start, end
    along = [(x, y0) for x in range(x0, x1, 1 if x1 > x0 else -1)]
    down = [(x1, y) for y in range(y0, y1, 1 if y1 > y0 else -1)]
    return [*along, *down, end]


def link_loads(
    mesh: Mesh,
    packets: Real[np.ndarray, "*time cores cores"],
    inputs: Real[np.ndarray, "*time cores"] | None = None,
    entry: Tile = (0, 0),
) -> LinkLoads:
    """Return how many packets take each link.

    Parameters
    ----------
    mesh
        Mesh.
    packets
        From core to core, (..., cores, cores), senders are rows; with time or without.
    inputs
        From outside to each core, (..., cores).
    entry
        Tile at which packets from outside come in.

    Raises
    ------
    ValueError
        For an entry that is no tile, or arrays that do not fit the mesh.

    Examples
    --------
    >>> packets = np.zeros((4, 4))
    >>> packets[0, 3] = 5  # from (0, 0) over (1, 0) to (1, 1)
    >>> loads = link_loads(Mesh(2, 2, 1), packets)
    >>> loads.east.tolist(), loads.south.tolist(), float(loads.hops)
    ([[5.0, 0.0]], [[0.0], [5.0]], 10.0)
    """
    cores, lead = mesh.cores, packets.shape[:-2]
    if packets.shape[-2:] != (cores, cores):
        raise ValueError(f"expected packets (..., {cores}, {cores}), got {packets.shape}")
    if inputs is not None and inputs.shape != (*lead, cores):
        raise ValueError(f"expected inputs {(*lead, cores)}, got {inputs.shape}")
    require_tile(mesh, entry)
    steps = prod(lead)
    flat = packets.reshape(steps, cores, cores)
    step, source, target = np.nonzero(flat)
    count = flat[step, source, target]
    x, y = tile_of(mesh, source)
    if inputs is not None:
        entering = inputs.reshape(steps, cores)
        at, core = np.nonzero(entering)
        x, y = (np.r_[a, np.full(len(at), b)] for a, b in zip((x, y), entry, strict=True))
        step, target, count = np.r_[step, at], np.r_[target, core], np.r_[count, entering[at, core]]
    way, link = links_taken(mesh, (x, y), tile_of(mesh, target))
    links = number_of_links(mesh)
    sums = np.bincount(step[way] * links + link, count[way], steps * links)
    return LinkLoads.of(mesh, sums.reshape(*lead, links).astype(float))  # of none: integers


def require_tile(mesh: Mesh, entry: Tile) -> None:
    """Raise a ValueError for a tile that a mesh has not."""
    if not (0 <= entry[0] < mesh.width and 0 <= entry[1] < mesh.height):
        raise ValueError(
            f"entry must be a tile of a mesh of {mesh.width} x {mesh.height}, got {entry}"
        )


def number_of_links(mesh: Mesh) -> int:
    """Return the number of links of a mesh, each direction by itself."""
    return 2 * ((mesh.width - 1) * mesh.height + mesh.width * (mesh.height - 1))


def links_taken(mesh: Mesh, start: Tiles, end: Tiles) -> tuple[np.ndarray, np.ndarray]:
    """Return the links of many ways: which way takes it, and its number.

    Links are numbered as in `LinkLoads.all_links`.

    Parameters
    ----------
    mesh
        Mesh.
    start, end
        x and y of the tiles at which ways begin and end, (ways,) each.
    """
    (x0, y0), (x1, y1) = start, end
    across, down = (mesh.width - 1) * mesh.height, mesh.width * (mesh.height - 1)
    way, x, back = _borders(x0, x1)
    along = x * mesh.height + y0[way] + across * back
    later, y, back = _borders(y0, y1)
    then = 2 * across + x1[later] * (mesh.height - 1) + y + down * back
    return np.r_[way, later], np.r_[along, then]


def _borders(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the borders between places from a to b: whose, behind which place, if backwards."""
    count = np.abs(b - a)
    way = np.repeat(np.arange(len(count)), count)
    nth = np.arange(len(way)) - (np.cumsum(count) - count)[way]
    return way, np.minimum(a, b)[way] + nth, (b < a)[way]
