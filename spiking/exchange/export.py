"""Networks as graphs of NIR."""

from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

import nir
import numpy as np
from torch import nn
from torch.nn.utils import parametrize

from spiking.exchange import export_layers, export_neurons
from spiking.exchange.errors import ExchangeError
from spiking.exchange.export_layers import Place, output_shape
from spiking.exchange.parameters import Shape
from spiking.exchange.snntorch_neurons import RECURRENT, connection_of, own_neuron
from spiking.graph import INPUT, OUTPUT, Graph
from spiking.layers.delays import Delay
from spiking.layers.recurrent import Recurrent
from spiking.neurons.neuron import Neuron, Temporal
from spiking.sequential import ForeignNeuron, is_temporal

SILENT = (nn.Identity, nn.Dropout, nn.Dropout1d, nn.Dropout2d)
Edges = list[tuple[str, str]]


class Part(NamedTuple):
    """What a layer becomes: nodes, edges between them, where it begins and ends, its output."""

    nodes: dict[str, nir.NIRNode]
    edges: Edges
    first: str
    last: str
    shape: Shape


def graph_of(network: nn.Module, place: Place) -> tuple[nir.NIRGraph, Shape]:
    """Return a network's graph, and the shape of a step of its output."""
    layers, edges = _structure(network)
    nodes: dict[str, nir.NIRNode] = {INPUT: nir.Input(np.array(place.shape))}
    inner: Edges = []
    ends = {INPUT: (INPUT, INPUT, place.shape)}
    for name, layer in layers.items():
        shape = _shape_into(name, edges, ends)
        path = f"{place.name}.{name}" if place.name else name
        part = part_of(name, layer, Place(path, shape, place.dt))
        nodes |= part.nodes
        inner += part.edges
        ends[name] = (part.first, part.last, part.shape)
    shape = _shape_into(OUTPUT, edges, ends)
    nodes[OUTPUT] = nir.Output(np.array(shape))
    ends[OUTPUT] = (OUTPUT, OUTPUT, shape)
    inner += [(ends[a][1], ends[b][0]) for a, b in edges]
    return nir.NIRGraph(nodes, inner, {}, type_check=False), shape


def part_of(name: str, layer: nn.Module, place: Place) -> Part:
    """Return what a layer becomes in the graph."""
    if isinstance(layer, ForeignNeuron):
        layer = layer.neuron
    if is_temporal(layer) and not isinstance(layer, Temporal):
        neuron = own_neuron(layer, place)
        if type(layer).__name__ in RECURRENT:
            return _loop(name, neuron, connection_of(layer, place), place)
        layer = neuron
    if isinstance(layer, Recurrent):
        return _loop(name, layer.neuron, layer.connection, place)
    if isinstance(layer, (nn.Sequential, Graph)):
        graph, shape = graph_of(layer, place)
        return Part({name: graph}, [], name, name, shape)
    node = node_of(layer, place)
    shape = place.shape if isinstance(layer, Temporal) else output_shape(layer, place)
    node.input_type = {"input": np.array(place.shape)}  # nir's own are wrong for some convolutions
    node.output_type = {"output": np.array(shape)}
    return Part({name: node}, [], name, name, shape)


def node_of(layer: nn.Module, place: Place) -> nir.NIRNode:
    """Return the node of a layer that is one."""
    kind = type(layer).__mro__[1] if parametrize.is_parametrized(layer) else type(layer)
    export = (export_layers.EXPORTERS | export_neurons.EXPORTERS).get(kind)
    if export is None:
        raise place.refuse(layer, "NIR has no node for it")
    if isinstance(layer, (Neuron, Delay)) and first_shape(layer) != place.shape:
        raise place.refuse(layer, f"its {layer.neurons} neurons do not take input {place.shape}")
    return export(layer, place)


def first_shape(network: nn.Module) -> Shape | None:
    """Return the shape of a step of the input, None where the first layer leaves it open."""
    if isinstance(network, Recurrent):
        return first_shape(network.neuron)
    if isinstance(network, Neuron):
        return network.neurons
    if isinstance(network, Delay):
        return (network.neurons,)
    if isinstance(network, nn.Linear):
        return (network.in_features,)
    if isinstance(network, (nn.Sequential, Graph)):
        layers, edges = _structure(network)
        found = (first_shape(layers[b]) for a, b in edges if a == INPUT and b != OUTPUT)
        return next((shape for shape in found if shape is not None), None)
    return None


def time_step(network: nn.Module) -> float | None:
    """Return the time step of all neurons, None where none has one."""
    steps = {layer.dt for layer in network.modules() if isinstance(layer, (Neuron, Delay))}
    if len(steps) > 1:
        raise ExchangeError(
            f"expected one time step of all neurons and delays, got {sorted(steps)} s"
        )
    return steps.pop() if steps else None


def _structure(network: nn.Module) -> tuple[dict[str, nn.Module], Edges]:
    """Return the layers that do something, in order, and the edges between them."""
    if isinstance(network, Graph):
        layers, edges = dict(network.named_children()), list(network.edges)
    elif isinstance(network, nn.Sequential):
        layers = dict(network.named_children())
        names = [INPUT, *layers, OUTPUT]
        edges = [*pairwise(names)]
        if clash := {INPUT, OUTPUT} & set(layers):
            raise ExchangeError(f"rename layer {clash.pop()!r}: it is that of the network")
    else:
        layers, edges = {"0": network}, [(INPUT, "0"), ("0", OUTPUT)]
    for name in [name for name, layer in layers.items() if type(layer) in SILENT]:
        into, out = ([e for e in edges if e[i] == name] for i in (1, 0))
        edges = [e for e in edges if name not in e] + [(a, b) for a, _ in into for _, b in out]
        del layers[name]
    if len(set(edges)) < len(edges):
        raise ExchangeError("layers that do nothing make an edge double; leave them out")
    return layers, edges


def _loop(name: str, neuron: nn.Module, connection: nn.Module, place: Place) -> Part:
    """Return neurons and what brings their spikes back, side by side."""
    body, back = f"{name}.neuron", f"{name}.connection"
    if isinstance(connection, (Temporal, nn.Sequential)):
        raise place.refuse(connection, "spikes come back by one layer without a state")
    parts = {body: part_of(body, neuron, place), back: part_of(back, connection, place)}
    if parts[back].shape != place.shape:
        raise place.refuse(connection, f"it makes {parts[back].shape} of {place.shape}")
    nodes = {key: part.nodes[key] for key, part in parts.items()}
    return Part(nodes, [(body, back), (back, body)], body, body, place.shape)


def _shape_into(name: str, edges: Edges, ends: Mapping[str, tuple[str, str, Shape]]) -> Shape:
    """Return the shape that all edges to a layer bring."""
    brought = {a: ends[a][2] for a, b in edges if b == name}
    if len(set(brought.values())) > 1:
        raise ExchangeError(f"layer {name!r} adds different shapes: {brought}")
    return next(iter(brought.values()))
