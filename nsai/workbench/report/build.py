"""Build the site: render what changed, leave the rest, remove what is gone."""

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from nsai.workbench.quick_import import skip_iri_grammar
from nsai.workbench.report.files import (
    code_digest,
    digest,
    remove_leftovers,
    remove_stale,
    stamp_of,
    write_page,
)
from nsai.workbench.report.results import Run, read_reference, read_run, surroundings

if TYPE_CHECKING:
    from jinja2 import Environment

    from nsai.workbench.report.notebook import NotebookRenderer


def build_site(runs: Sequence[Path], output: Path, *, reference: Path | None = None) -> Path:
    """Build the static site of some runs.

    A page carries a stamp of all that it was made from and is written again only when that
    changes, so that building an unchanged site costs no import of a renderer. Pages of runs
    that are no longer among `runs` are removed.

    Parameters
    ----------
    runs
        Run folders, each with `executed.ipynb`, `result.json` and `log.txt`.
    output
        The folder of the site: `index.html`, `ledger.html`, `environment.html` and `pages/`.
    reference
        The baseline to show beside the claims, schema ``nsai.reference/1``.

    Returns
    -------
    Path
        The gallery, ``output/index.html``.

    Raises
    ------
    ValueError
        If a `result.json` or the reference does not follow its schema, or two folders hold
        the same run.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     build_site([], Path(folder)).name
    'index.html'
    """
    order = sorted((read_run(folder) for folder in runs), key=lambda run: run.place)
    folders: dict[str, Path] = {}
    for run in order:
        other = folders.setdefault(run.slug, run.folder)
        if other != run.folder:
            raise ValueError(
                f"runs must differ in their names, got {run.slug!r} in {other} and {run.folder}"
            )
    baseline = read_reference(reference)
    pages = output / "pages"
    pages.mkdir(parents=True, exist_ok=True)
    press = _Press(order, baseline)
    for run in order:
        press.run_page(run, pages / f"{run.slug}.html")
    press.overviews(output)
    remove_stale(pages, {f"{run.slug}.html" for run in order})
    remove_leftovers(output)
    remove_leftovers(pages)
    return output / "index.html"


class _Press:
    """Prints the pages whose stamp is not the one on disk."""

    def __init__(self, order: Sequence[Run], baseline: Mapping[str, object]) -> None:
        self._order = order
        self._baseline = baseline
        self._code = code_digest()
        self._pages: dict[str, str] = {}
        for run in order:
            self._pages.setdefault(Path(run.result["path"]).name, f"{run.slug}.html")

    @cached_property
    def _templates(self) -> "Environment":
        from nsai.workbench.report.pages import page_templates

        return page_templates()

    @cached_property
    def _notebook(self) -> "NotebookRenderer":
        skip_iri_grammar()
        from nsai.workbench.report.notebook import NotebookRenderer

        return NotebookRenderer()

    def run_page(self, run: Run, path: Path) -> None:
        links = {name: page for name, page in self._pages.items() if name in run.linked}
        around = surroundings(run, self._order)
        stamp = digest(self._code, run.digest, json.dumps([links, around.shown()]))
        if stamp_of(path) == stamp:
            return
        from nsai.workbench.report.pages import run_page

        rendered = self._notebook(run, links)
        write_page(path, run_page(self._templates, stamp, run, around, rendered))

    def overviews(self, output: Path) -> None:
        stamp = digest(self._code, *(run.digest for run in self._order))
        ledger = digest(stamp, json.dumps(self._baseline, sort_keys=True))
        stamps = {"index.html": stamp, "ledger.html": ledger, "environment.html": stamp}
        for name, wanted in stamps.items():
            if stamp_of(output / name) != wanted:
                write_page(output / name, self._overview(name, wanted))

    def _overview(self, name: str, stamp: str) -> str:
        from nsai.workbench.report import pages

        match name:
            case "index.html":
                return pages.index_page(self._templates, stamp, self._order)
            case "ledger.html":
                return pages.ledger_page(self._templates, stamp, self._order, self._baseline)
            case _:
                return pages.environment_page(self._templates, stamp, self._order)
