"""The command `nsai`. Exit codes: 0 ok, 1 a run or claim failed, 2 wrong usage."""

import os
import signal
import sys
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn

import typer

from nsai.data_cli import Json, data_app
from nsai.workbench.batch import BatchRecord
from nsai.workbench.claims import Claim
from nsai.workbench.console import (
    LABELS,
    Printer,
    outcome_row,
    value_text,
)
from nsai.workbench.errors import ParameterError, WorkbenchError
from nsai.workbench.experiments import Experiment, Project, select
from nsai.workbench.launch import launch
from nsai.workbench.plan import Request, cores, plan, state
from nsai.workbench.reference import REFERENCE, save
from nsai.workbench.seeds import by_seed, parse_seeds
from nsai.workbench.store import Store
from nsai.workbench.supervise import Outcome

app = typer.Typer(
    help="Run experiments in notebooks, check their claims, build the report.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(data_app, name="data")

Names = Annotated[list[str] | None, typer.Argument(help="Experiments, as `nsai list` names them.")]
Preset = Annotated[str, typer.Option(help="Preset of the notebooks: quick, full, or their own.")]
Values = Annotated[
    list[str] | None, typer.Option("--parameter", "-p", help="A parameter as name=value.")
]
Seed = Annotated[int | None, typer.Option(help="The parameter `seed`.")]
Device = Annotated[
    Literal["auto", "cpu", "cuda"] | None, typer.Option(help="The parameter `device`.")
]
Force = Annotated[bool, typer.Option("--force", help="Repeat runs whose result is there.")]
Jobs = Annotated[int, typer.Option(min=0, help="Notebooks at once; 0 for one a core.")]
Timeout = Annotated[
    float | None, typer.Option(min=0.1, help="Seconds a notebook; half an hour at quick.")
]


@app.command("list")
def list_experiments(as_json: Json = False) -> None:
    """Show the experiments: parameters with type and default, presets, last status."""
    project, printer = Project.find(), Printer()
    experiments = list(project.experiments().values())
    last = Store(project.reports).newest()
    if as_json:
        rows = [_as_json(e, project, last.get(e.name)) for e in experiments]
        printer.json({"schema": "nsai.list/1", "experiments": rows})
        return
    part = None
    for e in experiments:
        if e.part != part:
            printer.line(f"\n{e.part_number} {e.part}" if part else f"{e.part_number} {e.part}")
            part = e.part
        run = last.get(e.name)
        status = f"{LABELS[run['status']]} ({run['preset']})" if run else "not run yet"
        printer.line(f"  {e.name} – {e.title} [{status}]", style="bold")
        for parameter in e.parameters.values():
            comment = f"  # {parameter.help}" if parameter.help else ""
            default = repr(parameter.default)
            printer.line(f"      {parameter.name}: {parameter.type_name} = {default}{comment}")
        printer.line(f"      presets: {', '.join(e.presets)}")


@app.command("run")
def run_command(
    names: Annotated[list[str], typer.Argument(help="Experiments, as `nsai list` names them.")],
    preset: Preset = "quick",
    parameters: Values = None,
    seed: Seed = None,
    seeds: Annotated[
        str | None, typer.Option(help="Several, as 0-4 or 0,3,7, and a table of claims by seed.")
    ] = None,
    device: Device = None,
    force: Force = False,
    jobs: Jobs = 0,
    timeout: Timeout = None,
    as_json: Json = False,
) -> None:
    """Run experiments and check their claims; a result that is there already is not repeated."""
    if seeds is not None and seed is not None:
        raise ParameterError("--seed and --seeds exclude each other")
    several = None if seeds is None else parse_seeds(seeds)
    request = _request(preset, parameters, seed, device, force, jobs, timeout)
    record = BatchRecord.begin(names, request)
    outcomes = launch(Project.find(), record, seeds=several, quiet=as_json, fresh=force)
    if as_json:
        Printer().json([o.result | {"cached": o.cached, "folder": o.path} for o in outcomes])
    elif several is not None:
        for name, headers, rows in by_seed(outcomes):
            Printer().table(headers, rows, title=name)
    else:
        for outcome in outcomes:
            _show_claims(outcome)
    _exit_with(outcomes)


@app.command("report")
def report_command(
    names: Names = None,
    preset: Preset = "quick",
    parameters: Values = None,
    seed: Seed = None,
    device: Device = None,
    force: Force = False,
    jobs: Jobs = 0,
    timeout: Timeout = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Finish the batch that was killed, as it was asked.")
    ] = False,
    cluster: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler to run on instead.")
    ] = None,
    save_reference: Annotated[
        bool, typer.Option("--save-reference", help="Keep the claims as reports/reference.json.")
    ] = False,
) -> None:
    """Run what is missing or stale, then build the site below `reports/`."""
    project, printer = Project.find(), Printer()
    request = _request(preset, parameters, seed, device, force, jobs, timeout)
    record = BatchRecord.begin(names or [], request)
    found = BatchRecord.load(project.reports) if resume else None
    if resume and found is None:
        printer.line("no batch was interrupted; checking that everything is there")
    record = found or record
    select(project.experiments(record.names), record.names)
    record.save(project.reports)
    outcomes = launch(
        project, record, fresh=record.request.force, resumed=found is not None, cluster=cluster
    )
    record.end(project.reports)
    index = _build_site(project, save_reference=save_reference)
    headers = ("status", "run", "claims", "seconds", "remark")
    printer.table(headers, [outcome_row(outcome) for outcome in outcomes])
    printer.line(_totals(outcomes))
    printer.line(f"report: {index}")
    _exit_with(outcomes)


