"""A spiking convolutional network for recordings of an event camera."""

from jaxtyping import Float
from torch import Tensor, nn

from spiking import LIF, ArcTan, LeakyIntegrator, Linear, Sequential


class EventCNN(nn.Module):
    """Two spiking convolutions, a spiking layer and an integrator.

    Strides in the place of pooling keep all that goes from layer to layer spikes.

    Parameters
    ----------
    steps
        Time steps of a recording.
    dt
        Length of a step, in seconds.
    channels
        Of the two convolutions.
    hidden
        Spiking neurons before the output.
    tau_mem
        Time constant of the neurons, in seconds.
    classes
        Number of scores.
    size
        Height and width of the sensor.

    Attributes
    ----------
    network
        The layers, on (time, batch, 2, height, width): `spiking.Sequential`.

    Examples
    --------
    >>> import torch
    >>> EventCNN(steps=5)(torch.rand(3, 10, 34, 34)).shape
    torch.Size([3, 10])
    """

    def __init__(
        self,
        steps: int,
        dt: float = 30e-3,
        *,
        channels: tuple[int, int] = (12, 24),
        hidden: int = 128,
        tau_mem: float = 60e-3,
        classes: int = 10,
        size: int = 34,
    ) -> None:
        super().__init__()
        if steps < 1:
            raise ValueError(f"steps must be positive, got {steps}")
        self.steps = steps
        first, second = channels
        side = (size - 3) // 2 + 1
        small = (side - 1) // 2 + 1

        def neurons(*shape: int) -> LIF:
            return LIF(shape, tau_mem, dt, surrogate=ArcTan())

        self.network = Sequential(
            nn.Conv2d(2, first, 5, stride=2, padding=1),
            neurons(first, side, side),
            nn.Conv2d(first, second, 3, stride=2, padding=1),
            neurons(second, small, small),
            nn.Flatten(),
            Linear(second * small**2, hidden),
            neurons(hidden),
            Linear(hidden, classes),
            LeakyIntegrator(classes, tau_mem, dt),
        )

    def over_time(
        self, x: Float[Tensor, "batch frames height width"]
    ) -> Float[Tensor, "time batch 2 height width"]:
        """Return frames, both polarities of a step side by side, as the network takes them."""
        if x.shape[1] != 2 * self.steps:
            raise ValueError(
                f"expected {2 * self.steps} frames, two a step, got shape {tuple(x.shape)}"
            )
        return x.unflatten(1, (self.steps, 2)).transpose(0, 1)

    def forward(
        self, x: Float[Tensor, "batch frames height width"]
    ) -> Float[Tensor, "batch classes"]:
        """Return scores, the mean potential of the outputs.

        Parameters
        ----------
        x
            Counts of events, (batch, 2 · steps, height, width): all of a recording as channels,
            so that what moves images moves recordings.
        """
        potential, _ = self.network(self.over_time(x).contiguous())
        return potential.mean(0)
