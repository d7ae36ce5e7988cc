"""Real kernels: what a run is judged to be, whatever its cells do."""

import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from nsai.workbench.runs import RunSpec
from nsai.workbench.supervise import Outcome, execute_run

CLAIM = """from nsai.workbench import claim, metric
claim("one is one", 1, "==", 1, source="arithmetic")
metric("answer", 42.5, unit="s")"""

Add = Callable[..., Path]
Plan = Callable[..., RunSpec]


def run(add_notebook: Add, spec_for: Plan, *code: str, **request: Any) -> Outcome:
    add_notebook("stub", *code)
    return execute_run(spec_for("stub", **request))


def outputs(outcome: Outcome) -> str:
    """Everything that the cells of a run wrote to their streams."""
    cells = json.loads((Path(outcome.path) / "executed.ipynb").read_text())["cells"]
    texts = [o.get("text", "") for c in cells for o in c.get("outputs", ())]
    return "".join("".join(text) for text in texts)


def is_gone(pid: int, patience: float = 10.0) -> bool:
    """Whether a process ends within some seconds; a zombie has ended."""
    for _ in range(int(patience / 0.05)):
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.05)
    return False


def test_run_passes_with_claims_metrics_and_typed_parameters(add_notebook: Add, spec_for: Plan):
    tag = "quo\"te\\ back\nnew {line} '); import os"
    show = "print(repr([seed, tag, rate, widths, verbose, note]))"
    outcome = run(
        add_notebook,
        spec_for,
        CLAIM,
        show,
        seed=7,
        parameters={"tag": tag, "widths": "[5, 6]", "verbose": "true", "note": "none"},
        preset="full",
    )
    result = outcome.result
    assert result["status"] == "passed"
    assert outputs(outcome).strip() == repr([7, tag, 0.5, [5, 6], True, None])
    assert [c["name"] for c in result["claims"]] == ["one is one"]
    assert result["metrics"] == [{"name": "answer", "value": 42.5, "unit": "s"}]
    assert result["peak_memory_bytes"] > 20e6
    assert 0 < result["cpu_s"] < 60
    assert result["seed"] == 7
    assert json.loads((Path(outcome.path) / "result.json").read_text()) == result


def test_failed_claim_fails_the_run_but_not_its_later_cells(add_notebook: Add, spec_for: Plan):
    bad = CLAIM.replace('1, "=="', '2, "=="')
    outcome = run(add_notebook, spec_for, bad, "print('still here')")
    assert outcome.status == "claim_failed"
    assert "still here" in outputs(outcome)


@pytest.mark.parametrize(
    ("code", "kind", "name"),
    [
        ("1 / 0", "exception", "ZeroDivisionError"),
        ("import sys; sys.exit(0)", "exception", "SystemExit"),
        ("import os; os._exit(0)", "kernel_died", "DeadKernelError"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "kernel_died", None),
        ("class MissingDataError(Exception): ...\nraise MissingDataError", "data_missing", None),
    ],
)
def test_cell_that_ends_early_is_an_error_at_that_cell(
    add_notebook: Add, spec_for: Plan, code: str, kind: str, name: str | None
):
    outcome = run(add_notebook, spec_for, "x = 1", code, CLAIM)
    assert outcome.status == "error"
    error = outcome.result["error"]
    assert (error["kind"], error["cell"]) == (kind, 5)  # title, parameters, injected, presets, x
    assert name is None or error["name"] == name
    assert outcome.result["claims"] == []


def test_allowed_exception_does_not_fail_the_run(add_notebook: Add, spec_for: Plan):
    path = add_notebook("stub", CLAIM, "raise ValueError('shown on purpose')")
    notebook = json.loads(path.read_text())
    notebook["cells"][-1]["metadata"]["tags"] = ["raises-exception"]
    path.write_text(json.dumps(notebook))
    assert execute_run(spec_for("stub")).status == "passed"


def test_deadline_is_of_the_notebook_and_ends_what_cells_started(
    add_notebook: Add, spec_for: Plan, tmp_path: Path
):
    pids = tmp_path / "pids"
    start = f"""import os, subprocess
child = subprocess.Popen(["sleep", "600"])
open({str(pids)!r}, "w").write(f"{{os.getpid()}} {{child.pid}}")"""
    sleeps = ["import time; time.sleep(3)"] * 8
    outcome = run(add_notebook, spec_for, start, *sleeps, timeout=12.0)
    assert outcome.result["error"]["kind"] == "timeout"
    assert "12 s" in outcome.result["error"]["message"]
    assert outcome.result["error"]["cell"] > 5
    assert all(is_gone(int(pid)) for pid in pids.read_text().split())


