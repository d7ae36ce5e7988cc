"""How numbers, times and sizes are written on a page."""

import html
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from nsai.workbench.display import number

SIGNS = {"<": "<", "<=": "≤", "==": "=", ">=": "≥", ">": ">"}
STATUSES = {"passed": "passed", "claim_failed": "claim failed", "error": "error"}
KINDS = {
    "exception": "A cell raised an exception",
    "timeout": "The run was stopped at its time limit",
    "kernel_died": "The kernel died",
    "incomplete": "The run ended before its last cell",
    "data_missing": "A data set is missing",
    "data_corrupt": "A data file is not the one that was published",
    "duplicate_claim": "Two claims have the same name",
    "disk_full": "The disk is full",
    "internal": "The workbench itself failed",
}
_NOT_FINITE = {"nan": "NaN", "inf": "∞", "-inf": "−∞"}
# CSI and OSC sequences, then single-character escapes: ECMA-48, section 5.
_ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def numeral(value: Any) -> str:
    """Write a number as HTML: a true minus sign, powers of ten as superscripts.

    Examples
    --------
    >>> numeral(-0.25), numeral(3e-9), numeral("-inf")
    ('−0.25', '3 × 10<sup>−9</sup>', '−∞')
    """
    if isinstance(value, str):
        return _NOT_FINITE.get(value, html.escape(value))
    text = number(float(value))
    text = _NOT_FINITE.get(text, text)
    mantissa, mark, exponent = text.partition("e")
    mantissa = mantissa.replace("-", "−")
    if not mark:
        return mantissa
    return f"{mantissa} × 10<sup>{str(int(exponent)).replace('-', '−')}</sup>"


def duration(seconds: float | int) -> str:
    """Write seconds as a reader would say them.

    Examples
    --------
    >>> duration(0.034), duration(12.34), duration(200), duration(7500)
    ('0.03 s', '12.3 s', '3 min 20 s', '2 h 5 min')
    """
    if seconds < 1:
        return f"{seconds:.2f} s"
    if seconds < 99.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


def size(count: int) -> str:
    """Write bytes in decimal units.

    Examples
    --------
    >>> size(512), size(123_456_789)
    ('512 B', '123 MB')
    """
    value, units = float(count), ["B", "kB", "MB", "GB", "TB"]
    while value >= 999.5 and len(units) > 1:
        value /= 1000
        units.pop(0)
    return f"{value:.3g} {units[0]}"


def moment(stamp: str) -> str:
    """Write an ISO time to the minute; leave what is no time as it is.

    Examples
    --------
    >>> moment("2026-11-21T12:00:31.123Z"), moment("noon")
    ('2026-11-21 12:00 UTC', 'noon')
    """
    try:
        when = datetime.fromisoformat(stamp)
    except ValueError:
        return stamp
    return f"{when:%Y-%m-%d %H:%M}" + (" UTC" if not when.utcoffset() else f"{when:%z}")


def roman(count: int) -> str:
    """Write the number of a part; what Rome could not write stays as it is.

    Examples
    --------
    >>> roman(1), roman(4), roman(12), roman(0)
    ('I', 'IV', 'XII', '0')
    """
    if not 0 < count < 40:
        return str(count)
    units = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")
    return "X" * (count // 10) + units[count % 10]


def literal(value: Any) -> str:
    """Write a parameter's value as the notebook would.

    Examples
    --------
    >>> literal("auto"), literal([1, 2.5]), literal(True), literal(None)
    ("'auto'", '[1, 2.5]', 'True', 'None')
    """
    return repr(value)


def plain(text: str) -> str:
    r"""Remove terminal escapes and control characters, and what a carriage return overwrote.

    Examples
    --------
    >>> plain("\x1b[31mred\x1b[0m 10 %\r20 %\n")
    '20 %\n'
    """
    text = _ANSI.sub("", text).replace("\r\n", "\n")
    lines = (line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
    return _CONTROL.sub("", "\n".join(lines))


def slug(text: str, taken: Sequence[str] = ()) -> str:
    """Make an anchor of a heading's text, unlike those already taken.

    Examples
    --------
    >>> slug("What *is* it?"), slug("Loss", taken=["loss"])
    ('what-is-it', 'loss-2')
    """
    base = "-".join(re.findall(r"\w+", text.lower())) or "section"
    name, count = base, 1
    while name in taken:
        count += 1
        name = f"{base}-{count}"
    return name
