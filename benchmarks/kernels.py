"""A Gram matrix of a fidelity kernel: states in one batch, against PennyLane pair by pair.

IQP embedding (Havlíček et al. 2019), eight qubits, forty samples. PennyLane's
`square_kernel_matrix` runs the circuit of one sample and the inverse circuit of another for each
pair, and takes the probability of |0…0⟩. All give the same matrix, which is checked first.
"""

import sys

sys.path.append(sys.path.pop(0))  # files here must not stand in for packages of their name

from collections.abc import Callable

import numpy as np
import pennylane as qml
import torch
from timing.side_by_side import Row, alternate, arguments, report, timed

from quantum import FidelityKernel, iqp_embedding

QUBITS, SAMPLES = 8, 40
WIRES = range(QUBITS)


def pair_by_pair(name: str, x: np.ndarray) -> Callable[[], np.ndarray]:
    """Return what computes the matrix with a device of PennyLane."""

    @qml.qnode(qml.device(name, wires=QUBITS))
    def circuit(a: np.ndarray, b: np.ndarray) -> object:
        iqp_embedding(a, WIRES)
        qml.adjoint(iqp_embedding)(b, WIRES)
        return qml.probs(wires=WIRES)

    return lambda: qml.kernels.square_kernel_matrix(list(x), lambda a, b: circuit(a, b)[0])


def main() -> None:
    """Check, measure and report."""
    given = arguments(__doc__ or "", repeats=3, quick=1)
    x = np.random.default_rng(0).normal(size=(SAMPLES, QUBITS))
    kernel, points = FidelityKernel(QUBITS, iqp_embedding), torch.from_numpy(x)
    rows = []
    for name in ("default.qubit", "lightning.qubit"):
        peer = pair_by_pair(name, x)
        if not np.allclose(kernel(points).numpy(), peer(), atol=1e-9):
            sys.exit(f"{name}: another matrix")
        row = alternate(
            lambda: timed(lambda: kernel(points)),
            lambda: timed(peer),  # noqa: B023
            repeats=given.repeats,
        )
        rows.append(Row(f"{QUBITS} qubits, {SAMPLES} samples", name, *row))
    report(rows, as_json=given.json)


if __name__ == "__main__":
    main()
