"""A new experiment from a template that runs and passes as it is."""

import json
import re
from importlib.resources import files
from pathlib import Path

from nsai.workbench.check import canonical
from nsai.workbench.errors import ParameterError
from nsai.workbench.experiments import NAME, Project, read_experiment
from nsai.workbench.store import write_atomically

PART = re.compile(r"\d+-[a-z0-9]+(-[a-z0-9]+)*")


def new_notebook(project: Project, name: str, *, part: str | None, title: str | None) -> Path:
    """Write a notebook that states a claim, shows a figure and passes.

    Parameters
    ----------
    project
        The checkout.
    name
        Lower-case words joined by ``-``; unique among the experiments.
    part
        A folder below `notebooks/`, ``2-architectures``; the last one unless given.
    title
        The heading; made from the name unless given.

    Returns
    -------
    Path
        The new file, numbered behind the last notebook.

    Raises
    ------
    ParameterError
        If the name is taken, name or part are not of the form that file names have, or the title
        is empty.
    """
    if not NAME.fullmatch(name):
        raise ParameterError(f"name must be lower-case words joined by '-', got {name!r}")
    experiments = [read_experiment(path) for path in project.paths()]
    taken = {e.name: e.path for e in experiments}
    if name in taken:
        raise ParameterError(f"an experiment is named {name!r} already: {taken[name]}")
    folder = part or (experiments[-1].path.parent.name if experiments else "1-experiments")
    if not PART.fullmatch(folder):
        raise ParameterError(f"part must look like '3-logic', got {folder!r}")
    number = max((e.number for e in experiments), default=0) + 1
    template = files("nsai.workbench").joinpath("templates", "experiment.ipynb").read_text("utf-8")
    heading = " ".join((title or name.replace("-", " ").capitalize()).split())
    if not re.search(r"\w", heading):
        raise ParameterError(f"title must hold a word, got {title!r}")
    path = project.notebooks / folder / f"{number:02}-{name}.ipynb"
    quoted = json.dumps(heading, ensure_ascii=False)[1:-1]
    write_atomically(path, canonical(json.loads(template.replace("@TITLE@", quoted))))
    return path
