"""A batch of notebooks: `nsai` and papermill, each at its best setting.

Every measurement is one process of its own, from its start to its end, on a project that was
made anew. Before anything is timed, the outputs of every cell are compared.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from timing.side_by_side import Row, alternate, arguments, report, seconds

STUBS = 30
HEAVY_CELLS, HEAVY_BYTES = 60, 20_000_000
VALUES = {"seed": 0, "device": "cpu"}
HEAD = "# {title}\n\nClaims that one is one, at quick and full."
PARAMETERS = "from typing import Literal\nseed: int = 0\ndevice: Literal['cpu'] = 'cpu'"
PRESETS = "presets = {'quick': {}, 'full': {}}"
STUB = (
    "import math\n\nterms = [(-1) ** k / (2 * k + 1) for k in range({terms})]",
    "estimate = 4 * sum(terms)\nestimate",
    "print(seed, abs(estimate - math.pi) < 1 / len(terms))",
)
LINE = 100


def notebook(title: str, *code: str) -> str:
    """Return a notebook's text."""
    cells: list[dict[str, Any]] = [
        {"cell_type": "markdown", "id": "c0", "metadata": {}, "source": HEAD.format(title=title)}
    ]
    for i, source in enumerate((PARAMETERS, PRESETS, *code), 1):
        tags = [("parameters", "presets")[i - 1]] if i < 3 else []
        cell = {"cell_type": "code", "id": f"c{i}", "metadata": {"tags": tags}, "source": source}
        cells.append(cell | {"outputs": [], "execution_count": None})
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    whole = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole)


def stubs() -> dict[str, str]:
    """Return notebooks of a few cells by name."""
    return {
        f"{i:02}-stub-{i:02}": notebook(f"Stub {i}", *(s.format(terms=100 + i) for s in STUB))
        for i in range(1, STUBS + 1)
    }


def heavy() -> dict[str, str]:
    """Return one notebook whose cells print much."""
    lines = HEAVY_BYTES // HEAVY_CELLS // LINE
    code = [f"for k in range({lines}):\n    print(f'{{k:0{LINE - 1}}}')"] * HEAVY_CELLS
    return {"01-heavy": notebook("Heavy", *code)}


@contextmanager
def project(notebooks: dict[str, str]) -> Iterator[Path]:
    """Make a project in a temporary folder."""
    with TemporaryDirectory(prefix="nsai-bench-") as folder:
        part = Path(folder, "notebooks", "1-part")
        part.mkdir(parents=True)
        Path(folder, "papermill").mkdir()
        for name, text in notebooks.items():
            (part / f"{name}.ipynb").write_text(text, encoding="utf-8")
        yield Path(folder)


def jobs_of(root: Path) -> list[tuple[str, str]]:
    """Return input and output path of every notebook for papermill."""
    paths = sorted(root.glob("notebooks/*/*.ipynb"))
    return [(str(path), str(root / "papermill" / path.name)) for path in paths]


def ours(root: Path) -> None:
    """Plan and run the batch, a notebook a core at once."""
    from nsai.workbench.batch import run_batch
    from nsai.workbench.experiments import Project
    from nsai.workbench.plan import Request, cores, plan

    here = Project(root)
    specs = plan(here, here.experiments().values(), Request(jobs=cores(), device="cpu"))
    outcomes = list(run_batch(specs, jobs=cores()))
    assert [outcome.status for outcome in outcomes] == ["passed"] * len(specs)


def execute(job: tuple[str, str], **options: Any) -> None:
    """Run one notebook through papermill's API."""
    import papermill

    papermill.execute_notebook(*job, parameters=VALUES, progress_bar=False, **options)


def api(root: Path, *, saving: bool = False) -> None:
    """Run papermill's API in this one process, saving at the end or also after each cell."""
    for job in jobs_of(root):
        execute(job, request_save_on_cell_execute=saving)


