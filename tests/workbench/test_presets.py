import pytest
from hypothesis import given
from hypothesis import strategies as st

from nsai.workbench.errors import NotebookFormatError
from nsai.workbench.parameters import read_parameters, read_presets


def test_presets_are_checked_against_the_parameters():
    parameters = read_parameters(
        "epochs: int = 1\nwidths: list[int] = [1]\nnote: str | None = None"
    )
    source = 'presets = {"quick": {}, "full": {"epochs": 20, "widths": (3, 4)}, "by-night": {}}'
    assert read_presets(source, parameters) == {
        "quick": {},
        "full": {"epochs": 20, "widths": [3, 4]},
        "by-night": {},
    }


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("", "expected one literal"),
        ("presets = dict(quick={}, full={})", "expected one literal"),
        ("preset = {'quick': {}, 'full': {}}", "expected one literal"),
        ("presets = {'quick': {}, 'full': {}}; x = 1", "expected one literal"),
        ("presets = ['quick', 'full']", "expected one literal"),
        ("presets = {[]: 1}", "expected one literal"),
        ("presets = {**{}}", "expected one literal"),
        ("presets = {'quick': {}}", "'full' is missing"),
        ("presets = {'quick': {}, 'full': 1}", "'full' must be a dict"),
        ("presets = {'quick': {}, 'full': {'epoch': 1}}", "'full': unknown parameter 'epoch'"),
        ("presets = {'quick': {}, 'full': {'epochs': 1.5}}", "'epochs' expects int, got 1.5"),
        ("presets = {'quick': {}, 'full': {1: 1}}", "unknown parameter '1'"),
        ("presets = {'quick': {}, 'full': {}, 1: {}}", "name must be lower-case"),
        ("presets = {'quick': {}, 'full': {}, '../../etc': {}}", "name must be lower-case"),
        ("presets = {'quick': {}, 'full': {}, 'a--b': {}}", "name must be lower-case"),
    ],
)
def test_presets_that_do_not_fit_are_refused(source, message):
    with pytest.raises(NotebookFormatError, match=message):
        read_presets(source, read_parameters("epochs: int = 1"))


@given(st.text() | st.text("presets =\n{}'quickfull:,[]()"))
def test_any_text_is_read_or_refused_with_a_named_place(text):
    try:
        assert set(read_presets(text, {}, "the cell")) >= {"quick", "full"}
    except NotebookFormatError as error:
        assert str(error).startswith("the cell")  # noqa: PT017
