"""A map of the mesh: what cores hold and do, and how many packets each link takes."""

from typing import TYPE_CHECKING, Any

import numpy as np

from spiking.hardware.placing.placement import PlacedNetwork
from spiking.hardware.placing.routing import LinkLoads

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GAP = 0.12  # between tiles, where links are drawn, in tiles


def draw_mesh(
    placed: PlacedNetwork,
    loads: LinkLoads,
    of_cores: np.ndarray,
    label: str,
    axes: "Axes | None" = None,
) -> "Axes":
    """Draw cores, coloured by a number, and links, coloured and as wide as their packets.

    Parameters
    ----------
    placed
        Network and chip.
    loads
        Packets on each link, without time.
    of_cores
        A number for each core, (cores,).
    label
        What it is.
    axes
        To draw on; those of a new figure unless given.
    """
    import matplotlib.pyplot as plt
    from matplotlib.collections import LineCollection, PatchCollection
    from matplotlib.patches import Rectangle

    mesh = placed.chip.mesh
    if axes is None:
        width = min(2.5 + 0.8 * mesh.width, 12.0)
        _, axes = plt.subplots(figsize=(width, 1.2 + 0.7 * mesh.height), layout="constrained")
    side = int(np.ceil(np.sqrt(mesh.cores_per_tile)))
    size = (1 - 3 * GAP) / side
    boxes = []
    for core in range(mesh.cores):
        tile, place = divmod(core, mesh.cores_per_tile)
        x, y = divmod(tile, mesh.height)
        row, column = divmod(place, side)
        corner = (x + 1.5 * GAP + column * size, y + 1.5 * GAP + row * size)
        boxes.append(Rectangle(corner, 0.92 * size, 0.92 * size))
    cores = PatchCollection(boxes, cmap="Greys", edgecolor="0.6", linewidth=0.5)
    cores.set_array(np.asarray(of_cores, float))
    cores.set_clim(0, max(float(np.max(of_cores)), 1e-300))
    axes.add_collection(cores)
    lines, numbers = _links(loads)
    links = LineCollection(list(lines), cmap="plasma_r", zorder=3)
    top = max(float(numbers.max(initial=0.0)), 1e-300)
    links.set_array(numbers)
    links.set_clim(0, top)
    links.set_linewidth(np.where(numbers > 0, 1 + 3 * numbers / top, 0.0).tolist())
    axes.add_collection(links)
    x, y = placed.entry
    axes.annotate("input", (x + GAP, y + 0.5), (x - 0.55, y + 0.5), fontsize=9, va="center",
                  ha="center", arrowprops={"arrowstyle": "->"})  # fmt: skip
    axes.set(xlim=(-0.9, mesh.width), ylim=(mesh.height, 0), aspect="equal")
    axes.set(xlabel="tile, west to east", ylabel="tile, north to south")
    axes.set_xticks(np.arange(mesh.width) + 0.5, [*map(str, range(mesh.width))])
    axes.set_yticks(np.arange(mesh.height) + 0.5, [*map(str, range(mesh.height))])
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    bars: list[tuple[Any, str]] = [(cores, label), (links, "packets on a link")]
    for drawn, name in bars:
        axes.figure.colorbar(drawn, ax=axes, label=name, shrink=0.8, pad=0.02)
    return axes


def _links(loads: LinkLoads) -> tuple[np.ndarray, np.ndarray]:
    """Return ends of links between tiles, each direction beside the other, and their packets."""
    found, numbers = [], []
    for name, (dx, dy), shift in (
        ("east", (1, 0), -0.04),
        ("west", (1, 0), 0.04),
        ("south", (0, 1), 0.04),
        ("north", (0, 1), -0.04),
    ):
        packets = getattr(loads, name)
        for (x, y), number in np.ndenumerate(packets):
            start = np.array((x + 0.5, y + 0.5)) + shift * np.array((dy, dx))
            middle = np.array((dx, dy))
            found.append((start + (0.5 - 1.5 * GAP) * middle, start + (0.5 + 1.5 * GAP) * middle))
            numbers.append(number)
    return np.array(found).reshape(-1, 2, 2), np.array(numbers)
