"""An executed notebook to HTML: nbconvert's `basic` template with our cells.

Importing this module costs seconds, for it brings nbconvert; only a page to render needs it.
"""

import html
import re
import traceback
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from jinja2 import FileSystemLoader
from nbconvert import HTMLExporter, TemplateExporter
from nbconvert.filters import Highlight2HTML

from nsai.workbench.report.maths import Formulas
from nsai.workbench.report.outputs import Outputs
from nsai.workbench.report.prose import Prose, highlighted
from nsai.workbench.report.results import Run
from nsai.workbench.report.structure import Heading, put_in_order

TEMPLATES = Path(__file__).parent / "templates"
_GENERATED_ID = re.compile(r"[0-9a-f]{8}(-?[0-9a-f]{4,12})*|")


@dataclass(frozen=True)
class Rendered:
    """A notebook as the body of a page.

    Attributes
    ----------
    markup
        The cells.
    lead
        The first paragraph, as HTML.
    headings
        The table of contents.
    failed
        Anchor of the cell that failed, None where none did.
    problem
        Why there is no notebook to show, empty where there is one.
    trace
        The traceback of that.
    """

    markup: str = ""
    lead: str = ""
    headings: tuple[Heading, ...] = ()
    failed: str | None = None
    problem: str = ""
    trace: str = ""


class _Exporter(HTMLExporter):
    """nbconvert's exporter without its second look at the page.

    It would parse all of it again, to describe images and to mark cells of JupyterLab, and takes as
    long for that as for the rest; `put_in_order` describes images, and our cells are others.
    """

    def from_notebook_node(self, nb: Any, resources: Any = None, **options: Any) -> Any:
        self.register_filter("highlight_code", Highlight2HTML(parent=self))
        return TemplateExporter.from_notebook_node(self, nb, resources, **options)


class NotebookRenderer:
    """Renders the executed notebooks of runs; one exporter for all of them."""

    def __init__(self) -> None:
        self._exporter = _Exporter(
            template_name="basic",
            template_file="notebook.html.j2",
            extra_loaders=[FileSystemLoader(TEMPLATES)],
        )

    def __call__(self, run: Run, pages: Mapping[str, str]) -> Rendered:
        """Render the notebook of a run; `pages` has the page of each notebook's file name."""
        try:
            return self._render(_read(run.folder / "executed.ipynb"), run, pages)
        except FileNotFoundError:
            return Rendered(problem="The run left no executed notebook.")
        except Exception as error:  # one damaged notebook must not take the site with it
            what = f"{type(error).__name__}: {error}"
            trace = traceback.format_exc()
            return Rendered(problem=f"The executed notebook cannot be shown: {what}", trace=trace)

    def _render(self, notebook: Any, run: Run, pages: Mapping[str, str]) -> Rendered:
        failed = _number_cells(notebook, run)
        formulas = Formulas()
        prose = Prose(formulas, pages)
        outputs = Outputs(formulas, prose, [claim["name"] for claim in run.result["claims"]])
        self._exporter.register_filter("prose", lambda cell: _prose(cell, prose))
        self._exporter.register_filter("code", _code)
        self._exporter.register_filter("shown", lambda cell: outputs(cell.outputs))
        body, _ = self._exporter.from_notebook_node(notebook)
        outline = put_in_order(body, formulas)
        headings = tuple(
            Heading(h.level, h.anchor, formulas.fill(h.markup)) for h in outline.headings
        )
        markup, lead = formulas.fill(outline.markup), formulas.fill(outline.lead)
        return Rendered(markup, lead, headings, failed)


def _read(path: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", nbformat.warnings.MissingIDFieldWarning)
        warnings.simplefilter("ignore", nbformat.warnings.DuplicateCellId)
        return nbformat.reads(path.read_text("utf-8"), as_version=4)


def _number_cells(notebook: Any, run: Run) -> str | None:
    broke = (run.result["error"] or {}).get("cell")
    for i, cell in enumerate(notebook.cells):
        cell.metadata["nsai_number"] = i
        cell.metadata["nsai_failed"] = i == broke
    return None if broke is None or broke >= len(notebook.cells) else f"cell-{broke}"


def _prose(cell: Any, prose: Prose) -> str:
    return prose(cell.source, cell.get("attachments"))


def _code(cell: Any) -> str:
    if not cell.source.strip():
        return ""
    lines = len(cell.source.splitlines())
    extent = "1 line" if lines == 1 else f"{lines} lines"
    name = "" if _GENERATED_ID.fullmatch(cell.get("id", "")) else cell.id.replace("-", " ")
    if "injected-parameters" in cell.metadata.get("tags", []):
        name = "values of this run"
    about = html.escape(f"{name} · {extent}" if name else extent)
    opened = " open" if cell.metadata["nsai_failed"] else ""
    return (
        f'<details class="code"{opened}><summary>Code <span class="about">{about}</span>'
        f"</summary>{highlighted(cell.source, 'ipython3')}</details>"
    )
