"""The content key: same key, same result, so the run need not be repeated."""

import hashlib
import json
import os
import platform
import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from nsai.workbench.closure import Reach
from nsai.workbench.experiments import Experiment, cell_source, cell_tags
from nsai.workbench.parameters import json_value

KEY_VERSION = 1


def content_key(
    experiment: Experiment, parameters: Mapping[str, Any], device: str, reach: Reach
) -> str:
    """Return the key of a run: a hash of all that its result depends on.

    That is: the normalised cells, the files of our packages that they reach, the resolved
    parameters, the kind of device, and the versions of the packages reached. Data are not known
    before a run; it records the files it read, and `data_unchanged` compares them.

    Parameters
    ----------
    experiment
        The notebook.
    parameters
        The value of every parameter.
    device
        ``"cpu"`` or ``"cuda"``.
    reach
        What its code reaches.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    parts = {
        "version": KEY_VERSION,
        "cells": normalised_cells(experiment.cells),
        "files": file_hashes(reach),
        "parameters": {name: json_value(value) for name, value in parameters.items()},
        "device": device,
        "python": platform.python_version(),
        "packages": package_versions(reach.third_party),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def normalised_cells(cells: Iterable[Mapping[str, Any]]) -> list[list[Any]]:
    """Return type, tags and text of the cells, without what a run or `nsai check --fix` changes.

    Space inside a cell stays: it may stand in a text.
    """
    return [
        [cell.get("cell_type"), sorted(cell_tags(cell)), cell_source(cell).rstrip()]
        for cell in cells
    ]


def file_hashes(reach: Reach) -> dict[str, str]:
    """Return the sha256 of every file reached, by module name."""
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in reach.files.items()
    }


def package_versions(top_level: Iterable[str]) -> dict[str, str]:
    """Return the version of every distribution that offers a name, and of what those require."""
    providers = _providers()
    pending = [dist for name in top_level for dist in providers.get(name, ())]
    found: dict[str, str] = {}
    while pending:
        name = _canonical(pending.pop())
        if name in found:
            continue
        distribution = _distribution(name)
        if distribution is not None:
            found[name], required = distribution
            pending += required
    return found


@cache
def _distribution(name: str) -> tuple[str, tuple[str, ...]] | None:
    """Return a distribution's version and what it requires, None if it is not here."""
    try:
        distribution = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return None
    matches = (
        re.match(r"[A-Za-z0-9._-]+", line)
        for line in distribution.requires or ()
        if "extra ==" not in line
    )
    return distribution.version, tuple(match[0] for match in matches if match)


def data_unchanged(records: Iterable[Mapping[str, Any]]) -> bool:
    """Whether the data files that a run read are still there with the same content.

    A file with the recorded size and time of change is taken as the same; another is hashed.
    """
    for record in records:
        for entry in record.get("files", ()):
            path = Path(entry["path"])
            try:
                status = path.stat()
                touched = status.st_mtime_ns != entry.get("mtime_ns")
                if status.st_size != entry["size"]:
                    return False
                if touched and _sha256(path) != entry["sha256"]:
                    return False
            except OSError:
                return False
    return True


def device_class(requested: str = "auto") -> str:
    """Return ``"cuda"`` or ``"cpu"``: what ``auto`` comes to here, without importing torch."""
    if requested != "auto":
        return requested
    if os.environ.get("CUDA_VISIBLE_DEVICES", "all") in ("", "-1"):
        return "cpu"
    return "cuda" if any(Path("/dev").glob("nvidia[0-9]*")) else "cpu"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@cache
def _providers() -> Mapping[str, list[str]]:
    return metadata.packages_distributions()
