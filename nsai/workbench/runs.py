"""What a run is: its specification before, its result after."""

import hashlib
import json
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nsai.workbench.experiments import Experiment
from nsai.workbench.parameters import json_value
from nsai.workbench.verdict import Verdict

SCHEMA = "nsai.result/1"
STATUSES = ("passed", "claim_failed", "error")


@dataclass(frozen=True)
class RunSpec:
    """Everything that a worker needs to run one notebook; made of JSON values and paths only.

    Attributes
    ----------
    slug
        Name of the run's folder and page: notebook, preset, and a hash of what was overridden.
    key
        Content key.
    notebook
        Fields of the experiment that its result repeats.
    path
        The notebook file.
    reports
        The folder that holds the runs.
    parameters, overrides
        All values, and those that differ from the preset.
    device
        ``"cpu"`` or ``"cuda"``.
    timeout
        Seconds for the whole notebook.
    threads
        Threads a kernel may use.
    environment
        Versions, commit and machine, as the result repeats them.
    imports
        Modules that the notebook reaches and that are slow to import.
    fresh_after
        Only a run that began after this time counts as done (ISO, UTC); empty for any.
    errors_since
        A run that began after this time (ISO, UTC) counts as done even if it ended in an error;
        empty for none.
    """

    slug: str
    key: str
    notebook: Mapping[str, Any]
    path: str
    reports: str
    preset: str
    parameters: Mapping[str, Any]
    overrides: Mapping[str, Any]
    device: str
    device_name: str
    timeout: float
    threads: int
    environment: Mapping[str, Any] = field(default_factory=dict)
    imports: list[str] = field(default_factory=list)
    fresh_after: str = ""
    errors_since: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the specification as JSON values."""
        return asdict(self)

    @property
    def command(self) -> str:
        """The command line that repeats the run."""
        words = ["nsai", "run", self.notebook["notebook"], "--preset", self.preset]
        for name, value in self.overrides.items():
            words += ["-p", f"{name}={_as_argument(value)}"]
        return shlex.join(words)


def slug_of(experiment: Experiment, preset: str, overrides: Mapping[str, Any]) -> str:
    """Name a run's folder: safe characters only, whatever the parameters hold.

    Parameters
    ----------
    experiment
        The notebook.
    preset
        One of its presets.
    overrides
        Values that differ from the preset's.
    """
    slug = f"{experiment.name}--{preset}"
    if not overrides:
        return slug
    text = json.dumps({name: json_value(v) for name, v in overrides.items()}, sort_keys=True)
    return f"{slug}--{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def describe(experiment: Experiment, root: Path) -> dict[str, Any]:
    """Return the fields of an experiment that its result repeats."""
    path = experiment.path
    return {
        "notebook": experiment.name,
        "path": (path.relative_to(root) if path.is_relative_to(root) else path).as_posix(),
        "title": experiment.title,
        "summary": experiment.summary,
        "part": experiment.part,
        "part_number": experiment.part_number,
        "number": experiment.number,
    }


def run_id(key: str, now: datetime | None = None) -> str:
    """Name one execution: when it began (sorts by time) and what of.

    Examples
    --------
    >>> run_id("ab12cd34ef", datetime(2026, 11, 21, 12, 0, 0, 5000, UTC))
    '20261121T120000005000Z-ab12cd34'
    """
    moment = now or datetime.now(UTC)
    return f"{moment:%Y%m%dT%H%M%S%f}Z-{key[:8]}"


def result_of(
    spec: RunSpec,
    verdict: Verdict,
    *,
    identity: str,
    started: datetime,
    cpu_s: float = 0.0,
    peak_memory_bytes: int = 0,
    data: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """Assemble `result.json`; the schema is `nsai/workbench/schema/result-1.json`."""
    finished = datetime.now(UTC)
    return {
        "schema": SCHEMA,
        "run": spec.slug,
        "run_id": identity,
        **spec.notebook,
        "status": verdict.status,
        "error": verdict.failure.to_json() if verdict.failure else None,
        "key": spec.key,
        "preset": spec.preset,
        "parameters": {name: json_value(value) for name, value in spec.parameters.items()},
        "overrides": {name: json_value(value) for name, value in spec.overrides.items()},
        "seed": spec.parameters.get("seed"),
        "device": spec.device,
        "device_name": spec.device_name,
        "claims": verdict.claims,
        "metrics": verdict.metrics,
        "data": data or [],
        "environment": dict(spec.environment),
        "started": started.isoformat(),
        "finished": finished.isoformat(),
        "wall_s": round((finished - started).total_seconds(), 3),
        "cpu_s": round(cpu_s, 3),
        "peak_memory_bytes": peak_memory_bytes,
        "command": spec.command,
    }


def _as_argument(value: Any) -> str:
    if isinstance(value, (list, bool)):
        return json.dumps(value)  # NaN and Infinity, too, as they are read back
    return "none" if value is None else str(value)
