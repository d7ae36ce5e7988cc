r"""Neurons in integers, as chips compute them."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from spiking.hardware.errors import NetworkError
from spiking.hardware.integers.format import Format

INPUT = "input"
RESETS = ("zero", "subtract")
NUMBERS = ("decay_u", "decay_v", "threshold", "bias", "bias_exponent", "refractory")


@dataclass(frozen=True, eq=False)
class Population:
    r"""Leaky integrate-and-fire neurons in integers.

    .. math:: u_t = \mathrm{wrap}\left(\left[\tfrac{(4096 - \delta_u - 1)\,u_{t-1}}{4096}\right]
                    + 2^6 a_t\right), \quad
              v_t = \mathrm{clip}\left(\left[\tfrac{(4096 - \delta_v)\,v_{t-1}}{4096}\right]
                    + u_t + b\, 2^{e}\right), \quad
              v_t > 2^6 \theta \;\Rightarrow\; \text{spike},\ v_t = 0

    with a_t the weights that arrive, [·] rounding towards zero, and 24 bits for u and v: the sizes
    are those of Loihi, see `spiking.hardware.Format` for others.

    Parameters
    ----------
    name
        Of the population.
    neurons
        Their number.
    decay_u, decay_v
        δ of the synaptic current and of the potential, 0 to 4,095; one number, or one for each
        neuron, as for all below. The chip adds one to the first: at 4,095 nothing is left of a
        current after a step.
    threshold
        θ, 0 to 131,071.
    bias, bias_exponent
        b, −4,096 to 4,095, and e, 0 to 7.
    refractory
        Steps after a spike, 0 to 63, in which the potential stays as it is and takes nothing.
    reset
        "zero", or "subtract" for chips that take the threshold away instead.
    spikes
        False for neurons that are read out: they integrate and never fire.

    Raises
    ------
    NetworkError
        For a number that is no integer, or of another shape. Ranges are checked by the network.

    References
    ----------
    Davies et al., "Loihi: a neuromorphic manycore processor with on-chip learning", IEEE Micro 38
    (1), 2018.

    Examples
    --------
    >>> Population("hidden", 3, decay_v=128, threshold=[100, 200, 300]).threshold
    array([100, 200, 300])
    """

    name: str
    neurons: int
    decay_u: Any = 4095
    decay_v: Any = 0
    threshold: Any = 0
    bias: Any = 0
    bias_exponent: Any = 0
    refractory: Any = 0
    reset: str = "zero"
    spikes: bool = True

    def __post_init__(self) -> None:
        if self.name == INPUT:
            raise NetworkError(f"a population cannot be called {INPUT!r}, as the network's input")
        if self.neurons < 1:
            raise NetworkError(f"population {self.name}: expected neurons, got {self.neurons}")
        if self.reset not in RESETS:
            known = ", ".join(RESETS)
            raise NetworkError(
                f"population {self.name}: reset must be one of {known}, got {self.reset!r}"
            )
        for name in NUMBERS:
            object.__setattr__(self, name, self._row(name))

    def __repr__(self) -> str:
        fires = f"reset {self.reset}" if self.spikes else "read out"
        return f"Population({self.name}: {self.neurons:,} neurons, {fires})"

    def _row(self, name: str) -> np.ndarray:
        given = np.asarray(getattr(self, name))
        where = f"population {self.name}: {name}"
        if not np.issubdtype(given.dtype, np.integer):
            raise NetworkError(f"{where} must be integers, got {given.dtype}")
        if given.shape not in ((), (self.neurons,)):
            raise NetworkError(
                f"{where} must be one number or ({self.neurons},), got shape {given.shape}"
            )
        return np.broadcast_to(given.astype(np.int64), (self.neurons,))

    def require_in(self, sizes: Format) -> None:
        """Raise a NetworkError for a number that does not fit."""
        limits = {
            "decay_u": (0, sizes.unity - 1),
            "decay_v": (0, sizes.unity),
            "threshold": (0, 2**sizes.threshold - 1),
            "bias": (-(2 ** (sizes.bias - 1)), 2 ** (sizes.bias - 1) - 1),
            "bias_exponent": (0, 2**sizes.bias_exponent - 1),
            "refractory": (0, 2**sizes.refractory - 1),
        }
        for name, (least, most) in limits.items():
            values = getattr(self, name)
            worst = values.min() if values.min() < least else values.max()
            if not least <= worst <= most:
                raise NetworkError(
                    f"population {self.name}: {name} must be from {least} to {most}, got {worst}"
                )
