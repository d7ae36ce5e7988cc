r"""A cochlea: sound becomes the spikes of neurons that each hear a band of frequencies.

Gammatone filters stand for the basilar membrane, see `spiking.hearing.gammatone`. Hair cells
release transmitter from a pool that empties: they follow the phase, compress and adapt,

.. math:: k &= g\,\frac{s + A}{s + A + B} \text{ where } s > -A, \text{ else } 0 \\
          \dot q &= y (1 - q) + x w - k q, \qquad
          \dot c = k q - (l + r) c, \qquad \dot w = r c - x w

with s the motion of the membrane and q, c, w the transmitter that is free, in the cleft and in
store. Some fibres of a hair cell end in one leaky integrate-and-fire neuron, which keeps the phase.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from spiking.hearing.gammatone import erb_spaced, gammatone
from spiking.kernels import hearing
from spiking.operations.threads import Part, on_threads, parts

QUIET = 30.0  # dB; Meddis's unit of motion is the root mean square at this level


@dataclass(frozen=True)
class HairCell:
    """Rates of a hair cell; those of Meddis et al. for a fibre of medium spontaneous rate.

    Attributes
    ----------
    A, B
        Motion at which release begins and half saturates, in units of motion.
    g
        Largest rate of release, per second.
    y
        Rate of replenishment, per second.
    x
        Rate of return from the store, per second.
    l, r
        Rates of loss and of return from the cleft, per second.
    h
        Spikes per second of a fibre for transmitter in the cleft.
    """

    A: float = 10.0
    B: float = 3000.0
    g: float = 1000.0
    y: float = 5.05
    x: float = 66.31
    l: float = 2500.0  # noqa: E741 - Meddis's letter
    r: float = 6580.0
    h: float = 50000.0

    def steady_cleft(self, motion: float = 0.0) -> float:
        """Return the transmitter in the cleft after a long constant motion."""
        k = self.g * max(motion + self.A, 0.0) / (motion + self.A + self.B)
        return self.y * k / (self.l * k + self.y * (self.l + self.r))


class Cochlea(nn.Module):
    """Filters, hair cells and neurons of an ear.

    Nothing is random: a hair cell's fibres act by the mean of what they release. A neuron's
    threshold is so high that release in silence does not reach it.

    Parameters
    ----------
    channels
        Number of bands, at least 2.
    sample_rate
        Of the sound, in hertz.
    dt
        Width of a time bin of the spikes, in seconds; a whole number of samples.
    low, high
        Centre of the first and of the last band, in hertz.
    level
        Loudness of a sound whose root mean square is 1, in dB.
    fibres
        Fibres that end in a neuron.
    weight
        What a spike of a fibre adds to a neuron's potential, in thresholds.
    tau_mem
        Membrane time constant, in seconds.
    refractory
        Pause after a spike, in seconds.
    cell
        The hair cells.

    Raises
    ------
    ValueError
        If a parameter is out of range, or neurons would fire in silence.

    References
    ----------
    Meddis, "Simulation of mechanical to neural transduction in the auditory receptor", Journal of
    the Acoustical Society of America 79, 1986; parameters: Meddis, Hewitt and Shackleton,
    "Implementation details of a computation model of the inner hair-cell auditory-nerve synapse",
    ibid. 87, 1990.

    Cramer, Stradmann, Schemmel and Zenke, "The Heidelberg spiking data sets for the systematic
    evaluation of spiking neural networks", IEEE TNNLS 33, 2022: 700 channels, with a hydrodynamic
    membrane, the same hair cells at random and bushy cells; this is a reduced version.

    Examples
    --------
    A tone of 1 kHz, and the band that answers most:

    >>> tone = torch.sin(2 * torch.pi * 1000 * torch.arange(1600) / 8000)
    >>> cochlea = Cochlea(channels=20)
    >>> spikes = cochlea(0.1 * tone[None])
    >>> spikes.shape, cochlea.centres[spikes.sum((0, 1)).argmax()].round().item()
    (torch.Size([200, 1, 20]), 933.0)
    """

    def __init__(
        self,
        channels: int = 64,
        sample_rate: int = 8000,
        dt: float = 1e-3,
        *,
        low: float = 80.0,
        high: float = 3600.0,
        level: float = 100.0,
        fibres: int = 40,
        weight: float = 1.8,
        tau_mem: float = 0.5e-3,
        refractory: float = 1e-3,
        cell: HairCell | None = None,
    ) -> None:
        super().__init__()
        step = 1 / sample_rate
        per_bin = round(dt * sample_rate)
        if per_bin < 1 or abs(per_bin - dt * sample_rate) > 1e-6 * per_bin:
            raise ValueError(f"dt must be a whole number of samples of {step:g} s, got {dt:g}")
        if not (fibres > 0 and weight > 0 and tau_mem > 0 and refractory >= 0):
            raise ValueError(
                "expected positive fibres, weight, tau_mem and refractory not negative, got "
                f"{fibres}, {weight}, {tau_mem}, {refractory}"
            )
        self.channels, self.sample_rate, self.dt = channels, sample_rate, dt
        self.centres = erb_spaced(channels, low, high)
        self.filters = gammatone(self.centres, sample_rate)
        self.cell = HairCell() if cell is None else cell
        self._amplitude = 10 ** ((level - QUIET) / 20)
        self._decay, self._per_bin = math.exp(-step / tau_mem), per_bin
        self._pause = round(refractory * sample_rate)
        self._weight = fibres * weight * self.cell.h * step
        silence = self._weight * self.cell.steady_cleft() / (1 - self._decay)
        if silence >= 1:
            raise ValueError(
                f"{fibres} fibres of weight {weight} bring a neuron to {silence:.2f} thresholds in "
                "silence, expected less than 1"
            )

    def forward(
        self, sound: Float[Tensor, "batch samples"]
    ) -> Float[Tensor, "time batch channels"]:
        """Return the number of spikes in each time bin; the last bin may be cut short.

        Parameters
        ----------
        sound
            Pressure at the sample rate.

        Raises
        ------
        ValueError
            If the shape is wrong, or something is not finite.
        """
        array = self._pressure(sound)
        bins = -(-array.shape[1] // self._per_bin)
        counts = np.zeros((len(array), bins, self.channels), np.float32)
        cell, step = self.cell, 1 / self.sample_rate
        kappa = cell.l + cell.r
        stays = math.exp(-kappa * step)
        left = (1 - stays) / (kappa * step)
        rates = (cell.A, cell.B, cell.g, cell.y, cell.x, stays, left, cell.r / kappa)
        neuron = (step, self._weight, self._decay, float(self._pause), self._per_bin)
        filters = [part.numpy() for part in self.filters]

        def work(_: int, part: Part) -> None:
            for b in range(part[0], part[1]):
                hearing.hear(array[b], *filters, rates, self._rest(), *neuron, counts[b])

        on_threads(work, parts(len(array), self.channels, 50 * array.shape[1], whole_rows=True))
        return torch.from_numpy(counts).transpose(0, 1).contiguous()

    def motion(
        self, sound: Float[Tensor, "batch samples"]
    ) -> Float[Tensor, "samples batch channels"]:
        """Return the motion of the membrane, in the hair cells' units.

        Parameters
        ----------
        sound
            Pressure at the sample rate.
        """
        array = self._pressure(sound)
        found = np.zeros((*array.shape, self.channels))
        for row, out in zip(array, found, strict=True):
            hearing.move(row, *(part.numpy() for part in self.filters), out)
        return torch.from_numpy(found).transpose(0, 1)

    def _pressure(self, sound: Tensor) -> np.ndarray:
        if sound.dim() != 2 or 0 in sound.shape:
            raise ValueError(f"expected sound (batch, samples), got {tuple(sound.shape)}")
        if not sound.isfinite().all():
            raise ValueError("the sound must be finite numbers, got NaN or infinity")
        pressure: np.ndarray = (sound.detach().double() * self._amplitude).numpy()
        return pressure

    def _rest(self) -> tuple[float, float, float]:
        """Return the transmitter of a hair cell in silence: free, in the cleft, in store."""
        cell = self.cell
        cleft = cell.steady_cleft()
        k = cell.g * cell.A / (cell.A + cell.B)
        return (cell.l + cell.r) * cleft / k, cleft, cell.r * cleft / cell.x

    def extra_repr(self) -> str:
        """Return what print shows."""
        return f"{self.channels}, sample_rate={self.sample_rate}, dt={self.dt:g}"