@app.command("status")
def status_command(
    names: Names = None,
    preset: Preset = "quick",
    as_json: Json = False,
) -> None:
    """Show which results are current, stale, failed or missing; nothing is run."""
    project, printer = Project.find(), Printer()
    store = Store(project.reports)
    specs = plan(
        project, select(project.experiments(names or []), names or []), Request(preset=preset)
    )
    rows = []
    for spec in specs:
        run = store.latest(spec.slug)
        found = run.result if run else {}
        rows.append(
            {
                "run": spec.slug,
                "state": state(spec, store),
                "status": found.get("status"),
                "finished": found.get("finished"),
                "folder": str(run.path) if run else None,
            }
        )
    if as_json:
        printer.json(rows)
        return
    headers = ("run", "state", "last status", "finished")
    keys = ("run", "state", "status", "finished")
    printer.table(headers, [[value_text(row[key]) for key in keys] for row in rows])
    if BatchRecord.load(project.reports):
        printer.line("a batch is running or was interrupted; `nsai report --resume` finishes it")


@app.command("diff")
def diff_command(
    left: Annotated[str, typer.Argument(help="A run: NAME, NAME--PRESET, …/ID or a folder.")],
    right: Annotated[str, typer.Argument(help="The run to hold against it.")],
    as_json: Json = False,
) -> None:
    """Show parameters, claims and metrics of two runs side by side."""
    from nsai.workbench.diff import compare

    store, printer = Store(Project.find().reports), Printer()
    runs = store.find(left), store.find(right)
    rows = compare(*runs)
    if as_json:
        printer.json([row.to_json() for row in rows])
        return
    headers = ("", "what", "name", *(f"{run.slug}/{run.path.name}" for run in runs))
    shown = [
        ("≠" if r.differs else "", r.group, r.name, value_text(r.left), value_text(r.right))
        for r in rows
    ]
    printer.table(headers, shown)


