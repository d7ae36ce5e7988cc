"""DIMACS files keep clauses and names; what is wrong in one is said with its line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Symbol, symbols
from sympy.abc import a, b, c, d

from nsai.logic.cnf import CNF, to_cnf
from nsai.logic.dimacs import DimacsError, from_dimacs, read_dimacs, to_dimacs, write_dimacs
from nsai.logic.errors import FormulaError
from tests.oracles import formulas

letters = st.characters(exclude_categories=["Cs", "Zl", "Zp", "Cc"])
names = st.lists(st.text(letters, min_size=1, max_size=5), unique=True, max_size=4)


@given(formulas((a, b, c, d)), st.sampled_from(["tseitin", "direct"]))
def test_clauses_survive(formula, method):
    cnf = to_cnf(formula, method)
    assert from_dimacs(to_dimacs(cnf)) == cnf


@given(names)
def test_names_survive(chosen):
    cnf = CNF((), tuple(map(Symbol, chosen)), 2)
    assert from_dimacs(to_dimacs(cnf)) == cnf


def test_files_survive(tmp_path):
    cnf = to_cnf(a ^ (b & Symbol("größe")))
    write_dimacs(cnf, tmp_path / "f.cnf")
    assert read_dimacs(tmp_path / "f.cnf") == cnf


def test_a_tolerant_reader():
    text = "c made by hand\nc 1 'it\nc 1 what 'ever\r\n"
    text += "\nc\n  p  cnf 3   3 \nc 2 wet\n1 -2\n\n 0 3 0 -1\nc later\n0\n%\n0\n"
    cnf = from_dimacs(text)
    assert cnf == CNF(((1, -2), (3,), (-1,)), (*symbols("'it wet x3"),))


def test_shown_variables_come_first():
    cnf = from_dimacs("c p show 3 1 0\nc 3 a\np cnf 3 2\n1 -2 0\n2 3 0\n")
    assert cnf == CNF(((1, -3), (3, 2)), (*symbols("x1 a"),), 1)


def test_an_empty_clause_is_kept():
    assert from_dimacs("p cnf 0 1\n0\n") == CNF(((),), ())


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "the header 'p cnf <variables> <clauses>' is missing"),
        ("c x\n1 0", 2, "expected the header .* before clauses, found '1 0'"),
        ("p dnf 1 1\n1 0", 1, "expected 'p cnf <variables> <clauses>', found 'p dnf 1 1'"),
        ("p cnf 1 -1", 1, "expected 'p cnf"),
        ("p cnf 1 0\np cnf 1 0", 2, "a second header, the first is in line 1"),
        ("p cnf 2 2\n1 0\n", 1, "the header declares 2 clauses, found 1"),
        ("p cnf 2 1\n1 0\n2 0", 1, "the header declares 1 clauses, found 2"),
        ("p cnf 2 1\n1 2", 2, r"the last clause \[1, 2\] does not end in 0"),
        ("p cnf 2 1\n1 -3 0", 2, "variable 3 is out of range, the header declares 2"),
        ("c p show 3 0\np cnf 2 0", 1, "variable 3 is out of range"),
        ("p cnf 2 1\n1 two 0", 2, "expected an integer, found 'two'"),
        ("c 1 a\nc 2 a\np cnf 2 0", 2, "variables 1 and 2 are both named 'a'"),
    ],
)
def test_errors_say_the_line(text, line, message):
    with pytest.raises(DimacsError, match=f"line {line}: {message}") as caught:
        from_dimacs(text)
    assert caught.value.line == line


def test_a_name_with_a_line_break_is_an_error():
    with pytest.raises(FormulaError, match="no line break"):
        to_dimacs(CNF((), (Symbol("a\nb"),)))
