"""A batch: many runs on an executor, one record from which a killed batch can be resumed."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from nsai.workbench.plan import Request
from nsai.workbench.runs import RunSpec
from nsai.workbench.store import write_atomically
from nsai.workbench.supervise import Outcome, crashed, execute_run

RECORD = "batch.json"


@dataclass(frozen=True)
class BatchRecord:
    """What a batch was asked for and when it began; kept while it runs.

    Attributes
    ----------
    names
        The experiments that were named; empty for all.
    request
        What to run them with.
    started
        ISO, UTC.
    """

    names: tuple[str, ...]
    request: Request
    started: str

    @classmethod
    def begin(cls, names: Sequence[str], request: Request) -> "BatchRecord":
        """Make the record of a batch that begins now."""
        return cls(tuple(names), request, datetime.now(UTC).isoformat())

    @classmethod
    def load(cls, reports: Path) -> "BatchRecord | None":
        """Read the record of a batch that did not come to its end; None if there is none."""
        try:
            stored = json.loads((reports / RECORD).read_text(encoding="utf-8"))
            return cls(tuple(stored["names"]), Request(**stored["request"]), stored["started"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def save(self, reports: Path) -> None:
        """Write the record."""
        write_atomically(reports / RECORD, json.dumps(asdict(self), indent=1) + "\n")

    def end(self, reports: Path) -> None:
        """Remove the record, unless another batch has put its own there."""
        if BatchRecord.load(reports) == self:
            (reports / RECORD).unlink(missing_ok=True)


def run_batch(
    specs: Sequence[RunSpec], *, jobs: int = 1, executor: Executor | None = None
) -> Iterator[Outcome]:
    """Execute runs and yield each outcome as it comes; one that fails stops no other.

    Parameters
    ----------
    specs
        The runs.
    jobs
        Runs at once on this machine; each is a process of its own.
    executor
        Anything of the shape of `concurrent.futures.Executor` to run on instead, for instance
        Dask's ``Client.get_executor()`` for a cluster that shares the file system.

    Yields
    ------
    Outcome
        In the order in which the runs end.
    """
    if executor is not None:
        yield from _outcomes(specs, executor)
        return
    pool = ThreadPoolExecutor(max_workers=jobs)
    try:
        yield from _outcomes(specs, pool)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _outcomes(specs: Sequence[RunSpec], executor: Executor) -> Iterator[Outcome]:
    futures = {executor.submit(execute_run, spec): spec for spec in specs}
    for future in as_completed(futures):
        error = future.exception()
        yield crashed(futures[future], error) if error is not None else future.result()
