"""The command `nsai`: what it prints, what a program may read, what it exits with."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from nsai.cli import app
from nsai.workbench.experiments import Project

Add = Callable[..., Path]
Call = Callable[..., Result]


@pytest.fixture
def nsai(project: Project, monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.setenv("NSAI_ROOT", str(project.root))
    return lambda *words: CliRunner().invoke(app, list(words), catch_exceptions=False)


def test_list_imports_neither_torch_nor_what_runs_notebooks(add_notebook: Add, project: Project):
    add_notebook("stub")
    code = (
        "import sys; sys.argv = ['nsai', 'list', '--json']\n"
        "from nsai.cli import app\n"
        "app(standalone_mode=False)\n"
        "heavy = {'torch', 'numpy', 'papermill', 'nbformat', 'matplotlib', 'jinja2', 'IPython'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project.root, capture_output=True, text=True, check=True
    )
    assert done.stderr.strip() == "[]"
    assert json.loads(done.stdout)["experiments"][0]["notebook"] == "stub"


def test_list_shows_parameters_presets_and_last_status(add_notebook: Add, nsai: Call):
    add_notebook("stub", title="A stub")
    before = nsai("list").stdout
    assert "1 Stubs\n  stub – A stub [not run yet]" in before
    assert "tag: str = 'x'  # a tag" in before
    assert "presets: quick, full" in before
    assert nsai("run", "stub", "--preset", "full").exit_code == 0
    assert "[passed (full)]" in nsai("list").stdout
    (row,) = json.loads(nsai("list", "--json").stdout)["experiments"]
    assert row["last"]["status"] == "passed"
    assert row["presets"] == {"quick": {}, "full": {"rate": 0.5}}
    assert row["parameters"][1]["choices"] == ["auto", "cpu", "cuda"]


def test_run_status_diff_and_report_follow_one_experiment(
    add_notebook: Add, nsai: Call, project: Project
):
    add_notebook("stub", "from nsai.workbench import claim\nclaim('c', seed, '<', 1, source='s')")
    assert "missing" in nsai("status").stdout
    first = nsai("run", "stub")
    assert first.exit_code == 0
    assert "claim holds: c: 0 < 1 [s]" in first.stdout
    assert "stub--quick\tcurrent\tpassed" in nsai("status").stdout
    failed = nsai("run", "stub", "--seed", "1", "--json")
    assert failed.exit_code == 1
    (result,) = json.loads(failed.stdout)
    assert (result["status"], result["overrides"]) == ("claim_failed", {"seed": 1})
    assert result["command"] == "nsai run stub --preset quick -p seed=1"
    diff = json.loads(nsai("diff", "stub", result["run"], "--json").stdout)
    differing = {(row["group"], row["name"]) for row in diff if row["differs"]}
    assert {("run", "status"), ("parameter", "seed"), ("claim", "c")} <= differing
    report = nsai("report")
    assert report.exit_code == 0
    assert "1 passed, 0 claim failed, 0 error, 1 cached" in report.stdout
    assert str(project.reports / "index.html") in report.stdout
    assert (project.reports / "pages" / f"{result['run']}.html").is_file()


def test_reference_keeps_claims_of_plain_runs_and_the_ledger_shows_them(
    add_notebook: Add, nsai: Call, project: Project
):
    add_notebook("stub")
    assert nsai("report", "--save-reference").exit_code == 0
    reference = json.loads((project.reports / "reference.json").read_text())
    assert reference["runs"]["stub--quick"]["claims"] == {"one is one": 1.0}


def test_new_notebook_runs_and_passes_as_it_is(nsai: Call, project: Project):
    made = nsai("new", "first-steps", "--part", "1-stubs", "--title", 'Pi "by" darts')
    assert made.exit_code == 0
    assert (project.notebooks / "1-stubs" / "01-first-steps.ipynb").is_file()
    assert nsai("check").exit_code == 0
    assert nsai("run", "first-steps").exit_code == 0
    assert 'first-steps – Pi "by" darts [passed (quick)]' in nsai("list").stdout


def test_check_finds_outputs_and_fix_removes_them(add_notebook: Add, nsai: Call):
    path = add_notebook("stub")
    notebook = json.loads(path.read_text())
    notebook["cells"][-1]["execution_count"] = 3
    path.write_text(json.dumps(notebook))
    found = nsai("check", str(path))
    assert found.exit_code == 1
    assert "holds execution counts  (--fix mends it)" in found.stdout
    assert "execution counts" not in nsai("check", "--fix", str(path)).stdout
    assert json.loads(path.read_text())["cells"][-1]["execution_count"] is None


def test_doctor_and_data_list_agree_on_what_is_there(nsai: Call):
    rows = json.loads(nsai("data", "list", "--json").stdout)
    assert {"mnist", "mnist5k", "tiny_shakespeare"} <= {row["name"] for row in rows}
    found = {row["what"]: row for row in json.loads(nsai("doctor", "--json").stdout)}
    available = sum(row["available"] for row in rows)
    assert found["data sets"]["found"].startswith(f"{available} of {len(rows)} found")
    assert found["torch"]["problem"] == ""


def test_wrong_usage_exits_with_two_and_suggests(add_notebook: Add, project: Project):
    add_notebook("stub")
    command = [sys.executable, "-c", "from nsai.cli import main; main()"]
    for words, said in (
        (["run", "stubb"], "no experiment is named 'stubb'; did you mean stub?"),
        (["diff", "a", "b"], "no run 'a'"),
        (["report", "--cluster", "tcp://127.0.0.1:9"], "no Dask scheduler answers"),
        (["data", "fetch", "mnits"], "unknown data set 'mnits'"),
        (["new", "Bad Name"], "name must be lower-case words joined by '-'"),
        (["check", "no-such.ipynb"], "no-such.ipynb"),
    ):
        done = subprocess.run(
            [*command, *words], cwd=project.root, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == (1 if words[0] == "check" else 2), words
        assert said in done.stderr + done.stdout
        assert "Traceback" not in done.stderr
    outside = subprocess.run([*command, "list"], cwd="/", capture_output=True, text=True)
    assert outside.returncode == 2
    assert "run nsai inside a checkout" in outside.stderr
