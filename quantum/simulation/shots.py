"""Circuits measured by shots: estimates of values, and gradients by parameter shift."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import pi, sqrt
from typing import Any, TypeGuard

import numpy as np
import torch
from torch import Tensor

from quantum.errors import InputError, UnsupportedError
from quantum.simulation.instructions import (
    Angle,
    Circuit,
    Instruction,
    Matrix,
    PauliRotation,
    Phase,
    Rotation,
)
from quantum.simulation.outcomes import signs, together
from quantum.simulation.run import run
from quantum.simulation.schedule import Schedule, schedule

NUMBERS = 1 << 22  # amplitudes that are held at once, 64 MB
BASES = {"X": ("Y", -pi / 2), "Y": ("X", pi / 2)}  # rotations that take a letter to Z

# terms (shift, coefficient): of generators with two eigenvalues that are 1 apart, and with three
TWO_TERMS = ((pi / 2, 1 / 2), (-pi / 2, -1 / 2))
FOUR_TERMS = tuple(
    (sign * shift, sign * c)
    for shift, c in ((pi / 2, (sqrt(2) + 1) / (4 * sqrt(2))),
                     (3 * pi / 2, (1 - sqrt(2)) / (4 * sqrt(2))))
    for sign in (1, -1)
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Sampler:
    r"""A circuit as shots see it.

    Words that differ on no wire are measured together. A gradient by the angle of a gate is

    .. math:: \partial_\theta f = \sum_i c_i\, f(\theta + s_i),

    with two terms, or four for rotations with controls.

    Attributes
    ----------
    circuit
        What is measured: its words, or basis states if it has none.

    References
    ----------
    Schuld, Bergholm, Gogolin, Izaac and Killoran, "Evaluating analytic gradients on quantum
    hardware", Phys. Rev. A 99, 2019; Anselmetti, Wierichs, Gogolin and Parrish, "Local, expressive,
    quantum-number-preserving VQE ansätze for fermionic systems", New J. Phys. 23, 2021 (four).
    """

    circuit: Circuit

    @cached_property
    def steps(self) -> list[Instruction]:
        """Instructions, each angle with a slot of its own."""
        slots = iter(range(len(self.circuit.instructions)))
        return [
            replace(step, angle=Angle(next(slots))) if _with_angle(step) else step
            for step in self.circuit.instructions
        ]

    @cached_property
    def angles(self) -> list[Angle]:
        """Angles in the order of those slots."""
        return [step.angle for step in self.circuit.instructions if _with_angle(step)]

    @cached_property
    def terms(self) -> list[tuple[int, float, float]]:
        """Slot, shift and coefficient of each circuit that a gradient takes."""
        return [
            (step.angle.slot, *term)
            for step in self.steps
            if _with_angle(step)
            for term in _terms(step)
        ]

    @cached_property
    def groups(self) -> list[tuple[Schedule, list[int], np.ndarray]]:
        """Circuits to run, the words that each tells, and their signs, (2^wires, words)."""
        circuit, found = self.circuit, []
        for letters, chosen in together(circuit.words) or [({}, [])]:
            turned = [
                Rotation(BASES[letter][0], wire, Angle(offset=BASES[letter][1]))
                for wire, letter in letters.items()
                if letter in BASES
            ]
            own = Circuit(
                circuit.wires, [*self.steps, *turned], 0, len(self.angles), (), circuit.prepared
            )
            of_words = [
                signs((wire for wire, _ in circuit.words[index].letters), circuit.wires)
                for index in chosen
            ]
            found.append((schedule(own), chosen, np.array(of_words).T))
        return found

    def __call__(
        self,
        shared: Tensor,
        batched: Tensor,
        initial: Tensor | None,
        shots: int,
        generator: np.random.Generator,
    ) -> Tensor:
        """Return estimates, (batch, words), or frequencies of basis states, (batch, 2^wires).

        Parameters
        ----------
        shared, batched, initial
            As for `run`.
        shots
            Of each group of words and each sample.
        generator
            Draws the outcomes.

        Raises
        ------
        UnsupportedError
            For gradients by a state that is given, or by a matrix.
        """
        if any(isinstance(step, Matrix) for step in self.circuit.instructions):
            raise UnsupportedError(
                "a matrix with a batch or gradients has no parameter shift; leave shots out"
            )
        if initial is not None and initial.requires_grad:
            raise UnsupportedError(
                "shots give no gradient by a state that the circuit begins with, such as that of "
                "amplitude_embedding; leave shots out, or detach what it comes from"
            )
        rows = len(batched)
        every = torch.cat([shared.expand(rows, -1), batched, batched.new_zeros(rows, 1)], 1)
        slots = [angle.slot for angle in self.angles]  # −1 is the zero at the end
        factors, offsets = (
            every.new_tensor([getattr(angle, part) for angle in self.angles])
            for part in ("factor", "offset")
        )
        angles = every[:, slots] * factors + offsets
        if not torch.isfinite(angles).all():
            raise InputError("an input or a weight is NaN or infinite")
        return _Sampled.apply(self, shots, generator, angles, initial)

    def estimates(
        self, angles: Tensor, initial: Tensor | None, shots: int, generator: np.random.Generator
    ) -> np.ndarray:
        """Return estimates of all rows of angles, (rows, slots)."""
        outputs = len(self.circuit.words) or 1 << self.circuit.wires
        found = np.empty((len(angles), outputs))
        for part in _parts(len(angles), 1 << self.circuit.wires):
            begin = None if initial is None else initial[part]
            for plan, chosen, counted in self.groups:
                _, states = run(plan, angles.new_zeros(0), angles[part], begin, states=True)
                assert states is not None
                seen = _frequencies(states.numpy(), shots, generator)
                found[part, chosen or slice(None)] = seen @ counted if chosen else seen
        return found


class _Sampled(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        sampler: Sampler,
        shots: int,
        generator: np.random.Generator,
        angles: Tensor,
        initial: Tensor | None,
    ) -> Tensor:
        ctx.sampler, ctx.shots, ctx.generator = sampler, shots, generator
        ctx.place = angles.device
        ctx.save_for_backward(angles, initial)
        found = sampler.estimates(
            angles.cpu(), None if initial is None else initial.cpu(), shots, generator
        )
        return torch.from_numpy(found).to(angles)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Any:
        angles, given = ctx.saved_tensors
        angles, initial = angles.cpu(), None if given is None else given.cpu()
        sampler, wanted = ctx.sampler, gradient.cpu().double().numpy()
        batch, found = len(angles), torch.zeros_like(angles)
        size = batch * max(angles.shape[1], 1 << sampler.circuit.wires)
        for part in _parts(len(sampler.terms), size):
            terms = sampler.terms[part]
            moved = angles.repeat(len(terms), 1, 1)
            for row, (slot, shift, _) in zip(moved, terms, strict=True):
                row[:, slot] += shift
            begin = None if initial is None else initial.repeat(len(terms), 1)
            values = sampler.estimates(moved.flatten(0, 1), begin, ctx.shots, ctx.generator)
            slopes = (values.reshape(len(terms), batch, -1) * wanted).sum(2)
            for slope, (slot, _, coefficient) in zip(slopes, terms, strict=True):
                found[:, slot] += torch.from_numpy(coefficient * slope)
        return None, None, None, found.to(ctx.place), None


def _parts(rows: int, size: int) -> Iterator[slice]:
    """Yield parts of rows that are held at once, each row so many numbers."""
    step = max(1, NUMBERS // max(size, 1))
    return (slice(a, min(a + step, rows)) for a in range(0, rows, step))


def _with_angle(step: Instruction) -> TypeGuard[Rotation | Phase | PauliRotation]:
    """Return whether an instruction has an angle."""
    return isinstance(step, Rotation | Phase | PauliRotation)


def _terms(step: Rotation | Phase | PauliRotation) -> Sequence[tuple[float, float]]:
    """Return shifts and coefficients for the angle of an instruction."""
    if isinstance(step, Phase) and not step.wires:
        return ()  # no value depends on it
    return FOUR_TERMS if isinstance(step, Rotation) and step.controls else TWO_TERMS


def _frequencies(states: np.ndarray, shots: int, generator: np.random.Generator) -> np.ndarray:
    """Return how often each basis state comes up, (rows, 2^wires), as a share of the shots."""
    odds = states.real.astype(float) ** 2 + states.imag.astype(float) ** 2
    odds /= odds.sum(1, keepdims=True)
    rows, size = odds.shape
    if shots >= size:
        return generator.multinomial(shots, odds) / shots
    first = np.arange(rows)[:, None]
    edges = (np.minimum(odds.cumsum(1), 1) + first).ravel()
    drawn = np.searchsorted(edges, generator.random((rows, shots)) + first, side="right")
    drawn = np.minimum(drawn, first * size + size - 1)
    counts = np.bincount(drawn.ravel(), minlength=rows * size)
    return counts.reshape(rows, size) / shots
