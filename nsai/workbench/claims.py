"""Claims: the unit of result. A measured value held against a published or proven one."""

import html
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from nsai.workbench.display import CLAIM_MIME, METRIC_MIME, as_float, number, show

Comparison = Literal["<", "<=", "==", ">=", ">"]


@dataclass(frozen=True)
class Claim:
    """A statement that can fail.

    Attributes
    ----------
    name
        What is claimed, in words; unique in its notebook.
    measured
        The value of this run.
    comparison
        ``"<"``, ``"<="``, ``"=="``, ``">="`` or ``">"``, read measured to reference.
    reference
        The published, proven or rival value.
    tolerance
        How far the measured value may lie on the wrong side (for ``"=="``, on either).
    source
        Where the reference comes from: paper and table, theorem, or the rival model.
    unit
        Unit of both values, empty for a pure number.
    """

    name: str
    measured: float
    comparison: Comparison
    reference: float
    tolerance: float
    source: str
    unit: str = ""

    @property
    def holds(self) -> bool:
        """Whether the measured value meets the reference; a NaN never does."""
        if math.isnan(self.measured) or math.isnan(self.reference):
            return False
        if self.measured == self.reference:  # also for infinities, whose difference is no number
            return self.tolerance > 0 or "=" in self.comparison
        gap = self.measured - self.reference
        match self.comparison:
            case "<":
                return gap < self.tolerance
            case "<=":
                return gap <= self.tolerance
            case "==":
                return abs(gap) <= self.tolerance
            case ">=":
                return gap >= -self.tolerance
            case ">":
                return gap > -self.tolerance

    def __str__(self) -> str:
        verdict = "holds" if self.holds else "FAILS"
        unit = f" {self.unit}" if self.unit else ""
        tolerance = f" (tolerance {number(self.tolerance)})" if self.tolerance else ""
        measured, reference = number(self.measured), number(self.reference)
        if measured == reference:  # four digits do not tell them apart
            measured, reference = (
                exact if self.measured != self.reference else measured
                for exact in (str(self.measured), str(self.reference))
            )
        return (
            f"claim {verdict}: {self.name}: {measured} {self.comparison} "
            f"{reference}{unit}{tolerance} [{self.source}]"
        )

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> "Claim":
        """Make a claim of what `to_json` returned.

        Raises
        ------
        ValueError
            If a field is missing or none that a claim can have.
        """
        try:
            measured, reference, slack = (
                float(fields[key]) for key in ("measured", "reference", "tolerance")
            )
            comparison = fields["comparison"]
            if comparison not in get_args(Comparison) or not 0 <= slack < math.inf:
                raise ValueError(f"{comparison!r} with tolerance {slack}")
            name, source, unit = str(fields["name"]), str(fields["source"]), str(fields["unit"])
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"no claim: {error!r} in {dict(fields)!r:.300}") from error
        return cls(name, measured, comparison, reference, slack, source, unit)

    def _ipython_display_(self) -> None:
        """Show nothing: `claim` has shown it, and a cell may end with that call."""

    def to_json(self) -> dict[str, Any]:
        """Return the claim as JSON values; numbers that JSON lacks become strings."""
        fields = asdict(self) | {"holds": self.holds}
        for key in ("measured", "reference", "tolerance"):
            if not math.isfinite(fields[key]):
                fields[key] = str(fields[key])
        return fields


def claim(
    name: str,
    measured: Any,
    comparison: Comparison,
    reference: Any,
    *,
    source: str,
    tolerance: float = 0.0,
    unit: str = "",
) -> Claim:
    """State a claim: show it, and leave it for the runner to collect.

    A claim that fails does not stop the notebook; the run is then marked as failed.

    Parameters
    ----------
    name
        What is claimed, in words; unique in its notebook.
    measured
        The value of this run: a number, or a numpy or torch scalar.
    comparison
        ``"<"``, ``"<="``, ``"=="``, ``">="`` or ``">"``.
    reference
        The value to meet.
    source
        Where the reference comes from.
    tolerance
        Non-negative slack on the comparison.
    unit
        Unit of both values.

    Raises
    ------
    ValueError
        If a text is empty, the comparison unknown or the tolerance negative or not finite.
    TypeError
        If a value is no single number.

    Examples
    --------
    >>> made = claim("test error", 0.034, "<=", 0.047, source="LeCun 1998, fig. 9")
    claim holds: test error: 0.034 <= 0.047 [LeCun 1998, fig. 9]
    >>> made.holds
    True
    """
    for argument, text in (("name", name), ("source", source)):
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"{argument} of a claim must be a non-empty string, got {text!r}")
    if comparison not in get_args(Comparison):
        known = ", ".join(get_args(Comparison))
        raise ValueError(f"comparison of claim {name!r} must be one of {known}; got {comparison!r}")
    slack = as_float(tolerance, f"tolerance of claim {name!r}")
    if not (math.isfinite(slack) and slack >= 0):
        raise ValueError(f"tolerance of claim {name!r} must be finite and >= 0, got {slack}")
    if not isinstance(unit, str):
        raise ValueError(f"unit of claim {name!r} must be a string, got {unit!r}")
    made = Claim(
        " ".join(name.split()),
        as_float(measured, f"measured value of claim {name!r}"),
        comparison,
        as_float(reference, f"reference of claim {name!r}"),
        slack,
        " ".join(source.split()),
        unit,
    )
    mark = "✓ holds" if made.holds else "✗ fails"
    show(
        {
            CLAIM_MIME: made.to_json(),
            "text/plain": str(made),
            "text/html": f"<p><strong>{mark}</strong> — {html.escape(str(made)[13:])}</p>",
        }
    )
    return made


def metric(name: str, value: Any, *, unit: str = "") -> None:
    """Record a number that is worth comparing between runs but claims nothing.

    Parameters
    ----------
    name
        What was measured; unique in its notebook.
    value
        A number, or a numpy or torch scalar.
    unit
        Its unit, empty for a pure number.

    Examples
    --------
    >>> metric("parameters", 61_706)
    parameters: 61,706
    """
    if not isinstance(name, str) or not name.strip():
        raise ValueError(f"name of a metric must be a non-empty string, got {name!r}")
    if not isinstance(unit, str):
        raise ValueError(f"unit of metric {name!r} must be a string, got {unit!r}")
    measured = as_float(value, f"value of metric {name!r}")
    made = metric_from_json({"name": " ".join(name.split()), "value": measured, "unit": unit})
    text = f"{made['name']}: {number(measured)}{' ' + unit if unit else ''}"
    show(
        {
            METRIC_MIME: made,
            "text/plain": text,
            "text/html": f"<p>{html.escape(text)}</p>",
        }
    )


def metric_from_json(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return name, value and unit of a metric as JSON values.

    Raises
    ------
    ValueError
        If a field is missing or none that a metric can have.
    """
    try:
        value = float(fields["value"])
        name, unit = str(fields["name"]), str(fields["unit"])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"no metric: {error!r} in {dict(fields)!r:.300}") from error
    return {"name": name, "value": value if math.isfinite(value) else str(value), "unit": unit}
