"""A spiking network on a time grid that reads numbers as spike times."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from spiking import CubaLIF, FastSigmoid, Linear


class LatencyNetwork(nn.Module):
    r"""Spiking neurons over time steps, trained with a surrogate gradient.

    A number x in [0, 1] is a spike at x `longest`; one more input spikes at 0. The hidden neurons
    spike, those of the readout do not: a score is the highest potential. The neurons are those of
    `spiking.EventLIF`, whose time is continuous; here a step is `dt`.

    Parameters
    ----------
    inputs, hidden, classes
        Numbers of inputs, without that at 0, hidden neurons and classes.
    dt
        Time step, in seconds.
    longest
        Spike time of x = 1, in seconds.
    duration
        Length of the simulation, in seconds.
    tau_mem, tau_syn
        Time constants of membrane and current, in seconds.
    slope
        Of the surrogate, a fast sigmoid.
    mean, std
        Of the hidden neurons' initial weights; those of the readout are normal with variance
        1 / hidden.
    generator
        Source of the weights.

    Raises
    ------
    ValueError
        If a parameter is out of range.

    Examples
    --------
    >>> net = LatencyNetwork(4, 50, 3, generator=torch.Generator().manual_seed(0))
    >>> net(torch.rand(8, 4)).shape
    torch.Size([8, 3])
    """

    def __init__(
        self,
        inputs: int,
        hidden: int,
        classes: int,
        *,
        dt: float = 0.5e-3,
        longest: float = 30e-3,
        duration: float = 50e-3,
        tau_mem: float = 20e-3,
        tau_syn: float = 5e-3,
        slope: float = 10.0,
        mean: float = 1.5,
        std: float = 0.78,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if not 0 < dt <= longest <= duration:
            raise ValueError(
                f"expected 0 < dt <= longest <= duration, got {dt}, {longest}, {duration}"
            )
        self.dt, self.longest, self.steps = dt, longest, round(duration / dt)
        self.synapses = Linear(inputs + 1, hidden, bias=False)
        self.neurons = CubaLIF(hidden, tau_syn, tau_mem, dt, r=1.0, surrogate=FastSigmoid(slope))
        self.readout = Linear(hidden, classes, bias=False)
        self.potentials = CubaLIF(classes, tau_syn, tau_mem, dt, r=1.0, reset="none")
        nn.init.normal_(self.synapses.weight, mean, std, generator=generator)
        nn.init.normal_(self.readout.weight, 0.0, hidden**-0.5, generator=generator)

    def encode(self, x: Float[Tensor, "batch inputs"]) -> Float[Tensor, "time batch spikes"]:
        """Return numbers as spikes; the last input is that at 0."""
        step = (torch.nn.functional.pad(x, (0, 1)) * (self.longest / self.dt)).round().long()
        spikes = x.new_zeros(self.steps, *step.shape)
        return spikes.scatter_(0, step[None].clamp(max=self.steps - 1), 1.0)

    def forward(self, x: Float[Tensor, "batch inputs"]) -> Float[Tensor, "batch classes"]:
        """Return a score for each class.

        Parameters
        ----------
        x
            Numbers in [0, 1].
        """
        spikes, _ = self.neurons(self.synapses(self.encode(x)))
        _, record = self.potentials(self.readout(spikes))
        return record.voltage.amax(0)
