"""Numbers of models of larger clauses against an independent counter."""

import random

import pytest
import tididi_cnf
from sympy import symbols

from nsai import circuits
from nsai.circuits.semirings import Counting, evaluate
from nsai.logic.cnf import CNF

Clauses = list[tuple[int, ...]]


def local_clauses(n: int, m: int, width: int, seed: int) -> Clauses:
    """Return random clauses of three variables that stand near each other."""
    generator = random.Random(seed)
    clauses = []
    for _ in range(m):
        first = generator.randint(1, n - width + 1)
        chosen = generator.sample(range(first, first + width), 3)
        clauses.append(tuple(generator.choice([v, -v]) for v in chosen))
    return clauses


def colourings(rungs: int) -> Clauses:
    """Return "neighbours on a ladder have different colours of three"."""
    nodes = range(2 * rungs)
    edges = [(x, x + 1) for x in nodes[::2]] + [(x, x + 2) for x in nodes[:-2]]
    clauses: Clauses = [(3 * x + 1, 3 * x + 2, 3 * x + 3) for x in nodes]
    clauses += [(-3 * x - c, -3 * x - d) for x in nodes for c, d in [(1, 2), (1, 3), (2, 3)]]
    return clauses + [(-3 * x - c, -3 * y - c) for x, y in edges for c in (1, 2, 3)]


@pytest.mark.parametrize(
    ("n", "clauses"),
    [
        (80, local_clauses(80, 160, 6, 0)),
        (60, local_clauses(60, 180, 6, 1)),
        (80, local_clauses(80, 200, 5, 2)),
        (40, local_clauses(40, 80, 10, 3)),
        (60, colourings(10)),
    ],
    ids=["80 wide 6", "60 wide 6", "80 wide 5", "40 wide 10", "colourings"],
)
def test_counts_are_those_of_another_counter(n: int, clauses: Clauses):
    cnf = CNF(tuple(clauses), symbols(f"x1:{n + 1}"))
    circuit = circuits.compile(cnf.formula(), cnf.symbols, cache=False)
    expected = tididi_cnf.count(clauses, num_vars=n).count
    assert expected > 0
    assert circuit.model_count() == expected
    assert evaluate(circuit.nnf, Counting()) == expected
    circuits.check(circuit.nnf)
