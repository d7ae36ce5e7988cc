"""The tracked baseline: what each claim measured when it was last accepted."""

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from nsai.workbench.errors import ProjectError
from nsai.workbench.runs import RunSpec
from nsai.workbench.store import Run, write_atomically

SCHEMA = "nsai.reference/1"
REFERENCE = "reference.json"


def save(runs: Iterable[Run], path: Path) -> dict[str, Any]:
    """Put passed runs without overrides into the baseline; other entries stay as they are.

    Parameters
    ----------
    runs
        Finished runs.
    path
        `reports/reference.json`.

    Returns
    -------
    dict
        The whole baseline: `schema`, and `runs` by name with commit, device, date and claims.

    Raises
    ------
    ProjectError
        If the file is there and no baseline, as after a merge with conflicts.
    """
    entries = _stored(path) if path.is_file() else {}
    for run in runs:
        result = run.result
        if result["status"] == "passed" and not result["overrides"]:
            entries[run.slug] = {
                "commit": result["environment"].get("commit"),
                "device_name": result["device_name"],
                "finished": result["finished"],
                "wall_s": result["wall_s"],
                "claims": {claim["name"]: claim["measured"] for claim in result["claims"]},
            }
    whole = {"schema": SCHEMA, "runs": dict(sorted(entries.items()))}
    write_atomically(path, json.dumps(whole, indent=1, ensure_ascii=False) + "\n")
    return whole


def longest_first(specs: Iterable[RunSpec], path: Path) -> list[RunSpec]:
    """Order runs by the time that they took last, so that the end of a batch waits for none.

    Parameters
    ----------
    specs
        The runs. Those that the baseline does not know come first, in their order.
    path
        `reports/reference.json`; without it, or if it cannot be read, the order stays.
    """
    try:
        known = {slug: float(entry["wall_s"]) for slug, entry in _stored(path).items()}
    except (OSError, ProjectError, KeyError, TypeError):
        known = {}
    return sorted(specs, key=lambda spec: -known.get(spec.slug, math.inf))


def _stored(path: Path) -> dict[str, Any]:
    """Read the runs of a baseline."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ProjectError(f"{path} is no baseline: {error}") from error
    if not (isinstance(stored, dict) and stored.get("schema") == SCHEMA):
        raise ProjectError(f"{path} is no baseline: expected the schema {SCHEMA}")
    return dict(stored["runs"])
