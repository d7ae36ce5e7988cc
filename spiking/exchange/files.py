"""Graphs in files, HDF5 as `nir.read` and `nir.write` have it."""

from io import BufferedIOBase
from pathlib import Path

import h5py
import nir

from spiking.exchange.errors import GraphFileError


def write(graph: nir.NIRGraph, path: Path) -> None:
    """Write a graph."""
    nir.write(path, graph)


def read(source: Path | BufferedIOBase) -> nir.NIRGraph:
    """Return the graph of a file.

    Types are not checked by nir, which takes all kernels for square and all convolutions for
    ungrouped; `from_nir` checks shapes itself.
    """
    name = str(source) if isinstance(source, Path) else "the stream"
    if isinstance(source, Path) and not source.is_file():
        raise FileNotFoundError(f"there is no file {name}")
    try:
        with h5py.File(source, "r") as file:
            if "node" not in file:
                raise GraphFileError(f"{name} is not a NIR file: it has no graph")
            _require_known(file["node"], "")
    except OSError as error:
        raise GraphFileError(f"{name} is not a NIR file: it is not HDF5") from error
    try:
        graph = nir.read(source, type_check=False)
    except (AssertionError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise GraphFileError(f"{name} cannot be read by nir {nir.version}: {error}") from error
    if not isinstance(graph, nir.NIRGraph):
        raise GraphFileError(f"{name} holds one {type(graph).__name__}, not a graph")
    return graph


def _require_known(group: h5py.Group, path: str) -> None:
    """Raise the name of the first node that nir does not know."""
    for name, node in group.get("nodes", {}).items():
        kind = node["type"].asstr()[()] if "type" in node else "no type"
        if not hasattr(nir, kind):
            raise GraphFileError(
                f"node {path + name!r} ({kind}): nir {nir.version} has no such node"
            )
        _require_known(node, f"{path}{name}.")
