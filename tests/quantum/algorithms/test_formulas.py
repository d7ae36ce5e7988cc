"""Random formulas: their size, and their models as sympy's solver finds them."""

import numpy as np
import pytest
import sympy

from quantum import InputError, planted_formula, random_formula, truth_table
from quantum.algorithms.formulas import clauses_of

SYMBOLS = sympy.symbols("x:6")


def test_clauses_are_many_and_different_and_have_three_literals():
    formula = random_formula(SYMBOLS, 40, np.random.default_rng(0))
    assert len(formula.args) == 40
    assert {len(clause.args) for clause in formula.args} == {3}
    assert all(len(clause.free_symbols) == 3 for clause in formula.args)
    assert formula == random_formula(SYMBOLS, 40, np.random.default_rng(0))
    assert formula != random_formula(SYMBOLS, 40, np.random.default_rng(1))


def test_clauses_are_read_back():
    a, b, c = SYMBOLS[:3]
    assert clauses_of(sympy.true) == []
    assert clauses_of(~b) == [[(b, False)]]
    found = clauses_of((a | ~c) & (b | c | ~a))
    assert {frozenset(clause) for clause in found} == {
        frozenset({(a, True), (c, False)}),
        frozenset({(b, True), (c, True), (a, False)}),
    }
    for other in (sympy.Xor(a, b), a & (b | (a & c)), sympy.false):
        with pytest.raises(InputError, match="is no clause"):
            clauses_of(other)


def test_all_clauses_together_have_no_model():
    formula = random_formula(SYMBOLS[:3], 8, np.random.default_rng(0))
    assert not truth_table(formula, SYMBOLS[:3]).any()


@pytest.mark.parametrize("models", [1, 3, 10])
def test_a_planted_formula_has_few_models(models):
    formula = planted_formula(SYMBOLS, models, np.random.default_rng(models))
    found = truth_table(formula, SYMBOLS)
    given = list(sympy.satisfiable(formula, all_models=True))
    free = (1 << (6 - len(model)) for model in given)  # of symbols that no clause has
    assert 1 <= found.sum() == sum(free) <= models


def test_the_hidden_assignment_is_anywhere():
    rng = np.random.default_rng(0)
    places = {
        int(truth_table(planted_formula(SYMBOLS[:4], 1, rng), SYMBOLS[:4]).argmax())
        for _ in range(60)
    }
    assert len(places) > 12


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda rng: random_formula(SYMBOLS[:3], 9, rng), "1 to 8 clauses of 3 symbols, got 9"),
        (lambda rng: planted_formula(SYMBOLS[:2], 1, rng), "3 to 16 symbols and a model, got 2"),
        (lambda rng: planted_formula(SYMBOLS, 0, rng), "got 6 and 0"),
    ],
)
def test_what_does_not_fit_is_said(act, message):
    with pytest.raises(InputError, match=message):
        act(np.random.default_rng(0))
