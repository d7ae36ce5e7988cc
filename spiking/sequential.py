"""Layers one after the other, over all time steps at once."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from spiking.layers.linear import Linear
from spiking.layers.recurrent import Recurrent
from spiking.neurons.adaptive_lif import AdaptiveLIF
from spiking.neurons.lif import LIF
from spiking.neurons.neuron import Record, Temporal
from spiking.operations.arrays import has_kernel
from spiking.operations.products import Near
from spiking.surrogates import Surrogate


class NetworkRecord(dict[str, Any]):
    """What each layer with a state did, by its name in the network.

    Examples
    --------
    >>> from spiking import LIF, Linear, Sequential
    >>> _, record = Sequential(Linear(3, 2), LIF(2))(torch.ones(5, 1, 3))
    >>> list(record), record["1"].voltage.shape
    (['1'], torch.Size([5, 1, 2]))
    """

    @property
    def state(self) -> dict[str, Any]:
        """The state of every layer after the last step, to go on from."""
        return {name: record.state for name, record in self.items()}


class Sequential(nn.Sequential, Temporal):
    """Layers one after the other, on input (time, batch, ...).

    Takes neurons of this package and of snntorch, networks inside networks, and any other module,
    which sees all steps as one batch.

    Parameters
    ----------
    *layers
        Modules, or one OrderedDict of names to modules.

    Examples
    --------
    >>> from spiking import LIF, LeakyIntegrator, Linear
    >>> net = Sequential(Linear(4, 8), LIF(8), Linear(8, 2), LeakyIntegrator(2))
    >>> readout, record = net(torch.ones(10, 3, 4))
    >>> readout.shape, record["1"].spikes.shape
    (torch.Size([10, 3, 2]), torch.Size([10, 3, 8]))

    The second half of a sequence goes on where the first has stopped:

    >>> first, record = net(torch.ones(5, 3, 4))
    >>> second, _ = net(torch.ones(5, 3, 4), record.state)
    >>> torch.allclose(torch.cat((first, second)), readout)
    True
    """

    def forward(
        self, x: Float[Tensor, "time batch ..."], state: Mapping[str, Any] | None = None
    ) -> tuple[Float[Tensor, "time batch ..."], NetworkRecord]:
        """Return the last layer's output, and what each layer did.

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
        record, near = NetworkRecord(), None
        for name, layer in layers:
            if name not in held:
                x, near = over_time(layer, x, near), None
                continue
            x, record[name] = run_layer(name, layer, x, state)
            near = near_threshold(layer, record[name])
        return x, record


def layers_of(network: nn.Module) -> list[tuple[str, nn.Module]]:
    """Return names and layers, also of one that comes again, which named_children leaves out."""
    return [(name, layer) for name, layer in network._modules.items() if layer is not None]


def names_with_state(
    layers: Iterable[tuple[str, nn.Module]], x: Tensor, state: Mapping[str, Any] | None
) -> set[str]:
    """Return which layers of a network have a state; a ValueError if input or state do not fit."""
    if x.dim() < 3:
        raise ValueError(f"expected input (time, batch, ...), got shape {tuple(x.shape)}")
    held = {name for name, layer in layers if is_temporal(layer)}
    if state is not None and set(state) != held:
        raise ValueError(f"expected a state of layers {sorted(held)}, got {sorted(state)}")
    return held


def run_layer(
    name: str, layer: nn.Module, x: Tensor, state: Mapping[str, Any] | None
) -> tuple[Tensor, Any]:
    """Return output and record of a layer with a state; its errors say its name."""
    run = layer if isinstance(layer, Temporal) else ForeignNeuron(layer)
    try:
        return run(x, None if state is None else state[name])
    except ValueError as error:
        raise ValueError(f"layer {name} ({type(layer).__name__}): {error}") from error


def near_threshold(layer: nn.Module, record: Any) -> Near | None:
    """Return where the gradient by a layer's spikes matters, None if everywhere."""
    neuron = layer.neuron if isinstance(layer, Recurrent) else layer
    surrogate = getattr(neuron, "surrogate", None)
    if not isinstance(neuron, LIF | AdaptiveLIF) or not isinstance(surrogate, Surrogate):
        return None
    voltage, threshold = record.voltage, neuron.threshold
    if surrogate.support == math.inf or voltage.dim() != 3 or not has_kernel(voltage):
        return None
    return Near(voltage, threshold.detach().expand(voltage.shape[-1]), surrogate.support)


def is_temporal(layer: nn.Module) -> bool:
    """Return whether a layer has a state that goes from step to step."""
    return isinstance(layer, Temporal) or _is_snntorch(layer)


def over_time(
    layer: nn.Module, x: Float[Tensor, "time batch ..."], near: Near | None = None
) -> Float[Tensor, "time batch ..."]:
    """Apply a module without a state to all steps as one batch.

    ``near`` says where the gradient by x matters, if not everywhere.
    """
    if near is not None and isinstance(layer, Linear):
        return layer(x, near)
    steps, batch = x.shape[:2]
    y = layer(x.flatten(0, 1))
    return y.view(steps, batch, *y.shape[1:])


def _is_snntorch(layer: nn.Module) -> bool:
    """Return whether a layer is a neuron of snntorch, which need not be installed."""
    return any(
        kind.__name__ == "SpikingNeuron" and kind.__module__.startswith("snntorch.")
        for kind in type(layer).__mro__
    )


class ForeignNeuron(Temporal):
    """A neuron of snntorch, step by step.

    Parameters
    ----------
    neuron
        Leaky, Synaptic, Alpha, Lapicque, RLeaky, RSynaptic or another; it may keep its state to
        itself (``init_hidden``).

    Examples
    --------
    >>> import snntorch
    >>> layer = ForeignNeuron(snntorch.Leaky(beta=0.5))
    >>> spikes, record = layer(torch.full((4, 1, 1), 0.75))
    >>> spikes.flatten().int().tolist()
    [0, 1, 0, 0]
    """

    def __init__(self, neuron: nn.Module) -> None:
        super().__init__()
        if not _is_snntorch(neuron):
            raise TypeError(f"expected a neuron of snntorch, got {type(neuron).__name__}")
        self.neuron: Any = neuron

    def forward(
        self, x: Float[Tensor, "time batch ..."], state: tuple[Tensor, ...] | None = None
    ) -> tuple[Float[Tensor, "time batch ..."], Record]:
        """Return spikes, potentials and the state to go on from; see `Sequential`."""
        if self.neuron.init_hidden and state is not None:
            raise ValueError(
                "a neuron with init_hidden=True cannot be given a state; it keeps its own"
            )
        rest = self.neuron.reset_mem()
        held = state or (rest if isinstance(rest, tuple) else (rest,))
        spikes, voltages = [], []
        for row in x.unbind(0):
            if self.neuron.init_hidden:
                found = self.neuron(row)
                fired, held = (found[0] if isinstance(found, tuple) else found), (self.neuron.mem,)
            else:
                fired, *after = self.neuron(row, *held)
                held = (fired, *after)[-len(held) :]
            spikes.append(fired.to(x.dtype))
            voltages.append(held[-1])
        return torch.stack(spikes), Record(torch.stack(spikes), torch.stack(voltages), held)
