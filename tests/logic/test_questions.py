"""The solver's answers are those of the truth table; cores are minimal; errors show the cause."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import And, Not, S, Symbol, symbols
from sympy.abc import a, b, c, d

from nsai.logic import FormulaError, UnsatisfiableError, at_most, exactly_one
from nsai.logic.questions import (
    counterexample,
    entails,
    equivalent,
    is_tautology,
    model,
    models,
    require_satisfiable,
    satisfiable,
    unsatisfiable_core,
)
from tests.oracles import assignments, formulas, models_by_truth_table, truth

LETTERS = (a, b, c, d)
random_formulas = formulas(LETTERS)
some_formulas = st.lists(formulas(LETTERS, max_leaves=3), min_size=1, max_size=7)


def together(parts):
    return And(*parts, evaluate=False)


@given(random_formulas)
def test_models_are_the_rows_of_the_truth_table_each_once(formula):
    found = list(models(formula))
    names = sorted(formula.free_symbols, key=str)
    key = lambda row: [row[s] for s in names]  # noqa: E731
    assert sorted(found, key=key) == models_by_truth_table(formula, names)
    assert satisfiable(formula) == bool(found)
    first = model(formula)
    assert first == (found[0] if found else None)
    assert list(models(formula, limit=2)) == found[:2]
    assert is_tautology(formula) == (len(found) == 2 ** len(names))


@given(some_formulas, random_formulas)
def test_entailment_and_counterexamples_are_those_of_the_truth_table(premises, conclusion):
    broken = [
        row
        for row in models_by_truth_table(together(premises), LETTERS)
        if not truth(conclusion, row)
    ]
    assert entails(premises, conclusion) == (not broken)
    found = counterexample(premises, conclusion)
    assert (found is None) == (not broken)
    if found is not None:
        row = dict.fromkeys(LETTERS, False) | found
        assert row in broken


@given(random_formulas, random_formulas)
def test_equivalence_is_equality_of_truth_tables(f, g):
    same = all(truth(f, row) == truth(g, row) for row in assignments(LETTERS))
    assert equivalent(f, g) == same


@given(some_formulas)
def test_every_member_of_a_core_is_necessary(parts):
    if models_by_truth_table(together(parts), LETTERS):
        require_satisfiable(parts)
        with pytest.raises(FormulaError, match="these parts have no core, they hold under"):
            unsatisfiable_core(parts)
        return
    core = unsatisfiable_core(parts)
    assert set(core) <= set(parts)
    assert not models_by_truth_table(together(core), LETTERS)
    for member in core:
        rest = [part for part in core if part != member]
        assert models_by_truth_table(together(rest), LETTERS)


def test_a_long_exactly_one_has_as_many_models_as_operands():
    xs = symbols("x:150")
    found = list(models(exactly_one(xs)))
    assert len(found) == 150
    assert all(sum(row.values()) == 1 for row in found)


def test_models_may_be_left_early():
    some = models(exactly_one(symbols("x:20")))
    next(some)
    some.close()
    assert list(some) == []


def test_models_follow_the_same_order_every_time():
    formula = at_most(2, LETTERS)
    assert list(models(formula)) == list(models(formula))


def test_pigeons_do_not_fit():
    holes = [[Symbol(f"p{i}_{j}") for j in range(4)] for i in range(5)]
    parts = [exactly_one(row) for row in holes]
    parts += [at_most(1, column) for column in zip(*holes, strict=True)]
    assert set(unsatisfiable_core([d, *parts])) == set(parts)


def test_an_unsatisfiable_conjunction_is_shown_with_its_core():
    formula = exactly_one([a, b, c]) & a & (d | c) & (a >> b)
    with pytest.raises(UnsatisfiableError) as caught:
        require_satisfiable(formula)
    assert set(caught.value.core) == {a, a >> b, exactly_one([a, b, c])}
    message = str(caught.value)
    assert "3 of its 4 parts clash" in message
    assert "exactly_one(a, b, c)" in message
    assert "c | d" not in message


def test_a_single_part_and_the_constant_false_are_shown_alone():
    with pytest.raises(UnsatisfiableError, match=r"^nothing satisfies ~\(Implies"):
        require_satisfiable([Not((a & b) >> a), c])
    with pytest.raises(UnsatisfiableError, match="False: sympy found a contradiction"):
        require_satisfiable(Not(a >> a))


def test_several_formulas_stand_for_their_conjunction():
    assert satisfiable([])
    assert list(models([])) == [{}]
    assert is_tautology([S.true, a | ~a])
    assert equivalent([a, b], a & b)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: models(a, limit=-1), "limit must not be negative, got -1"),
        (lambda: satisfiable("a"), r"write parse\('a'\)"),
        (lambda: entails([a, "b"], a), r"write parse\('b'\)"),
        (lambda: entails(a, Symbol("a", real=True)), "different symbols are named 'a'.*real"),
        (lambda: satisfiable(a < 3), "a < 3 is no Boolean symbol"),
    ],
)
def test_errors_show_the_cause(call, message):
    with pytest.raises(ValueError, match=message):
        call()
