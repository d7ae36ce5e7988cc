"""Search for the models of a formula: oracles, amplitude amplification, counting."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
import pennylane as qml
import sympy
import torch
from sympy.logic.boolalg import Boolean

from quantum.algorithms.formulas import Literal, clauses_of
from quantum.compiling import CompiledCircuit
from quantum.errors import InputError

LARGEST = 16  # symbols of a formula, whose table has 2^16 rows
GROWTH = 6 / 5  # of the range of iterations, as Boyer et al. have it


def truth_table(formula: Boolean, symbols: Sequence[sympy.Symbol]) -> np.ndarray:
    """Return whether a formula holds, (2^symbols,), the first symbol as the highest bit.

    Raises
    ------
    InputError
        For no symbols or more than 16, or a formula with others.

    Examples
    --------
    >>> a, b = sympy.symbols("a b")
    >>> truth_table(a & ~b, [a, b]).tolist()
    [False, False, True, False]
    """
    others = [s for s in sorted(formula.free_symbols, key=str) if s not in symbols]
    if others:
        raise InputError(f"{others[0]} is not among the symbols")
    if not 0 < len(symbols) <= LARGEST:
        raise InputError(f"expected 1 to {LARGEST} symbols, got {len(symbols)}")
    holds = sympy.lambdify(symbols, formula, "math")
    rows = product([False, True], repeat=len(symbols))
    return np.array([bool(holds(*row)) for row in rows])


@dataclass(frozen=True)
class Oracle:
    r"""The phase oracle :math:`|x\rangle \mapsto -|x\rangle` for the models x of a formula.

    Parameters
    ----------
    formula
        Of sympy; if reversible, a conjunction of clauses.
    symbols
        Wires of the search in their order, each called as its symbol.
    reversible
        Whether the formula is computed, clause by clause, into wires of their own, by gates that a
        machine has and that know no model; else each model of the truth table has its own gate.

    Raises
    ------
    InputError
        For symbols that do not fit the formula, or a part that is no clause.

    Examples
    --------
    >>> a, b = sympy.symbols("a b")
    >>> oracle = Oracle(a | b, (a, b), reversible=True)
    >>> oracle.models.tolist(), oracle.ancillas
    ([1, 2, 3], ['clause 0'])
    """

    formula: Boolean
    symbols: tuple[sympy.Symbol, ...]
    reversible: bool = False

    def __post_init__(self) -> None:
        _ = self.models
        _ = self._clauses

    @property
    def wires(self) -> list[str]:
        """Labels of the wires of the search."""
        return [str(symbol) for symbol in self.symbols]

    @cached_property
    def models(self) -> np.ndarray:
        """Basis states that are marked."""
        return np.flatnonzero(truth_table(self.formula, self.symbols))

    @property
    def _clauses(self) -> list[list[Literal]]:
        return clauses_of(self.formula) if self.reversible else []

    @property
    def ancillas(self) -> list[str]:
        """Labels of the wires of clauses."""
        return [f"clause {k}" for k in range(len(self._clauses))]

    def __call__(self, control: Any = None) -> None:
        """Apply the oracle, under the control of a wire if one is given."""
        if not self.reversible:
            for model in self.models:
                _flip(self.wires, np.binary_repr(model, len(self.symbols)), control)
            return
        self._compute()
        _flip(self.ancillas, "1" * len(self.ancillas), control)
        self._compute()  # back to zeros

    def _compute(self) -> None:
        """Turn each ancilla where its clause holds: unless all its literals are false."""
        for clause, target in zip(self._clauses, self.ancillas, strict=True):
            wires = [str(symbol) for symbol, _ in clause]
            values = [not value for _, value in clause]
            qml.X(target)
            if len(set(wires)) == len(wires):  # else it has a symbol and its negation: it holds
                qml.ctrl(qml.X(target), control=wires, control_values=values)


def _flip(wires: Sequence[Any], values: Sequence[str], control: Any = None) -> None:
    """Change the sign where wires have values, 0 or 1."""
    controls = [*wires] if control is None else [*wires, control]
    on = [value == "1" for value in values] + [True] * (control is not None)
    if controls:
        qml.ctrl(qml.GlobalPhase(np.pi), control=controls, control_values=on)
    else:
        qml.GlobalPhase(np.pi)


def grover_iteration(oracle: Oracle, control: Any = None) -> None:
    r"""Apply :math:`G = (2|s\rangle\langle s| - 1)\,O`, with s the sum of all basis states.

    Parameters
    ----------
    oracle
        O.
    control
        A wire that switches it.

    References
    ----------
    Grover, "A fast quantum mechanical algorithm for database search", STOC 1996.
    """
    oracle(control)
    for wire in oracle.wires:
        qml.Hadamard(wire)
    _flip(oracle.wires, "0" * len(oracle.wires), control)
    _flip([], "", control)
    for wire in oracle.wires:
        qml.Hadamard(wire)


def success_probabilities(oracle: Oracle, iterations: int) -> np.ndarray:
    """Return the probability of a model behind 0, 1, … iterations, (iterations + 1,), simulated."""
    labels = [*oracle.wires, *oracle.ancillas]

    def circuit(state: Any) -> Any:
        qml.StatePrep(state, wires=labels)
        grover_iteration(oracle)
        return qml.state()

    step = CompiledCircuit(circuit, {}, wires=labels, init={})
    n, rest = len(oracle.wires), 1 << len(oracle.ancillas)
    state = torch.zeros(1 << n, rest, dtype=torch.float64)
    state[:, 0] = 2 ** (-n / 2)
    state = state.reshape(1, -1)
    found = []
    for k in range(iterations + 1):
        found.append(float((state.reshape(-1, rest)[oracle.models] ** 2).sum()))
        if k < iterations:
            state = step(state).real
    return np.array(found)


def success_probability(states: int, marked: int, iterations: Any) -> Any:
    r"""Return :math:`\sin^2((2k+1)\theta)` with :math:`\sin^2\theta = M/N`.

    Parameters
    ----------
    states, marked
        N and M.
    iterations
        k, a number or an array.

    References
    ----------
    Boyer, Brassard, Høyer and Tapp, "Tight bounds on quantum searching", Fortschritte der Physik
    46, 1998, section 3.

    Examples
    --------
    >>> float(success_probability(4, 1, 1))
    1.0
    """
    theta = np.arcsin(np.sqrt(marked / states))
    return np.round(np.sin((2 * np.asarray(iterations) + 1) * theta) ** 2, 15)


def best_iterations(states: int, marked: int) -> int:
    r"""Return :math:`\lfloor\pi/4\theta\rfloor`, about :math:`\frac\pi4\sqrt{N/M}`.

    Raises
    ------
    InputError
        If nothing is marked.

    Examples
    --------
    >>> best_iterations(1024, 1)
    25
    """
    if not 0 < marked <= states:
        raise InputError(f"expected 1 to {states} marked states, got {marked}")
    return int(np.pi / (4 * np.arcsin(np.sqrt(marked / states))))


def expected_iterations(success: np.ndarray) -> float:
    r"""Return what a search costs that does not know the number of models.

    It runs j iterations, j uniform below m, and measures; m is 1 at first, grows by 6/5 whenever
    the search fails, and not beyond :math:`\sqrt N`. The mean is exact, not sampled.

    Parameters
    ----------
    success
        (iterations + 1,), as `success_probabilities` returns them; their number less one is the
        limit of m.

    Returns
    -------
    float
        Mean number of iterations; infinite if there are no models.

    References
    ----------
    Boyer et al. 1998, theorem 3: at most :math:`\frac92\frac1{\sin2\theta}` while M ≤ 3N/4.

    Examples
    --------
    >>> expected_iterations(np.ones(3))
    0.0
    """
    m, alive, cost, limit = 1.0, 1.0, 0.0, max(1.0, len(success) - 1)
    while alive > 1e-15:
        below = int(np.ceil(m))
        cost += alive * (below - 1) / 2
        fails = 1 - float(np.mean(success[:below]))
        if m >= limit and fails >= 1 - 1e-12:
            return float("inf")
        alive, m = alive * fails, min(GROWTH * m, limit)
    return cost


def count_models(oracle: Oracle, precision: int) -> tuple[np.ndarray, np.ndarray]:
    r"""Estimate the number of models by the phase of an iteration: quantum counting.

    The eigenvalues of G are :math:`e^{\pm2i\theta}`; phase estimation with t wires gives a y near
    :math:`2^t\theta/\pi`, and :math:`M = N\sin^2(\pi y/2^t)`. It applies G :math:`2^t-1` times.

    Parameters
    ----------
    oracle
        What marks the models.
    precision
        t.

    Returns
    -------
    estimates
        (2^t,), M by y.
    probabilities
        (2^t,), of y.

    References
    ----------
    Brassard, Høyer, Mosca and Tapp, "Quantum amplitude amplification and estimation", Contemporary
    Mathematics 305, 2002, theorem 12: the estimate is within
    :math:`2\pi\sqrt{M(N-M)}/2^t+\pi^2N/4^t` with probability 8/π² at least.
    """
    clock = [f"clock {k}" for k in range(precision)]
    labels = [*clock, *oracle.wires, *oracle.ancillas]

    def circuit(_: Any) -> Any:
        for wire in (*clock, *oracle.wires):
            qml.Hadamard(wire)
        for k, wire in enumerate(clock):
            for _ in range(1 << (precision - 1 - k)):
                grover_iteration(oracle, wire)
        qml.adjoint(qml.QFT)(wires=clock)
        return qml.probs(wires=clock)

    run = CompiledCircuit(circuit, {}, wires=labels, init={})
    steps = 1 << precision
    estimates = (1 << len(oracle.wires)) * np.sin(np.pi * np.arange(steps) / steps) ** 2
    return estimates, run(torch.zeros(1, 1, dtype=torch.float64))[0].numpy()
