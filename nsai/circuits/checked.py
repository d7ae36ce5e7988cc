"""Circuits from elsewhere, ready for questions once they are known to be sound."""

from collections.abc import Sequence
from typing import Any

from sympy import Symbol

from nsai.circuits.circuit import Circuit
from nsai.circuits.nnf import NNF
from nsai.circuits.properties import check


def circuit_from(
    nnf: NNF, variables: Sequence[Any] | None = None, *, seconds: float = 60.0
) -> Circuit:
    r"""Return a circuit whose answers are exact, or refuse the graph.

    For graphs that `compile` did not make: read from files, or built by hand.

    Parameters
    ----------
    nnf
        Any graph.
    variables
        What its variables stand for, in order; the symbols x1, x2, … unless given.
    seconds
        Budget to decide whether the graph is deterministic.

    Raises
    ------
    TimeoutError
        If that is not decided within the budget.
    PropertyError
        If the graph is not decomposable or not deterministic; the message names the node.

    Examples
    --------
    >>> from nsai.circuits.formats import read_nnf
    >>> circuit_from(read_nnf("nnf 5 4 2\nL 1\nL -2\nA 2 0 1\nL -1\nO 1 2 2 3")).model_count()
    3
    """
    check(nnf, "decomposable", "deterministic", seconds=seconds)
    if variables is None:
        variables = [Symbol(f"x{v + 1}") for v in range(nnf.variables)]
    return Circuit(nnf, variables)
