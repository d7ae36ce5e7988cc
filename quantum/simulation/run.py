"""Circuits on a CPU, as an operation of torch with gradients."""

import math
from typing import Any, NamedTuple

import numpy as np
import psutil
import torch
from torch import Tensor

from quantum.errors import InputError, QuantumError
from quantum.simulation.plain import run_plainly
from quantum.simulation.schedule import Schedule
from quantum.simulation.sweeps.circuit import run_backward, run_forward
from quantum.simulation.sweeps.codes import HALVES
from quantum.simulation.sweeps.lines import LINE
from quantum.simulation.sweeps.matrices import trig_of
from quantum.simulation.threads import on_threads

LARGE = 1 << 28  # bytes that are worth a look at what is free


def run(
    plan: Schedule,
    shared: Tensor,
    batched: Tensor,
    initial: Tensor | None = None,
    *,
    states: bool = False,
) -> tuple[Tensor, Tensor | None]:
    r"""Return expectation values, and states if wanted.

    Parameters
    ----------
    plan
        What to run.
    shared
        (shared,), parameters that all samples have.
    batched
        (batch, batched), parameters of each sample. Both float32 or float64; so is the result, and
        states are computed in it.
    initial
        (batch, 2^wires), complex, states to begin with; \|0…0⟩ unless given.
    states
        Whether states are wanted.

    Returns
    -------
    values
        (batch, words).
    states
        (batch, 2^wires), complex.
    """
    if plan.plain:
        return run_plainly(plan.circuit, shared, batched, initial)
    values, found = _Run.apply(plan, states, shared, batched, initial)
    return values, found if states else None


def require_numbers(values: Tensor) -> None:
    """Raise an InputError if values are not finite: some parameter was not."""
    if not math.isfinite(values.detach().sum().item()):
        raise InputError("an input or a weight is NaN or infinite")


class _Run(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        plan: Schedule,
        states: bool,
        shared: Tensor,
        batched: Tensor,
        initial: Tensor | None,
    ) -> tuple[Tensor, Tensor]:
        wanted = any(ctx.needs_input_grad)
        dtype = batched.dtype
        angles = Angles.of(plan, shared, batched)
        begin = None
        if initial is not None:
            begin = to_lines(initial.detach().resolve_conj().numpy(), _numpy(dtype))
        values, kept = forward(plan, angles, _numpy(dtype), begin, keep=wanted or states)
        ctx.plan, ctx.angles, ctx.kept = plan, angles, kept if wanted else None
        ctx.types = shared.dtype, dtype, None if initial is None else initial.dtype
        found = (
            from_lines(kept, len(batched), plan.wires)
            if states and kept is not None
            else np.zeros(0)
        )
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(shared, batched, initial)
        return torch.from_numpy(values).to(dtype), torch.from_numpy(found)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> Any:
        if torch.is_grad_enabled():
            return None, None, *_gradients_with_a_graph(ctx.plan, ctx.saved_tensors, gradients)
        of_values, of_states = gradients
        plan, angles = ctx.plan, ctx.angles
        by_values = np.zeros((angles.samples, len(plan.words.flips)))
        if of_values is not None:
            by_values = of_values.detach().double().contiguous().numpy()
        by_states = None
        if of_states is not None:
            by_states = to_lines(of_states.resolve_conj().numpy(), ctx.kept.dtype)
        found = backward(plan, angles, ctx.kept, by_values, by_states)
        parts = [
            None if part is None else torch.from_numpy(part).to(kind)
            for part, kind in zip(found, ctx.types, strict=True)
        ]
        return None, None, *parts


def _gradients_with_a_graph(
    plan: Schedule, given: tuple[Any, ...], gradients: tuple[Tensor | None, ...]
) -> list[Tensor | None]:
    """Return gradients by parameters that have gradients themselves, by plain torch."""
    outputs = run_plainly(plan.circuit, *given)
    chosen = [i for i, y in enumerate(outputs) if gradients[i] is not None and y.requires_grad]
    wanted = [i for i, part in enumerate(given) if part is not None and part.requires_grad]
    found: list[Tensor | None] = [None] * len(given)
    if chosen:
        parts = torch.autograd.grad(
            [outputs[i] for i in chosen], [given[i] for i in wanted],
            [gradients[i] for i in chosen], create_graph=True, allow_unused=True,
        )  # fmt: skip
        for i, part in zip(wanted, parts, strict=True):
            found[i] = part
    return found


def _numpy(dtype: torch.dtype) -> Any:
    return np.float32 if dtype == torch.float32 else np.float64


def require_memory(needed: int, wires: int, samples: int) -> None:
    """Raise a QuantumError if states do not fit in the memory that is free, before taking it."""
    if needed < LARGE:
        return
    free = psutil.virtual_memory().available
    if needed > free:
        raise QuantumError(
            f"{samples} samples of {wires} qubits need {needed / 1e9:.1f} GB, and "
            f"{free / 1e9:.1f} GB are free; a smaller batch needs less"
        )


