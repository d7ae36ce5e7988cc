"""Networks on cores, and packets between them."""

from spiking.hardware.placing.partition import crossing, partition
from spiking.hardware.placing.placement import PlacedNetwork, place
from spiking.hardware.placing.routing import LinkLoads, link_loads, route

__all__ = [
    "crossing",
    "partition",
    "PlacedNetwork",
    "place",
    "LinkLoads",
    "link_loads",
    "route",
]
