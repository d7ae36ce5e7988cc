"""What the command prints: tables on a terminal, plain lines elsewhere."""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from nsai.workbench.claims import Claim
from nsai.workbench.display import number
from nsai.workbench.supervise import Outcome

LABELS = {"passed": "passed", "claim_failed": "claim failed", "error": "error"}
COLOURS = {"passed": "green", "claim_failed": "yellow", "error": "red", "cached": "cyan"}
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # could steer the terminal


class Printer:
    """Writes to stdout as a person or a program wants it.

    Parameters
    ----------
    terminal
        Whether to draw tables and colours; found out unless given.
    """

    def __init__(self, terminal: bool | None = None) -> None:
        self.terminal = sys.stdout.isatty() if terminal is None else terminal
        self.console = Console(highlight=False, markup=False, emoji=False)

    def line(self, text: str = "", style: str | None = None) -> None:
        """Print one line."""
        text = CONTROL.sub("", text)
        if self.terminal:
            self.console.print(text, style=style)
        else:
            print(text, flush=True)

    def table(
        self, headers: Sequence[str], rows: Iterable[Sequence[str]], *, title: str | None = None
    ) -> None:
        """Print rows in columns: a table on a terminal, tab-separated lines elsewhere."""
        rows = [[" ".join(cell.split()) for cell in row] for row in rows]
        if not self.terminal:
            for row in [headers, *rows]:
                self.line("\t".join(row))
            return
        drawn = Table(title=title, title_justify="left", header_style="bold")
        for header in headers:
            drawn.add_column(header, overflow="fold")
        for row in rows:
            drawn.add_row(*(Text(CONTROL.sub("", cell), style=_style(cell)) for cell in row))
        self.console.print(drawn)

    def json(self, value: Any) -> None:
        """Print a value as JSON."""
        sys.stdout.write(json.dumps(value, indent=1, ensure_ascii=False) + "\n")

    @contextmanager
    def progress(self, total: int) -> Iterator["Progress"]:
        """Show on a terminal how far a batch is."""
        if not self.terminal or not total:
            yield Progress(self, total)
            return
        with self.console.status(f"running 0 of {total}") as status:
            yield Progress(self, total, status)


class Progress:
    """Prints a line for each outcome of a batch."""

    def __init__(self, printer: Printer, total: int, status: Any = None) -> None:
        self.printer, self.total, self.status, self.done = printer, total, status, 0

    def add(self, outcome: Outcome) -> None:
        """Print one outcome."""
        self.done += 1
        status, name, claims, seconds, remark = outcome_row(outcome)
        tail = f"  {remark}" if remark else ""
        text = f"[{self.done}/{self.total}] {status:<12} {name}  claims {claims}  {seconds} s{tail}"
        self.printer.line(text, style=COLOURS[outcome.status])
        if self.status is not None:
            self.status.update(f"running {self.done} of {self.total} done")


def outcome_row(outcome: Outcome) -> tuple[str, str, str, str, str]:
    """Return status, run, claims held, seconds and a remark, all as text."""
    result = outcome.result
    held = sum(bool(claim["holds"]) for claim in result["claims"])
    status = LABELS[outcome.status]
    return (
        f"{status} (cached)" if outcome.cached else status,
        str(result["run"]),
        f"{held}/{len(result['claims'])}",
        f"{result['wall_s']:.1f}",
        remark_of(result),
    )


def remark_of(result: Mapping[str, Any]) -> str:
    """Say why a run did not pass; empty if it did."""
    if result["error"]:
        error = result["error"]
        where = f" in cell {error['cell']}" if error["cell"] is not None else ""
        message = str(error["message"]).strip().splitlines() or [""]
        return f"{error['name']}{where}: {message[0][:200]}"
    return "; ".join(str(Claim.from_json(c)) for c in result["claims"] if not c["holds"])


def value_text(value: Any) -> str:
    """Write a parameter's or a metric's value in a table."""
    if value is None:
        return "–"
    return number(value) if isinstance(value, float) else str(value)


def _style(cell: str) -> str:
    for label, colour in {**{v: COLOURS[k] for k, v in LABELS.items()}, "✗": "red"}.items():
        if cell.startswith(label):
            return colour
    return ""
