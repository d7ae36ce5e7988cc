import json
import subprocess

import pytest

from nsai.workbench import plan as plan_module
from nsai.workbench.errors import ParameterError
from nsai.workbench.plan import Request, cores, plan, state
from nsai.workbench.store import RESULT, Store


@pytest.fixture
def experiments(project, add_notebook):
    for name in ("01-one", "02-two"):
        add_notebook(name)
    return list(project.experiments().values())


def test_every_experiment_becomes_one_run_with_all_its_values(project, experiments):
    specs = plan(project, experiments, Request())
    assert [spec.slug for spec in specs] == ["one--quick", "two--quick"]
    assert specs[0].parameters == {
        "seed": 0,
        "device": "auto",
        "tag": "x",
        "rate": 0.1,
        "widths": [3, 2],
        "verbose": False,
        "note": None,
    }
    assert specs[0].overrides == {}
    assert specs[0].timeout == 1800
    assert specs[0].environment["cores"] == cores()
    assert specs[0].environment["packages"].keys() >= {"numpy", "papermill"}


def test_text_is_read_by_the_declared_types(project, experiments):
    values = {"tag": "007", "rate": "1", "widths": "[8]", "verbose": "true", "note": "None"}
    (spec, _) = plan(project, experiments, Request(parameters=values, seed=3, device="cpu"))
    assert spec.overrides == {
        "tag": "007",
        "rate": 1.0,
        "widths": [8],
        "verbose": True,
        "seed": 3,
        "device": "cpu",
    }
    assert spec.parameters == {"note": None} | spec.overrides


def test_a_value_that_the_preset_has_already_is_no_override(project, experiments):
    same = Request(preset="full", parameters={"rate": "0.50", "tag": "x"}, seed=0)
    (spec, _) = plan(project, experiments, same)
    assert (spec.slug, spec.overrides) == ("one--full", {})
    (plain, _) = plan(project, experiments, Request(preset="full"))
    assert spec == plain
    (zero, _) = plan(project, experiments, Request(parameters={"rate": "0.0"}))
    (negative, _) = plan(project, experiments, Request(parameters={"rate": "-0.0"}))
    assert zero.slug != negative.slug


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (Request(preset="huge"), "one: unknown preset 'huge'"),
        (Request(parameters={"epochs": "3"}), "one: unknown parameter 'epochs'"),
        (Request(parameters={"x=1;import os#": "3"}), "one: unknown parameter 'x=1;import os#'"),
        (Request(parameters={"rate": "fast"}), "one: parameter 'rate' expects float, got 'fast'"),
        (Request(device="tpu"), "one: parameter 'device' expects Literal"),
        (Request(parameters={"seed": "1"}, seed=2), "seed is given twice"),
        (Request(parameters={"device": "cpu"}, device="cpu"), "device is given twice"),
    ],
)
def test_a_request_that_does_not_fit_is_an_error_before_anything_runs(
    project, experiments, request_, message
):
    with pytest.raises(ParameterError, match=message):
        plan(project, experiments, request_)
    assert not project.reports.exists()


def test_one_notebook_that_does_not_fit_stops_the_plan(project, add_notebook):
    add_notebook("01-one")
    quick = 'presets = {"quick": {}, "full": {}}'
    add_notebook("02-two", parameters="epochs: int = 1", presets=quick)
    with pytest.raises(ParameterError, match="two: unknown parameter 'seed'; the notebook has"):
        plan(project, project.experiments().values(), Request(seed=1))


def test_the_deadline_is_asked_for_or_that_of_the_preset(project, experiments):
    def timeout(**asked):
        return plan(project, experiments[:1], Request(**asked))[0].timeout

    assert timeout(timeout=2.5) == 2.5
    assert timeout(preset="full") == 12 * 3600


@pytest.mark.parametrize(("jobs", "threads"), [(0, 8), (1, 8), (3, 2), (8, 1), (100, 1)])
def test_notebooks_at_once_share_the_cores(project, experiments, monkeypatch, jobs, threads):
    monkeypatch.setattr(plan_module, "cores", lambda: 8)
    (spec, _) = plan(project, experiments, Request(jobs=jobs))
    assert spec.threads == threads


def test_the_device_is_resolved_and_named(project, experiments, add_notebook, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setattr(plan_module, "_gpu", lambda: "a GPU")
    devices = {asked: plan(project, experiments[:1], Request(device=asked))[0] for asked in
               ("auto", "cpu", "cuda")}  # fmt: skip
    assert devices["auto"].device == devices["cpu"].device == "cpu"
    assert devices["cpu"].device_name == devices["cpu"].environment["processor"]
    assert (devices["cuda"].device, devices["cuda"].device_name) == ("cuda", "a GPU")
    assert devices["auto"].key != devices["cpu"].key != devices["cuda"].key


def test_a_device_that_is_not_ours_is_planned_as_it_is_named(project, add_notebook):
    parameters = 'seed: int = 0\ndevice: Literal["tpu"] = "tpu"'
    add_notebook("01-one", parameters=parameters, presets='presets = {"quick": {}, "full": {}}')
    (spec,) = plan(project, project.experiments().values(), Request())
    assert (spec.device, spec.device_name) == ("tpu", "tpu")


@pytest.mark.parametrize(
    "fault",
    [FileNotFoundError("git"), subprocess.TimeoutExpired("git", 20), PermissionError("git")],
)
def test_a_program_that_is_missing_or_hangs_stops_nothing(project, experiments, monkeypatch, fault):
    def fail(*_, **__):
        raise fault

    monkeypatch.setattr(subprocess, "run", fail)
    (spec, _) = plan(project, experiments, Request(device="cuda"))
    assert (spec.environment["commit"], spec.environment["dirty"]) == (None, None)
    assert spec.device_name == "CUDA device"


def test_the_commit_and_whether_files_differ_from_it_are_noted(project, experiments):
    def git(*words):
        identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
        command = ["git", "-C", str(project.root), *identity, *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "--quiet")
    git("add", "notebooks")
    git("commit", "--quiet", "--message", "One")
    clean = plan(project, experiments, Request())[0].environment
    assert (clean["commit"], clean["dirty"]) == (git("rev-parse", "HEAD"), False)
    experiments[0].path.write_text("{}", encoding="utf-8")
    assert plan(project, experiments, Request())[0].environment["dirty"] is True


def test_the_state_of_a_run_follows_from_its_newest_result(project, experiments):
    (spec, _) = plan(project, experiments, Request())

    store = Store(project.reports)
    folder = project.reports / "runs" / spec.slug / "20260101T0"

    def stated(**result):
        whole = {"run": spec.slug, "key": spec.key, "started": "2026", "status": "passed"} | result
        folder.mkdir(parents=True, exist_ok=True)
        (folder / RESULT).write_text(json.dumps(whole), encoding="utf-8")
        return state(spec, store)

    assert state(spec, store) == "missing"
    assert stated() == stated(status="claim_failed") == "current"
    assert stated(key="f" * 64) == "stale"
    assert stated(data=[{"files": [{"path": "/gone", "size": 1, "sha256": ""}]}]) == "stale"
    assert stated(status="error") == "failed"
    (folder / RESULT).write_text('{"run": ', encoding="utf-8")
    assert state(spec, store) == "missing"
