import json
import re

import pytest

from nsai.workbench.claims import Claim
from nsai.workbench.console import Printer, outcome_row, remark_of, value_text
from nsai.workbench.supervise import Outcome

HELD = Claim("one", 1.0, "==", 1.0, 0.0, "arithmetic").to_json()
MISSED = Claim("two", 1.0, "==", 2.0, 0.0, "arithmetic").to_json()
HOSTILE = "[bold]x[/bold] :warning: \x1b[31mred\x1b]0;title\x07 \x9b2J"
SHOWN = "[bold]x[/bold] :warning: [31mred]0;title 2J"
ERROR = {"name": "KeyError", "message": "'a'\nmore", "cell": 3, "kind": "exception"}


def outcome(status="passed", cached=False, **fields):
    result = {"run": "a--quick", "status": status, "claims": [HELD], "wall_s": 1.25, "error": None}
    return Outcome(result | fields, None, cached)


def test_elsewhere_than_on_a_terminal_rows_are_separated_by_tabs(capsys):
    rows = (row for row in [["x\ty", "two\nlines"], ["", HOSTILE]])
    Printer(terminal=False).table(("a", "b"), rows, title="left out")
    assert capsys.readouterr().out == f"a\tb\nx y\ttwo lines\n\t{SHOWN}\n"


def test_on_a_terminal_rows_are_a_table_that_shows_text_as_it_is(capsys):
    Printer(terminal=True).table(("a",), [[HOSTILE], ["two\nlines"]], title="t [x] :warning:")
    out = capsys.readouterr().out
    shown = re.sub(r"\s+", " ", re.sub("[─-╿]", "", out))
    assert "t [x] :warning:" in shown
    assert SHOWN in shown
    assert "two lines" in shown
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", out)


@pytest.mark.parametrize("terminal", [True, False])
def test_a_line_is_neither_marked_up_nor_obeyed(capsys, terminal):
    Printer(terminal).line(HOSTILE, style="red")
    assert re.sub(r"\x1b\[\d*m", "", capsys.readouterr().out) == SHOWN + "\n"


def test_a_long_line_is_whole_elsewhere_than_on_a_terminal(capsys):
    Printer(terminal=False).line("word " * 100)
    assert capsys.readouterr().out == "word " * 100 + "\n"


def test_json_is_json_for_any_text(capsys):
    Printer(terminal=True).json([{"é": HOSTILE, "x": None}])
    assert json.loads(capsys.readouterr().out) == [{"é": HOSTILE, "x": None}]


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_has_a_line_for_each_outcome(capsys, terminal):
    with Printer(terminal).progress(2) as progress:
        progress.add(outcome())
        progress.add(outcome("error", claims=[], error=ERROR))
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("[")]
    assert lines[:2] == [
        "[1/2] passed       a--quick  claims 1/1  1.2 s",
        "[2/2] error        a--quick  claims 0/0  1.2 s  KeyError in cell 3: 'a'",
    ]


def test_progress_of_nothing_prints_nothing(capsys):
    with Printer(terminal=True).progress(0):
        pass
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("made", "row"),
    [
        (outcome(), ("passed", "a--quick", "1/1", "1.2", "")),
        (outcome(cached=True), ("passed (cached)", "a--quick", "1/1", "1.2", "")),
        (
            outcome("claim_failed", claims=[HELD, MISSED]),
            ("claim failed", "a--quick", "1/2", "1.2", str(Claim.from_json(MISSED))),
        ),
        (
            outcome("error", error=ERROR | {"cell": None, "message": ""}, wall_s=0.04),
            ("error", "a--quick", "1/1", "0.0", "KeyError: "),
        ),
    ],
)
def test_an_outcome_says_status_claims_seconds_and_why(made, row):
    assert outcome_row(made) == row


def test_a_remark_is_one_short_line():
    error = ERROR | {"message": "x" * 1_000 + "\nsecond"}
    remark = remark_of({"error": error, "claims": [MISSED]})
    assert remark == "KeyError in cell 3: " + "x" * 200
    both = remark_of({"error": None, "claims": [MISSED, HELD, MISSED]})
    assert both == "; ".join([str(Claim.from_json(MISSED))] * 2)


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (0.123456, "0.1235"), (3, "3"), (True, "True"), ([1, 2], "[1, 2]"), ("a", "a")],
)
def test_a_value_is_written_for_a_reader(value, text):
    assert value_text(value) == text