def test_background_process_does_not_outlive_a_run_that_passed(
    add_notebook: Add, spec_for: Plan, tmp_path: Path
):
    pid = tmp_path / "pid"
    start = f"""import subprocess
child = subprocess.Popen(["sleep", "600"])
open({str(pid)!r}, "w").write(str(child.pid))"""
    assert run(add_notebook, spec_for, start, CLAIM).status == "passed"
    assert is_gone(int(pid.read_text()))


def test_output_of_a_cell_is_cut_with_a_note(add_notebook: Add, spec_for: Plan):
    loud = "import sys\nfor _ in range(150):\n    print('x' * 100_000); sys.stdout.flush()"
    outcome = run(add_notebook, spec_for, CLAIM, loud, "print('after')")
    assert outcome.status == "passed"
    text = outputs(outcome)
    assert 9e6 < len(text) < 10.5e6
    assert "output of this cell cut at 10 MB; 15.0 MB were written" in text
    assert "after" in text


def test_kernel_sees_few_threads_no_gpu_and_a_scratch_folder(add_notebook: Add, spec_for: Plan):
    show = """import os, pathlib
names = ("OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES")
pathlib.Path("left.txt").write_text("x")
print([os.environ[n] for n in names], os.listdir("."))"""
    outcome = run(add_notebook, spec_for, show, device="cpu", jobs=1_000)
    assert outputs(outcome).strip() == "['1', ''] ['left.txt']"
    assert not Path("left.txt").exists()


def test_data_that_a_cell_loads_are_recorded(add_notebook: Add, spec_for: Plan):
    load = "from nsai import data\nx, y = data.mnist5k('test')\nx, y = data.mnist5k('test')"
    outcome = run(add_notebook, spec_for, load, CLAIM)
    assert [record["name"] for record in outcome.result["data"]] == ["mnist5k"]
    assert len(outcome.result["data"][0]["files"][0]["sha256"]) == 64


def test_two_claims_of_one_name_are_an_error(add_notebook: Add, spec_for: Plan):
    outcome = run(add_notebook, spec_for, CLAIM, CLAIM)
    assert outcome.result["error"]["kind"] == "duplicate_claim"


def test_worker_dies_with_its_batch_and_leaves_nothing(
    add_notebook: Add, spec_for: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    short = Path(tempfile.mkdtemp(prefix="t"))  # in place of /tmp: sockets need a short path
    monkeypatch.setenv("TMPDIR", str(short))
    pids = tmp_path / "pids"
    note = f"import os, time\nopen({str(pids)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)"
    add_notebook("stub", note)
    spec = spec_for("stub")
    batch = os.fork()
    if not batch:
        try:
            execute_run(spec)
        finally:
            os._exit(0)
    for _ in range(600):
        if pids.exists() and pids.read_text():
            break
        time.sleep(0.05)
    kernel = psutil.Process(int(pids.read_text()))
    worker = kernel.parent()
    assert worker is not None
    os.kill(batch, 9)
    os.waitpid(batch, 0)
    assert is_gone(worker.pid)
    assert is_gone(kernel.pid)
    assert not (Path(spec.reports) / "runs").exists()
    assert not list(short.glob("nsai-*"))
    short.rmdir()


def test_a_training_that_was_stopped_goes_on(add_notebook: Add, spec_for: Plan, tmp_path: Path):
    train = f"""from pathlib import Path
import torch
from nsai.training import fit, minibatches
from nsai.workbench import checkpoint
flag, g = Path({str(tmp_path / "seen")!r}), torch.Generator().manual_seed(0)
torch.manual_seed(0)
model, x, steps = torch.nn.Linear(3, 1), torch.randn(20, 3, generator=g), []
def loss(net, batch):
    steps.append(0)
    if len(steps) == 7 and not flag.exists():
        flag.touch()
        raise RuntimeError("stopped")
    return net(batch[0]).square().mean()
batches = minibatches(x, batch_size=5, epochs=3, generator=g)
optimizer = torch.optim.Adam(model.parameters())
file = checkpoint("small")
history = fit(model, batches, loss, optimizer, checkpoint=file, checkpoint_every=2)
print(len(steps), len(history.loss), model.weight.tolist(), checkpoint("small").exists())"""
    (tmp_path / "seen").touch()
    whole = outputs(run(add_notebook, spec_for, train, seed=1))
    (tmp_path / "seen").unlink()
    stopped = execute_run(spec_for("stub"))
    assert stopped.status == "error"
    kept = list((Path(stopped.path).parents[2] / ".checkpoints").rglob("*.pt"))
    assert [path.name for path in kept] == ["small.pt"]
    resumed = outputs(execute_run(spec_for("stub")))
    assert whole.split()[:2] == ["12", "12"]
    assert resumed.split()[:2] == ["6", "12"]  # on from step 6
    assert resumed.split()[2:] == whole.split()[2:]
    assert not kept[0].exists()
