"""The server that forks workers: kernels are as good as new, and the end of either is told."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from nsai.workbench import forkserver
from nsai.workbench.kernel import settings
from nsai.workbench.runs import RunSpec
from nsai.workbench.supervise import execute_run
from tests.workbench.test_execution import CLAIM, is_gone, outputs

Add = Callable[..., Path]
Plan = Callable[..., RunSpec]

pytestmark = pytest.mark.skipif(not forkserver.AVAILABLE, reason="workers are forked on Linux only")

LOADED = """import sys
ours = [m for m in sys.modules if m.startswith(("nsai.", "spiking", "quantum"))]
print("torch" in sys.modules, [m for m in ours if not m.startswith("nsai.workbench")])
print(sys.argv[1:2], sys.flags.hash_randomization, "rfc3987_syntax" in sys.modules)"""


@pytest.fixture(autouse=True)
def servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[object, forkserver.ForkServer]]:
    """Begin without a server, and end those that a test has started."""
    started: dict[object, forkserver.ForkServer] = {}
    monkeypatch.setattr(forkserver, "_servers", started)
    yield started
    for server in started.values():
        server.close()


def start(log: Path, *imports: str) -> forkserver.ForkedWorker:
    with log.open("wb") as file:
        worker = forkserver.start_worker(imports, settings(1, "cpu"), file)
    assert isinstance(worker, forkserver.ForkedWorker)
    return worker


def end(worker: forkserver.ForkedWorker) -> None:
    worker.kill()
    assert worker.wait() == -signal.SIGKILL
    worker.stdin.close()


def test_a_kernel_has_what_is_slow_to_import_and_none_of_our_libraries(
    add_notebook: Add, spec_for: Plan
):
    add_notebook("without", LOADED, CLAIM)
    add_notebook("with", LOADED, "import torch", CLAIM)
    for name, there in (("without", False), ("with", True)):
        outcome = execute_run(spec_for(name))
        assert outcome.status == "passed"
        assert outputs(outcome).splitlines() == [f"{there} []", "['-f'] 0 False"]


def test_without_a_server_a_run_comes_to_the_same(
    add_notebook: Add, spec_for: Plan, monkeypatch: pytest.MonkeyPatch, servers: dict
):
    add_notebook("stub", LOADED, CLAIM)
    monkeypatch.setattr(forkserver, "AVAILABLE", False)
    outcome = execute_run(spec_for("stub"))
    assert outcome.status == "passed"
    assert outputs(outcome).splitlines() == ["False []", "['-f'] 0 False"]
    assert not servers


def test_one_server_serves_all_runs_and_a_new_one_follows_one_that_was_killed(
    tmp_path: Path, servers: dict
):
    for _ in range(2):
        end(start(tmp_path / "log"))
    (server,) = servers.values()
    psutil.Process(server._process.pid).kill()
    server._process.wait()
    end(start(tmp_path / "log"))
    assert [other is not server for other in servers.values()] == [True]


def test_how_a_worker_ends_is_told(tmp_path: Path):
    log = tmp_path / "log"
    worker = start(log, "no_such_module", "antigravity_of_nsai")
    with pytest.raises(subprocess.TimeoutExpired):
        worker.wait(0.1)
    worker.stdin.write(b"no JSON\n")
    worker.stdin.close()
    assert worker.wait(30.0) == 1
    assert worker.wait(30.0) == 1
    worker.kill()  # of no effect
    assert "JSONDecodeError" in log.read_text()


def test_a_worker_ends_with_its_server_and_its_asker_is_told(tmp_path: Path, servers: dict):
    worker = start(tmp_path / "log")
    (server,) = servers.values()
    os.kill(server._process.pid, signal.SIGKILL)
    worker.stdin.close()  # what ends the worker when the asker ends
    assert worker.wait(30.0) == -signal.SIGKILL
    assert is_gone(worker._pid)


def test_a_worker_sees_the_environment_of_its_asker(
    add_notebook: Add, spec_for: Plan, monkeypatch: pytest.MonkeyPatch
):
    for value in ("first", "second"):
        add_notebook(value, "import os\nprint(os.environ['NSAI_TEST'])", CLAIM)
        monkeypatch.setenv("NSAI_TEST", value)
        outcome = execute_run(spec_for(value))
        assert outputs(outcome).strip() == value
