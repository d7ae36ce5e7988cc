"""The fault table of the README, row by row, through the command as a person types it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nsai.workbench.experiments import Project

Add = Callable[..., Path]
NSAI = (sys.executable, "-c", "from nsai.cli import main; main()")


def nsai(project: Project, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*NSAI, *words],
        cwd=project.root,
        env={**os.environ, "NSAI_ROOT": str(project.root), **environment},
        capture_output=True,
        text=True,
        timeout=240,
    )


def error_of(project: Project, slug: str = "stub--quick") -> dict:
    (result,) = (project.reports / "runs" / slug).glob("*/result.json")
    return json.loads(result.read_text())["error"]


def test_failures_of_every_kind_are_reported_beside_runs_that_pass(
    add_notebook: Add, project: Project
):
    add_notebook("good")
    add_notebook("hangs", "import time\ntime.sleep(900)")
    add_notebook("dies", "import os\nos._exit(0)")
    add_notebook("exits", "import sys\nsys.exit(0)")
    done = nsai(project, "report", "--timeout", "12", "--jobs", "2")
    assert done.returncode == 1, done.stderr
    rows = {
        line.split("\t")[1]: line.split("\t") for line in done.stdout.splitlines() if "\t" in line
    }
    assert rows["good--quick"][0] == "passed"
    assert rows["hangs--quick"][0] == "error"
    assert "deadline of the notebook" in rows["hangs--quick"][4]
    assert "Kernel died" in rows["dies--quick"][4]
    assert "SystemExit in cell 4" in rows["exits--quick"][4]
    assert "1 passed, 0 claim failed, 3 error" in done.stdout
    for slug in rows.keys() - {"run"}:
        assert (project.reports / "pages" / f"{slug}.html").is_file()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-p", "sede=1"), "unknown parameter 'sede'; the notebook has: seed, device"),
        (("-p", "x=1;import os;os.system('touch hacked')#"), "unknown parameter 'x'"),
        (("-p", "seed=1.5"), "parameter 'seed' expects int, got '1.5'"),
        (("-p", "device=tpu"), "expects Literal['auto', 'cpu', 'cuda'], got 'tpu'"),
        (("-p", "verbose=1"), "parameter 'verbose' expects bool, got '1'"),
        (("-p", "seed"), "-p expects name=value, got 'seed'"),
        (("--preset", "huge"), "unknown preset 'huge'; it has: quick, full"),
        (("--seed", "x"), "--seed"),
        (("--device", "tpu"), "--device"),
    ],
)
def test_bad_parameter_is_named_before_any_kernel_starts(
    add_notebook: Add, project: Project, words: tuple[str, ...], said: str
):
    add_notebook("stub")
    done = nsai(project, "run", "stub", *words, COLUMNS="200")
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not project.reports.exists()
    assert not (project.root / "hacked").exists()


def test_missing_data_set_says_where_it_was_looked_for_and_how_to_get_it(
    add_notebook: Add, project: Project, tmp_path: Path
):
    add_notebook("stub", "from nsai import data\ndata.mnist('test')")
    empty = str(tmp_path / "empty")
    done = nsai(project, "run", "stub", NSAI_DATA=empty, NSAI_CACHE=empty)
    assert done.returncode == 1
    error = error_of(project)
    assert error["kind"] == "data_missing"
    assert "nsai data fetch mnist" in error["message"]


def test_corrupt_data_file_is_never_half_loaded(
    add_notebook: Add, project: Project, tmp_path: Path
):
    folder = tmp_path / "data" / "mnist"
    folder.mkdir(parents=True)
    for name in ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"):
        (folder / name).write_bytes(b"\x1f\x8b not what it says")
    add_notebook("stub", "from nsai import data\nx, y = data.mnist('test')", "print(len(x))")
    done = nsai(project, "run", "stub", NSAI_DATA=str(tmp_path / "data"))
    assert done.returncode == 1
    error = error_of(project)
    assert error["kind"] == "data_corrupt"
    assert "expected" in error["message"]
    assert "sha256" in error["message"] or "bytes" in error["message"]


def test_full_disk_is_an_error_of_the_run_and_keeps_what_was_there(
    add_notebook: Add, project: Project
):
    unshare = shutil.which("unshare")
    mount = [str(unshare), "--map-root-user", "--mount", "sh", "-c"]
    if (
        not unshare
        or subprocess.run([*mount, "mount -t tmpfs none /mnt"], capture_output=True).returncode
    ):
        pytest.skip("needs a private tmpfs (unshare and mount), to fill it")
    add_notebook("small")
    add_notebook("stub", "print('x' * 4_000_000)")
    (project.root / "reports").mkdir()
    script = """
        mount -t tmpfs -o size=1m none reports
        "$0" -c "from nsai.cli import main; main()" run small || exit 10
        "$0" -c "from nsai.cli import main; main()" run stub; echo "code $?"
        "$0" -c "from nsai.cli import main; main()" run small
        ls reports/runs"""
    done = subprocess.run(
        [*mount, script, sys.executable],
        cwd=project.root,
        env={**os.environ, "NSAI_ROOT": str(project.root)},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "code 1" in done.stdout
    assert "No space left on device" in done.stdout
    assert "passed (cached)" in done.stdout or "passed       small" in done.stdout
    assert "Traceback" not in done.stderr
