"""Kill batches with SIGKILL at random moments: ``python tests/kill_batches.py 20``.

After every kill: each run that counts as done is whole, no kernel or worker is left, and
``nsai report --resume`` completes the batch. `make kill-test` runs this 20 times; a test does it
a few times.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

import psutil

from nsai.workbench.check import canonical
from nsai.workbench.store import Store
from nsai.workbench.verdict import judge

MARK = "NSAI_KILL_TEST"
COUNT = 8
CELLS = (
    ("markdown", [], "# Stub\n\nA claim at quick and full."),
    ("code", ["parameters"], "seed: int = 0"),
    ("code", ["presets"], 'presets = {"quick": {}, "full": {}}'),
    ("code", [], "import subprocess, time\nchild = subprocess.Popen(['sleep', '300'])"),
    ("code", [], "from nsai.workbench import claim\nclaim('a', seed, '==', 0, source='zero')"),
    ("code", [], "time.sleep(0.5)\nprint('x' * 1_000_000)"),
)


def make_project(root: Path) -> Path:
    """Write a project of stub notebooks."""
    cells = [
        {"cell_type": kind, "id": f"c{i}", "metadata": {"tags": tags}, "source": text}
        for i, (kind, tags, text) in enumerate(CELLS)
    ]
    folder = root / "notebooks" / "1-stubs"
    folder.mkdir(parents=True)
    for number in range(1, COUNT + 1):
        path = folder / f"{number:02}-stub{number}.ipynb"
        path.write_text(canonical({"cells": cells}), encoding="utf-8")
    return root


def report(root: Path, mark: str, *options: str) -> subprocess.Popen[str]:
    """Start a batch whose every process carries a mark in its environment."""
    return subprocess.Popen(
        [sys.executable, "-c", "from nsai.cli import main; main()", "report", *options],
        cwd=root,
        env={**os.environ, MARK: mark},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def marked(mark: str) -> list[psutil.Process]:
    """Return the living processes that carry the mark."""
    found = []
    for process in psutil.process_iter():
        try:
            alive = process.status() != psutil.STATUS_ZOMBIE
            if alive and process.environ().get(MARK) == mark:
                found.append(process)
        except psutil.Error:
            continue
    return found


def wait_until_none(mark: str, patience: float = 15.0) -> list[psutil.Process]:
    """Wait until no process carries the mark; return those that stay."""
    end = time.monotonic() + patience
    while (left := marked(mark)) and time.monotonic() < end:
        time.sleep(0.1)
    return left


def check_runs(root: Path) -> int:
    """Assert that every run that counts as done is whole; return how many there are."""
    store, count = Store(root / "reports"), 0
    for slug in store.slugs():
        for folder in (root / "reports" / "runs" / slug).iterdir():
            result = json.loads((folder / "result.json").read_text())
            verdict = judge(json.loads((folder / "executed.ipynb").read_text()))
            assert (verdict.status, result["status"]) == ("passed", "passed"), folder
            assert [c["name"] for c in verdict.claims] == ["a"], folder
            count += 1
    return count


def kill_and_resume(root: Path, moment: float) -> tuple[int, int]:
    """Kill a batch after some seconds and resume it; return runs whole before and after."""
    mark = uuid.uuid4().hex
    batch = report(root, mark, "--force")
    time.sleep(moment)
    killed = batch.poll() is None
    batch.kill()
    batch.communicate()
    left = wait_until_none(mark)
    assert not left, f"{moment:.2f} s: still alive: {[p.cmdline() for p in left]}"
    before = check_runs(root)
    resumed = report(root, mark, "--resume")
    text, _ = resumed.communicate()
    assert resumed.returncode == 0, text
    assert f"{COUNT} passed" in text, text
    assert not (root / "reports" / "batch.json").exists()
    assert not wait_until_none(mark)
    assert killed or "no batch was interrupted" in text, text
    return before, check_runs(root)


def length(root: Path) -> float:
    """Return the seconds that a batch takes here which nobody kills."""
    begun = time.monotonic()
    text, _ = report(root, "whole", "--force").communicate()
    assert f"{COUNT} passed" in text, text
    return time.monotonic() - begun


def main(kills: int) -> None:
    """Kill batches at random moments, uniform in a batch's length and a little more."""
    draw = random.Random(0)
    with tempfile.TemporaryDirectory() as folder:
        longest = 1.1 * length(make_project(Path(folder, "whole")))
        for number in range(1, kills + 1):
            root = make_project(Path(folder, str(number)))
            moment = draw.uniform(0.0, longest)
            before, after = kill_and_resume(root, moment)
            print(f"{number:2}: killed after {moment:5.2f} s: {before} whole runs, then {after}")
    print(f"{kills} kills: no torn run, no orphan, every batch resumed")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
