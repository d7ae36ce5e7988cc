r"""Quantum trajectories: circuits with noise as many runs of pure states, each with its own jumps.

In each run a channel applies one of its Kraus operators, drawn with probability
:math:`p_i=\lVert K_i\psi\rVert^2`, and the mean over runs of what is measured is that of the
density matrix. A run takes 2^n numbers and not 4^n, and the error of the mean falls with the root
of the number of runs.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from pennylane.measurements import ExpectationMP, MeasurementProcess, ProbabilityMP
from pennylane.tape import QuantumScript
from pennylane.wires import Wires
from torch import Tensor

from quantum.errors import InputError, UnsupportedError
from quantum.noise.channels import as_mixture, as_paulis
from quantum.noise.density import multiplied
from quantum.noise.programs import Channel, Program, labels_of, program_of
from quantum.simulation.instructions import Angle, Circuit, Instruction, Rotation, Word
from quantum.simulation.outcomes import marginals
from quantum.simulation.plain import applied, run_plainly
from quantum.simulation.run import require_memory, run
from quantum.simulation.schedule import schedule
from quantum.simulation.translate import words_and_weights

CHUNK = 1 << 24  # numbers of states that are held at once, where there are no gradients


@dataclass(frozen=True, eq=False)
class Estimate:
    """A mean over trajectories.

    Attributes
    ----------
    mean
        (batch, ...), or without the batch for a circuit that has none.
    error
        Standard error of the mean, of the same shape.
    count
        Number of trajectories.
    """

    mean: Tensor
    error: Tensor
    count: int


def trajectories(
    tape: QuantumScript, count: int, *, generator: torch.Generator, wires: Any = None
) -> list[Estimate]:
    r"""Return what a circuit with noise measures, as means over trajectories.

    Where all channels are mixtures of Pauli matrices, jumps do not depend on the state: they are
    drawn beforehand, and all runs are one batch of the sweeps. Gradients flow to parameters of
    gates and of channels in both ways; they are unbiased, as jumps are drawn with probabilities
    :math:`p_i` that have none, and states divided by :math:`\sqrt{p_i}`.

    Parameters
    ----------
    tape
        With expectation values and probabilities; parameters with an axis are those of a batch.
    count
        Trajectories of each sample, at least 2.
    generator
        Of jumps.
    wires
        Number of wires or their labels in order; those that the circuit uses unless given.

    Returns
    -------
    list of Estimate
        One for each measurement.

    Raises
    ------
    InputError
        For fewer trajectories.
    UnsupportedError
        For other measurements.

    References
    ----------
    Dalibard, Castin and Mølmer, "Wave-function approach to dissipative processes in quantum
    optics", Physical Review Letters 68, 1992; Plenio and Knight, "The quantum-jump approach to
    dissipative dynamics in quantum optics", Reviews of Modern Physics 70, 1998.

    Examples
    --------
    >>> import pennylane as qml
    >>> ops = [qml.X(0), qml.AmplitudeDamping(0.25, wires=0)]
    >>> tape = QuantumScript(ops, [qml.expval(qml.Z(0))])
    >>> (found,) = trajectories(tape, 4000, generator=torch.Generator().manual_seed(0))
    >>> bool(abs(found.mean + 0.5) < 4 * found.error)
    True
    """
    if count < 2:
        raise InputError(f"an error of a mean takes at least 2 trajectories, got {count}")
    labels = labels_of(tape.wires if wires is None else wires)
    program = program_of(tape, labels)
    measured = _Measured.of(tape.measurements, labels)
    channels = program.channels
    paulis = [as_paulis(step.kraus) for step in channels]
    plain = [found for found in paulis if found is not None]
    if len(plain) == len(channels) and not any(step.kraus.requires_grad for step in channels):
        values = _by_sweeps(program, plain, measured, count, generator)
    else:
        values = _by_torch(program, measured, count, generator)
    found = []
    for part in values:  # (count, batch, ...)
        kept = part if program.is_batched else part[:, 0]
        error = kept.detach().std(0) / math.sqrt(count)
        found.append(Estimate(kept.mean(0), error, count))
    return found


@dataclass(frozen=True, eq=False)
class _Measured:
    """Words to measure, their coefficients by expectation value, and wires of probabilities."""

    words: Sequence[Word]
    weights: Tensor
    wanted: Sequence[tuple[int, ...] | int]  # wires, or the column of an expectation value

    @classmethod
    def of(cls, measurements: Sequence[MeasurementProcess], labels: Wires) -> "_Measured":
        places = {wire: i for i, wire in enumerate(labels)}
        observables: list[Any] = []
        wanted: list[tuple[int, ...] | int] = []
        for m in measurements:
            if isinstance(m, ExpectationMP):
                wanted.append(len(observables))
                observables.append(m.obs)
            elif isinstance(m, ProbabilityMP) and m.obs is None:
                wanted.append(tuple(places[wire] for wire in m.wires or labels))
            else:
                raise UnsupportedError(
                    f"trajectories give expectation values and probabilities, not {m}; a density "
                    "matrix gives all"
                )
        words, weights = words_and_weights(observables, places)
        return cls(words, torch.from_numpy(weights), wanted)

    @property
    def states(self) -> bool:
        """Whether states are needed."""
        return any(isinstance(part, tuple) for part in self.wanted)

    def values(self, words: Tensor, states: Tensor | None, count: int) -> list[Tensor]:
        """Return what is measured, (count, batch, ...), from values of words and from states."""
        sums = words @ self.weights.to(words)
        found = []
        for part in self.wanted:
            if isinstance(part, int):
                found.append(sums[:, part])
            else:
                assert states is not None
                found.append(marginals(states.real**2 + states.imag**2, part))
        return [value.reshape(count, -1, *value.shape[1:]) for value in found]


def _by_sweeps(
    program: Program,
    paulis: Sequence[tuple[Tensor, Tensor]],
    measured: _Measured,
    count: int,
    generator: torch.Generator,
) -> list[Tensor]:
    """Return values of all runs as one batch: a jump is a rotation by π, and none one by 0."""
    n, own = program.wires, program.batched.shape[1]
    rows = count * len(program.batched)
    steps: list[Instruction] = []
    turns: list[Tensor] = []
    waiting = iter(paulis)
    for step in program.steps:
        if not isinstance(step, Channel):
            steps.append(step)
            continue
        weights, flips = next(waiting)
        drawn = torch.multinomial(weights, rows, replacement=True, generator=generator)
        for place, wire in enumerate(step.wires):
            for axis, turn in zip("XZ", flips[drawn, place].unbind(1), strict=True):
                slot = len(program.shared) + own + len(turns)
                steps.append(Rotation(axis, wire, Angle(slot, math.pi)))
                turns.append(turn)
    batched = program.repeated(count).batched
    if turns:
        batched = torch.cat([batched, torch.stack(turns, 1).to(batched)], 1)
    circuit = Circuit(
        n, steps, len(program.shared), own + len(turns), measured.words, program.initial is not None
    )
    plan = schedule(circuit)
    parts = []
    per = rows if program.has_gradients or not measured.states else max(1, CHUNK >> n)
    first = None if program.initial is None else program.initial.repeat(count, 1)
    for start in range(0, rows, per):
        given = batched[start : start + per]
        begin = None if first is None else first[start : start + per]
        parts.append(run(plan, program.shared, given, begin, states=measured.states))
    words = torch.cat([values for values, _ in parts])
    states = torch.cat([s for _, s in parts if s is not None]) if measured.states else None
    return measured.values(words, states, count)


def _by_torch(
    program: Program, measured: _Measured, count: int, generator: torch.Generator
) -> list[Tensor]:
    """Return values of all runs, one step at a time."""
    n, samples = program.wires, len(program.batched)
    size = 8 if program.batched.dtype == torch.float32 else 16
    per = count if program.has_gradients else max(1, min(count, (CHUNK >> n) // samples))
    held = 4 + (2 * len(program.steps) if program.has_gradients else 0)
    require_memory((held * per * samples * size) << n, n, per * samples)
    parts = []
    for start in range(0, count, per):
        now = min(per, count - start)
        states = _runs(program.repeated(now), generator)
        circuit = Circuit(n, [], 0, 0, measured.words, prepared=True)
        nothing = torch.zeros((len(states), 0), dtype=program.batched.dtype)
        words, _ = run_plainly(circuit, nothing[0], nothing, states)
        parts.append(measured.values(words, states, now))
    return [torch.cat(column) for column in zip(*parts, strict=True)]


def _runs(program: Program, generator: torch.Generator) -> Tensor:
    """Return states at the end of one run of each sample, (batch, 2^n)."""
    n, dtype = program.wires, program.batched.dtype
    kind = torch.complex64 if dtype == torch.float32 else torch.complex128
    if program.initial is None:
        begin = torch.zeros((len(program.batched), 1 << n), dtype=kind)
        begin[:, 0] = 1
    else:
        begin = program.initial
    state = begin.to(kind).reshape(-1, *[2] * n)
    for step in program.steps:
        if isinstance(step, Channel):
            state = _jumped(replace(step, kraus=step.kraus.to(kind)), state, generator)
        else:
            state = applied(step, state, program.shared, program.batched)
    return state.flatten(1)


def _jumped(step: Channel, state: Tensor, generator: torch.Generator) -> Tensor:
    """Return states after one Kraus operator each, drawn as often as it happens."""
    mixture = as_mixture(step.kraus)
    if mixture is not None:
        chances = mixture[0].detach().double().expand(len(state), -1)
        kraus = mixture[1] * mixture[0].sqrt()[:, None, None]
    else:
        kraus = step.kraus
        axes = [1 + wire for wire in step.wires]
        seen = state.detach().movedim(axes, list(range(1, 1 + len(axes))))
        flat = seen.reshape(len(state), kraus.shape[-1], -1)
        reduced = flat @ flat.mH
        products = kraus.detach().mH @ kraus.detach()
        chances = torch.einsum("kab,sba->sk", products, reduced).real.double().clamp_min(0)
    drawn = torch.multinomial(chances, 1, generator=generator)[:, 0]
    share = (chances / chances.sum(1, keepdim=True)).gather(1, drawn[:, None])
    return multiplied(kraus[drawn] / share.sqrt().to(kraus)[:, :, None], state, step.wires)
