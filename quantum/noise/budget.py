r"""What shots an expectation value takes.

Words of Pauli matrices that agree on every wire are measured at once, in one setting. A setting g
whose outcomes have standard deviation :math:`\sigma_g` leaves :math:`\sigma_g^2/n_g` after
:math:`n_g` shots. For a precision ε, shots are fewest with

.. math:: n_g = \frac{\sigma_g \sum_h \sigma_h}{\varepsilon^2}.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from pennylane.operation import Operator
from torch import Tensor

from quantum.errors import InputError
from quantum.noise.density import multiplied
from quantum.noise.programs import labels_of
from quantum.noise.readout import Readout
from quantum.simulation.outcomes import signs, together
from quantum.simulation.schedule import PAULIS
from quantum.simulation.translate import words_of


@dataclass(frozen=True, eq=False)
class Settings:
    """Bases to measure an observable in.

    Attributes
    ----------
    bases
        For each setting a letter of X, Y and Z for each wire.
    values
        (settings, 2^wires), what each outcome counts.
    offset
        What the identity counts.
    """

    bases: Sequence[str]
    values: Tensor
    offset: float

    def probabilities(self, matrices: Tensor) -> Tensor:
        """Return those of outcomes, (batch, settings, 2^wires), from density matrices.

        Parameters
        ----------
        matrices
            (batch, 2^wires, 2^wires).
        """
        return torch.stack([_outcomes(matrices, basis) for basis in self.bases], 1)

    def mean(self, probabilities: Tensor) -> Tensor:
        """Return the expectation value, (batch,), from probabilities of outcomes."""
        return (probabilities * self.values).sum((-1, -2)) + self.offset

    def spreads(self, probabilities: Tensor) -> Tensor:
        """Return the standard deviation of one shot in each setting, (batch, settings)."""
        mean = (probabilities * self.values).sum(-1, keepdim=True)
        return (probabilities * (self.values - mean) ** 2).sum(-1).clamp_min(0).sqrt()

    def sampled(
        self, probabilities: Tensor, shots: Sequence[int], rng: np.random.Generator, repeats: int
    ) -> Tensor:
        """Return what experiments find, each with so many shots in each setting.

        Parameters
        ----------
        probabilities
            (settings, 2^wires).
        shots
            Of each setting, at least one.
        rng
            Of outcomes.
        repeats
            Number of experiments.

        Returns
        -------
        Tensor
            (repeats,).
        """
        if len(shots) != len(self.bases) or min(shots) < 1:
            raise InputError(f"expected shots for {len(self.bases)} settings, got {list(shots)}")
        total = np.full(repeats, self.offset)
        for p, values, n in zip(probabilities, self.values, shots, strict=True):
            chances = p.double().clamp_min(0).numpy()
            counts = rng.multinomial(n, chances / chances.sum(), size=repeats)
            total += counts @ values.numpy() / n
        return torch.from_numpy(total)

    def corrected(self, readout: Readout) -> "Settings":
        """Return settings whose means over what is misread are right."""
        return Settings(self.bases, readout.corrected_values(self.values), self.offset)


def settings_of(observable: Operator, wires: Any = None) -> Settings:
    """Return few settings that measure all words of an observable.

    Words go, the largest coefficient first, into the first setting that they agree with.

    Parameters
    ----------
    observable
        Of PennyLane, a sum of words of Pauli matrices.
    wires
        Number of wires or their labels in order; those of the observable unless given.

    References
    ----------
    Crawford, van Straaten, Wang, Parks, Campbell and Brierley, "Efficient quantum measurement of
    Pauli operators in the presence of finite sampling error", Quantum 5, 385, 2021, section 3.

    Examples
    --------
    >>> import pennylane as qml
    >>> chain = qml.Z(0) @ qml.Z(1) + 0.5 * qml.X(0) + 0.5 * qml.X(1)
    >>> list(settings_of(chain).bases)
    ['ZZ', 'XX']
    """
    labels = labels_of(observable.wires if wires is None else wires)
    places = {wire: i for i, wire in enumerate(labels)}
    found = words_of(observable, places)
    order = sorted((word for word in found if word.letters), key=lambda word: -abs(found[word]))
    n, groups = len(labels), together(order)
    values = [
        sum(found[order[k]] * signs((wire for wire, _ in order[k].letters), n) for k in chosen)
        for _, chosen in groups
    ]
    offset = sum(c for word, c in found.items() if not word.letters)
    return Settings(
        ["".join(basis.get(wire, "Z") for wire in range(n)) for basis, _ in groups],
        torch.from_numpy(np.array(values).reshape(len(groups), 1 << n)),
        float(offset),
    )


def shots_for(precision: float, spreads: Tensor) -> list[int]:
    """Return shots of each setting, the fewest that leave a standard error of the precision.

    Parameters
    ----------
    precision
        ε.
    spreads
        (settings,), the standard deviation of one shot.

    References
    ----------
    Rubin, Babbush and McClean, "Application of fermionic marginal constraints to hybrid quantum
    algorithms", New Journal of Physics 20, 053020, 2018, eq. 22 to 25.
    """
    if not precision > 0:
        raise InputError(f"a precision must be positive, got {precision}")
    wanted = spreads * spreads.sum() / precision**2
    return [max(1, int(n)) for n in wanted.ceil()]


def standard_error(shots: Sequence[int], spreads: Tensor) -> float:
    """Return the standard error that so many shots in each setting leave."""
    n = torch.tensor(list(shots), dtype=torch.float64)
    return float((spreads.double() ** 2 / n).sum().sqrt())


def _outcomes(matrices: Tensor, basis: str) -> Tensor:
    """Return probabilities of outcomes in a basis, (batch, 2^n)."""
    n = len(basis)
    state = matrices.reshape(-1, *[2] * (2 * n))
    for wire, letter in enumerate(basis):
        if letter == "Z":
            continue
        _, vectors = np.linalg.eigh(PAULIS[letter])  # −1 first
        turn = torch.from_numpy(vectors[:, ::-1].conj().T.copy()).to(state)
        state = multiplied(turn, state, (wire,))
        state = multiplied(turn.conj(), state, (n + wire,))
    flat = state.reshape(len(state), 1 << n, 1 << n)
    return torch.diagonal(flat, dim1=1, dim2=2).real
