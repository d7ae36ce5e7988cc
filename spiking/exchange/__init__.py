"""Networks to and from other tools, by NIR."""

from spiking.exchange.errors import (
    ExchangeError,
    GraphFileError,
    UnsupportedGraphError,
    UnsupportedLayerError,
    UnsupportedNodeError,
)
from spiking.exchange.exchange import from_nir, load_nir, save_nir, to_nir

__all__ = [
    "to_nir",
    "from_nir",
    "save_nir",
    "load_nir",
    "ExchangeError",
    "UnsupportedLayerError",
    "UnsupportedNodeError",
    "UnsupportedGraphError",
    "GraphFileError",
]
