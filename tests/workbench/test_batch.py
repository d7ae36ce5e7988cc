"""Batches on real kernels: what is repeated and what is not, kills, rivals, executors."""

import json
import os
import runpy
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from nsai.workbench.batch import BatchRecord, run_batch
from nsai.workbench.experiments import Project
from nsai.workbench.plan import Request, plan
from nsai.workbench.runs import RunSpec
from nsai.workbench.supervise import Outcome, execute_run

ROOT = Path(__file__).parents[2]
FAILS = 'from nsai.workbench import claim\nclaim("two", 1, ">=", 2, source="arithmetic")'
Add = Callable[..., Path]
Plan = Callable[..., RunSpec]


def test_one_broken_notebook_stops_no_other_and_order_is_kept(add_notebook: Add, project: Project):
    add_notebook("good")
    add_notebook("fails", FAILS)
    add_notebook("raises", "1 / 0")
    specs = plan(project, project.experiments().values(), Request(timeout=60.0))
    outcomes = {o.result["notebook"]: o.status for o in run_batch(specs, jobs=2)}
    assert outcomes == {"good": "passed", "fails": "claim_failed", "raises": "error"}


def test_result_is_reused_until_something_it_depends_on_changes(add_notebook: Add, spec_for: Plan):
    path = add_notebook("stub")
    assert not execute_run(spec_for("stub")).cached
    assert execute_run(spec_for("stub")).cached
    assert not execute_run(spec_for("stub", seed=1)).cached
    path.write_text(path.read_text().replace("one is one", "one is 1"))
    again = execute_run(spec_for("stub"))
    assert not again.cached
    assert again.result["claims"][0]["name"] == "one is 1"


def test_failed_claim_is_a_result_but_an_error_is_tried_again(add_notebook: Add, spec_for: Plan):
    add_notebook("fails", FAILS)
    add_notebook("raises", "1 / 0")
    for name, cached in (("fails", True), ("raises", False)):
        execute_run(spec_for(name))
        assert execute_run(spec_for(name)).cached is cached


def test_vanished_data_make_a_result_stale(add_notebook: Add, spec_for: Plan, tmp_path: Path):
    data = tmp_path / "data.bin"
    data.write_bytes(b"12345")
    entry = {"path": str(data), "sha256": "0", "size": 5, "mtime_ns": data.stat().st_mtime_ns}
    line = json.dumps({"name": "d", "source": "folder", "files": [entry]}) + "\n"
    note = f"import os\nopen(os.environ['NSAI_DATA_LOG'], 'a').write({line!r})"
    add_notebook("stub", note)
    execute_run(spec_for("stub"))
    assert execute_run(spec_for("stub")).cached
    data.unlink()
    assert not execute_run(spec_for("stub")).cached


def test_two_batches_at_once_run_a_notebook_once(add_notebook: Add, spec_for: Plan):
    add_notebook("stub")
    spec = spec_for("stub")
    found: list[Outcome] = []
    rivals = [threading.Thread(target=lambda: found.append(execute_run(spec))) for _ in range(2)]
    for rival in rivals:
        rival.start()
    for rival in rivals:
        rival.join()
    assert sorted(outcome.cached for outcome in found) == [False, True]
    assert found[0].path == found[1].path


def test_any_executor_will_do_and_one_that_breaks_is_reported(add_notebook: Add, spec_for: Plan):
    class Broken(Executor):
        def submit(self, fn, /, *args, **kwargs):
            future: Future = Future()
            future.set_exception(ConnectionError("the node is gone"))
            return future

    add_notebook("stub")
    specs = [spec_for("stub")]
    with ThreadPoolExecutor(1) as pool:
        assert [o.status for o in run_batch(specs, executor=pool)] == ["passed"]
    (lost,) = run_batch(specs, executor=Broken())
    assert (lost.status, lost.path) == ("error", None)
    assert "the node is gone" in lost.result["error"]["message"]


@pytest.mark.filterwarnings("default")
def test_batch_runs_on_a_dask_cluster(add_notebook: Add, spec_for: Plan):
    distributed = pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
    add_notebook("stub")
    options = {"n_workers": 1, "threads_per_worker": 1, "dashboard_address": None}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
        (outcome,) = run_batch([spec_for("stub")], executor=client.get_executor())
    assert (outcome.status, outcome.cached) == ("passed", False)


def test_record_survives_and_only_its_own_batch_ends_it(tmp_path: Path):
    mine = BatchRecord.begin(["a"], Request(preset="full", seed=3, force=True))
    mine.save(tmp_path)
    assert BatchRecord.load(tmp_path) == mine
    BatchRecord(("b",), Request(), "later").end(tmp_path)
    assert BatchRecord.load(tmp_path) == mine
    mine.end(tmp_path)
    assert BatchRecord.load(tmp_path) is None
    (tmp_path / "batch.json").write_text("{torn")
    assert BatchRecord.load(tmp_path) is None


