"""Files of other compilers: read, counted, and refused where they are not of the format."""

from pathlib import Path

import pytest
import torch

from nsai import circuits
from nsai.circuits import CircuitFormatError, read_nnf, read_sdd

GOLDEN = Path(__file__).parents[3] / "shared" / "golden" / "circuits"

needs_golden = pytest.mark.skipif(not GOLDEN.is_dir(), reason="shared/golden is not here")


@needs_golden
@pytest.mark.parametrize(
    ("name", "variables", "count"),
    [("sudoku_4", 64, 288), ("4-grid", 40, None), ("seq_fun", 500, None)],
)
def test_published_circuits_are_sound(name, variables, count):
    nnf = read_sdd((GOLDEN / f"{name}.sdd").read_text())
    circuit = circuits.circuit_from(nnf)  # decomposable and deterministic
    assert len(circuit.variables) == variables
    assert count in (None, circuit.model_count())
    assert circuits.smooth(nnf).model_count() == circuit.model_count()


@needs_golden
def test_models_of_the_published_sudoku_satisfy_its_clauses():
    circuit = circuits.circuit_from(read_sdd((GOLDEN / "sudoku_4.sdd").read_text()))
    generator = torch.Generator().manual_seed(0)
    grids = circuit.sample(torch.full((1, 64), 0.5), 50, generator=generator)[:, 0]
    lines = (GOLDEN / "sudoku_4.cnf").read_text().splitlines()
    clauses = [[int(x) for x in line.split()[:-1]] for line in lines if line[0] not in "cp"]
    assert len(clauses) == 336
    for clause in clauses:
        held = torch.stack([grids[:, abs(x) - 1] == (x > 0) for x in clause])
        assert held.any(0).all()


def models_of(nnf: circuits.NNF) -> set[tuple[int, ...]]:
    """Return the assignments that satisfy a circuit."""
    rows = torch.cartesian_prod(*[torch.tensor([False, True])] * nnf.variables)
    rows = rows.reshape(-1, nnf.variables)
    held = circuits.circuit_from(nnf).satisfied(rows)
    return {tuple(map(int, row)) for row in rows[held].tolist()}


# x1 ∧ (x2 ⊕ x3), by hand in each format
XOR_SDD = """c a comment
sdd 7
L 0 0 1
L 1 2 2
L 2 2 -2
L 3 4 3
L 4 4 -3
D 5 3 2 1 4 2 3
F 6
L 7 0 -1
D 8 1 2 0 5 7 6"""
XOR_C2D = """c a comment
nnf 9 8 3
L 1
L 2
L -2
L 3
L -3
A 2 1 4
A 2 2 3
O 2 2 5 6
A 2 0 7"""
XOR_D4 = """o 1 0
a 2 0
o 3 0
t 4 0
f 5 0
3 4 2 -3 0
3 4 -2 3 0
2 3 0
2 4 1 0
1 2 0
1 5 -1 0"""


@pytest.mark.parametrize(
    ("read", "text"), [(read_sdd, XOR_SDD), (read_nnf, XOR_C2D), (read_nnf, XOR_D4)]
)
def test_the_same_formula_is_read_from_each_format(read, text):
    assert models_of(read(text)) == {(1, 1, 0), (1, 0, 1)}
    assert read(text, 5).model_count() == 2 * 4  # two more variables are free


@pytest.mark.parametrize(
    ("text", "count"),
    [("nnf 1 0 2\nA 0", 4), ("nnf 1 0 2\nO 0 0", 0), ("t 1 0", 1), ("f 1 0", 0), ("o 1 0", 0)],
)
def test_constants_are_read(text, count):
    assert read_nnf(text).model_count() == count


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no node"),
        ("sdd 1\nX 0", "line 2: expected F, T, L or D"),
        ("sdd 1\nF", "line 2: expected F, T, L or D"),
        ("L 0 0 x", "line 1: expected an integer, got 'x'"),
        ("c\nL 0 0 0", "line 2: a literal must be"),
        ("L 0 0 1\n\nD 1 0 2 0 0", "line 3: 2 elements expected, got 1"),
        ("L 0 0 1\nD 1 0 1 0 7", "line 2: node 7 is not there yet"),
    ],
)
def test_a_malformed_sdd_is_refused_with_its_line(text, message):
    with pytest.raises(CircuitFormatError, match=message):
        read_sdd(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no node"),
        ("nnf 1 0\nL 1", "line 1: expected nnf NODES EDGES VARIABLES"),
        ("nnf 1 0 x\nL 1", "line 1: expected an integer, got 'x'"),
        ("nnf 1 0 1\nL 3", "line 2: a literal must be ±1 to ±1, got 3"),
        ("nnf 1 0 1\nX 1", "line 2: expected L, A or O, got X 1"),
        ("nnf 1 0 1\nO 0", "line 2: expected L, A or O"),
        ("nnf 2 0 1\nL 1\nA 2 0", "line 3: 2 children expected"),
        ("nnf 1 0 1\nA 1 0", "line 2: node 0 is not there yet"),
        ("nnf 2 0 1\nL 1", "2 nodes expected, got 1"),
        ("o 1", "line 1: expected a node or an edge that ends in 0"),
        ("o 1 0\n1 2 0", "line 2: an edge between unknown nodes"),
        ("o 1 0\nt 2 0\n1 2 a 0", "line 3: expected an integer, got 'a'"),
    ],
)
def test_a_malformed_nnf_is_refused_with_its_line(text, message):
    with pytest.raises(CircuitFormatError, match=message):
        read_nnf(text)


def test_more_variables_than_promised_are_refused():
    with pytest.raises(CircuitFormatError, match="line 1: a literal must be ±1 to ±2, got 5"):
        read_sdd("L 0 0 5", 2)


@pytest.mark.parametrize(
    ("read", "text", "message"),
    [
        (read_sdd, "L 0 0", "line 1: expected F, T, L or D"),
        (read_nnf, "1 0", "line 1: expected a node or an edge"),
        (read_nnf, "o 1 0\n5 0", "line 2: expected a node or an edge"),
        (read_nnf, "o 1 0\na 2 0\n1 2 1 0\n2 1 0", "node 1 is below itself"),
        (read_nnf, "o 1 0\nt 2 0\n1 2 0 0", "line 3: a literal must be"),
    ],
    ids=["short sdd", "short node", "short edge", "cycle", "literal 0"],
)
def test_a_truncated_or_cyclic_file_is_refused(read, text, message):
    with pytest.raises(CircuitFormatError, match=message):
        read(text)
