import json
from pathlib import Path

import pytest

from nsai.workbench.errors import ProjectError
from nsai.workbench.plan import Request, plan
from nsai.workbench.reference import SCHEMA, longest_first, save
from nsai.workbench.report.results import read_reference
from nsai.workbench.store import Run


def run(slug, measured=0.5, **changes):
    result = {
        "run": slug,
        "status": "passed",
        "overrides": {},
        "environment": {"commit": "abc"},
        "device_name": "a processor",
        "finished": "2026-01-01T00:00:00+00:00",
        "wall_s": 1.5,
        "claims": [{"name": "é", "measured": measured}, {"name": "nan", "measured": "nan"}],
    }
    return Run(Path(slug), result | changes)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "reports" / "reference.json"


def test_claims_of_passed_runs_are_kept_by_name(path):
    whole = save([run("b--quick"), run("a--quick", 1)], path)
    assert json.loads(path.read_text(encoding="utf-8")) == whole
    assert whole["schema"] == SCHEMA
    assert list(whole["runs"]) == ["a--quick", "b--quick"]
    assert whole["runs"]["a--quick"] == {
        "commit": "abc",
        "device_name": "a processor",
        "finished": "2026-01-01T00:00:00+00:00",
        "wall_s": 1.5,
        "claims": {"é": 1, "nan": "nan"},
    }
    assert "é" in path.read_text(encoding="utf-8")


def test_what_is_kept_is_what_the_report_reads(path):
    save([run("a--quick", 0.25)], path)
    assert read_reference(path)["a--quick"]["claims"] == {"é": 0.25, "nan": "nan"}


def test_failed_and_overridden_runs_leave_their_entries_as_they_were(path):
    before = save([run("a--quick"), run("b--quick"), run("c--quick")], path)
    after = save(
        [
            run("a--quick", 2, status="claim_failed"),
            run("b--quick", 2, status="error"),
            run("c--quick", 2, overrides={"seed": 1}),
            run("d--quick", 2),
        ],
        path,
    )
    assert after["runs"] == before["runs"] | {"d--quick": after["runs"]["d--quick"]}


def test_saving_the_same_again_changes_no_byte(path):
    save([run("a--quick")], path)
    before = path.read_bytes()
    save([run("a--quick")], path)
    save([], path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("text", ["", "<<<<<<< HEAD", "[]", "{}", '{"schema": "nsai.reference/9"}'])
def test_a_file_that_is_no_baseline_is_named_and_left_alone(path, text):
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ProjectError, match=r"reference\.json is no baseline"):
        save([run("a--quick")], path)
    assert path.read_text(encoding="utf-8") == text


def test_the_longest_run_begins_and_what_is_unknown_comes_before(path, project, add_notebook):
    for name in ("01-short", "02-new", "03-long", "04-newer"):
        add_notebook(name)
    specs = plan(project, project.experiments().values(), Request())
    assert longest_first(specs, path) == specs  # there is no baseline
    save([run("short--quick", wall_s=3.0), run("long--quick", wall_s=70)], path)
    order = [spec.slug for spec in longest_first(specs, path)]
    assert order == ["new--quick", "newer--quick", "long--quick", "short--quick"]
    path.write_text("<<<<<<< HEAD")
    assert longest_first(specs, path) == specs
