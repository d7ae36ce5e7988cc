"""How a notebook hands a structured value to the runner, and shows it to a reader."""

import html
import math
from collections.abc import Mapping, Sequence
from typing import Any

CLAIM_MIME = "application/vnd.nsai.claim+json"
METRIC_MIME = "application/vnd.nsai.metric+json"


def in_notebook() -> bool:
    """Whether a Jupyter kernel is there to take displayed data."""
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        return False
    shell = get_ipython()
    return shell is not None and hasattr(shell, "kernel")


def show(bundle: Mapping[str, Any], metadata: Mapping[str, Any] | None = None) -> None:
    """Display a MIME bundle in a notebook; print its plain text elsewhere."""
    if in_notebook():
        from IPython.display import display

        display(dict(bundle), metadata=dict(metadata or {}), raw=True)
    elif "text/plain" in bundle:
        print(bundle["text/plain"])


def as_float(value: Any, argument: str) -> float:
    """Convert a Python, numpy or torch scalar to a float.

    Raises
    ------
    TypeError
        If `value` is no single number.
    """
    item = getattr(value, "item", None)
    try:
        scalar = item() if callable(item) else value
        if isinstance(scalar, (str, bytes, bytearray)):
            raise TypeError(f"the text {scalar!r:.40}")
        return float(scalar)
    except (TypeError, ValueError, OverflowError, RuntimeError) as error:
        kind = type(value).__name__
        raise TypeError(f"{argument} must be a single number, got {kind}: {error}") from error


def number(value: float) -> str:
    """Write a number as a reader wants it: four significant digits, integers whole."""
    if not math.isfinite(value):
        return str(value)
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:.4g}"


def table(
    rows: Sequence[Sequence[Any]],
    headers: Sequence[str],
    *,
    caption: str,
) -> None:
    """Show rows as a captioned table with header cells that screen readers announce.

    Parameters
    ----------
    rows
        One sequence a row, as long as `headers`. Floats are shown with four digits.
    headers
        The column titles.
    caption
        What the table says, in a sentence.

    Raises
    ------
    ValueError
        If a row is not as long as `headers`, or the caption is empty.

    Examples
    --------
    >>> table([["bigram", 2.4817]], ["model", "nats"], caption="Validation loss.")
    Validation loss.
    model  | nats
    bigram | 2.482
    """
    if not caption.strip():
        raise ValueError("caption must say what the table shows, got an empty string")
    for i, row in enumerate(rows):
        if len(row) != len(headers):
            raise ValueError(f"row {i} has {len(row)} cells, expected {len(headers)}: {row!r}")
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(headers, *cells, strict=True)]
    lines = [
        " | ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip()
        for row in [list(headers), *cells]
    ]
    head = "".join(f'<th scope="col">{html.escape(h)}</th>' for h in headers)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(c)}</td>" for c in row) + "</tr>" for row in cells
    )
    markup = (
        f"<table><caption>{html.escape(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )
    show({"text/plain": "\n".join([caption, *lines]), "text/html": markup})


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or type(value).__name__ in ("bool", "bool_"):  # numpy's
        return "yes" if value else "no"
    try:
        return number(as_float(value, "cell"))
    except TypeError:
        return str(value)