def test_resumed_batch_repeats_no_error_that_it_had_met(add_notebook: Add, spec_for: Plan):
    add_notebook("raises", "1 / 0")
    before = BatchRecord.begin([], Request()).started
    first = execute_run(spec_for("raises"))
    spec = spec_for("raises")
    resumed = RunSpec(**(spec.to_json() | {"errors_since": before}))
    assert execute_run(resumed).path == first.path
    assert execute_run(spec).path != first.path


def test_killed_batches_leave_no_torn_run_and_no_orphan(tmp_path: Path):
    script = runpy.run_path(str(ROOT / "tests" / "kill_batches.py"))
    root = script["make_project"](tmp_path)
    length = script["length"](root)
    for share in (0.3, 0.5, 0.8):
        script["kill_and_resume"](root, share * length)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_batch_leaves_at_once_and_can_be_resumed(tmp_path: Path, number: int):
    script = runpy.run_path(str(ROOT / "tests" / "kill_batches.py"))
    root = script["make_project"](tmp_path)
    batch = script["report"](root, "interrupted", "--jobs", "1")
    while not list(tmp_path.glob("reports/.staging/*/*/log.txt")):
        time.sleep(0.05)
    batch.send_signal(number)
    text, _ = batch.communicate(timeout=20)
    assert batch.returncode == 130, text
    assert "nsai report --resume" in text
    assert not script["wait_until_none"]("interrupted")
    assert BatchRecord.load(tmp_path / "reports") is not None


def test_editing_one_model_stales_exactly_the_notebooks_that_reach_it(tmp_path: Path):
    """On a copy of this repository: the planner's own view, through the real command."""
    for name in ("nsai", "spiking", "quantum", "notebooks"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))

    logic = {"semantic-loss", "simple-paths", "visual-sudoku", "shields"}
    classic = {"backpropagation", "convolution", "generalisation", "autoencoders"}
    reached: dict[str, set[str]] = {
        "nsai/models/lenet.py": {"convolution", "transfer"},
        "nsai/models/perceptron.py": {"perceptron"},
        "nsai/models/threshold.py": {
            "mcculloch-pitts",
            "perceptron",
            "backpropagation",
            "hopfield",
        },
        "nsai/models/event_net.py": {"mcculloch-pitts"},
        "nsai/models/hopfield.py": {"hopfield"},
        "nsai/models/random_features.py": {"generalisation"},
        "nsai/models/image_vae.py": {"autoencoders"},
        "nsai/models/judge.py": {"gan", "diffusion"},
        "nsai/models/diffusion.py": {"diffusion"},
        "nsai/models/mlp.py": classic | {"mnist-addition", "simple-paths", "shields", "eventprop"},
        "nsai/layers/addition.py": {"mnist-addition"},
        "nsai/circuits/kernels/linear.py": logic,
        "nsai/models/transformer.py": {"gpt"},
        "spiking/hearing/cochlea.py": {"spoken-words", "bits"},
        "quantum/algorithms/grover.py": {"grover"},
        "quantum/analysis/second_moments.py": {"barren-plateaus"},
        "quantum/analysis/kernel_difference.py": {"quantum-kernels"},
        "quantum/noise/routing.py": {"noise"},
        "quantum/dressed.py": {"transfer"},
        "spiking/hardware/faults.py": {"faults"},
        "spiking/hardware/placing/assignment.py": {"digits-on-a-chip", "placement", "faults"},
        "spiking/kernels/adjoint.py": {"eventprop"},
        "nsai/data/sudoku.py": {"visual-sudoku"},
        "nsai/data/repeats.py": {"gpt"},
        "nsai/models/recurrent.py": {"recurrent", "seq2seq"},
        "nsai/models/seq2seq.py": {"seq2seq"},
        "nsai/models/bert.py": {"bert"},
        "nsai/models/board_games.py": {"reinforcement"},
        "nsai/data/names.py": set(),
        "nsai/workbench/claims.py": set(Project(ROOT).experiments()),
    }
    code = (
        "import json, sys\n"
        "from pathlib import Path\n"
        "from nsai.workbench.experiments import Project\n"
        "from nsai.workbench.plan import Request, plan\n"
        "def keys():\n"
        "    p = Project.find()\n"
        "    specs = plan(p, p.experiments().values(), Request())\n"
        "    return {s.notebook['notebook']: s.key for s in specs}\n"
        "now, found = keys(), {}\n"
        "for path in json.loads(sys.argv[1]):\n"
        "    Path(path).write_text(Path(path).read_text() + '\\n# edited\\n')\n"
        "    before, now = now, keys()\n"
        "    found[path] = [name for name in before if before[name] != now[name]]\n"
        "print(json.dumps(found))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(list(reached))],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert {path: set(names) for path, names in json.loads(done.stdout).items()} == reached
