"""The process of one run, its specification on stdin: forked from a server that has imported what
it needs, or ``python -m nsai.workbench.worker``.

It reads one line of JSON and leaves ``executed.ipynb`` and ``result.json`` in the staging folder.
Stdin stays open as long as the batch lives; at its end this process exits at once, and with it
goes the lifeline of the kernel.
"""

import errno
import json
import os
import resource
import shutil
import sys
import tempfile
import threading
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nsai.workbench.checkpoints import FOLDER, folder_of
from nsai.workbench.kernel import ForkedKernel
from nsai.workbench.quick_import import skip_iri_grammar
from nsai.workbench.runs import RunSpec, result_of
from nsai.workbench.store import NOTEBOOK, RESULT
from nsai.workbench.verdict import Failure, judge


def main() -> None:
    """Run the notebook that the line on stdin names."""
    request = json.loads(sys.stdin.readline())
    kernel = ForkedKernel()  # before there is a thread
    scratch = Path(tempfile.mkdtemp(prefix="nsai-"))  # short: ipc paths end at 107 characters
    threading.Thread(target=_follow_batch, args=(scratch,), daemon=True).start()
    try:
        run(RunSpec(**request["spec"]), Path(request["staging"]), scratch, kernel)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        sys.exit(errno.ENOSPC)  # the log is on the full disk, too: the exit code says it
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def run(spec: RunSpec, staging: Path, scratch: Path, kernel: ForkedKernel) -> None:
    """Execute a notebook and write what came of it into the staging folder.

    Parameters
    ----------
    spec
        The run.
    staging
        An empty folder; its name is the run's id.
    scratch
        An empty folder for what is needed until the end only.
    kernel
        The process that becomes the kernel.
    """
    skip_iri_grammar()
    import nbformat

    started = datetime.now(UTC)
    deadline = time.monotonic() + spec.timeout
    notebook = parameterized(spec)
    checkpoints = folder_of(Path(spec.reports), spec.slug, spec.key)
    failure = _execute(spec, notebook, staging, scratch, checkpoints, deadline, kernel)
    data = _data_log(scratch / "data.jsonl")
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    nbformat.write(notebook, staging / NOTEBOOK)
    verdict = judge(notebook, failure)
    if verdict.failure is None:  # else the run is repeated, and goes on from them
        shutil.rmtree(checkpoints, ignore_errors=True)
    result = result_of(
        spec,
        verdict,
        identity=staging.name,
        started=started,
        cpu_s=usage.ru_utime + usage.ru_stime,
        peak_memory_bytes=usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        data=data,
    )
    (staging / RESULT).write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def parameterized(spec: RunSpec) -> Any:
    """Read the notebook and put the parameters' values into a cell behind the defaults."""
    from papermill.iorw import load_notebook_node
    from papermill.parameterize import parameterize_notebook

    notebook = load_notebook_node(spec.path)
    if spec.parameters:
        values = dict(spec.parameters)
        notebook = parameterize_notebook(notebook, values, kernel_name="python3", language="python")
    return notebook


def kernel_environment(scratch: Path, checkpoints: Path) -> dict[str, str]:
    """Return the environment of a kernel: that of its worker, and nothing of the user's IPython."""
    return {
        **os.environ,
        "IPYTHONDIR": str(scratch / "ipython"),
        "NSAI_DATA_LOG": str(scratch / "data.jsonl"),
        FOLDER: str(checkpoints.absolute()),
    }


def _execute(
    spec: RunSpec,
    notebook: Any,
    staging: Path,
    scratch: Path,
    checkpoints: Path,
    deadline: float,
    kernel: ForkedKernel,
) -> Failure | None:
    """Execute a notebook in place; return what stopped it other than one of its own cells."""
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    from nsai.workbench.engine import execute

    work = scratch / "work"
    work.mkdir()
    try:
        execute(
            notebook,
            output_path=staging / NOTEBOOK,
            deadline=deadline,
            ipc=scratch,
            cwd=work,
            env=kernel_environment(scratch, checkpoints),
            forked=kernel,
        )
    except CellTimeoutError:
        message = f"not done after {spec.timeout:g} s, the deadline of the notebook"
        return Failure("timeout", "CellTimeoutError", message)
    except DeadKernelError as error:
        return Failure("kernel_died", "DeadKernelError", f"{error}; it may have run out of memory")
    except OSError as error:
        kind = "disk_full" if error.errno == errno.ENOSPC else "internal"
        return Failure(kind, type(error).__name__, str(error), traceback=traceback.format_exc())
    except Exception as error:  # recorded whole on the page of the run
        text = traceback.format_exc()
        return Failure("internal", type(error).__name__, str(error), traceback=text)
    return None


def _data_log(path: Path) -> list[dict[str, Any]]:
    """Read which data sets the kernel loaded, each once."""
    if not path.is_file():
        return []
    lines = dict.fromkeys(path.read_text(encoding="utf-8").splitlines())
    return [json.loads(line) for line in lines]


def _follow_batch(scratch: Path) -> None:
    """Exit at once when the batch is gone, and leave nothing behind."""
    sys.stdin.read()
    shutil.rmtree(scratch, ignore_errors=True)
    os._exit(1)


if __name__ == "__main__":
    main()
