"""Leaky integrators in continuous time: the highest potential of each, with its exact gradient."""

import math
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from spiking.events.event_lif import (
    as_doubles,
    initial_weight,
    rates,
    require_fit,
    require_positive,
    work_parts,
)
from spiking.events.sorted_events import SortedEvents
from spiking.kernels import peaks
from spiking.operations.threads import Part, on_threads


class _Highest(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, times: Tensor, weight: Tensor, events: SortedEvents, layer: "EventIntegrator"
    ) -> Tensor:
        arrays = (
            as_doubles(times), events.indices.numpy(), events.offsets.numpy(), as_doubles(weight.T),
            rates(layer.tau_mem, layer.tau_syn),
        )  # fmt: skip
        shape = (len(events), layer.neurons)
        highest, when, last = np.empty(shape), np.empty(shape), np.empty(shape, np.int64)
        rise, split = np.empty(shape), work_parts(events, layer.neurons)

        def work(_: int, part: Part) -> None:
            peaks.forward(*arrays, layer.duration, highest, when, last, rise, *part[:2])

        on_threads(work, split)
        ctx.save_for_backward(times, weight)
        ctx.arrays, ctx.found, ctx.split = arrays, (when, last, rise), split
        return torch.from_numpy(highest).to(weight.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *above: Tensor) -> tuple[Tensor | None, ...]:
        times, weight = ctx.saved_tensors
        by_weights = np.zeros((len(ctx.split), *ctx.arrays[3].shape))
        by_times, by_highest = np.zeros(len(times)), as_doubles(above[0])

        def work(i: int, part: Part) -> None:
            given = (*ctx.arrays, *ctx.found, by_highest)
            peaks.backward(*given, by_weights[i], by_times, *part[:2])

        on_threads(work, ctx.split)
        by_weight = torch.from_numpy(by_weights.sum(0).T).to(weight.dtype)
        return torch.from_numpy(by_times).to(times.dtype), by_weight, None, None


class EventIntegrator(nn.Module):
    r"""Synapses and neurons without threshold in continuous time; returns how high each rises.

    .. math:: y_n = \max_t v_n(t), \qquad
              \tau_{mem} \dot v = i - v, \qquad
              \tau_{syn} \dot i = -i + \tau_{syn} \sum_k w_{n j_k}\, \delta(t - t_k)

    The potential is 0 before the first event, so that no maximum is below. The gradient, by
    weights and by input times, is exact.

    Parameters
    ----------
    inputs, neurons, tau_mem, tau_syn, duration, mean, std, generator
        As in `EventLIF`, with a threshold of 1.

    Raises
    ------
    ValueError
        If a parameter is out of range.

    References
    ----------
    Wunderlich and Pehle, "Event-based backpropagation can compute exact gradients for spiking
    neural networks", Scientific Reports 11, 2021, the loss for MNIST.

    Examples
    --------
    With tau_mem = 2 tau_syn a spike of weight 1 makes the potential rise to a quarter:

    >>> readout = EventIntegrator(1, 1, tau_mem=10e-3, tau_syn=5e-3)
    >>> _ = nn.init.ones_(readout.weight)
    >>> readout(SortedEvents.from_times(torch.zeros(1, 1)))
    tensor([[0.2500]], grad_fn=<_HighestBackward>)
    """

    def __init__(
        self,
        inputs: int,
        neurons: int,
        tau_mem: float = 20e-3,
        tau_syn: float = 5e-3,
        *,
        duration: float = math.inf,
        mean: float | None = None,
        std: float | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        require_positive("tau_mem", tau_mem)
        require_positive("tau_syn", tau_syn)
        if not duration > 0:
            raise ValueError(f"duration must be positive, got {duration}")
        self.inputs, self.neurons, self.threshold = inputs, neurons, 1.0
        self.tau_mem, self.tau_syn, self.duration = float(tau_mem), float(tau_syn), float(duration)
        self.weight = initial_weight(self, mean, std, generator)

    def forward(self, events: SortedEvents) -> Float[Tensor, "batch neurons"]:
        """Return the highest potentials.

        Raises
        ------
        ValueError
            If the number of inputs is wrong, events or weights are not on the CPU, or a weight is
            no number.
        """
        require_fit(self, events)
        return _Highest.apply(events.times, self.weight, events, self)

    def extra_repr(self) -> str:
        """Return what print shows."""
        return f"{self.inputs}, {self.neurons}, tau_mem={self.tau_mem:g}, tau_syn={self.tau_syn:g}"
