import math
import re
from html.parser import HTMLParser

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nsai.workbench.display import as_float, in_notebook, number, show, table


class Cells(HTMLParser):
    """Collects the text of every element by its tag."""

    def __init__(self, markup):
        super().__init__()
        self.stack, self.found, self.attributes = [], {}, []
        self.feed(markup)

    def handle_starttag(self, tag, attributes):
        self.stack.append(tag)
        self.attributes += attributes
        self.found.setdefault(tag, []).append("")

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag

    def handle_data(self, data):
        self.found[self.stack[-1]][-1] += data


def test_outside_a_kernel_the_plain_text_is_printed(capsys):
    assert not in_notebook()
    show({"text/plain": "a line", "text/html": "<p>a line</p>"})
    show({"text/html": "<p>no plain text</p>"})
    assert capsys.readouterr().out == "a line\n"


def test_inside_a_kernel_all_forms_are_displayed(displayed, capsys):
    assert in_notebook()
    show({"text/plain": "a", "x/y": {"b": 1}}, {"nsai": {"key": True}})
    assert displayed == [({"text/plain": "a", "x/y": {"b": 1}}, {"nsai": {"key": True}})]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (61706.0, "61,706"),
        (-1234567.0, "-1,234,567"),
        (1e15, "1e+15"),
        (0.123456, "0.1235"),
        (1e-9, "1e-09"),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
    ],
)
def test_a_number_has_four_digits_and_integers_are_whole(value, text):
    assert number(value) == text


@given(st.floats(-1e308, 1e308))
def test_a_shown_number_is_near_the_true_one(value):
    assert float(number(value).replace(",", "")) == pytest.approx(value, rel=5e-4)


def test_a_single_number_of_any_library_is_a_float():
    for value in (3, True, np.int8(3), np.ones((1, 1)), torch.tensor([3])):
        assert type(as_float(value, "x")) is float
    with pytest.raises(TypeError, match="x must be a single number, got Tensor"):
        as_float(torch.ones(2, 2), "x")


def test_a_table_in_text_is_aligned(capsys):
    rows = [["bigram", 2.4817, None], ["transformer", torch.tensor(1.47), np.bool_(True)]]
    table(rows, ["model", "nats", "trained"], caption="Validation loss.")
    assert capsys.readouterr().out.splitlines() == [
        "Validation loss.",
        "model       | nats  | trained",
        "bigram      | 2.482 | None",
        "transformer | 1.47  | yes",
    ]


def test_a_table_in_markup_has_a_caption_and_header_cells_and_escapes_all(displayed):
    texts = ["<b>", "a & b", '"c"']
    table([texts], ["<i>", "&", "'"], caption="<script>")
    ((data, _),) = displayed
    parsed = Cells(data["text/html"])
    assert parsed.found["caption"] == ["<script>"]
    assert parsed.found["th"] == ["<i>", "&", "'"]
    assert parsed.found["td"] == texts
    assert parsed.attributes == [("scope", "col")] * 3
    assert set(parsed.found) == {"table", "caption", "thead", "tbody", "tr", "th", "td"}
    assert parsed.stack == []


def test_a_table_of_no_rows_still_says_what_it_would_hold(capsys):
    table([], ["model", "nats"], caption="Nothing yet.")
    assert capsys.readouterr().out == "Nothing yet.\nmodel | nats\n"


def test_a_row_of_another_length_or_no_caption_is_refused():
    with pytest.raises(ValueError, match=re.escape("row 1 has 3 cells, expected 2: [1, 2, 3]")):
        table([[1, 2], [1, 2, 3]], ["a", "b"], caption="c")
    with pytest.raises(ValueError, match="caption must say"):
        table([[1]], ["a"], caption="  ")
