"""Which runs a request comes to, and which of them are done already."""

import os
import platform
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nsai.workbench.closure import Sources
from nsai.workbench.content_key import content_key, device_class, package_versions
from nsai.workbench.errors import ParameterError
from nsai.workbench.experiments import Experiment, Project
from nsai.workbench.parameters import convert_all
from nsai.workbench.runs import RunSpec, describe, slug_of
from nsai.workbench.store import Store
from nsai.workbench.supervise import is_current

TIMEOUTS = {"quick": 1_800.0}
LONG_TIMEOUT = 12 * 3_600.0
SHOWN_PACKAGES = ("numpy", "scipy", "torch", "papermill", "nbclient", "ipykernel", "matplotlib")
SLOW_IMPORTS = (
    "torch",
    "torch._dynamo",  # comes with the first optimiser
    "matplotlib.pyplot",
    "scipy.stats",
    "sklearn.linear_model",
    "sympy",
    "numba",
    "pennylane",
    "snntorch",
)


@dataclass(frozen=True)
class Request:
    """What a person asks for.

    Attributes
    ----------
    preset
        Name of a preset that every chosen notebook has.
    parameters
        Values as text, by name.
    seed, device
        Set the parameters of that name; None leaves them to the preset.
    timeout
        Seconds a notebook; None for half an hour at quick, twelve hours else.
    jobs
        Notebooks at once; the cores are shared among them.
    force
        Whether to repeat runs whose result is there.
    """

    preset: str = "quick"
    parameters: Mapping[str, str] = field(default_factory=dict)
    seed: int | None = None
    device: str | None = None
    timeout: float | None = None
    jobs: int = 1
    force: bool = False

    def overrides(self, experiment: Experiment) -> dict[str, Any]:
        """Return the values that the request sets, typed.

        Raises
        ------
        ParameterError
            If the notebook has no such parameter or a value does not fit.
        """
        asked = dict(self.parameters)
        for name, value in (("seed", self.seed), ("device", self.device)):
            if value is None:
                continue
            if name in asked:
                raise ParameterError(f"{name} is given twice: as -p {name}=… and as --{name}")
            asked[name] = str(value)
        try:
            return convert_all(asked, experiment.parameters, parse=True)
        except ParameterError as error:
            raise ParameterError(f"{experiment.name}: {error}") from error


def plan(
    project: Project,
    experiments: Iterable[Experiment],
    request: Request,
    *,
    fresh_after: str = "",
    errors_since: str = "",
) -> list[RunSpec]:
    """Specify the runs of a request; nothing is started before every one of them is valid.

    Parameters
    ----------
    project
        The checkout.
    experiments
        The chosen notebooks.
    request
        What to run them with.
    fresh_after
        Only results that began after this time count as done (ISO, UTC).
    errors_since
        Errors of runs that began after this time count as done, too; empty for none.

    Raises
    ------
    ParameterError
        If a preset, name or value does not fit.
    """
    sources = Sources()
    machine = _environment(project.root)
    names = {"cpu": _processor(), "cuda": ""}
    specs = []
    for experiment in experiments:
        reach = sources.reach(experiment.code)
        base = experiment.resolve(request.preset, {})
        asked = request.overrides(experiment)
        parameters = base | asked
        overrides = {n: value for n, value in asked.items() if repr(base[n]) != repr(value)}
        device = device_class(str(parameters.get("device", "auto")))
        if device == "cuda" and not names["cuda"]:
            names["cuda"] = _gpu()
        specs.append(
            RunSpec(
                slug=slug_of(experiment, request.preset, overrides),
                key=content_key(experiment, parameters, device, reach),
                notebook=describe(experiment, project.root),
                path=str(experiment.path),
                reports=str(project.reports),
                preset=request.preset,
                parameters=parameters,
                overrides=overrides,
                device=device,
                device_name=names.get(device, device),
                timeout=request.timeout or TIMEOUTS.get(request.preset, LONG_TIMEOUT),
                threads=max(1, cores() // max(1, request.jobs)),
                environment=machine,
                imports=[m for m in SLOW_IMPORTS if m.partition(".")[0] in reach.third_party],
                fresh_after=fresh_after,
                errors_since=errors_since,
            )
        )
    return specs


def state(spec: RunSpec, store: Store) -> str:
    """Return ``"current"``, ``"stale"``, ``"failed"`` (by an error) or ``"missing"``."""
    run = store.latest(spec.slug)
    if run is None:
        return "missing"
    if is_current(run.result, spec):
        return "current"
    return "failed" if run.result.get("status") == "error" else "stale"


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _environment(root: Path) -> dict[str, Any]:
    """Return versions, machine and commit as every result of a batch repeats them."""
    commit = _output(["git", "-C", str(root), "rev-parse", "HEAD"])
    changes = _output(["git", "-C", str(root), "status", "--porcelain", "--untracked-files=no"])
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": _processor(),
        "cores": cores(),
        "packages": _shown_versions(),
        "commit": commit,
        "dirty": bool(changes) if commit else None,
    }


def _shown_versions() -> dict[str, str]:
    found = package_versions(SHOWN_PACKAGES)
    return {name: found[name] for name in SHOWN_PACKAGES if name in found}


def _processor() -> str:
    """Return the processor's name."""
    path = Path("/proc/cpuinfo")
    if path.is_file():
        for line in path.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _gpu() -> str:
    """Return the name of the first GPU."""
    text = _output(["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"])
    return text.splitlines()[0] if text else "CUDA device"


def _output(command: list[str]) -> str | None:
    """Return what a program prints, or None where it is missing, fails or hangs."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
