r"""A liquid state machine: a fixed random network of spiking neurons, as features of a series.

Each value :math:`u_t` is held for T time steps as a current :math:`W_{in}(1, u_t)` into recurrent
leaky integrate-and-fire neurons. A readout sees their filtered number of spikes,

.. math:: r_t = \rho\, r_{t-1} + (1 - \rho)\, n_t / T, \qquad \phi_t = (1, u_t, r_t).
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from spiking.layers.recurrent import Recurrent
from spiking.neurons.lif import LIF
from spiking.neurons.neuron import Temporal


class LiquidRecord(NamedTuple):
    """What a liquid did.

    Attributes
    ----------
    spikes
        (time, batch, neurons), number of spikes for each value.
    state
        State of the neurons, then their filtered number of spikes.
    """

    spikes: Tensor
    state: tuple[Tensor, ...]


class Liquid(Temporal):
    """A random recurrent network of leaky integrate-and-fire neurons.

    Parameters
    ----------
    neurons
        Their number.
    steps
        T, time steps for each value.
    tau_mem
        Membrane time constant, in seconds.
    dt
        Time step, in seconds.
    connected
        Chance of a connection.
    gain
        Deviation of the sum of all weights into a neuron, in thresholds.
    input_scale, bias_scale
        Deviation of the weights of input and constant, in thresholds.
    memory
        ρ, in [0, 1).
    generator
        Source of the weights.

    Raises
    ------
    ValueError
        If a parameter is out of range.

    References
    ----------
    Maass, Natschläger and Markram, "Real-time computing without stable states", Neural Computation
    14, 2002.

    Examples
    --------
    >>> liquid = Liquid(30, generator=torch.Generator().manual_seed(0))
    >>> features, record = liquid(torch.ones(5, 2, 1))
    >>> features.shape, bool(record.spikes.sum() > 0)
    (torch.Size([5, 2, 32]), True)
    """

    inward: Tensor

    def __init__(
        self,
        neurons: int = 500,
        steps: int = 16,
        *,
        tau_mem: float = 16e-3,
        dt: float = 1e-3,
        connected: float = 0.1,
        gain: float = 0.5,
        input_scale: float = 0.3,
        bias_scale: float = 0.3,
        memory: float = 0.5,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if neurons < 1 or steps < 1:
            raise ValueError(f"neurons and steps must be at least 1, got {neurons} and {steps}")
        if not (0 < connected <= 1 and 0 <= memory < 1):
            raise ValueError(
                f"expected connected in (0, 1] and memory in [0, 1), got {connected} and {memory}"
            )
        self.neurons, self.steps, self.memory = neurons, steps, memory
        scale = torch.tensor([bias_scale, input_scale])
        self.register_buffer("inward", torch.randn(neurons, 2, generator=generator) * scale)
        chosen = torch.rand(neurons, neurons, generator=generator) < connected
        weights = torch.randn(neurons, neurons, generator=generator) * chosen
        connection = nn.Linear(neurons, neurons, bias=False)
        connection.weight.data.copy_(weights * (gain / math.sqrt(connected * neurons)))
        connection.requires_grad_(False)
        self.network = Recurrent(LIF(neurons, tau_mem, dt), connection)

    def forward(
        self, x: Float[Tensor, "time batch 1"], state: tuple[Tensor, ...] | None = None
    ) -> tuple[Float[Tensor, "time batch features"], LiquidRecord]:
        """Return constant, input and filtered numbers of spikes, and what the liquid did.

        Parameters
        ----------
        x
            Series.
        state
            State of a record, to go on from; at rest unless given.

        Raises
        ------
        ValueError
            If a shape is wrong.
        """
        if x.dim() != 3 or x.shape[2] != 1 or len(x) == 0:
            raise ValueError(f"expected input (time, batch, 1), got {tuple(x.shape)}")
        seen = torch.cat((torch.ones_like(x), x), -1)
        current = seen.to(self.inward.dtype) @ self.inward.T
        held = None if state is None else state[:-1]
        trace = torch.zeros_like(current[0]) if state is None else state[-1]
        counts, path = [], []
        for part in current.split(64):  # values at a time, so that spikes take little memory
            spikes, record = self.network(part.repeat_interleave(self.steps, 0), held)
            held = record.state
            counts.append(spikes.unflatten(0, (len(part), self.steps)).sum(1))
        total = torch.cat(counts)
        for row in (total / self.steps).unbind(0):
            trace = self.memory * trace + (1 - self.memory) * row
            path.append(trace)
        features = torch.cat((seen, torch.stack(path).to(x.dtype)), -1)
        return features, LiquidRecord(total, (*(held or ()), trace))

    def extra_repr(self) -> str:
        """Return what print shows."""
        return f"{self.neurons}, steps={self.steps}, memory={self.memory}"
