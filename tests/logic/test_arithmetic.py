"""Linear relations and connectives together: exact values, checked by substitution."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import And, Eq, Ne, Not, Or, Rational, Symbol, Xor
from sympy.abc import a, b, c, x, y

from nsai.logic import Cardinality, FormulaError, exactly_one
from nsai.logic.arithmetic import counterexample, entails, model, satisfiable
from nsai.logic.questions import satisfiable as propositionally_satisfiable
from tests.oracles import formulas

m, n = Symbol("m", integer=True), Symbol("n", integer=True)
small = st.integers(-3, 3)
kinds = st.sampled_from([lambda p, q: p <= q, lambda p, q: p < q, Eq, Ne])
relations = st.builds(lambda kind, i, j, k: kind(i * m + j * n, k), kinds, small, small, small)
mixed = st.recursive(
    relations,
    lambda f: st.builds(lambda kind, p, q: kind(p, q), st.sampled_from([And, Or, Xor]), f, f),
    max_leaves=4,
)


@settings(max_examples=50)
@given(mixed)
def test_integer_models_are_those_of_a_box(formula):
    box = And(m >= -2, m <= 2, n >= -2, n <= 2)
    pairs = itertools.product(range(-2, 3), repeat=2)
    inside = [pair for pair in pairs if formula.subs(dict(zip((m, n), pair, strict=True))) == True]  # noqa: E712
    found = model([box, formula])
    assert (found is None) == (not inside)
    if found is not None:
        assert (found[m], found[n]) in inside


@settings(max_examples=50)
@given(formulas((a, b, c)))
def test_formulas_without_numbers_agree_with_the_sat_solver(formula):
    assert satisfiable(formula) == propositionally_satisfiable(formula)


def test_values_are_exact():
    assert model([Eq(3 * x + y, 1), Eq(x - y, 0)]) == {x: Rational(1, 4), y: Rational(1, 4)}
    assert model(Eq(0.1 * x, 1)) == {x: 10}


def test_strict_relations_and_integers():
    assert satisfiable((x > 0) & (x < 1))
    assert not satisfiable((n > 0) & (n < 1))
    assert entails([n > 0, Ne(n, 1)], n >= 2)


def test_counterexamples_break_the_conclusion_only():
    premises, conclusion = [a >> (x + 2 * y <= 3), x >= 0, a], y <= 1
    found = counterexample(premises, conclusion)
    assert found is not None
    assert all(part.subs(found) == True for part in premises)  # noqa: E712
    assert conclusion.subs(found) == False  # noqa: E712
    assert entails([*premises, x >= 1], conclusion)


def test_counts_of_relations():
    formula = Cardinality(2, 2, x > 1, y > 1, x + y < 2)
    assert not satisfiable([formula, x > 1, y < 1, x + y > 2])
    assert satisfiable([exactly_one([x > 0, x > 1, a]), x > 0])


def test_assumptions_about_the_sign_hold():
    p, q = Symbol("p", positive=True), Symbol("q", nonnegative=True)
    assert entails((), p + q > 0)
    assert not satisfiable(Eq(p + q, 0))


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        (x * (y + 1) <= 3, r"the term x\*y is not linear"),
        (a | (x**2 < y), r"x\*\*2 < y: the term x\*\*2 is not linear"),
        (And(x < 1, Not(x)), "x is used both as a number and as a formula"),
        (And(x < 1, Symbol("x", real=True) > 0), "two different symbols are named 'x'"),
        (Symbol("k", even=True) > 1, "k assumes even, which is not supported"),
        ("x < 1", r"write parse\('x < 1'\)"),
    ],
)
def test_errors_show_the_cause(formula, message):
    with pytest.raises(FormulaError, match=message):
        satisfiable(formula)
