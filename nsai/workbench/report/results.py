"""What the site is made from: the run folders, read and checked."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from types import NoneType
from typing import Any

from nsai.workbench.report.files import digest

SCHEMA = "nsai.result/1"
REFERENCE_SCHEMA = "nsai.reference/1"
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]*")
# The look-behind keeps the search linear in the long words of embedded pictures.
_LINKED = re.compile(rb"(?<![\w.-])[\w.-]{1,100}\.ipynb")

Kinds = type | tuple[type, ...]
_NUMBER = (int, float)
_MEASURED = (int, float, str)
_RESULT: dict[str, Kinds] = {
    "run": str,
    "notebook": str,
    "path": str,
    "title": str,
    "summary": str,
    "part": str,
    "part_number": int,
    "number": int,
    "status": str,
    "error": (dict, NoneType),
    "preset": str,
    "parameters": dict,
    "overrides": dict,
    "seed": (int, NoneType),
    "device": str,
    "device_name": str,
    "claims": list,
    "metrics": list,
    "data": list,
    "environment": dict,
    "started": str,
    "finished": str,
    "wall_s": _NUMBER,
    "cpu_s": _NUMBER,
    "peak_memory_bytes": (int, NoneType),
    "command": str,
}
_NESTED: dict[str, dict[str, Kinds]] = {
    "error": {
        "kind": str,
        "cell": (int, NoneType),
        "name": str,
        "message": str,
        "traceback": str,
    },
    "claims": {
        "name": str,
        "measured": _MEASURED,
        "comparison": str,
        "reference": _MEASURED,
        "tolerance": _MEASURED,
        "source": str,
        "unit": str,
        "holds": bool,
    },
    "metrics": {"name": str, "value": _MEASURED, "unit": str},
    "data": {"name": str, "source": str, "files": list},
    "environment": {
        "python": str,
        "platform": str,
        "processor": str,
        "cores": (int, NoneType),
        "packages": dict,
        "commit": (str, NoneType),
        "dirty": (bool, NoneType),
    },
}


@dataclass(frozen=True)
class Run:
    """One run folder.

    Attributes
    ----------
    folder
        Where `executed.ipynb`, `result.json` and `log.txt` are.
    result
        The content of `result.json`, schema ``nsai.result/1``.
    digest
        SHA-256 of the three files.
    linked
        File names of the notebooks that the executed notebook mentions.
    """

    folder: Path
    result: Mapping[str, Any]
    digest: str
    linked: frozenset[str]

    @property
    def slug(self) -> str:
        """The name of the page, safe as a file name."""
        return str(self.result["run"])

    @property
    def held(self) -> int:
        """How many claims hold."""
        return sum(claim["holds"] for claim in self.result["claims"])

    @property
    def place(self) -> tuple[Any, ...]:
        """Where the run stands in the gallery: by part, by number, the plain quick run first."""
        r = self.result
        plain_first = (r["preset"] != "quick", len(r["overrides"]))
        return (r["part_number"], r["part"], r["number"], r["notebook"], *plain_first, self.slug)


def read_run(folder: Path) -> Run:
    """Read a run folder.

    Parameters
    ----------
    folder
        A folder with `result.json`, and unless the run broke early with the two other files.

    Raises
    ------
    ValueError
        If `result.json` is missing or does not follow the schema, or its run is no safe name.
    """
    path = folder / "result.json"
    raw = _content(path)
    if raw is None:
        raise ValueError(f"run folder {folder} must hold result.json, got a folder without it")
    result = _document(path, raw, SCHEMA)
    _check(result, _RESULT, str(path))
    for key, spec in _NESTED.items():
        value = result[key]
        for i, item in enumerate(value if isinstance(value, list) else [value]):
            if item is not None:
                _check(item, spec, f"{path}, {key}" + (f"[{i}]" if isinstance(value, list) else ""))
    if not _SLUG.fullmatch(result["run"]):
        raise ValueError(
            f"run in {path} must be lower-case letters, digits and hyphens, got {result['run']!r}"
        )
    notebook = _content(folder / "executed.ipynb") or b""
    log = _content(folder / "log.txt") or b""
    linked = frozenset(name.decode() for name in _LINKED.findall(notebook))
    return Run(folder, result, digest(raw, notebook, log), linked)


def read_reference(path: Path | None) -> Mapping[str, Any]:
    """Read the baseline: for each run its commit, device and measured claims.

    Raises
    ------
    ValueError
        If the file does not follow the schema ``nsai.reference/1``.
    """
    if path is None:
        return {}
    document = _document(path, path.read_bytes(), REFERENCE_SCHEMA)
    _check(document, {"runs": dict}, str(path))
    for name, entry in document["runs"].items():
        _check(entry, {"claims": dict}, f"{path}, runs, {name}")
    return document["runs"]


@dataclass(frozen=True)
class Surroundings:
    """What a page says of other runs.

    Attributes
    ----------
    others
        The other runs of the same notebook.
    before, after
        The runs that speak for the neighbouring experiments in the gallery.
    """

    others: tuple[Run, ...]
    before: Run | None
    after: Run | None

    def shown(self) -> list[Any]:
        """Return all that a page shows of them, as JSON values."""
        keys = ("run", "title", "preset", "overrides", "status")
        near = [self.before, self.after, *self.others]
        return [run and [run.result[key] for key in keys] for run in near]


def surroundings(run: Run, order: Sequence[Run]) -> Surroundings:
    """Find a run's neighbours; `order` has all runs as the gallery shows them."""
    groups = [tuple(group) for _, group in groupby(order, key=lambda r: r.result["notebook"])]
    here = next(i for i, group in enumerate(groups) if run in group)
    return Surroundings(
        others=tuple(other for other in groups[here] if other.slug != run.slug),
        before=groups[here - 1][0] if here else None,
        after=groups[here + 1][0] if here + 1 < len(groups) else None,
    )


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _document(path: Path, raw: bytes, schema: str) -> dict[str, Any]:
    try:
        document = json.loads(raw)
    except ValueError as error:
        raise ValueError(f"{path} must be JSON, got {error}") from error
    found = document.get("schema") if isinstance(document, dict) else None
    if found != schema:
        raise ValueError(f"schema of {path} must be {schema!r}, got {found!r}")
    return document


def _check(mapping: Any, spec: Mapping[str, Kinds], where: str) -> None:
    if not isinstance(mapping, dict):
        raise ValueError(f"{where} must be an object, got {type(mapping).__name__}")
    for key, kinds in spec.items():
        if key not in mapping:
            raise ValueError(f"{where} must have the key {key!r}, got {sorted(mapping)}")
        if not isinstance(mapping[key], kinds):
            names = kinds if isinstance(kinds, tuple) else (kinds,)
            expected = " or ".join(kind.__name__ for kind in names)
            got = type(mapping[key]).__name__
            raise ValueError(f"{key} in {where} must be {expected}, got {got}: {mapping[key]!r}")
