"""What `nsai doctor` looks at: versions, processor, GPU, disk and data sets."""

import platform
import shutil
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from nsai.workbench.errors import ProjectError
from nsai.workbench.experiments import Project
from nsai.workbench.plan import cores

LEAST_DISK = 2e9
OLDEST_PYTHON = (3, 11)
NEEDED = ("torch", "numpy", "papermill", "nbclient", "nbconvert", "ipykernel", "matplotlib")
EXTRAS = {
    "jupyterlab": "lab",
    "sympy": "logic",
    "snntorch": "spiking",
    "pennylane": "quantum",
    "tokenizers": "text",
    "gymnasium": "rl",
}


@dataclass(frozen=True)
class Examined:
    """One thing that was looked at.

    Attributes
    ----------
    what
        Its name.
    found
        What is there.
    problem
        What to do about it; empty if nothing.
    """

    what: str
    found: str
    problem: str = ""

    @property
    def text(self) -> tuple[str, str]:
        """Name, and what was found with what to do."""
        return self.what, f"{self.found}: {self.problem}" if self.problem else self.found


def examine() -> list[Examined]:
    """Look at the machine and the environment."""
    return [_python(), *_packages(), *_machine(), *_project(), *_data()]


def data_rows() -> list[dict[str, Any]]:
    """Return a row for every data set of the catalogue: name, where it is, licence, title."""
    from nsai.data import catalogue, find_all

    sets = catalogue()
    return [
        {
            "name": found.name,
            "available": found.available,
            "where": found.where or "missing",
            "licence": sets[found.name].licence,
            "title": sets[found.name].title,
            "detail": found.detail,
        }
        for found in find_all()
    ]


def _python() -> Examined:
    version = platform.python_version()
    old = tuple(map(int, platform.python_version_tuple()[:2])) < OLDEST_PYTHON
    return Examined("Python", version, "3.11 or newer is needed" if old else "")


def _packages() -> list[Examined]:
    rows = []
    for name in NEEDED:
        version = _version(name)
        rows.append(Examined(name, version or "missing", "" if version else "run `make setup`"))
    for name, extra in EXTRAS.items():
        version = _version(name)
        rows.append(Examined(name, version or f"not installed (pip install 'nsai[{extra}]')"))
    return rows


def _machine() -> list[Examined]:
    import psutil
    import torch

    memory = psutil.virtual_memory()
    gpu = "none; everything runs on the CPU"
    if torch.cuda.is_available():
        free, total = torch.cuda.mem_get_info()
        gpu = f"{torch.cuda.get_device_name()} ({free / 1e9:.0f} of {total / 1e9:.0f} GB free)"
    return [
        Examined("processor", f"{platform.processor() or platform.machine()}, {cores()} cores"),
        Examined("memory", f"{memory.available / 1e9:.1f} of {memory.total / 1e9:.1f} GB free"),
        Examined("GPU", gpu),
    ]


def _project() -> list[Examined]:
    try:
        project = Project.find()
    except ProjectError as error:
        return [Examined("project", "none", str(error))]
    free = shutil.disk_usage(project.root).free
    short = f"less than {LEAST_DISK / 1e9:.0f} GB" if free < LEAST_DISK else ""
    return [
        Examined("project", f"{project.root}, {len(project.paths())} notebooks"),
        Examined("disk", f"{free / 1e9:.1f} GB free", short),
    ]


def _data() -> list[Examined]:
    rows = data_rows()
    missing = [row["name"] for row in rows if not row["available"]]
    found = f"{len(rows) - len(missing)} of {len(rows)} found"
    hint = f"; not here: {', '.join(missing)} (nsai data list)" if missing else ""
    return [Examined("data sets", found + hint)]


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
