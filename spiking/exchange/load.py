"""Graphs of NIR as networks."""

from collections import OrderedDict
from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import Any

import nir
import torch
from torch import nn

from spiking.exchange import load_layers, load_neurons
from spiking.exchange.errors import UnsupportedGraphError, UnsupportedNodeError
from spiking.exchange.load_layers import How
from spiking.exchange.parameters import Shape, shape_of
from spiking.graph import INPUT, OUTPUT, Graph
from spiking.layers.recurrent import Recurrent
from spiking.neurons.neuron import Temporal
from spiking.sequential import Sequential

LOADERS = load_layers.LOADERS | load_neurons.LOADERS
LOOPS = (nir.Affine, nir.Linear, nir.Conv1d, nir.Conv2d, nir.Scale)
FIRING = (nir.LIF, nir.CubaLIF, nir.IF)
TAKEN = {*dir(Sequential()), *dir(Graph({}, [(INPUT, OUTPUT)])), INPUT, OUTPUT}
Edges = list[tuple[str, str]]


def network_of(graph: nir.NIRGraph, how: How, path: str = "") -> tuple[Temporal, Shape]:
    """Return the network of a graph, and the shape of a step of its output."""
    source, sink = (_only(graph, kind, path) for kind in (nir.Input, nir.Output))
    shape = shape_of(graph.nodes[source].input_type)
    if shape is None:
        raise UnsupportedGraphError(f"node {path + source!r} (Input) leaves its shape open")
    edges = _known_edges(graph, source, sink, path)
    loops = _loops(graph, edges)
    edges = [e for e in edges if not set(e) & set(loops.values())]
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    shapes, names = {source: shape}, {source: INPUT, sink: OUTPUT}
    for name in _in_order(edges, source, path):
        if name == source:
            continue
        brought = {a: shapes[a] for a, b in edges if b == name}
        if len(set(brought.values())) > 1:
            raise UnsupportedGraphError(f"node {path + name!r} adds different shapes: {brought}")
        shape = next(iter(brought.values()))
        if name == sink:
            shapes[name] = shape
            continue
        layer, shapes[name] = _layer(graph, name, shape, how, path)
        if name in loops:
            back, after = _layer(graph, loops[name], shape, how._replace(loop=True), path)
            if after != shape:
                kind = type(graph.nodes[loops[name]]).__name__
                raise UnsupportedNodeError(
                    path + loops[name], kind, f"it makes {after} of the {shape} that it brings back"
                )
            layer = Recurrent(layer, back)
        names[name] = _module_name(_loop_name(name, loops.get(name)), layers)
        layers[names[name]] = layer
    told = shape_of(graph.nodes[sink].output_type)
    if told not in (None, shapes[sink]):
        raise UnsupportedGraphError(f"node {path + sink!r} (Output) has {told}, got {shapes[sink]}")
    renamed = [(names[a], names[b]) for a, b in edges]
    if sorted(renamed) == sorted(pairwise([INPUT, *layers, OUTPUT])):
        return Sequential(layers), shapes[sink]
    return Graph(layers, renamed), shapes[sink]


def _layer(graph: nir.NIRGraph, name: str, shape: Shape, how: How, path: str) -> tuple[Any, Shape]:
    """Return the layer of a node, and the shape of its output."""
    node = graph.nodes[name]
    if isinstance(node, nir.NIRGraph):
        return network_of(node, how, f"{path}{name}.")
    load, kind = LOADERS.get(type(node)), type(node).__name__
    if load is None:
        raise UnsupportedNodeError(path + name, kind, "there is no such layer here")
    try:
        layer = load(node, shape, how)
        return layer, shape if isinstance(layer, Temporal) else _shape_after(layer, shape)
    except (ValueError, RuntimeError, IndexError) as error:
        raise UnsupportedNodeError(path + name, kind, str(error)) from error


def _shape_after(layer: nn.Module, shape: Shape) -> Shape:
    """Return the shape of a layer's output, found by running it once."""
    first = next((p for p in layer.parameters()), torch.zeros(()))
    with torch.no_grad():
        return tuple(layer(first.new_zeros(1, *shape)).shape[1:])


def _only(graph: nir.NIRGraph, kind: type, path: str) -> str:
    """Return the name of the one node of a kind."""
    found = [name for name, node in graph.nodes.items() if isinstance(node, kind)]
    if len(found) != 1:
        where = f"graph {path[:-1]!r}" if path else "the graph"
        names = f": {', '.join(map(repr, found))}" if found else ""
        raise UnsupportedGraphError(
            f"expected one {kind.__name__} node in {where}, got {len(found)}{names}"
        )
    return found[0]


def _known_edges(graph: nir.NIRGraph, source: str, sink: str, path: str) -> Edges:
    """Return the edges, if all nodes have an input."""
    edges = [(str(a), str(b)) for a, b in graph.edges]
    for edge in edges:
        lost = [path + name for name in edge if name not in graph.nodes]
        if lost or edge[1] == source or edge[0] == sink or edges.count(edge) > 1:
            why = f"there is no node {lost[0]!r}" if lost else "it is double or leads nowhere"
            raise UnsupportedGraphError(f"edge {edge} cannot be imported: {why}")
    for name, node in graph.nodes.items():
        if name != source and name not in {b for _, b in edges}:
            raise UnsupportedGraphError(
                f"node {path + name!r} ({type(node).__name__}) has no input"
            )
    return edges


def _loops(graph: nir.NIRGraph, edges: Edges) -> dict[str, str]:
    """Return what brings the spikes of neurons back to them, by the neurons' names."""
    known = set(edges)
    return {
        a: b
        for a, b in edges
        if (b, a) in known
        and isinstance(graph.nodes[a], FIRING)
        and isinstance(graph.nodes[b], LOOPS)
        and sum(b in e for e in edges) == 2
    }


def _in_order(edges: Edges, source: str, path: str) -> Iterable[str]:
    """Return the names so that each comes after those that lead to it."""
    into: dict[str, list[str]] = {source: []}
    for a, b in edges:
        into.setdefault(b, []).append(a)
    try:
        return [*TopologicalSorter(into).static_order()]
    except CycleError as error:
        names = " -> ".join(repr(path + name) for name in error.args[1])
        raise UnsupportedGraphError(
            f"nodes form a loop, {names}: only neurons and one layer without a state can be a loop"
        ) from error


def _loop_name(name: str, connection: str | None) -> str:
    """Return the name that neurons and their connection share before a dot, else the neurons'."""
    first = name.split(".")[0]
    return first if connection is not None and connection.split(".")[0] == first else name


def _module_name(name: str, layers: Iterable[str]) -> str:
    """Return a name that a module can have."""
    name = name.replace(".", "_") or "_"
    while name in TAKEN or name in layers:
        name += "_"
    return name