def lanes_of(dtype: Any) -> int:
    """Return the number of samples in a tile."""
    return LINE // (2 * np.dtype(dtype).itemsize)


class Angles(NamedTuple):
    """What factors turn by.

    Attributes
    ----------
    samples
        Number of samples.
    padded
        Number of samples, up to a whole number of tiles.
    trig
        Cosines and sines of the angles and of their halves (see `trig_of`).
    """

    samples: int
    padded: int
    trig: np.ndarray

    @classmethod
    def of(cls, plan: Schedule, shared: Tensor, batched: Tensor) -> "Angles":
        """Return those of parameters."""
        first, second = (part.detach().double().numpy() for part in (shared, batched))
        lanes = lanes_of(_numpy(batched.dtype))
        padded = -(-len(second) // lanes) * lanes
        return cls(len(second), padded, trig_of(plan.factors, plan.angles, first, second, padded))


def forward(
    plan: Schedule,
    angles: Angles,
    dtype: Any,
    initial: np.ndarray | None = None,
    *,
    keep: bool,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return expectation values, (batch, words), and tiles of states if kept."""
    n, samples, lanes = plan.wires, angles.samples, lanes_of(dtype)
    tiles, numbers = angles.padded // lanes, (2 * lanes) << n
    scratch = (4 if keep else 2) * torch.get_num_threads() + (tiles if keep else 0)
    require_memory(scratch * numbers * np.dtype(dtype).itemsize, n, samples)
    values = np.zeros((samples, len(plan.words.flips)))
    kept = np.empty(tiles * numbers, dtype) if keep else None

    def work(part: range) -> None:
        matrices = np.empty(plan.matrices * HALVES * lanes, dtype)
        state, other = np.empty(numbers, dtype), np.empty(numbers if len(plan.tables) else 0, dtype)
        squares, sums = np.empty(lanes << n, dtype), np.empty(4 * lanes, dtype)
        run_forward(
            np.arange(part.start, part.stop), plan.start, n, plan.code, plan.factors, plan.fixed,
            plan.tables, plan.dense, angles.trig, plan.shared, angles.padded, *plan.words, samples,
            matrices, state, other, squares, sums, initial, kept, values,
        )  # fmt: skip

    on_threads(work, tiles, (len(plan.code) + 1) << n)
    return values, kept


def backward(
    plan: Schedule,
    angles: Angles,
    kept: np.ndarray,
    of_values: np.ndarray,
    of_states: np.ndarray | None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Return gradients by shared and by batched parameters, and by states at the beginning."""
    n, samples, dtype = plan.wires, angles.samples, kept.dtype
    lanes = lanes_of(dtype)
    tiles, numbers = angles.padded // lanes, (2 * lanes) << n
    of_batched = np.zeros((samples, plan.batched))
    of_initial = np.empty_like(kept) if plan.circuit.prepared else None

    def work(part: range) -> np.ndarray:
        found = np.zeros(plan.shared)
        matrices = np.empty(plan.matrices * HALVES * lanes, dtype)
        psi, lam = (np.empty(numbers, dtype) for _ in range(2))
        other, another = (np.empty(numbers if len(plan.tables) else 0, dtype) for _ in range(2))
        squares = np.empty(lanes << n, dtype)
        sums = np.empty(len(plan.code) * HALVES * lanes, dtype)
        run_backward(
            np.arange(part.start, part.stop), plan.start, n, plan.code, plan.factors, plan.angles,
            plan.fixed, plan.turns, plan.tables, plan.inverse, angles.trig, plan.shared,
            angles.padded, *plan.words, samples, matrices, psi, lam, other, another, squares, sums,
            kept, of_values, of_states, found, of_batched, of_initial,
        )  # fmt: skip
        return found

    parts = on_threads(work, tiles, 3 * (len(plan.code) + 1) << n)
    first = None if of_initial is None else from_lines(of_initial, samples, n)
    return np.sum(parts, 0), of_batched, first


def from_lines(kept: np.ndarray, samples: int, wires: int) -> np.ndarray:
    """Return states, (samples, 2^wires), complex, from tiles."""
    lanes = lanes_of(kept.dtype)
    parts = kept.reshape(-1, 1 << wires, 2, lanes).transpose(2, 0, 3, 1)
    re, im = parts.reshape(2, -1, 1 << wires)[:, :samples]
    return re + 1j * im


def to_lines(states: np.ndarray, dtype: Any) -> np.ndarray:
    """Return tiles of states, one after the other; those of missing samples are zero."""
    lanes = lanes_of(dtype)
    tiles = -(-len(states) // lanes)
    full = np.zeros((2, tiles * lanes, states.shape[1]), dtype)
    full[:, : len(states)] = states.real, states.imag
    return np.ascontiguousarray(full.reshape(2, tiles, lanes, -1).transpose(1, 3, 0, 2).ravel())
