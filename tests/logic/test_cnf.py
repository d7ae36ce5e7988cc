"""Clauses say what the formula says, and Tseitin's keep its number of models."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pysat.solvers import Solver
from sympy import And, Equivalent, Not, Or, S, Symbol, Xor, symbols
from sympy.abc import a, b, c, d, e

from nsai.logic import FormulaError, at_least, at_most, exactly, exactly_one
from nsai.logic.cnf import CNF, to_cnf
from nsai.logic.counting import count_literals, direct_clauses
from tests.oracles import clause_models, formulas, models_by_truth_table

LETTERS = (a, b, c, d)
random_formulas = formulas(LETTERS)


def solved(cnf):
    """Return every model over all variables, by a solver, as a sorted list."""
    found = []
    with Solver(name="minisat22", bootstrap_with=[c for c in cnf if c]) as solver:
        numbers = range(1, cnf.variables + 1)
        while () not in cnf.clauses and solver.solve():
            held = set(solver.get_model())
            row = [v if v in held else -v for v in numbers]
            found.append(tuple(v > 0 for v in row))
            if not row:
                break
            solver.add_clause([-v for v in row])
    return sorted(found)


def rows(formula, chosen):
    return sorted(tuple(row.values()) for row in models_by_truth_table(formula, chosen))


@given(random_formulas)
def test_tseitin_has_the_models_of_the_truth_table_each_once(formula):
    cnf = to_cnf(formula)
    found = solved(cnf)
    assert [row[: len(cnf.symbols)] for row in found] == rows(formula, cnf.symbols)


@given(random_formulas)
def test_distribution_has_the_models_of_the_truth_table(formula):
    cnf = to_cnf(formula, method="direct")
    assert cnf.auxiliaries == 0
    assert clause_models(cnf, cnf.variables) == rows(formula, cnf.symbols)


@given(st.lists(random_formulas, max_size=3), st.sampled_from(["tseitin", "direct"]))
def test_several_formulas_hold_together(parts, method):
    cnf = to_cnf(parts, method)
    found = [row[: len(cnf.symbols)] for row in solved(cnf)]
    assert found == rows(And(*parts, evaluate=False), cnf.symbols)


@pytest.mark.parametrize("n", range(1, 6))
def test_counts_agree_with_counting_for_every_bound(n):
    xs = symbols(f"x:{n}")
    for low in range(n + 1):
        for high in range(low, n + 1):
            counter = iter(range(n + 1, 99))
            clauses: list[tuple[int, ...]] = []
            made = count_literals(
                range(1, n + 1), low, high, lambda i=counter: next(i), clauses.append
            )
            cnf = CNF((*clauses, *((v,) for v in made)), xs, next(counter) - n - 1)
            wanted = [row for row in clause_models([], n) if low <= sum(row) <= high]
            assert [row[:n] for row in solved(cnf)] == wanted
            direct = [[i + 1 if s else -i - 1 for i, s in c] for c in direct_clauses(n, low, high)]
            assert clause_models(direct, n) == wanted


@pytest.mark.parametrize("k", [1, 3, 297])
def test_a_long_count_takes_order_n_k_clauses(k):
    xs = symbols("x:300")
    small = min(k, 300 - k) + 1
    for formula in (exactly(k, xs), at_most(k, xs), at_least(k, xs)):
        cnf = to_cnf(formula)
        assert cnf.auxiliaries <= 300 * small
        assert len(cnf) <= 4 * 300 * small + 2
        assert max(map(len, cnf)) <= 3


def test_a_long_exclusive_or_grows_linearly():
    cnf = to_cnf(Xor(*symbols("x:500")))
    assert cnf.auxiliaries <= 500
    assert len(cnf) <= 4 * 500


def test_a_formula_in_clauses_needs_no_auxiliary_variable():
    cnf = to_cnf((a | ~b) & (b >> (c | d)) & Not(e))
    assert cnf.auxiliaries == 0
    assert sorted(cnf) == [(-5,), (-2, 3, 4), (1, -2)]


def test_a_deep_formula_takes_no_recursion():
    formula = a
    for i in range(400):
        formula = Or(And(formula, Symbol(f"x{i}")), Symbol(f"y{i}"))
    cnf = to_cnf(formula)
    assert len(cnf.symbols) == 801
    assert cnf.auxiliaries <= 800


def test_equal_parts_share_a_variable():
    part = And(a, b)
    cnf = to_cnf([Equivalent(part, c), Equivalent(part, d)])
    assert cnf.auxiliaries == 1


@pytest.mark.parametrize("method", ["tseitin", "direct"])
def test_constants(method):
    assert to_cnf(True, method) == CNF((), ())
    assert to_cnf(S.false, method) == CNF(((),), ())


def test_the_budget_of_distribution_is_an_error_that_says_what_to_do():
    pairs = Or(*(And(Symbol(f"x{i}"), Symbol(f"y{i}")) for i in range(20)))
    with pytest.raises(FormulaError, match=r'more than 1000 clauses.*method="tseitin"'):
        to_cnf(pairs, method="direct", budget=1000)
    with pytest.raises(FormulaError, match=r"at_most\(10, x0.*more than 100000"):
        to_cnf(at_most(10, symbols("x:40")), method="direct")


def test_symbols_auxiliaries_and_values_are_told_apart():
    cnf = to_cnf(exactly_one([b, a, c]))
    assert cnf.symbols == (a, b, c)
    assert cnf.number(b) == 2
    assert cnf.variables == 3 + cnf.auxiliaries
    assert cnf.decode([-1, 2, -3, 4]) == {a: False, b: True, c: False}
    with pytest.raises(ValueError, match="d is none of the symbols"):
        cnf.number(d)


@given(random_formulas)
def test_direct_clauses_read_back_as_a_formula(formula):
    cnf = to_cnf(formula, method="direct")
    assert rows(cnf.formula(), cnf.symbols) == rows(formula, cnf.symbols)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: to_cnf("a & b"), r"expected a formula, got text; write parse\('a & b'\)"),
        (lambda: to_cnf(3), "expected a formula or several, got 3, a int"),
        (lambda: to_cnf([a, 3]), "expected a formula, got 3, a int"),
        (lambda: to_cnf(a & (b < 3)), r"b < 3 is no Boolean symbol; nsai.logic.arithmetic"),
        (lambda: to_cnf(a & ~Symbol("a", integer=True)), "named 'a': one of them assumes integer"),
        (lambda: CNF(((1, 3),), (a, b)), r"variables must lie in \[1, 2\], got 3 in \(1, 3\)"),
        (lambda: CNF((), (a, a)), "symbols must differ"),
        (lambda: CNF((), (), -1), "auxiliaries must not be negative, got -1"),
        (lambda: to_cnf(a ^ (b & c)).formula(), "expected no auxiliary variables, got 1"),
    ],
)
def test_errors_say_expected_and_got(call, message):
    with pytest.raises(ValueError, match=message):
        call()
