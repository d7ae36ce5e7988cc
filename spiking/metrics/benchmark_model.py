"""Our networks in NeuroBench."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from spiking.layers.delayed_linear import DelayedLinear
from spiking.layers.recurrent import Recurrent
from spiking.metrics.hooks import DelaysHook, Hook, LoopHook, SpikesHook, StepsHook
from spiking.metrics.visits import ACTIVATIONS, CONNECTIONS
from spiking.neurons.leaky_integrator import LeakyIntegrator
from spiking.neurons.neuron import Neuron, Temporal
from spiking.sequential import ForeignNeuron, is_temporal


class BenchmarkModel:
    """A network as ``neurobench.benchmarks.Benchmark`` takes it, in evaluation mode.

    NeuroBench finds connections and activations by hooks, and steps through time; our layers take
    all steps at once. This has all that its metrics ask of a ``NeuroBenchModel``, and brings both
    together: a hook hears each time step on its own, layers with a state show their spikes, and
    the connection of a `Recurrent` layer the spikes that come back. Figures then equal those of
    `spiking.metrics`. Metrics that read potentials, MembraneUpdates and NeuronOperations, know
    neurons of snntorch only.

    Parameters
    ----------
    network
        `Sequential` or `Graph`.

    Attributes
    ----------
    activation_hooks, connection_hooks
        What listens, while a benchmark is there.

    Examples
    --------
    >>> from spiking import LIF, Linear, Sequential
    >>> model = BenchmarkModel(Sequential(Linear(3, 2), LIF(2)))
    >>> model(torch.rand(8, 50, 3)).shape  # (batch, time, neurons)
    torch.Size([8, 50, 2])
    """

    def __init__(self, network: nn.Module) -> None:
        self.network = network.eval()
        self.activation_hooks: list[Hook] = []
        self.connection_hooks: list[Hook] = []
        self.batch = 1

    def __call__(self, batch: Float[Tensor, "batch time ..."]) -> Float[Tensor, "batch time ..."]:
        """Return the output of the network."""
        self.batch = len(batch)
        with torch.no_grad():
            out, _ = self.network(batch.transpose(0, 1))
        return out.transpose(0, 1)

    def __net__(self) -> nn.Module:
        """Return the network."""
        return self.network

    def activation_layers(self) -> list[dict[str, Any]]:
        """Return what spikes, ReLU, Sigmoid and Threshold, by their paths in the network."""
        return [{"layer_name": n, "layer": m} for n, m in _activations(self.network, "")]

    def connection_layers(self) -> list[nn.Module]:
        """Return linear layers and convolutions, with delays or without."""
        kinds = (*CONNECTIONS, DelayedLinear)
        return [module for module in self.network.modules() if isinstance(module, kinds)]

    def register_hooks(self) -> None:
        """Listen to all activations and connections."""
        for entry in self.activation_layers():
            self.activation_hooks.append(SpikesHook(entry["layer"], entry["layer_name"]))
        loops = {id(m.connection): m for m in self.network.modules() if isinstance(m, Recurrent)}
        for layer in self.connection_layers():
            hook: Hook
            if isinstance(layer, DelayedLinear):
                hook = DelaysHook(layer)
            elif id(layer) in loops:
                hook = LoopHook(layer, loops[id(layer)])
            else:
                hook = StepsHook(layer, self)
            self.connection_hooks.append(hook)

    def reset_hooks(self) -> None:
        """Forget what was heard."""
        for hook in (*self.activation_hooks, *self.connection_hooks):
            hook.reset()

    def close_hooks(self) -> None:
        """Stop listening."""
        for hook in (*self.activation_hooks, *self.connection_hooks):
            hook.close()

    def cleanup_hooks(self) -> None:
        """Forget what was heard, and stop listening."""
        self.reset_hooks()
        self.close_hooks()
        self.activation_hooks.clear()
        self.connection_hooks.clear()


def _activations(module: nn.Module, path: str) -> list[tuple[str, nn.Module]]:
    """Return the activations in a module, by their paths."""
    found = []
    for name, child in module.named_children():
        own = isinstance(child, (Neuron, Recurrent)) and not isinstance(child, LeakyIntegrator)
        foreign = is_temporal(child) and not isinstance(child, Temporal)
        if own or foreign or isinstance(child, ACTIVATIONS):
            found.append((path + name, child))
        elif isinstance(child, ForeignNeuron):
            found.append((path + name, child.neuron))
        else:
            found += _activations(child, f"{path}{name}.")
    return found
