"""What came of a run, decided from the executed notebook itself.

papermill's metadata are not consulted: after a cell timeout or a dead kernel they mark every
cell completed, and ``sys.exit(0)`` reads as success. Here a run passes when every code cell has
run, in order and without an exception, and every claim holds.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from nsai.workbench.claims import Claim, metric_from_json
from nsai.workbench.display import CLAIM_MIME, METRIC_MIME
from nsai.workbench.experiments import cell_source, cell_tags

ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
KINDS = {
    "MissingDataError": "data_missing",
    "CorruptDataError": "data_corrupt",
    "CellTimeoutError": "timeout",
    "DeadKernelError": "kernel_died",
}
MESSAGE_LIMIT = 2_000
RUNNING = "running_cell"  # in the notebook's metadata: the cell that was begun last


@dataclass(frozen=True)
class Failure:
    """Why a run did not come to its end.

    Attributes
    ----------
    kind
        ``exception``, ``timeout``, ``kernel_died``, ``incomplete``, ``data_missing``,
        ``data_corrupt``, ``duplicate_claim``, ``disk_full`` or ``internal``.
    name
        The exception's class.
    message
        What it said.
    cell
        Index of the cell in the executed notebook, if it was a cell.
    traceback
        Plain text.
    """

    kind: str
    name: str
    message: str
    cell: int | None = None
    traceback: str = ""

    @classmethod
    def of(cls, name: str, message: str, cell: int | None = None, traceback: str = "") -> "Failure":
        """Name the kind of a failure by its exception's class."""
        plain = ANSI.sub("", message).strip()[:MESSAGE_LIMIT]
        return cls(KINDS.get(name, "exception"), name, plain, cell, ANSI.sub("", traceback))

    def to_json(self) -> dict[str, Any]:
        """Return the failure as JSON values."""
        return dict(vars(self))


@dataclass
class Verdict:
    """Status of a run and what it measured."""

    failure: Failure | None = None
    claims: list[dict[str, Any]] = field(default_factory=list)
    metrics: list[dict[str, Any]] = field(default_factory=list)

    @property
    def status(self) -> str:
        """``"error"``, ``"claim_failed"`` or ``"passed"``."""
        if self.failure is not None:
            return "error"
        return "passed" if all(c["holds"] for c in self.claims) else "claim_failed"


def judge(notebook: Mapping[str, Any], failure: Failure | None = None) -> Verdict:
    """Read claims, metrics and the verdict off an executed notebook.

    Parameters
    ----------
    notebook
        The notebook as JSON or nbformat node.
    failure
        What the runner itself met (a deadline, a dead kernel), if anything.
    """
    verdict = Verdict()
    verdict.failure = _exception(notebook) or _located(failure, notebook) or _unfinished(notebook)
    for index, mime, payload in _structured(notebook):
        try:
            if mime == METRIC_MIME:
                verdict.metrics.append(metric_from_json(payload))
                continue
            made = Claim.from_json(payload)  # judged from its numbers, not by what it says it is
        except ValueError as error:
            invalid = Failure("exception", "InvalidClaimError", str(error), index)
            verdict.failure = verdict.failure or invalid
            continue
        if made.name in [claim["name"] for claim in verdict.claims]:
            message = f"two claims are named {made.name!r}; a name says which claim failed"
            twice = Failure("duplicate_claim", "DuplicateClaimError", message, index)
            verdict.failure = verdict.failure or twice
        verdict.claims.append(made.to_json() | {"cell": index})
    return verdict


def _code_cells(notebook: Mapping[str, Any]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for index, cell in enumerate(notebook["cells"]):
        if cell.get("cell_type") == "code" and cell_source(cell).strip():
            yield index, cell


def _exception(notebook: Mapping[str, Any]) -> Failure | None:
    """Return the first exception that a cell raised without leave."""
    for index, cell in _code_cells(notebook):
        if "raises-exception" in cell_tags(cell):
            continue
        for output in cell.get("outputs", ()):
            if output.get("output_type") == "error":
                text = "\n".join(output.get("traceback", ()))
                return Failure.of(output.get("ename", ""), output.get("evalue", ""), index, text)
    return None


def _unfinished(notebook: Mapping[str, Any]) -> Failure | None:
    """Return a failure if a code cell was not run, or not in order."""
    last = 0
    for index, cell in _code_cells(notebook):
        count = cell.get("execution_count")
        if not isinstance(count, int) or count <= last:
            message = f"cell {index} was not run in its turn (execution count {count})"
            return Failure("incomplete", "IncompleteRunError", message, index)
        last = count
    return None


def _located(failure: Failure | None, notebook: Mapping[str, Any]) -> Failure | None:
    """Add the cell that was running when the runner's failure happened."""
    if failure is None or failure.cell is not None:
        return failure
    return replace(failure, cell=notebook.get("metadata", {}).get("nsai", {}).get(RUNNING))


def _structured(notebook: Mapping[str, Any]) -> Iterator[tuple[int, str, Mapping[str, Any]]]:
    """Yield the claims and metrics that the cells displayed."""
    for index, cell in _code_cells(notebook):
        for output in cell.get("outputs", ()):
            for mime in (CLAIM_MIME, METRIC_MIME):
                payload = output.get("data", {}).get(mime)
                if isinstance(payload, Mapping):
                    yield index, mime, payload
