"""A categorical variable has one value in every model, and says what is wrong."""

import pytest

from nsai.logic import Cardinality, FormulaError
from nsai.logic.categorical import Categorical
from nsai.logic.parser import parse
from nsai.logic.questions import models

colour = Categorical("colour", ["red", "green", "blue"])


def test_every_model_gives_one_value_and_every_value_a_model():
    found = [colour.value(row) for row in models(colour.constraint)]
    assert sorted(found) == sorted(colour.values)


def test_the_constraint_is_one_node_over_the_symbols():
    assert isinstance(colour.constraint, Cardinality)
    assert set(colour.constraint.operands) == set(colour)
    assert [s.name for s in colour.symbols] == ["colour=red", "colour=green", "colour=blue"]
    assert len(colour) == 3


def test_symbols_are_those_of_quoted_text():
    assert parse("'colour=red'") == colour["red"] == colour.is_("red")


def test_numbers_are_values():
    digit = Categorical("digit", range(10))
    assert digit[7].name == "digit=7"
    assert digit.value({digit[7]: True}) == 7


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: colour["pink"], "colour has no value 'pink', expected one of red, green, blue"),
        (lambda: Categorical("c", ["a"]), r"c: expected two or more values, got \('a',\)"),
        (lambda: Categorical("c", ["a", "b", "a"]), "c: the value 'a' is there twice"),
        (lambda: Categorical("c", [1, "1"]), "c: the value '1' is there twice"),
        (lambda: Categorical("c", "ab"), "c: expected several values, got the text 'ab'"),
        (lambda: Categorical("", ["a", "b"]), "needs a name"),
        (lambda: colour.value({}), r"colour: expected exactly one value, got \[\]"),
        (
            lambda: colour.value(dict.fromkeys(colour, True)),
            "expected exactly one value, got .*'red', 'green', 'blue'",
        ),
    ],
)
def test_errors_say_expected_and_got(call, message):
    with pytest.raises(FormulaError, match=message):
        call()
