"""The catalogue: every notebook under `notebooks/`, read without running or importing it."""

import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from nsai.workbench.errors import (
    NotebookFormatError,
    ParameterError,
    ProjectError,
    UnknownExperimentError,
)
from nsai.workbench.parameters import Parameter, convert_all, read_parameters, read_presets

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
MARKUP = re.compile(
    r"(\$[^$]*\$)"  # maths: kept
    r"|`([^`]*)`"  # code: kept without its marks
    r"|(?<!\w)[*_]{1,3}(?=\S)|(?<=\S)[*_]{1,3}(?!\w)"  # emphasis: dropped
)


@dataclass(frozen=True)
class Experiment:
    """One notebook as an experiment.

    Attributes
    ----------
    name
        The file's stem without its number; what the command line takes.
    path
        Where the notebook is.
    part, part_number
        Title and number of the folder it stands in, ``"Origins"`` and 1 for ``1-origins``.
    number
        Its place among all notebooks, from the file name; 0 if it has none.
    title
        The first heading.
    summary
        The first paragraph under it, as plain text.
    parameters
        Typed parameters by name.
    presets
        Values that each preset sets over the defaults.
    cells
        The cells as in the file.
    """

    name: str
    path: Path
    part: str
    part_number: int
    number: int
    title: str
    summary: str
    parameters: Mapping[str, Parameter]
    presets: Mapping[str, Mapping[str, Any]]
    cells: tuple[Mapping[str, Any], ...]

    @property
    def code(self) -> list[str]:
        """The text of the code cells."""
        return [cell_source(cell) for cell in self.cells if cell.get("cell_type") == "code"]

    def resolve(self, preset: str, overrides: Mapping[str, Any]) -> dict[str, Any]:
        """Return the value of every parameter under a preset and overrides.

        Raises
        ------
        ParameterError
            If the preset or a name is unknown, or a value does not fit its type.
        """
        if preset not in self.presets:
            known = ", ".join(self.presets)
            raise ParameterError(f"{self.name}: unknown preset {preset!r}; it has: {known}")
        defaults = {name: p.default for name, p in self.parameters.items()}
        try:
            checked = convert_all(overrides, self.parameters)
        except ParameterError as error:
            raise ParameterError(f"{self.name}: {error}") from error
        return defaults | dict(self.presets[preset]) | checked


def cell_source(cell: Mapping[str, Any]) -> str:
    """Return a cell's text, which the file may hold as one string or as lines."""
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def cell_tags(cell: Mapping[str, Any]) -> list[str]:
    """Return a cell's tags."""
    return list(cell.get("metadata", {}).get("tags", []))


def tagged_cell(cells: Iterable[Mapping[str, Any]], tag: str, where: str) -> Mapping[str, Any]:
    """Return the one code cell with a tag.

    Raises
    ------
    NotebookFormatError
        If there is none or more than one.
    """
    found = [c for c in cells if c.get("cell_type") == "code" and tag in cell_tags(c)]
    if len(found) != 1:
        raise NotebookFormatError(
            f"{where}: expected exactly one code cell tagged {tag!r}, found {len(found)}"
        )
    return found[0]


def load_notebook(path: Path) -> dict[str, Any]:
    """Read a notebook file as JSON.

    Raises
    ------
    NotebookFormatError
        If it is no notebook of format 4.
    """
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise NotebookFormatError(f"{path}: cannot be read as a notebook: {error}") from error
    if not (isinstance(notebook, dict) and isinstance(notebook.get("cells"), list)):
        raise NotebookFormatError(f"{path}: holds no list of cells")
    if notebook.get("nbformat") != 4:
        raise NotebookFormatError(f"{path}: expected nbformat 4, got {notebook.get('nbformat')!r}")
    for index, cell in enumerate(notebook["cells"]):
        if fault := _fault(cell):
            raise NotebookFormatError(f"{path}: cell {index} {fault}")
    return notebook


def _fault(cell: Any) -> str:
    """Say what of a cell is not as the format has it; empty if all of it is."""
    if not isinstance(cell, dict):
        return f"is no object but {cell!r:.60}"
    source, metadata = cell.get("source", ""), cell.get("metadata", {})
    if not (isinstance(source, str) or _is_texts(source)):
        return f"has a source that is neither text nor lines: {source!r:.60}"
    text = cell_source(cell)
    if text != text.encode(errors="ignore").decode():
        return "holds half of a surrogate pair, which no file can"
    if not (isinstance(metadata, dict) and _is_texts(metadata.get("tags", []))):
        return f"has metadata that are no object with a list of tags: {metadata!r:.60}"
    return ""


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def read_experiment(path: Path) -> Experiment:
    """Read one notebook as an experiment.

    Raises
    ------
    NotebookFormatError
        If its name, first cell, parameters or presets are not as the conventions say.
    """
    cells = load_notebook(path)["cells"]
    number, name = _numbered(path.stem)
    if not NAME.fullmatch(name):
        raise NotebookFormatError(
            f"{path}: the name must be lower-case words joined by '-', got {name!r}"
        )
    part_number, part = _numbered(path.parent.name)
    title, summary = _heading(cells[0] if cells else {})
    if not title:
        raise NotebookFormatError(f"{path}: the first cell must be Markdown that opens with `# `")
    parameters = read_parameters(
        cell_source(tagged_cell(cells, "parameters", str(path))), f"{path}, parameters cell"
    )
    presets = read_presets(
        cell_source(tagged_cell(cells, "presets", str(path))), parameters, f"{path}, presets cell"
    )
    return Experiment(
        name=name,
        path=path,
        part=part.replace("-", " ").capitalize(),
        part_number=part_number,
        number=number,
        title=title,
        summary=summary,
        parameters=parameters,
        presets=presets,
        cells=tuple(cells),
    )


