"""LIF neurons in continuous time, with EventProp's exact gradient."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from spiking.events.sorted_events import SortedEvents, trusted
from spiking.kernels import adjoint, spike_times
from spiking.operations.threads import Part, on_threads, parts

Found = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
WORK = 8  # operations for an event and a neuron, about


class _SpikeTimes(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, times: Tensor, weight: Tensor, events: SortedEvents, neuron: "EventLIF"
    ) -> tuple[Tensor, Tensor, Tensor]:
        index, start = events.indices.numpy(), events.offsets.numpy()
        when, across = as_doubles(times), as_doubles(weight.T)
        constants = (neuron.threshold, rates(neuron.tau_mem, neuron.tau_syn))
        peak = most_response(neuron.tau_mem, neuron.tau_syn)
        limits = (peak, neuron.duration, neuron.most)
        rows, split = np.zeros(len(events), np.int64), work_parts(events, neuron.neurons)

        def work(_: int, part: Part) -> Found:
            given = (when, index, start, across)
            return spike_times.forward(*given, *constants, *limits, rows, *part[:2])

        found = on_threads(work, split)
        if (rows == spike_times.MANY).any():
            raise ValueError(
                f"a neuron of row {int((rows == spike_times.MANY).argmax())} spikes more than "
                f"{neuron.most} times; weights of up to {weight.abs().max().item():.3g} may be too "
                f"large for the threshold {neuron.threshold:g}, or give a larger `most`"
            )
        ctx.spikes = tuple(map(np.concatenate, zip(*found, strict=True)))
        ctx.begin = np.concatenate(([0], rows.cumsum()))
        ctx.save_for_backward(times, weight)
        ctx.arrays, ctx.constants, ctx.split = (when, index, start, across), constants, split
        who, begin = torch.from_numpy(ctx.spikes[1]), torch.from_numpy(ctx.begin)
        ctx.mark_non_differentiable(who, begin)
        return torch.from_numpy(ctx.spikes[0]).to(times.dtype, copy=True), who, begin

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, above: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:
        times, weight = ctx.saved_tensors
        across, split = ctx.arrays[3], ctx.split
        by_weights = np.zeros((len(split), *across.shape))
        by_times, by_when = np.zeros(len(times)), as_doubles(above)

        def work(i: int, part: Part) -> None:
            spikes = (*ctx.spikes, ctx.begin, by_when)
            adjoint.backward(
                *ctx.arrays, *ctx.constants, *spikes, by_weights[i], by_times, *part[:2]
            )

        on_threads(work, split)
        by_weight = torch.from_numpy(by_weights.sum(0).T).to(weight.dtype)
        return torch.from_numpy(by_times).to(times.dtype), by_weight, None, None


class EventLIF(nn.Module):
    r"""Synapses and LIF neurons in continuous time: spikes in, spikes out, no time steps.

    .. math:: \tau_{mem} \dot v = i - v, \qquad
              \tau_{syn} \dot i = -i + \tau_{syn} \sum_k w_{n j_k}\, \delta(t - t_k)

    Where v reaches the threshold, the neuron spikes and v falls to zero. Between events both are
    known in closed form, so that spike times are exact: no step that could be too large. They are
    found in closed form for tau_mem = 2 tau_syn, otherwise by iteration, to rounding.

    The gradient, by weights and by input times, is the exact one of spike times (EventProp). It
    says nothing of spikes that appear or vanish: a neuron that is silent has no gradient. Spike
    times have an unbounded slope where the potential only just touches the threshold.

    Parameters
    ----------
    inputs, neurons
        Number of inputs and of neurons.
    tau_mem, tau_syn
        Time constants of membrane and current, in seconds.
    threshold
        θ.
    duration
        Time at which the neurons stop, in seconds; later inputs are not heard.
    mean, std
        Of the normal distribution of the initial weights; a spike of weight w makes the current
        jump by w. By default such that the inputs' spikes, one each, together reach the threshold.
    most
        Number of spikes of a neuron above which an error is raised.
    generator
        Source of the weights.

    Raises
    ------
    ValueError
        If a parameter is out of range.

    References
    ----------
    Wunderlich and Pehle, "Event-based backpropagation can compute exact gradients for spiking
    neural networks", Scientific Reports 11, 2021. The closed form: Göltz et al., "Fast and
    energy-efficient neuromorphic deep learning with first-spike times", Nature Machine Intelligence
    3, 2021.

    Examples
    --------
    The earlier the input, the earlier the spike, one for one:

    >>> neuron = EventLIF(1, 1, tau_mem=10e-3, tau_syn=5e-3)
    >>> _ = nn.init.constant_(neuron.weight, 5.0)
    >>> times = torch.tensor([[0.002]], requires_grad=True)
    >>> spikes = neuron(SortedEvents.from_times(times))
    >>> spikes.times
    tensor([0.0052], grad_fn=<_SpikeTimesBackward>)
    >>> spikes.times.sum().backward()
    >>> times.grad
    tensor([[1.]])
    """

    def __init__(
        self,
        inputs: int,
        neurons: int,
        tau_mem: float = 20e-3,
        tau_syn: float = 5e-3,
        *,
        threshold: float = 1.0,
        duration: float = math.inf,
        mean: float | None = None,
        std: float | None = None,
        most: int = 1000,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        for name, value in {"tau_mem": tau_mem, "tau_syn": tau_syn, "threshold": threshold}.items():
            require_positive(name, value)
        if not duration > 0 or most < 1:
            raise ValueError(f"duration and most must be positive, got {duration} and {most}")
        self.inputs, self.neurons = inputs, neurons
        self.tau_mem, self.tau_syn, self.threshold = (
            float(tau_mem),
            float(tau_syn),
            float(threshold),
        )
        self.duration, self.most = float(duration), most
        self.weight = initial_weight(self, mean, std, generator)

    def forward(self, events: SortedEvents) -> SortedEvents:
        """Return the neurons' spikes.

        Raises
        ------
        ValueError
            If the number of inputs is wrong, events or weights are not on the CPU, a weight is no
            number, or a neuron spikes too often.
        """
        require_fit(self, events)
        times, who, begin = _SpikeTimes.apply(events.times, self.weight, events, self)
        return trusted(times, who, begin, self.neurons)

    def extra_repr(self) -> str:
        """Return what print shows."""
        return f"{self.inputs}, {self.neurons}, tau_mem={self.tau_mem:g}, tau_syn={self.tau_syn:g}"


def initial_weight(
    layer: Any, mean: float | None, std: float | None, generator: torch.Generator | None
) -> nn.Parameter:
    """Return random weights, (neurons, inputs)."""
    if layer.inputs < 1 or layer.neurons < 1:
        raise ValueError(
            f"inputs and neurons must be positive, got {layer.inputs}, {layer.neurons}"
        )
    enough = layer.threshold / most_response(layer.tau_mem, layer.tau_syn) / layer.inputs
    mean = enough if mean is None else mean
    std = enough if std is None else std
    if std < 0:
        raise ValueError(f"std must not be negative, got {std}")
    return nn.Parameter(mean + std * torch.randn(layer.neurons, layer.inputs, generator=generator))


def require_positive(name: str, value: float) -> None:
    """Raise a ValueError unless a number is positive and finite."""
    if not 0 < value < math.inf:
        raise ValueError(f"{name} must be a positive number, got {value}")


def require_fit(layer: Any, events: SortedEvents) -> None:
    """Raise a ValueError unless events fit a layer, and its weights are numbers."""
    if events.neurons != layer.inputs:
        raise ValueError(f"expected events of {layer.inputs} neurons, got {events.neurons}")
    if not (events.times.is_cpu and layer.weight.is_cpu):
        raise ValueError(
            f"events and weights must be on the CPU, got {events.times.device} and "
            f"{layer.weight.device}"
        )
    if not bool(layer.weight.detach().isfinite().all()):
        bad = tuple(int(i) for i in (~layer.weight.isfinite()).nonzero()[0])
        raise ValueError(f"weights must be finite, got {layer.weight[bad].item()} at {bad}")


def most_response(tau_mem: float, tau_syn: float) -> float:
    """Return the highest potential after a spike of weight 1."""
    ratio = tau_mem / tau_syn
    if abs(ratio - 1) < 1e-6:
        return math.exp(-1) * (1 + 1e-6)
    return ratio ** (ratio / (1 - ratio))


def rates(tau_mem: float, tau_syn: float) -> tuple[float, float, float, float]:
    """Return both rates, their distance and its inverse, as the kernels need them."""
    leak, rate = 1 / tau_mem, 1 / tau_syn
    gap = abs(rate - leak)
    return leak, rate, gap, 1 / gap if gap > 0 else math.inf


def as_doubles(tensor: Tensor) -> np.ndarray:
    """Return numbers as a contiguous array of float64."""
    return np.ascontiguousarray(tensor.detach().numpy(), np.float64)


def work_parts(events: SortedEvents, neurons: int) -> list[Part]:
    """Return which rows each thread takes."""
    each = WORK * (1 + len(events.times) // len(events))
    return parts(len(events), neurons, each, whole_rows=True)
