"""Run folders: written in a staging area and moved into place whole.

::

    reports/runs/<slug>/<run id>/{executed.ipynb, result.json, log.txt}
    reports/.staging/<slug>/<run id>/       while it runs
    reports/.locks/<slug>.lock              held while it runs

A run folder appears by one rename, after its files were synced: a kill at any moment leaves the
runs before it and nothing else. The newest run of a slug is its result; a few older ones are kept
for `nsai diff`.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from nsai.workbench.errors import RunNotFoundError

KEEP = 5
RESULT = "result.json"
NOTEBOOK = "executed.ipynb"
LOG = "log.txt"


@dataclass(frozen=True)
class Run:
    """A finished run: its folder and its result."""

    path: Path
    result: dict[str, Any]

    @property
    def slug(self) -> str:
        """The run's name."""
        return str(self.result["run"])


class Store:
    """The runs below a reports folder.

    Parameters
    ----------
    reports
        The folder; made when first written to.
    """

    def __init__(self, reports: Path) -> None:
        self.reports = reports

    def slugs(self) -> list[str]:
        """Return the names of all runs."""
        folder = self.reports / "runs"
        return sorted(p.name for p in folder.iterdir() if p.is_dir()) if folder.is_dir() else []

    def runs(self, slug: str) -> list[Run]:
        """Return the finished runs of a name, the newest first."""
        folder = self.reports / "runs" / slug
        if not folder.is_dir():
            return []
        found = (read_run(path) for path in sorted(folder.iterdir(), reverse=True))
        return [run for run in found if run is not None]

    def latest(self, slug: str) -> Run | None:
        """Return the newest finished run of a name."""
        return next(iter(self.runs(slug)), None)

    def newest(self) -> dict[str, dict[str, Any]]:
        """Return the newest result of every notebook, whatever its preset."""
        found: dict[str, dict[str, Any]] = {}
        for slug in self.slugs():
            run = self.latest(slug)
            if run is None:
                continue
            name = str(run.result["notebook"])
            if name not in found or run.result["finished"] > found[name]["finished"]:
                found[name] = run.result
        return found

    def find(self, wanted: str) -> Run:
        """Return a run by its folder, its name (the newest), or name and a start of its id.

        Parameters
        ----------
        wanted
            ``perceptron--quick``, ``perceptron`` (short for its quick run),
            ``perceptron--quick/20261121T12`` or the path of a run folder.

        Raises
        ------
        RunNotFoundError
            If there is no such run; those that there are get listed.
        """
        if run := read_run(Path(wanted)):
            return run
        slug, _, identity = wanted.partition("/")
        known = self.slugs()
        for name in (slug, f"{slug}--quick"):
            for run in self.runs(name) if name in known else ():
                if run.path.name.startswith(identity):
                    return run
        raise RunNotFoundError(f"no run {wanted!r}; there are: {', '.join(known) or 'none yet'}")

    @contextmanager
    def lock(self, slug: str) -> Iterator[None]:
        """Hold the one lock of a run; the system releases it when its holder dies."""
        folder = self.reports / ".locks"
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f"{slug}.lock"):
            yield

    def stage(self, slug: str, identity: str) -> Path:
        """Make an empty staging folder; call under the lock. What a dead run left is removed."""
        folder = self.reports / ".staging" / slug
        shutil.rmtree(folder, ignore_errors=True)
        staging = folder / identity
        staging.mkdir(parents=True)
        return staging

    def publish(self, staging: Path, slug: str) -> Run:
        """Move a staged run into place and drop the oldest beyond those kept.

        Raises
        ------
        OSError
            If the disk is full or the folder cannot be written.
        """
        for path in staging.iterdir():
            sync(path)
        target = self.reports / "runs" / slug / staging.name
        target.parent.mkdir(parents=True, exist_ok=True)
        staging.rename(target)
        staging.parent.rmdir()
        sync(target.parent)
        published = Run(target, json.loads((target / RESULT).read_text(encoding="utf-8")))
        for run in self.runs(slug)[KEEP:]:
            if run.path != target:  # it sorts last if the clock was set back
                shutil.rmtree(run.path)
        return published


def read_run(path: Path) -> Run | None:
    """Read a run folder; None if it holds no readable result."""
    try:
        result = json.loads((path / RESULT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return Run(path, result) if isinstance(result, dict) and "run" in result else None


def sync(path: Path) -> None:
    """Have the system write a file, or a folder's entries, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomically(path: Path, text: str) -> None:
    """Write a file so that readers see the old text or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
