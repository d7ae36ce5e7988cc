"""Circuits with noise as a device runs them."""

from typing import Any

import numpy as np
import pennylane as qml
import torch
from pennylane.devices.qubit_mixed import measure, measure_with_samples
from pennylane.measurements import ExpectationMP, MeasurementProcess, ProbabilityMP
from pennylane.tape import QuantumScript
from pennylane.wires import Wires
from torch import Tensor

from quantum.errors import UnsupportedError
from quantum.noise.density import density_matrices
from quantum.noise.measurement import word_values
from quantum.noise.programs import program_of
from quantum.noise.trajectories import trajectories
from quantum.simulation.outcomes import marginals
from quantum.simulation.translate import words_and_weights


def executed(
    tape: QuantumScript, labels: Wires, count: int | None, rng: np.random.Generator
) -> Any:
    """Return the results of a circuit with noise, as PennyLane takes them.

    Parameters
    ----------
    tape
        The circuit.
    labels
        Wires in order.
    count
        Trajectories; None for the density matrix.
    rng
        Of samples and jumps.

    Raises
    ------
    UnsupportedError
        For trajectories with shots, or of what is no mean over runs.
    """
    torch_in = any(isinstance(v, Tensor) for op in tape.operations for v in op.data)
    results: Any
    if count is not None:
        if tape.shots:
            raise UnsupportedError(
                "shots of trajectories are not simulated: each is a sample already; ask for more "
                "trajectories without shots, or for shots of the density matrix"
            )
        generator = torch.Generator().manual_seed(int(rng.integers(2**63 - 1)))
        found = trajectories(tape, count, generator=generator, wires=labels)
        results = tuple(e.mean if torch_in else e.mean.numpy(force=True) for e in found)
        return results[0] if len(results) == 1 else results
    program = program_of(tape, labels)
    n, batched = program.wires, program.is_batched
    matrices = density_matrices(program)
    state: Any = matrices.reshape(*([len(matrices)] if batched else []), *[2] * (2 * n))
    mapped = qml.map_wires(tape, {wire: i for i, wire in enumerate(labels)})[0][0]
    if tape.shots:
        found = measure_with_samples(
            mapped.measurements,
            state.numpy(force=True),
            tape.shots,
            is_state_batched=batched,
            rng=rng,
        )
        if len(tape.measurements) == 1:
            return tuple(f[0] for f in found) if tape.shots.has_partitioned_shots else found[0]
        return found
    results = tuple(_measured(m, matrices, state, batched) for m in mapped.measurements)
    if not torch_in:
        results = tuple(torch.as_tensor(r).numpy(force=True) for r in results)
    return results[0] if len(results) == 1 else results


def _measured(m: MeasurementProcess, matrices: Tensor, state: Tensor, batched: bool) -> Any:
    """Return a measurement of density matrices; wires are numbers.

    PennyLane's own go by roots of probabilities, whose gradients are NaN where one is 0.
    """
    n = (state.ndim - batched) // 2
    found: Tensor | None = None
    if isinstance(m, ProbabilityMP) and m.obs is None:
        diagonal = torch.diagonal(matrices, dim1=1, dim2=2).real
        found = marginals(diagonal, tuple(m.wires or range(n)))
    elif isinstance(m, ExpectationMP) and m.obs.pauli_rep is not None:
        words, weights = words_and_weights([m.obs], {wire: wire for wire in range(n)})
        values = word_values(matrices, words)
        found = values @ torch.from_numpy(weights[:, 0]).to(values)
    if found is None:
        return measure(m, state, is_state_batched=batched)
    return found if batched else found[0]
