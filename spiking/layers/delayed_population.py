r"""A population of neurons that encodes a number, and axons that bring its spikes later and later.

Each neuron has a bell-shaped tuning curve, :math:`a_m(u) = e^{-(u - c_m)^2 / 2 \sigma^2}`, and
fires T time steps for every value of a series. What it says about the value u_t reaches a readout
through an axon that branches with delays of 0 to K − 1 values,

.. math:: \phi_t = \big(1, \hat a_m(u_{t-k})\big), \qquad m = 1 \dots M,\ k = 0 \dots K - 1,

so that a linear readout is any sum of smooth functions of single past values.
"""

from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from spiking.encodings import encode_population
from spiking.neurons.integrate_and_fire import IF
from spiking.neurons.neuron import Temporal
from spiking.phase import decode_phase, encode_phase

Code = Literal["phase", "rate"]


class PopulationRecord(NamedTuple):
    """What a population did.

    Attributes
    ----------
    spikes
        (time, batch, neurons), number of spikes for each value.
    state
        Past values as said by the neurons, (K − 1, batch, neurons), and potentials,
        (batch, neurons).
    """

    spikes: Tensor
    state: tuple[Tensor, Tensor]


class DelayedPopulation(Temporal):
    """Tuning curves, spikes, delays: features of a series for a linear readout.

    Parameters
    ----------
    neurons
        M, at least 2; their centres are evenly from `low` to `high`.
    delays
        K, number of values that the readout sees.
    steps
        T, time steps for each value.
    code
        "phase": spikes are the binary digits of the answer, see `encode_phase`. "rate":
        integrate-and-fire neurons count it, and what is left of their potential stays for the next
        value.
    low, high, overlap
        As in `encode_population`.

    Raises
    ------
    ValueError
        If a parameter is out of range.

    References
    ----------
    Bohte, Kok and La Poutré, "Error-backpropagation in temporally encoded networks of spiking
    neurons", Neurocomputing 48, 2002 (receptive fields).

    Examples
    --------
    >>> features, record = DelayedPopulation(10, delays=4)(torch.zeros(5, 1, 1))
    >>> features.shape, record.spikes.shape
    (torch.Size([5, 1, 41]), torch.Size([5, 1, 10]))
    """

    def __init__(
        self,
        neurons: int = 20,
        delays: int = 24,
        steps: int = 12,
        *,
        code: Code = "phase",
        low: float = -2.6,
        high: float = 2.6,
        overlap: float = 2 / 3,
    ) -> None:
        super().__init__()
        if delays < 1 or steps < 1:
            raise ValueError(f"delays and steps must be at least 1, got {delays} and {steps}")
        if code not in ("phase", "rate"):
            raise ValueError(f"code must be phase or rate, got {code!r}")
        encode_population(torch.zeros(1), neurons, low=low, high=high, overlap=overlap)
        self.neurons, self.delays, self.steps, self.code = neurons, delays, steps, code
        self.low, self.high, self.overlap = low, high, overlap
        self.integrate = IF(neurons) if code == "rate" else None

    @property
    def noise(self) -> float:
        """Variance of what spikes leave out of an answer, were it uniform: a step² / 12."""
        step = 2.0**-self.steps if self.code == "phase" else 1 / self.steps
        return step * step / 12

    def forward(
        self, x: Float[Tensor, "time batch 1"], state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Float[Tensor, "time batch features"], PopulationRecord]:
        """Return features, constant first, then the newest value, and what the population did.

        Parameters
        ----------
        x
            Series.
        state
            State of a record, to go on from; silence and half a threshold unless given.

        Raises
        ------
        ValueError
            If a shape is wrong.
        """
        if x.dim() != 3 or x.shape[2] != 1 or len(x) == 0:
            raise ValueError(f"expected input (time, batch, 1), got {tuple(x.shape)}")
        time, batch = x.shape[:2]
        if state is None:
            past = x.new_zeros(self.delays - 1, batch, self.neurons)
            state = past, x.new_full((batch, self.neurons), 0.5)
        elif state[1].shape != (batch, self.neurons):
            raise ValueError(
                f"expected a state for the batch of the input, ({batch}, {self.neurons}), got "
                f"{tuple(state[1].shape)}"
            )
        answers = encode_population(
            x[..., 0], self.neurons, low=self.low, high=self.high, overlap=self.overlap
        )
        said, spikes, potential = self._fire(answers, state[1])
        held = torch.cat((state[0], said))
        seen = held.unfold(0, self.delays, 1).flip(-1).transpose(2, 3)
        features = torch.cat((x.new_ones(time, batch, 1), seen.flatten(2)), -1)
        return features, PopulationRecord(spikes, (held[len(held) - self.delays + 1 :], potential))

    def _fire(self, answers: Tensor, potential: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return what spikes say of answers (time, batch, neurons), their numbers, potentials."""
        if self.integrate is None:
            digits = encode_phase(answers, self.steps)
            return decode_phase(digits), digits.sum(0), potential
        counts = []
        for part in answers.split(64):  # values at a time, so that spikes take little memory
            spikes, record = self.integrate(part.repeat_interleave(self.steps, 0), (potential,))
            potential = record.state[0]
            counts.append(spikes.unflatten(0, (len(part), self.steps)).sum(1))
        total = torch.cat(counts)
        return total / self.steps, total, potential

    def extra_repr(self) -> str:
        """Return what print shows."""
        return f"{self.neurons}, delays={self.delays}, steps={self.steps}, code={self.code}"