@app.command("new")
def new_command(
    name: Annotated[str, typer.Argument(help="Lower-case words joined by '-'.")],
    part: Annotated[
        str | None, typer.Option(help="Folder below notebooks/; the last one unless given.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="Heading; made from the name.")] = None,
) -> None:
    """Make a notebook from a template that runs and passes as it is."""
    from nsai.workbench.new import new_notebook

    path = new_notebook(Project.find(), name, part=part, title=title)
    Printer().line(f"{path}\nrun it with: nsai run {name}")


@app.command("check")
def check_command(
    paths: Annotated[list[Path] | None, typer.Argument(help="Notebook files; all of them.")] = None,
    mend: Annotated[bool, typer.Option("--fix", help="Write them in canonical form.")] = False,
) -> None:
    """Hold notebooks against the conventions: form, parameters and presets, first cell, claims."""
    from nsai.workbench.check import check, fix

    printer, project = Printer(), Project.find()
    chosen = paths or project.paths()
    if mend:
        for path in chosen:
            if fix(path):
                printer.line(f"{path}: written in canonical form")
    findings = [finding for path in chosen for finding in check(path)]
    for finding in findings:
        hint = "  (--fix mends it)" if finding.fixable else ""
        printer.line(f"{finding.path}: {finding.message}{hint}")
    if not mend and not paths:
        project.experiments()  # two notebooks of one name are an error, too
    printer.line(f"{len(chosen)} notebooks, {len(findings)} findings")
    raise typer.Exit(1 if findings else 0)


@app.command("doctor")
def doctor_command(as_json: Json = False) -> None:
    """Show versions, processor, GPU, disk and data sets, and what is amiss."""
    from nsai.doctor import examine

    printer = Printer()
    rows = examine()
    if as_json:
        printer.json([vars(row) for row in rows])
    else:
        printer.table(("", "what", "found"), [("✗" if r.problem else "", *r.text) for r in rows])
    raise typer.Exit(1 if any(row.problem for row in rows) else 0)


def main() -> None:
    """Run the command; errors that have a message are shown without a traceback."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        app()
    except WorkbenchError as error:
        sys.stderr.write(f"nsai: {error}\n")
        sys.exit(2)


def _interrupt(_number: int, _frame: Any) -> NoReturn:
    """Leave at once: workers and kernels end when this process does."""
    sys.stderr.write("\nnsai: interrupted; finished runs are kept (nsai report --resume)\n")
    sys.stderr.flush()
    os._exit(130)


def _request(
    preset: str,
    parameters: list[str] | None,
    seed: int | None,
    device: str | None,
    force: bool,
    jobs: int,
    timeout: float | None,
) -> Request:
    values = {}
    for text in parameters or []:
        name, equals, value = text.partition("=")
        if not equals:
            raise ParameterError(f"-p expects name=value, got {text!r}")
        if name in values:
            raise ParameterError(f"-p gives parameter {name!r} twice")
        values[name] = value
    return Request(preset, values, seed, device, timeout, jobs or cores(), force)


def _build_site(project: Project, *, save_reference: bool) -> Path:
    from nsai.workbench.report import build_site

    store = Store(project.reports)
    known = project.experiments()
    latest = [run for slug in store.slugs() if (run := store.latest(slug))]
    runs = [run for run in latest if run.result.get("notebook") in known]
    reference = project.reports / REFERENCE
    if save_reference:
        save(runs, reference)
    return build_site(
        [run.path for run in runs],
        project.reports,
        reference=reference if reference.is_file() else None,
    )


def _show_claims(outcome: Outcome) -> None:
    printer = Printer()
    for claim in outcome.result["claims"]:
        printer.line(f"  {Claim.from_json(claim)}")
    if outcome.result["error"]:
        printer.line(outcome.result["error"]["traceback"])
    printer.line(f"  {outcome.path}")


def _totals(outcomes: list[Outcome]) -> str:
    counts = [(sum(o.status == s for o in outcomes), label) for s, label in LABELS.items()]
    cached = sum(outcome.cached for outcome in outcomes)
    return ", ".join(f"{count} {label}" for count, label in [*counts, (cached, "cached")])


def _exit_with(outcomes: list[Outcome]) -> NoReturn:
    raise typer.Exit(0 if all(outcome.status == "passed" for outcome in outcomes) else 1)


def _as_json(e: Experiment, project: Project, last: dict[str, Any] | None) -> dict[str, Any]:
    from nsai.workbench.parameters import json_value
    from nsai.workbench.runs import describe

    keys = ("run", "run_id", "status", "preset", "finished", "wall_s")
    return describe(e, project.root) | {
        "parameters": [parameter.to_json() for parameter in e.parameters.values()],
        "presets": {
            preset: {name: json_value(value) for name, value in values.items()}
            for preset, values in e.presets.items()
        },
        "last": {key: last[key] for key in keys} if last else None,
    }
