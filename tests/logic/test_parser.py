"""Text becomes the formula that it says, and back; errors point at the place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import ITE, And, Equivalent, Implies, Not, Or, S, Symbol, Xor
from sympy.abc import a, b, c, d, x

from nsai.logic import Cardinality, FormulaError, ParseError, exactly, exactly_one
from nsai.logic.parser import parse
from nsai.logic.printer import to_text
from tests.oracles import assignments, formulas, truth

odd_names = st.text(min_size=1, max_size=6).map(Symbol)


@given(formulas((a, b, c, d, Symbol("and"), Symbol("colour=red"))))
def test_text_reads_back_with_the_same_truth_table(formula):
    again = parse(to_text(formula))
    symbols = sorted(formula.free_symbols, key=str)
    for row in assignments(symbols):
        assert truth(again, row) == truth(formula, row)
    assert parse(to_text(again)) == again


@given(
    st.recursive(odd_names, lambda f: st.builds(lambda p, q: And(p, Not(q)), f, f), max_leaves=4)
)
def test_any_name_survives(formula):
    assert parse(to_text(formula)) == formula


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("~a & b | c", Or(And(Not(a), b), c)),
        ("a | b xor c & d", Or(a, Xor(b, And(c, d)))),
        ("a -> b -> c", Implies(a, Implies(b, c))),
        ("(a -> b) -> c", Implies(Implies(a, b), c)),
        ("a -> b <-> c or d", Equivalent(Implies(a, b), Or(c, d))),
        ("a <-> b <-> c", Equivalent(Equivalent(a, b), c)),
        ("all_equal(a, b, c)", Equivalent(a, b, c)),
        ("not not not a", Not(a)),
        ("!a && b || c ^ d", Or(And(Not(a), b), Xor(c, d))),
        ("¬a ∧ b ∨ c → d ↔ ⊤", Implies(Or(And(Not(a), b), c), d)),
        ("a => b", Implies(a, b)),
        ("a implies b iff NOT c", Equivalent(Implies(a, b), Not(c))),
        ("a <=> False", Not(a)),
        (" ( ( a ) )\n", a),
        ("true", S.true),
        ("ite(a, b -> c, d)", ITE(a, Implies(b, c), d)),
        ("exactly_one(a, b, not c)", exactly_one([a, b, ~c])),
        ("exactly(2, a, b, c)", exactly(2, [a, b, c])),
        ("at_most(1, a, b)", Cardinality(0, 1, a, b)),
        ("at_least(2, a, b, c | d)", Cardinality(2, 3, a, b, c | d)),
        ("between(1, 2, a, b, c)", Cardinality(1, 2, a, b, c)),
        ("'and' or 'a b\\'c\\\\'", Or(Symbol("and"), Symbol("a b'c\\"))),
        ("exactly_one & ite", And(Symbol("exactly_one"), Symbol("ite"))),
        ("größe_1 & _x", And(Symbol("größe_1"), Symbol("_x"))),
    ],
)
def test_text_by_hand(text, formula):
    assert parse(text) == formula


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        ("", 0, "found the end of the text, expected a formula"),
        ("a and or b", 6, "found 'or', expected a formula"),
        ("a b", 2, "found name 'b', expected an operator or the end"),
        ("a &", 3, "found the end of the text, expected a formula"),
        ("a & (b | c", 10, r"expected an operator or '\)' for the '\(' at position 4"),
        ("a)", 1, r"found '\)', expected an operator or the end"),
        ("()", 1, r"found '\)', expected a formula"),
        ("a = b", 2, "found '=', expected a name, an operator"),
        ("a & 'b", 4, "a quoted name that does not end"),
        ("a & 3", 4, "found number '3', expected a formula"),
        ("foo(a)", 0, "unknown function 'foo', expected an operator or exactly_one, exactly"),
        ("exactly(a, b)", 8, "found name 'a', expected a number first in exactly"),
        ("exactly(2)", 9, r"found '\)', expected a comma and formulas in exactly"),
        ("exactly_one()", 12, r"found '\)', expected a formula"),
        ("ite(a, b)", 8, "ite takes 3 formulas, found 2"),
        ("a, b", 1, "found ',', expected an operator or the end"),
        ("at_most(1, a b)", 13, r"expected an operator, a comma or '\)'"),
        ("a not b", 2, "found 'not', expected an operator"),
        ("(" * 101 + "a", 100, "parentheses more than 100 deep"),
        (" -> ".join("a" * 200), 2, "connectives nested more than 100 deep"),
    ],
)
def test_errors_point_at_the_place(text, position, message):
    with pytest.raises(ParseError, match=message) as caught:
        parse(text)
    if len(text) < 100:
        assert caught.value.position == position
        assert str(caught.value).endswith(f"\n  {text}\n  {' ' * position}^")
    assert caught.value.text == text


def test_the_caret_stands_under_the_right_line():
    with pytest.raises(ParseError) as caught:
        parse("a &\n  b c\n& d")
    assert str(caught.value).endswith("\n    b c\n      ^")


@given(st.text(alphabet="ab&|~()->< ,'1^exactlyon_", max_size=20))
def test_any_text_is_a_formula_or_a_parse_error(text):
    try:
        formula = parse(text)
    except ParseError:
        return
    assert parse(to_text(formula)) == formula


@pytest.mark.parametrize("sign", ["&", "|", "^", " and "])
def test_ten_thousand_terms(sign):
    count = 3_000 if sign == "^" else 10_000
    formula = parse(sign.join(f"x{i}" for i in range(count)))
    assert len(formula.args) == count


def test_text_of_what_is_no_formula():
    with pytest.raises(FormulaError, match="x < 3 is no Boolean symbol"):
        to_text(a & (x < 3))
    with pytest.raises(FormulaError, match="two different symbols are named 'a'"):
        to_text(a & ~Symbol("a", integer=True))
