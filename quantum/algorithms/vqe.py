"""Least energies of circuits, for many starts or many Hamiltonians as one batch."""

from collections.abc import Sequence
from typing import Any

import pennylane as qml
import torch
from pennylane.operation import Operator
from torch import Tensor

from quantum.algorithms.descent import Minimum, minimise
from quantum.ansatz import Ansatz
from quantum.compiling import CompiledCircuit
from quantum.errors import InputError
from quantum.simulation.translate import words_and_weights


class Energy:
    r"""The energy :math:`\langle w|H|w\rangle` of an ansatz by its weights, sample by sample.

    Words of Pauli matrices are measured once for all Hamiltonians; each sample has its own sum.

    Parameters
    ----------
    cost
        One Hamiltonian for all samples, or one for each.
    ansatz
        Such as `qaoa` or `excitations`.
    wires
        Labels of wires in their order; those of the (first) Hamiltonian unless given.

    Examples
    --------
    >>> from quantum import hardware_efficient, ising_chain
    >>> energy = Energy(ising_chain(2, 1.0), hardware_efficient(layers=1))
    >>> energy(torch.zeros(3, *energy.shape)).tolist()  # up, up
    [-1.0, -1.0, -1.0]
    """

    def __init__(
        self, cost: Operator | Sequence[Operator], ansatz: Ansatz, wires: Any = None
    ) -> None:
        costs = [cost] if isinstance(cost, Operator) else list(cost)
        if not costs:
            raise InputError("expected a Hamiltonian, or one for each sample, got none")
        self.wires = costs[0].wires.tolist() if wires is None else list(wires)
        unknown = [w for each in costs for w in each.wires if w not in self.wires]
        if unknown:
            raise InputError(f"wire {unknown[0]!r} of a Hamiltonian is not among {self.wires}")
        words, sums = words_and_weights(costs, {wire: i for i, wire in enumerate(self.wires)})
        self.coefficients = torch.from_numpy(sums.T)  # (Hamiltonians, words)
        self.shape = ansatz.weights(len(self.wires))
        labels = self.wires

        def circuit(w: Any) -> Any:
            ansatz(w, labels)
            return [
                qml.expval(qml.pauli.PauliWord({labels[i]: p for i, p in word.letters}).operation(
                    wire_order=labels))
                for word in words
            ]  # fmt: skip

        self.words = CompiledCircuit(circuit, {}, wires=labels, init={})

    def __call__(self, w: Tensor, samples: Tensor | None = None) -> Tensor:
        """Return energies, (batch,).

        Parameters
        ----------
        w
            (batch, ...), weights of each sample.
        samples
            (batch,), number of the Hamiltonian of each sample; all in order unless given.

        Raises
        ------
        InputError
            For weights of another shape, or another number of them than of Hamiltonians.
        """
        if w.shape[1:] != self.shape:
            raise InputError(f"expected weights (batch, *{self.shape}), got {tuple(w.shape)}")
        own = self.coefficients.to(w.dtype)
        if len(own) == 1:
            return self.words(w) @ own[0]
        if samples is None and len(own) != len(w):
            raise InputError(f"{len(w)} samples of weights for {len(own)} Hamiltonians")
        return (self.words(w) * (own if samples is None else own[samples])).sum(-1)


def vqe(
    cost: Operator | Sequence[Operator],
    ansatz: Ansatz,
    start: Tensor,
    *,
    wires: Any = None,
    steps: int = 200,
    tolerance: float = 1e-6,
) -> Minimum:
    r"""Minimise :math:`\langle w|H|w\rangle` over the weights w, from each start on its own.

    Parameters
    ----------
    cost
        One Hamiltonian for all starts, or one for each: a whole curve of molecules is one batch.
    ansatz
        Circuit that makes the state.
    start
        (starts, *ansatz.weights(wires)), where to begin.
    wires
        Labels of wires in their order; those of the Hamiltonian unless given.
    steps, tolerance
        See `minimise`.

    Raises
    ------
    InputError
        For starts of another shape, or another number of them than of Hamiltonians.

    References
    ----------
    Peruzzo et al., "A variational eigenvalue solver on a photonic quantum processor", Nature
    Communications 5, 2014.

    Examples
    --------
    >>> from quantum import ground_energy, hardware_efficient, ising_chain
    >>> chain, ansatz = ising_chain(3, 1.0), hardware_efficient(layers=3)
    >>> start = torch.rand(8, *ansatz.weights(3), generator=torch.Generator().manual_seed(0))
    >>> found = vqe(chain, ansatz, start.double())
    >>> abs(found.energy - ground_energy(chain)) < 1e-6
    True
    """
    energy = Energy(cost, ansatz, wires)
    if len(energy.coefficients) not in (1, len(start)):
        raise InputError(f"{len(start)} starts for {len(energy.coefficients)} Hamiltonians")
    if start.shape[1:] != energy.shape:
        raise InputError(f"expected starts (starts, *{energy.shape}), got {tuple(start.shape)}")
    return minimise(energy, start, steps=steps, tolerance=tolerance)
