"""The process of one run: ``python -m nsai.workbench.worker``, its specification on stdin.

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
from nsai.workbench.quick_import import skip_iri_grammar
from nsai.workbench.runs import RunSpec, result_of
from nsai.workbench.store import NOTEBOOK, RESULT
from nsai.workbench.verdict import Failure, judge

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)


def main() -> None:
    """Run the notebook that the line on stdin names."""
    request = json.loads(sys.stdin.readline())
    scratch = Path(tempfile.mkdtemp(prefix="nsai-"))  # short: ipc paths end at 107 characters
    threading.Thread(target=_follow_batch, args=(scratch,), daemon=True).start()
    try:
        run(RunSpec(**request["spec"]), Path(request["staging"]), scratch)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        sys.exit(errno.ENOSPC)  # the log is on the full disk, too: the exit code says it
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def run(spec: RunSpec, staging: Path, scratch: Path) -> None:
    """Execute a notebook and write what came of it into the staging folder.

    Parameters
    ----------
    spec
        The run.
    staging
        An empty folder; its name is the run's id.
    scratch
        An empty folder for what is needed until the end only.
    """
    skip_iri_grammar()
    import nbformat

    started = datetime.now(UTC)
    deadline = time.monotonic() + spec.timeout
    notebook = parameterized(spec)
    checkpoints = folder_of(Path(spec.reports), spec.slug, spec.key)
    failure = _execute(spec, notebook, staging, scratch, checkpoints, deadline)
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


def kernel_environment(spec: RunSpec, scratch: Path, checkpoints: Path) -> dict[str, str]:
    """Return the environment of a kernel: few threads, nothing of the user's IPython."""
    environment = dict(os.environ)
    environment.update(dict.fromkeys(THREAD_VARIABLES, str(spec.threads)))
    here = str(Path(__file__).parents[2])
    environment["PYTHONPATH"] = os.pathsep.join(
        [here, *filter(None, [environment.get("PYTHONPATH")])]
    )
    environment.setdefault("OMP_WAIT_POLICY", "passive")  # kernels that spin starve each other
    environment["PYTHONHASHSEED"] = "0"
    environment["IPYTHONDIR"] = str(scratch / "ipython")
    environment["NSAI_DATA_LOG"] = str(scratch / "data.jsonl")
    environment[FOLDER] = str(checkpoints.absolute())
    if spec.device == "cpu":
        environment["CUDA_VISIBLE_DEVICES"] = ""
    return environment


def _execute(
    spec: RunSpec,
    notebook: Any,
    staging: Path,
    scratch: Path,
    checkpoints: Path,
    deadline: float,
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
            env=kernel_environment(spec, scratch, checkpoints),
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
