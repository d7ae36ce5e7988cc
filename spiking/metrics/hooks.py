"""What listens to layers for NeuroBench, which reads the attributes of the hooks by their names."""

from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from spiking.layers.delayed_linear import DelayedLinear
from spiking.layers.recurrent import Recurrent
from spiking.metrics.visits import without_delays
from spiking.neurons.neuron import Temporal
from spiking.sequential import is_temporal


class Hook(Protocol):
    """What can forget and stop."""

    def reset(self) -> None:
        """Forget what was heard."""

    def close(self) -> None:
        """Stop listening."""


class SpikesHook:
    """Keeps the spikes of a layer with a state, or what an activation returns.

    Of neurons of snntorch, which go step by step, it keeps the potential before and after, too.
    """

    def __init__(self, layer: nn.Module, name: str) -> None:
        self.layer, self.name = layer, name
        self.spiking = is_temporal(layer) and not isinstance(layer, Temporal)
        self.activation_outputs: list[Tensor] = []
        self.activation_inputs: list[Any] = []
        self.pre_fire_mem_potential: list[Tensor] = []
        self.post_fire_mem_potential: list[Tensor] = []
        before = layer.register_forward_pre_hook(self.before)
        self.handles = (before, layer.register_forward_hook(self.after))

    def before(self, layer: Any, given: Any) -> None:
        """Keep an input."""
        self.activation_inputs.append(given)
        if self.spiking:
            self.pre_fire_mem_potential.append(layer.mem)

    def after(self, layer: Any, given: Any, output: Any) -> None:
        """Keep an output."""
        if isinstance(layer, Temporal):
            self.activation_outputs.append(output[1].spikes)
        else:
            self.activation_outputs.append(output[0] if isinstance(output, tuple) else output)
        if self.spiking:
            self.post_fire_mem_potential.append(layer.mem)

    def reset(self) -> None:
        """Forget what was heard."""
        self.activation_outputs.clear()
        self.activation_inputs.clear()
        self.pre_fire_mem_potential.clear()
        self.post_fire_mem_potential.clear()

    def close(self) -> None:
        """Stop listening."""
        for handle in self.handles:
            handle.remove()


class InputsHook:
    """Keeps the input of a connection at each time step, (batch, ...).

    Attributes
    ----------
    layer
        Linear layer or convolution whose weights the inputs meet.
    inputs
        One tuple for each time step.
    hook
        Handle of what listens.
    """

    hook: RemovableHandle

    def __init__(self, layer: nn.Module) -> None:
        self.layer = layer
        self.inputs: list[tuple[Tensor]] = []
        self.register_hook()

    def register_hook(self) -> None:
        """Listen."""
        raise NotImplementedError

    def keep(self, steps: tuple[Tensor, ...]) -> None:
        """Keep inputs."""
        self.inputs.extend((step.detach(),) for step in steps)

    def reset(self) -> None:
        """Forget what was heard."""
        self.inputs.clear()

    def close(self) -> None:
        """Stop listening."""
        self.hook.remove()


class StepsHook(InputsHook):
    """For layers that take all steps as one batch, or one step."""

    def __init__(self, layer: nn.Module, model: Any) -> None:
        self.model = model
        super().__init__(layer)

    def register_hook(self) -> None:
        """Listen to the layer."""
        self.hook = self.layer.register_forward_pre_hook(
            lambda _, given: self.keep(given[0].split(self.model.batch))
        )


class LoopHook(InputsHook):
    """For the connection of a recurrent layer, which need not call it."""

    def __init__(self, layer: nn.Module, loop: Recurrent) -> None:
        self.loop = loop
        super().__init__(layer)

    def register_hook(self) -> None:
        """Listen to the recurrent layer, whose spikes of the step before come back."""
        self.hook = self.loop.register_forward_hook(self.after)

    def after(self, loop: Any, given: tuple[Any, ...], output: Any) -> None:
        """Keep the spikes that came back."""
        spikes = output[1].spikes
        state = given[1] if len(given) > 1 else None
        first = torch.zeros_like(spikes[0]) if state is None else state[-1]
        self.keep((first, *spikes[:-1].unbind(0)))


class DelaysHook(InputsHook):
    """For synapses with delays: as those without, that of a linear layer."""

    def __init__(self, layer: DelayedLinear) -> None:
        self.delayed = layer
        super().__init__(without_delays(layer))

    def register_hook(self) -> None:
        """Listen to the layer."""
        self.hook = self.delayed.register_forward_pre_hook(
            lambda _, given: self.keep(given[0].unbind(0))
        )