def pool(root: Path) -> None:
    """Run papermill's API in as many processes as there are cores."""
    import papermill  # noqa: F401  # once, for the workers are forks of this process

    with ProcessPoolExecutor(len(os.sched_getaffinity(0))) as executor:
        list(executor.map(partial(execute, request_save_on_cell_execute=False), jobs_of(root)))


def cli(root: Path) -> None:
    """Run papermill's command for one notebook after the other."""
    options = [word for name, value in VALUES.items() for word in ("-p", name, str(value))]
    for job in jobs_of(root):
        command = [sys.executable, "-m", "papermill", *job, *options, "--no-progress-bar"]
        subprocess.run(command, check=True, capture_output=True)


CONTESTANTS: dict[str, Callable[[Path], None]] = {
    "ours": ours,
    "papermill API, one after another": api,
    "papermill API, saving after each cell": partial(api, saving=True),
    "papermill API, process pool": pool,
    "papermill command, one after another": cli,
}


def start(contestant: str, root: Path) -> None:
    """Run a contestant in a process of its own."""
    command = [sys.executable, str(Path(__file__)), "--contestant", contestant, str(root)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{contestant} failed:\n{done.stdout}{done.stderr}")


def measure(contestant: str, notebooks: dict[str, str], *, twice: bool = False) -> float:
    """Time a contestant on a new project; with `twice`, its second batch there."""
    with project(notebooks) as root:
        if twice:
            start(contestant, root)
        return seconds(lambda: start(contestant, root))


def outputs(path: Path) -> list[Any]:
    """Return what every cell of an executed notebook put out, adjoining streams joined."""
    found = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        shown: list[Any] = []
        for output in cell.get("outputs", ()):
            text = "".join(output.get("text", ""))
            if text and shown and shown[-1][0] == output.get("name"):
                shown[-1][1] += text
            else:
                data = {mime: "".join(value) for mime, value in output.get("data", {}).items()}
                shown.append([output.get("name"), text, data])
        found.append(shown)
    return found


def check(peers: Sequence[str], notebooks: dict[str, str]) -> None:
    """Stop unless ours and the peers put out the same in every cell of every notebook."""
    with project(notebooks) as root:
        start("ours", root)
        for peer in peers:
            start(peer, root)
            for name in notebooks:
                slug = f"{name.partition('-')[2]}--quick"
                (run,) = (root / "reports" / "runs" / slug).iterdir()
                mine = outputs(run / "executed.ipynb")
                path = root / "papermill" / f"{name}.ipynb"
                theirs = outputs(path)
                path.unlink()  # the next peer writes its own
                if mine != theirs or not any(mine):
                    sys.exit(f"{name}: ours and {peer} do not put out the same")


def main() -> None:
    """Check, measure and report."""
    given = arguments(__doc__ or "", repeats=3)
    one, saving, parallel, command = list(CONTESTANTS)[1:]
    rows = []
    for case, notebooks, peers, twice in (
        (f"{STUBS} stub notebooks", stubs(), (one, parallel, command), False),
        (
            f"{HEAVY_BYTES // 10**6} MB of output in {HEAVY_CELLS} cells",
            heavy(),
            (one, saving),
            False,
        ),
        ("the same stubs again", stubs(), (parallel,), True),
    ):
        if not twice:  # the same notebooks were checked before
            check(peers, notebooks)
        for peer in peers:
            times = alternate(
                partial(measure, "ours", notebooks, twice=twice),
                partial(measure, peer, notebooks),  # it keeps nothing that a second batch could use
                repeats=given.repeats,
            )
            rows.append(Row(case, peer, *times))
            print(f"{case}, {peer}: {times[0]:.2f} s and {times[1]:.2f} s", file=sys.stderr)
    report(rows, as_json=given.json)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--contestant"]:
        CONTESTANTS[sys.argv[2]](Path(sys.argv[3]))
    else:
        main()