@dataclass(frozen=True)
class Project:
    """A checkout: its root, its notebooks, its reports."""

    root: Path

    @property
    def notebooks(self) -> Path:
        """Where the experiments are."""
        return self.root / "notebooks"

    @property
    def reports(self) -> Path:
        """Where runs and pages go."""
        return self.root / "reports"

    @classmethod
    def find(cls, start: Path | None = None) -> "Project":
        """Find the project: `NSAI_ROOT`, or the nearest folder above that has `notebooks/`.

        Raises
        ------
        ProjectError
            If there is none.
        """
        given = os.environ.get("NSAI_ROOT")
        here = (start or Path.cwd()).resolve()
        folders = [Path(given).resolve()] if given else [here, *here.parents]
        for folder in folders:
            if (folder / "notebooks").is_dir():
                return cls(folder)
        where = f"NSAI_ROOT={given}" if given else f"{here} or any folder above it"
        raise ProjectError(f"no folder `notebooks` in {where}; run nsai inside a checkout")

    def paths(self) -> list[Path]:
        """Return the notebook files in the order of parts and numbers."""
        files = [
            path
            for path in self.notebooks.rglob("*.ipynb")
            if not any(part.startswith(".") for part in path.relative_to(self.notebooks).parts)
            and not path.is_dir()
        ]
        return sorted(files, key=lambda p: (*_numbered(p.parent.name), *_numbered(p.stem)))

    def experiments(self, names: Iterable[str] = ()) -> dict[str, Experiment]:
        """Read the catalogue.

        Parameters
        ----------
        names
            What it is read for: others that cannot be read are left out. All, if there are none.

        Raises
        ------
        NotebookFormatError
            If a notebook cannot be read, or two have the same name.
        """
        found: dict[str, Experiment] = {}
        wanted = {_name_of(name) for name in names}
        for path in self.paths():
            try:
                experiment = read_experiment(path)
            except NotebookFormatError:
                if not wanted or _numbered(path.stem)[1] in wanted:
                    raise
                continue
            if experiment.name in found:
                raise NotebookFormatError(
                    f"two notebooks are named {experiment.name!r}: "
                    f"{found[experiment.name].path} and {path}"
                )
            found[experiment.name] = experiment
        return found


def select(experiments: Mapping[str, Experiment], names: Iterable[str]) -> list[Experiment]:
    """Return the named experiments, or all of them when no name is given.

    A name may also be the path of its notebook.

    Raises
    ------
    UnknownExperimentError
        If a name is not there; near ones are suggested.
    """
    chosen: dict[str, Experiment] = {}
    for given in names:
        name = _name_of(given)
        if name not in experiments:
            near = get_close_matches(name, experiments, n=3, cutoff=0.4)
            hint = f"did you mean {' or '.join(near)}?" if near else "`nsai list` shows them"
            raise UnknownExperimentError(f"no experiment is named {given!r}; {hint}")
        chosen[name] = experiments[name]
    return list(chosen.values()) or list(experiments.values())


def _name_of(given: str) -> str:
    """Return the name that a notebook was called by, or that of its path."""
    return _numbered(Path(given).stem)[1] if given.endswith(".ipynb") else given


def _numbered(text: str) -> tuple[int, str]:
    """Split ``"02-perceptron"`` into 2 and ``"perceptron"``."""
    match = re.fullmatch(r"(\d+)-(.+)", text)
    return (int(match[1]), match[2]) if match else (0, text)


def _heading(cell: Mapping[str, Any]) -> tuple[str, str]:
    """Return heading and first paragraph of a Markdown cell, without markup."""
    text = cell_source(cell).strip()
    if cell.get("cell_type") != "markdown" or not text.startswith("# "):
        return "", ""
    title, _, rest = text.partition("\n")
    paragraphs = [p for p in re.split(r"\n\s*\n", rest.strip()) if not p.startswith("#")]
    return _plain(title[2:]), _plain(paragraphs[0]) if paragraphs else ""


def _plain(markdown: str) -> str:
    """Drop links, emphasis and line breaks from a paragraph, but not what is maths or code."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", markdown)
    return " ".join(MARKUP.sub(lambda found: found[1] or found[2] or "", text).split())
