"""From a person's request to outcomes: plan a batch, run it here or on Dask, tell how far it is."""

from dataclasses import replace
from typing import Any

from nsai.workbench.batch import BatchRecord, run_batch
from nsai.workbench.console import Printer
from nsai.workbench.errors import WorkbenchError
from nsai.workbench.experiments import Project, select
from nsai.workbench.plan import plan
from nsai.workbench.reference import REFERENCE, longest_first
from nsai.workbench.supervise import Outcome


def launch(
    project: Project,
    record: BatchRecord,
    *,
    seeds: list[int] | None = None,
    quiet: bool = False,
    fresh: bool = False,
    resumed: bool = False,
    cluster: str | None = None,
) -> list[Outcome]:
    """Plan and run a batch, printing each outcome as it comes.

    Parameters
    ----------
    project
        The checkout.
    record
        What was asked for.
    seeds
        Run each experiment with these seeds; None for the one of the request.
    quiet
        Whether to print nothing.
    fresh
        Whether results from before the batch do not count.
    resumed
        Whether this is the rest of a batch that was killed; its errors count as met.
    cluster
        Address of a Dask scheduler to run on; None to run here.

    Returns
    -------
    list of Outcome
        In the order of the experiments.

    Raises
    ------
    WorkbenchError
        If the request does not fit an experiment, or no scheduler answers.
    """
    experiments, request = select(project.experiments(record.names), record.names), record.request
    specs = [
        spec
        for asked in ([request] if seeds is None else [replace(request, seed=s) for s in seeds])
        for spec in plan(
            project,
            experiments,
            asked,
            fresh_after=record.started if fresh else "",
            errors_since=record.started if resumed else "",
        )
    ]
    printer, outcomes = Printer(), []
    client = _dask_client(cluster) if cluster else None
    executor = client.get_executor() if client else None
    with printer.progress(0 if quiet else len(specs)) as progress:
        ordered = longest_first(specs, project.reports / REFERENCE)
        for outcome in run_batch(ordered, jobs=record.request.jobs, executor=executor):
            outcomes.append(outcome)
            if not quiet:
                progress.add(outcome)
    order = {spec.slug: i for i, spec in enumerate(specs)}
    return sorted(outcomes, key=lambda outcome: order[outcome.result["run"]])


def _dask_client(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError as error:
        raise WorkbenchError("--cluster needs Dask: pip install 'nsai[cluster]'") from error
    try:
        return Client(address, timeout=10)
    except (OSError, ValueError) as error:
        raise WorkbenchError(f"no Dask scheduler answers at {address!r}: {error}") from error
