"""The index of the standard library against what Python itself shows of its modules."""

import importlib

import pytest

from nsai import data
from nsai.data.python_index import public_names


@pytest.fixture(scope="module")
def lines():
    return data.python_index("all").splitlines()


def test_names_can_be_reached_by_import(lines):
    modules = ("argparse", "fractions", "json.decoder", "textwrap")
    for module in modules:
        loaded = importlib.import_module(module)
        below = [line for line in lines if line.startswith(f"{module}.")]
        assert len(below) > 3
        for line in below:
            found = loaded
            for part in line.removeprefix(f"{module}.").split("."):
                found = getattr(found, part)


def test_what_is_public_in_a_pure_module_is_listed(lines):
    import fractions

    made_here = [
        f"fractions.Fraction.{name}"
        for name, value in vars(fractions.Fraction).items()
        if not name.startswith("_") and callable(getattr(value, "__func__", value))
    ]
    assert set(made_here) <= set(lines)


def test_no_module_of_the_validation_text_is_in_the_training_text():
    train, validation = (
        {line.split(".")[0] for line in data.python_index(split).splitlines()[1:-1]}
        for split in ("train", "validation")
    )
    assert len(validation) >= 10
    assert len(train & validation) <= 1  # the cut may fall inside a module


def test_names_of_a_module_are_sorted_and_single(lines):
    by_module = {}
    for line in lines:
        by_module.setdefault(line.split(".")[0], []).append(line)
    assert all(names == sorted(set(names)) for names in by_module.values())


def test_private_names_and_what_they_own_are_left_out():
    source = "class _A:\n  def f(self): ...\nclass B:\n  def __init__(self): ...\n  x = 1\n"
    assert public_names(source, "m") == ["m.B"]


def test_names_behind_conditions_are_listed_whatever_the_platform():
    source = "if x:\n  def a(): ...\nelse:\n  def b(): ...\ntry:\n  pass\nexcept E:\n  def c(): ..."
    assert public_names(source, "m") == ["m.a", "m.b", "m.c"]


def test_unknown_split_is_an_error():
    with pytest.raises(ValueError, match="must be one of 'train', 'validation', 'all'"):
        data.python_index("test")
