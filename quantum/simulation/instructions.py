"""What a circuit consists of: six kinds of instructions, in the order in which they act.

Wires are numbers; wire 0 is the highest bit of a basis state, as in PennyLane.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np


@dataclass(frozen=True)
class Angle:
    """A parameter of a gate: a multiple of an entry of the parameters, and a constant.

    Attributes
    ----------
    slot
        Number of the entry; −1 for a constant.
    factor, offset
        The angle is factor · entry + offset.
    """

    slot: int = -1
    factor: float = 1.0
    offset: float = 0.0

    def times(self, factor: float | int) -> "Angle":
        """Return a multiple of it."""
        return Angle(self.slot, factor * self.factor, factor * self.offset)


@dataclass(frozen=True)
class Rotation:
    r"""A rotation :math:`\exp(-i\theta P/2)` of one qubit about an axis X, Y or Z."""

    axis: str
    wire: int
    angle: Angle
    controls: tuple[int, ...] = ()
    values: tuple[bool, ...] = ()


@dataclass(frozen=True)
class Phase:
    r"""A phase :math:`e^{i\theta}` of the basis states in which some wires have some values."""

    wires: tuple[int, ...]
    values: tuple[bool, ...]
    angle: Angle


@dataclass(frozen=True)
class PauliRotation:
    r"""A rotation :math:`\exp(-i\theta P/2)` by a word of Pauli matrices, such as "XYZ"."""

    word: str
    wires: tuple[int, ...]
    angle: Angle


@dataclass(frozen=True, eq=False)
class Unitary:
    """A constant matrix, (2^k, 2^k), on k wires."""

    matrix: np.ndarray
    wires: tuple[int, ...]
    controls: tuple[int, ...] = ()
    values: tuple[bool, ...] = ()


@dataclass(frozen=True)
class Matrix:
    """A matrix, (2^k, 2^k), on k wires, whose numbers are parameters.

    Attributes
    ----------
    entries
        Real parts by rows, then imaginary parts.
    """

    entries: tuple[Angle, ...]
    wires: tuple[int, ...]
    controls: tuple[int, ...] = ()
    values: tuple[bool, ...] = ()


@dataclass(frozen=True, eq=False)
class Permutation:
    """Basis states x of k wires become ``images[x]``, (2^k,)."""

    images: np.ndarray
    wires: tuple[int, ...]
    controls: tuple[int, ...] = ()
    values: tuple[bool, ...] = ()


Instruction = Rotation | Phase | PauliRotation | Unitary | Matrix | Permutation


def with_slot(step: Instruction, entry: Callable[[int], Angle]) -> Instruction:
    """Return an instruction whose entry is given by one of other parameters.

    Parameters
    ----------
    step
        Instruction; without an angle, or with a constant one, it stays as it is.
    entry
        Gives a slot what its entry is of the new parameters.
    """

    def changed(old: Angle) -> Angle:
        if old.slot < 0:
            return old
        new = entry(old.slot)
        return Angle(new.slot, old.factor * new.factor, old.factor * new.offset + old.offset)

    match step:
        case Rotation() | Phase() | PauliRotation():
            return replace(step, angle=changed(step.angle))
        case Matrix():
            return replace(step, entries=tuple(changed(entry) for entry in step.entries))
        case _:
            return step


@dataclass(frozen=True)
class Word:
    """A word of Pauli matrices to measure, letters "X", "Y" and "Z" by wire."""

    letters: tuple[tuple[int, str], ...]


@dataclass(frozen=True, eq=False)
class Circuit:
    r"""Instructions on a state, and what is measured behind them.

    Attributes
    ----------
    wires
        Number of wires.
    instructions
        In order.
    shared, batched
        Number of entries of the parameters that all samples share, and that each has of its own;
        slots count on from the first to the second.
    words
        Words of Pauli matrices whose expectation values are wanted.
    prepared
        Whether it begins with a given state instead of |0…0⟩.
    """

    wires: int
    instructions: Sequence[Instruction]
    shared: int = 0
    batched: int = 0
    words: Sequence[Word] = field(default=())
    prepared: bool = False
