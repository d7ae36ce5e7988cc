"""Several seeds at once: how they are written, and the table of claims."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from nsai.cli import app
from nsai.workbench.errors import ParameterError
from nsai.workbench.experiments import Project
from nsai.workbench.seeds import parse_seeds

Add = Callable[..., Path]
Call = Callable[..., Result]
CLAIMS = """from nsai.workbench import claim
claim("small", seed, "<", 2, source="a number")
claim("behind the rival", seed, "<=", 2 * seed, source="the rival")
if seed == 2:
    claim("only here", 0, "==", 0, tolerance=0.5, source="a number")
if seed == 3:
    raise ValueError("three")"""


@pytest.fixture
def nsai(project: Project, monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.setenv("NSAI_ROOT", str(project.root))
    return lambda *words: CliRunner().invoke(app, list(words), catch_exceptions=False)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=30, unique=True))
def test_numbers_are_read_as_they_are_written(seeds):
    assert parse_seeds(",".join(map(str, seeds))) == seeds


@given(st.integers(0, 10**9), st.integers(0, 999))
def test_a_range_has_both_ends(first, more):
    assert parse_seeds(f"{first}-{first + more}") == list(range(first, first + more + 1))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "such as 0-4 or 0,3,7; got ''"),
        ("1,", "got '1,'"),
        ("a", "got 'a'"),
        ("-1", "got '-1'"),
        ("4-0", "'4-0' falls"),
        ("0-2,2", "names a seed twice"),
        ("0-1000", "1,000 seeds at most"),
    ],
)
def test_what_is_no_list_of_seeds_is_an_error(text, message):
    with pytest.raises(ParameterError, match=message):
        parse_seeds(text)


def test_a_table_shows_each_claim_by_seed(add_notebook: Add, nsai: Call):
    add_notebook("stub", CLAIMS)
    found = nsai("run", "stub", "--seeds", "0,2-3")
    assert found.exit_code == 1
    assert found.stdout.splitlines()[3:] == [
        "claim\tbound\tseed 0\tseed 2\tseed 3",
        "small\t< 2\t0\t2 ✗\t3 ✗",
        "behind the rival\t\t0 <= 0\t2 <= 4\t3 <= 6",
        "only here\t== 0 ± 0.5\t–\t0\t–",
        "claims that hold\t\t2/2\t2/3\t1/2, error",
    ]
    again = nsai("run", "stub", "--seeds", "0,2", "--json")
    assert [(r["seed"], r["cached"]) for r in json.loads(again.stdout)] == [(0, True), (2, True)]


def test_one_seed_or_several_but_not_both(add_notebook: Add, nsai: Call):
    add_notebook("stub", CLAIMS)
    with pytest.raises(ParameterError, match="exclude each other"):
        nsai("run", "stub", "--seed", "1", "--seeds", "0-1")
