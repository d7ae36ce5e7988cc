"""One run from lock to published folder: start the worker, watch it, keep what it leaves."""

import errno
import json
import os
import subprocess
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nsai.workbench.content_key import data_unchanged
from nsai.workbench.forkserver import start_worker
from nsai.workbench.kernel import settings
from nsai.workbench.runs import RunSpec, result_of, run_id
from nsai.workbench.store import LOG, NOTEBOOK, RESULT, Run, Store
from nsai.workbench.verdict import Failure, Verdict, judge

GRACE = 30.0  # seconds past the deadline in which a worker writes what it has


@dataclass(frozen=True)
class Outcome:
    """What a batch knows of a run at its end.

    Attributes
    ----------
    result
        As in `result.json`.
    path
        The run's folder; None if nothing could be written.
    cached
        Whether the result was there before.
    """

    result: dict[str, Any]
    path: str | None
    cached: bool = False

    @property
    def status(self) -> str:
        """``"passed"``, ``"claim_failed"`` or ``"error"``."""
        return str(self.result["status"])


def is_current(result: Mapping[str, Any], spec: RunSpec) -> bool:
    """Whether a result stands for the run: same key, same data, fresh enough, no error.

    A claim that failed is a result like any other; an error may be the machine's fault, so the
    run is repeated (except when a killed batch is resumed, which had met it already).
    """
    started = str(result.get("started", ""))
    if result.get("status") == "error" and not (spec.errors_since and started > spec.errors_since):
        return False
    return (
        result.get("key") == spec.key
        and started >= spec.fresh_after
        and data_unchanged(result.get("data", ()))
    )


def execute_run(spec: RunSpec) -> Outcome:
    """Run one notebook in a process of its own, unless its result is there already.

    This is what an executor is given; it needs the file system of `spec.reports` and nothing
    else of the process that planned the run. It never raises for what a notebook does.

    Parameters
    ----------
    spec
        The run.
    """
    store = Store(Path(spec.reports))
    started = datetime.now(UTC)
    identity = run_id(spec.key, started)
    try:
        with store.lock(spec.slug):
            run = store.latest(spec.slug)
            if run is not None and is_current(run.result, spec):
                return Outcome(run.result, str(run.path), cached=True)
            staging = store.stage(spec.slug, identity)
            failure = _supervise(spec, staging)
            return _keep(store, spec, staging, started, failure)
    except OSError as error:
        message = f"the run could not be kept: {error}"
        kind = "disk_full" if error.errno == errno.ENOSPC else "internal"
        failure = Failure(kind, type(error).__name__, message)
        verdict = Verdict(failure)
        return Outcome(result_of(spec, verdict, identity=identity, started=started), None)


def _supervise(spec: RunSpec, staging: Path) -> Failure | None:
    """Run the worker to its end or the deadline; return a failure that it could not record."""
    request = json.dumps({"spec": spec.to_json(), "staging": str(staging)}) + "\n"
    with (staging / LOG).open("wb") as log:
        worker = start_worker(spec.imports, settings(spec.threads, spec.device), log)
    assert worker.stdin is not None
    try:
        worker.stdin.write(request.encode())
        worker.stdin.flush()
        code = worker.wait(spec.timeout + GRACE)
    except subprocess.TimeoutExpired:
        message = f"not done {GRACE:g} s after the deadline of {spec.timeout:g} s, so it was killed"
        return Failure("timeout", "TimeoutExpired", message)
    except BrokenPipeError:
        code = worker.wait()
    finally:
        worker.kill()
        worker.stdin.close()
        worker.wait()
    if code == 0:
        return None
    if code == errno.ENOSPC:
        return Failure("disk_full", "OSError", f"{os.strerror(code)}: {staging}")
    tail = (staging / LOG).read_text(errors="replace")[-4_000:]
    last = tail.strip().rpartition("\n")[2]
    return Failure(
        "internal", "WorkerError", f"the worker ended with code {code}: {last}", None, tail
    )


def _keep(
    store: Store, spec: RunSpec, staging: Path, started: datetime, failure: Failure | None
) -> Outcome:
    """Publish a staged run, with a result made here if the worker could make none."""
    if failure is not None or not (staging / RESULT).is_file():
        failure = failure or Failure("internal", "WorkerError", "the worker wrote no result")
        verdict = _salvage(spec, staging, failure)
        result = result_of(spec, verdict, identity=staging.name, started=started)
        (staging / RESULT).write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    run: Run = store.publish(staging, spec.slug)
    return Outcome(run.result, str(run.path))


def _salvage(spec: RunSpec, staging: Path, failure: Failure) -> Verdict:
    """Judge what the worker had saved; without a readable notebook, put the original there."""
    path = staging / NOTEBOOK
    try:
        return judge(json.loads(path.read_text(encoding="utf-8")), failure)
    except (OSError, ValueError, KeyError):
        path.write_bytes(Path(spec.path).read_bytes())
        return Verdict(failure)


def crashed(spec: RunSpec, error: BaseException) -> Outcome:
    """Describe a run whose executor failed: a cluster worker that was lost, a bug of ours."""
    text = "".join(traceback.format_exception(error))
    failure = Failure("internal", type(error).__name__, str(error), traceback=text)
    now = datetime.now(UTC)
    result = result_of(spec, Verdict(failure), identity=run_id(spec.key, now), started=now)
    return Outcome(result, None)
