"""Two runs side by side: parameters, claims and metrics."""

from dataclasses import asdict, dataclass
from typing import Any

from nsai.workbench.store import Run


@dataclass(frozen=True)
class Row:
    """One thing that at least one of two runs has.

    Attributes
    ----------
    group
        ``"run"``, ``"parameter"``, ``"claim"`` or ``"metric"``.
    name
        Its name.
    left, right
        The values; None where a run lacks it.
    """

    group: str
    name: str
    left: Any
    right: Any

    @property
    def differs(self) -> bool:
        """Whether the two runs disagree."""
        return bool(self.left != self.right)

    def to_json(self) -> dict[str, Any]:
        """Return the row as JSON values."""
        return asdict(self) | {"differs": self.differs}


def compare(left: Run, right: Run) -> list[Row]:
    """Return what either run has, in the order of the left one.

    Parameters
    ----------
    left, right
        Finished runs, of the same notebook or not.
    """
    rows = []
    for group, values in _groups(left.result).items():
        others = _groups(right.result)[group]
        for name in dict.fromkeys([*values, *others]):
            rows.append(Row(group, name, values.get(name), others.get(name)))
    return rows


def _groups(result: dict[str, Any]) -> dict[str, dict[str, Any]]:
    commit = result.get("environment", {}).get("commit")
    run = {
        name: result.get(name) for name in ("status", "preset", "device_name", "wall_s", "cpu_s")
    }
    return {
        "run": run | {"commit": commit[:10] if commit else None},
        "parameter": dict(result.get("parameters", {})),
        "claim": {c["name"]: c["measured"] for c in result.get("claims", ())},
        "metric": {m["name"]: m["value"] for m in result.get("metrics", ())},
    }
