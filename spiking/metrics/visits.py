"""What each layer of a network saw and gave, from the record of a run."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils import skip_init

from spiking.graph import INPUT, OUTPUT, Graph
from spiking.layers.delayed_linear import DelayedLinear
from spiking.layers.elementwise import Threshold
from spiking.layers.recurrent import Recurrent
from spiking.neurons.neuron import Record
from spiking.sequential import ForeignNeuron, NetworkRecord, Sequential, is_temporal, over_time

CONNECTIONS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
ACTIVATIONS = (nn.ReLU, nn.Sigmoid, Threshold)


class Visit(NamedTuple):
    """One module in a run.

    Attributes
    ----------
    name
        Path in the network.
    module
        A layer with a state, or one of `CONNECTIONS` or `ACTIVATIONS` in any layer.
    x, y
        Input and output at each step, (time, batch, ...).
    spikes
        Whether the output are spikes of a layer with a state.
    """

    name: str
    module: nn.Module
    x: Tensor
    y: Tensor
    spikes: bool


def visits(
    network: Sequential | Graph, x: Tensor, record: NetworkRecord, path: str = ""
) -> Iterator[Visit]:
    """Yield what each module saw and gave, in a run that began at rest.

    The record holds what layers with a state gave; others are run again.

    Raises
    ------
    ValueError
        If the record is of another network or input.
    """
    held = {name for name, layer in network.named_children() if is_temporal(layer)}
    if set(record) != held:
        raise ValueError(f"expected a record of layers {sorted(held)}, got {sorted(record)}")
    sources = _sources(network)
    values = {INPUT: x}
    for name, layer in network.named_children():
        given = [values[source] for source in sources[name]]
        into = sum(given[1:], given[0])
        if isinstance(layer, (Sequential, Graph)):
            for visit in visits(layer, into, record[name], f"{path}{name}."):
                last = visit
                yield visit
            values[name] = last.y
            continue
        found = _layer(f"{path}{name}", layer, into, record.get(name))
        values[name] = found[-1].y
        yield from found
    if isinstance(network, Graph):
        given = [values[source] for source in sources[OUTPUT]]
        yield Visit(path + OUTPUT, network, x, sum(given[1:], given[0]), False)


def _sources(network: Sequential | Graph) -> dict[str, list[str]]:
    """Return the layers that each layer hears."""
    if isinstance(network, Graph):
        return network.sources
    names = [name for name, _ in network.named_children()]
    return {name: [before] for before, name in zip([INPUT, *names], names, strict=False)}


def _layer(name: str, layer: nn.Module, x: Tensor, record: Any) -> list[Visit]:
    """Return what a layer, and what is in it, saw and gave; the layer itself last."""
    if not isinstance(record, Record):
        return _stateless(name, layer, x)
    y = record.voltage if record.spikes is None else record.spikes
    if y.shape[:2] != x.shape[:2]:
        raise ValueError(
            f"layer {name}: expected a record of the input, (time, batch) = {tuple(x.shape[:2])}, "
            f"got {tuple(y.shape[:2])}"
        )
    inner = layer.neuron if isinstance(layer, ForeignNeuron) else layer
    back = inner.connection if isinstance(inner, Recurrent) else getattr(inner, "recurrent", None)
    found = []
    if isinstance(layer, DelayedLinear):
        found = [Visit(f"{name}.connection", without_delays(layer), x, y, False)]
    if isinstance(back, nn.Module):
        late = torch.cat((torch.zeros_like(y[:1]), y[:-1]))
        found = _stateless(f"{name}.connection", back, late)[:-1]
    return [*found, Visit(name, layer, x, y, record.spikes is not None)]


def without_delays(layer: DelayedLinear) -> nn.Linear:
    """Return a linear layer with the same synapses, each of which hears a spike once."""
    outputs, inputs = layer.weight.shape
    plain = skip_init(nn.Linear, inputs, outputs, bias=False, dtype=layer.weight.dtype)
    plain.weight = nn.Parameter(layer.weight.detach(), requires_grad=False)
    return plain


def _stateless(name: str, layer: nn.Module, x: Tensor) -> list[Visit]:
    """Run a layer without a state again, and return what its modules saw and gave."""
    steps, batch = x.shape[:2]
    found: list[Visit] = []

    def keep(module: nn.Module, given: tuple[Tensor, ...], y: Tensor) -> None:
        seen, gave = (part.detach().unflatten(0, (steps, batch)) for part in (given[0], y))
        found.append(Visit(name, module, seen, gave, False))

    known = [m for m in layer.modules() if isinstance(m, (*CONNECTIONS, *ACTIVATIONS))]
    hooks = [module.register_forward_hook(keep) for module in known]
    try:
        with torch.no_grad():
            y = over_time(layer, x)
    finally:
        for hook in hooks:
            hook.remove()
    return [*found, Visit(name, nn.Identity(), x, y, False)]
