r"""Networks whose layers form a graph: branches, sums, skips."""

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

from spiking.neurons.neuron import Temporal
from spiking.operations.products import Near
from spiking.sequential import (
    NetworkRecord,
    layers_of,
    names_with_state,
    near_threshold,
    over_time,
    run_layer,
)

INPUT, OUTPUT = "input", "output"


class Graph(Temporal):
    """Layers joined by edges, on input (time, batch, ...).

    A layer sees the sum of what its edges bring. A loop is one layer, `spiking.Recurrent`: the
    graph itself has none.

    Parameters
    ----------
    layers
        Modules by name; any that `spiking.Sequential` takes.
    edges
        Pairs (from, to) of names; "input" and "output" stand for those of the network.

    Raises
    ------
    ValueError
        For an edge of an unknown layer or given twice, a layer without an edge to it, no output,
        a loop, or a layer called "input" or "output".

    Examples
    --------
    A skip around a layer:

    >>> import torch
    >>> from spiking import Linear
    >>> layer = Linear(3, 3)
    >>> edges = [("input", "a"), ("a", "output"), ("input", "output")]
    >>> net, x = Graph({"a": layer}, edges), torch.rand(4, 2, 3)
    >>> torch.equal(net(x)[0], layer(x) + x)
    True
    """

    def __init__(self, layers: Mapping[str, nn.Module], edges: Iterable[tuple[str, str]]) -> None:
        super().__init__()
        if clash := {INPUT, OUTPUT} & set(layers):
            raise ValueError(f"a layer cannot be called {clash.pop()!r}, as the network's own ends")
        self.edges = tuple(edges)
        self.sources: dict[str, list[str]] = {name: [] for name in (*layers, OUTPUT)}
        for source, target in self.edges:
            if target not in self.sources or (source not in layers and source != INPUT):
                raise ValueError(f"edge ({source!r}, {target!r}) is of an unknown layer")
            if source in self.sources[target]:
                raise ValueError(f"edge ({source!r}, {target!r}) is given twice")
            self.sources[target].append(source)
        for target, sources in self.sources.items():
            if not sources:
                raise ValueError(f"no edge leads to {target!r}")
        try:
            order = [*TopologicalSorter(self.sources).static_order()]
        except CycleError as error:
            raise ValueError(f"layers form a loop: {' -> '.join(error.args[1])}") from error
        for name in order:
            if name not in (INPUT, OUTPUT):
                self.add_module(name, layers[name])

    def forward(
        self, x: Float[Tensor, "time batch ..."], state: Mapping[str, Any] | None = None
    ) -> tuple[Float[Tensor, "time batch ..."], NetworkRecord]:
        """Return the output, and what each layer with a state did.

        Parameters
        ----------
        x
            Input at each step.
        state
            State of a record, to go on from; at rest unless given.

        Raises
        ------
        ValueError
            If a shape is wrong, the state is of other layers, or something is NaN.
        """
        layers = layers_of(self)
        held = names_with_state(layers, x, state)
        values, record = {INPUT: x}, NetworkRecord()
        near: dict[str, Near | None] = {}
        for name, layer in layers:
            y, sources = self._sum(name, values), self.sources[name]
            if name in held:
                values[name], record[name] = run_layer(name, layer, y, state)
                near[name] = near_threshold(layer, record[name])
            else:
                wanted = near.get(sources[0]) if len(sources) == 1 else None
                values[name] = over_time(layer, y, wanted)
        return self._sum(OUTPUT, values), record

    def _sum(self, target: str, values: Mapping[str, Tensor]) -> Tensor:
        """Return the sum of what comes into a layer, in the order of the edges."""
        first, *rest = (values[name] for name in self.sources[target])
        for name, value in zip(self.sources[target][1:], rest, strict=True):
            if value.shape != first.shape:
                raise ValueError(
                    f"layer {target}: {self.sources[target][0]} brings {tuple(first.shape)}, but "
                    f"{name} brings {tuple(value.shape)}"
                )
            first = first + value
        return first
