"""The pages: what each template is given."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from nsai.workbench.report import wording
from nsai.workbench.report.results import Run, Surroundings

if TYPE_CHECKING:
    from nsai.workbench.report.notebook import Rendered

_TEMPLATES = Path(__file__).parent / "templates"
_STYLES = ("theme.css", "base.css", "overview.css", "run.css", "print.css")
_PICTURE = re.compile(r'<img src="(data:image/(?:png|jpeg|svg\+xml);base64,[A-Za-z0-9+/=]+)"')


@dataclass(frozen=True)
class Picture:
    """The key figure of an experiment."""

    source: str
    alt: str


@dataclass(frozen=True)
class Card:
    """An experiment in the gallery: the run that speaks for it, and its other runs."""

    run: Run
    others: tuple[Run, ...]
    picture: Picture | None


def page_templates() -> Environment:
    """Return the environment that all pages are made in: everything escaped, nothing undefined."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    css = "".join((_TEMPLATES / name).read_text("utf-8") for name in _STYLES)
    hashed = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    environment.globals.update(
        css=Markup(css),
        policy=(
            "default-src 'none'; img-src data:; "
            f"style-src 'sha256-{hashed}'; base-uri 'none'; form-action 'none'"
        ),
        signs=wording.SIGNS,
        statuses=wording.STATUSES,
        kinds=wording.KINDS,
    )
    environment.filters.update(
        numeral=lambda value: Markup(wording.numeral(value)),
        duration=wording.duration,
        size=wording.size,
        moment=wording.moment,
        literal=wording.literal,
        plain=wording.plain,
        roman=wording.roman,
        trusted=Markup,
    )
    return environment


def run_page(
    templates: Environment,
    stamp: str,
    run: Run,
    around: Surroundings,
    rendered: "Rendered",
) -> str:
    """Make the page of one run."""
    log = run.folder / "log.txt"
    lines = log.read_text("utf-8", "replace").splitlines() if log.is_file() else []
    return templates.get_template("run.html.j2").render(
        stamp=stamp,
        run=run,
        result=run.result,
        notebook=rendered,
        around=around,
        log=wording.plain("\n".join(lines[-100:])).strip(),
    )


def index_page(templates: Environment, stamp: str, order: Sequence[Run]) -> str:
    """Make the gallery: one card an experiment, by part."""
    cards = []
    for _, group in groupby(order, key=lambda run: run.result["notebook"]):
        first, *others = group
        cards.append(Card(first, tuple(others), key_picture(first.folder / "executed.ipynb")))
    return templates.get_template("index.html.j2").render(
        stamp=stamp,
        runs=order,
        parts=_by_part(cards, lambda card: card.run),
        experiments=len(cards),
        **_tally(order),
    )


def ledger_page(
    templates: Environment, stamp: str, order: Sequence[Run], baseline: Mapping[str, Any]
) -> str:
    """Make the ledger: every claim of every run, and the baseline's value beside ours."""
    return templates.get_template("ledger.html.j2").render(
        stamp=stamp,
        runs=order,
        parts=_by_part([run for run in order if run.result["claims"]], lambda run: run),
        baseline=baseline,
        known={slug: baseline[slug] for run in order if (slug := run.slug) in baseline},
        **_tally(order),
    )


def environment_page(templates: Environment, stamp: str, order: Sequence[Run]) -> str:
    """Make the page of machines and versions: each distinct one, and its runs."""
    machines: dict[str, list[Run]] = {}
    for run in order:
        key = json.dumps([run.result["environment"], run.result["device_name"]], sort_keys=True)
        machines.setdefault(key, []).append(run)
    return templates.get_template("environment.html.j2").render(
        stamp=stamp, runs=order, machines=list(machines.values())
    )


def key_picture(notebook: Path) -> Picture | None:
    """Find an executed notebook's key figure, or else its first figure."""
    try:
        cells = json.loads(notebook.read_bytes())["cells"]
        outputs = [output for cell in cells for output in cell.get("outputs", [])]
        figures = [o for o in outputs if o.get("metadata", {}).get("nsai", {}).get("figure")]
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return None  # the page of the run says what is wrong with the notebook
    figures.sort(key=lambda output: output["metadata"]["nsai"].get("key") is not True)
    for output in figures:
        markup = output.get("data", {}).get("text/html", "")
        found = _PICTURE.search("".join(markup))
        if found:
            return Picture(found[1], str(output["metadata"]["nsai"].get("alt", "")))
    return None


def _by_part(items: Sequence[Any], run_of: Any) -> list[tuple[str, int, list[Any]]]:
    def part(item: Any) -> tuple[str, int]:
        result = run_of(item).result
        return result["part"], result["part_number"]

    return [(name, number, list(group)) for (name, number), group in groupby(items, key=part)]


def _tally(runs: Sequence[Run]) -> dict[str, Any]:
    return {
        "held": sum(run.held for run in runs),
        "claims": sum(len(run.result["claims"]) for run in runs),
        "troubled": [run for run in runs if run.result["status"] != "passed"],
    }
