"""Descriptions of chips as text: what is right is taken, and all that is wrong is told at once."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from spiking.hardware.chips.parts import (
    MODELS,
    Arithmetic,
    Bits,
    Core,
    Energy,
    Memory,
    Mesh,
    Time,
)
from spiking.hardware.chips.units import POWER, Kind
from spiking.hardware.errors import ChipError

SECTIONS: dict[str, Any] = {
    "mesh": Mesh,
    "core": Core,
    "bits": Bits,
    "energy": Energy,
    "time": Time,
    "arithmetic": Arithmetic,
    "memory": Memory,
}
NEEDED = ("name", "models", "mesh", "core", "bits", "energy")
KEYS = (*NEEDED, "description", "references", "static_power", "time", "arithmetic", "memory")
SYNAPSES = ("synapse_dense", "synapse_sparse", "synapse_convolution")


@dataclass(frozen=True)
class Entry:
    """A number of a chip as its file gives it.

    Parameters
    ----------
    key
        Where it stands, "energy.hop_x".
    value, unit
        In the unit of the file; counts have none.
    source
        Where it is from, as the file says it.
    """

    key: str
    value: int | float | str
    unit: str
    source: str


class ChipFile:
    """A description of a chip.

    Parameters
    ----------
    text
        TOML.
    file
        Its name, for messages.

    Attributes
    ----------
    parts
        Arguments of `Chip`.

    Raises
    ------
    ChipError
        With every fault: where it is, what was expected, and what was found.
    """

    def __init__(self, text: str, file: str) -> None:
        self.problems: list[str] = []
        self.entries: list[Entry] = []
        try:
            self.table = tomllib.loads(text, parse_float=Decimal)
        except (tomllib.TOMLDecodeError, ArithmeticError) as error:
            raise ChipError(f"{file}: expected TOML, got text that is not: {error}") from None
        self.references = self._references()
        self.parts = self._parts()
        if self.problems:
            several = len(self.problems) > 1
            begin = f"{file}: {len(self.problems)} faults\n  " if several else f"{file}: "
            raise ChipError(begin + "\n  ".join(self.problems))

    def _parts(self) -> dict[str, Any]:
        self._check_keys("", self.table, KEYS, NEEDED)
        parts: dict[str, Any] = {
            "name": self._text("name", self.table.get("name", "?")),
            "description": "",
            "time": Time(),
            "static_power": None,
            "arithmetic": None,
            "memory": None,
        }
        if "models" in self.table:
            parts["models"] = self._models(self.table["models"])
        for name, part in SECTIONS.items():
            if name in self.table:
                parts[name] = self._section(name, part)
        if "description" in self.table:
            parts["description"] = self._text("description", self.table["description"])
        if "static_power" in self.table:
            power = self.table["static_power"]
            parts["static_power"] = self._number("static_power", power, POWER)
        return parts | {"references": self.references, "entries": tuple(self.entries)}

    def _section(self, name: str, part: Any) -> Any:
        """Return a part of the chip, or None if it has faults."""
        table, before = self.table[name], len(self.problems)
        if not isinstance(table, dict):
            return self._fault(name, "a table", table)
        kinds = {field.name: field.metadata["kind"] for field in fields(part)}
        needed = [field.name for field in fields(part) if _is_needed(field)]
        if name == "energy" and "synapse" in table:
            kinds["synapse"], needed = kinds["synapse_dense"], []
        self._check_keys(name, table, kinds, needed)
        if name == "time" and "barrier_least" in table and "barrier_most" not in table:
            self.problems.append("time.barrier_most: missing, where time.barrier_least is given")
        found = {
            key: self._number(f"{name}.{key}", value, kinds[key])
            for key, value in table.items()
            if key in kinds
        }
        if len(self.problems) > before:
            return None
        if name == "energy" and "synapse" in found:
            for key in [key for key in SYNAPSES if key in found]:
                self.problems.append(f"energy.{key}: energy.synapse is given for all synapses")
            found |= dict.fromkeys(SYNAPSES, found.pop("synapse"))
        try:
            return part(**found)
        except ChipError as error:
            self.problems.append(str(error))
            return None

    def _number(self, where: str, entry: Any, kind: Kind) -> int | float | None:
        """Return a number in its SI unit."""
        keys = ("value", "unit", "source") if kind.units else ("value", "source")
        if not isinstance(entry, dict):
            return self._fault(where, f"a table of {', '.join(keys)}", entry)
        self._check_keys(where, entry, keys, keys)
        source = self._source(where, entry)
        value, unit = entry.get("value"), entry.get("unit")
        if kind.units and "unit" in entry and (type(unit) is not str or unit not in kind.units):
            self._fault(f"{where}.unit", f"{kind.name} in one of {', '.join(kind.units)}", unit)
            unit = None
        if "value" not in entry or (kind.units and unit is None):
            return None
        expected = f"{kind.name}, {kind.range}"
        if not isinstance(value, int | Decimal) or isinstance(value, bool):
            return self._fault(f"{where}.value", expected, value)
        number, unit = Decimal(value), unit if kind.units else None
        if not kind.allows(number, unit):
            found = f"{value} {unit}" if unit else value
            return self._fault(f"{where}.value", expected, found)
        shown = int(number) if number % 1 == 0 else float(number)
        self.entries.append(Entry(where, shown, unit or "", source))
        return kind.in_si(number, unit)

    def _models(self, entry: Any) -> tuple[str, ...]:
        """Return the names of the neurons that the chip runs."""
        if not isinstance(entry, dict):
            return self._fault("models", "a table of value, source", entry) or ()
        self._check_keys("models", entry, ("value", "source"), ("value", "source"))
        source = self._source("models", entry)
        value = entry.get("value", [MODELS[0]])
        expected = f"a list of neurons out of {', '.join(MODELS)}"
        if not isinstance(value, list) or not value:
            return self._fault("models.value", expected, value) or ()
        for name in value:
            if name not in MODELS:
                self._fault("models.value", expected + _nearest(name, MODELS), name)
        self.entries.append(Entry("models", ", ".join(map(str, value)), "", source))
        return tuple(value)

    def _references(self) -> dict[str, str]:
        table = self.table.get("references", {})
        if not isinstance(table, dict):
            return self._fault("references", "a table of texts", table) or {}
        return {key: self._text(f"references.{key}", text) for key, text in table.items()}

    def _source(self, where: str, entry: Mapping[str, Any]) -> str:
        """Return where a number is from; names in brackets are those of references."""
        if "source" not in entry:
            return ""
        source = self._text(f"{where}.source", entry["source"])
        for name in references_in(source):
            if name not in self.references:
                known = "one of the references of the file" + _nearest(name, self.references)
                self._fault(f"{where}.source", known, f"[{name}]")
        return source

    def _text(self, where: str, text: Any) -> str:
        if isinstance(text, str) and text.strip():
            return " ".join(text.split())
        return self._fault(where, "a text", text) or ""

    def _check_keys(
        self, where: str, table: Mapping[str, Any], known: Iterable[str], needed: Iterable[str]
    ) -> None:
        """Note keys that are missing, and keys that mean nothing."""
        inside = f"{where}." if where else ""
        self.problems += [f"{inside}{key}: missing" for key in needed if key not in table]
        for key in [k for k in table if k not in set(known)]:
            near = _nearest(key, [k for k in known if k not in table] or known, inside)
            others = near or f"; expected one of {', '.join(known)}"
            self.problems.append(f"{inside}{key}: unknown{others}")

    def _fault(self, where: str, expected: str, found: Any) -> Any:
        """Note a fault, and return None in place of the value."""
        shown = str(found) if isinstance(found, Decimal | str) else repr(found)
        self.problems.append(f"{where}: expected {expected}, got {_short(shown)}")
        return None


def references_in(source: str) -> list[str]:
    """Return the names in brackets in a source.

    Examples
    --------
    >>> references_in("assumption: as in [Davies 2018], table 2")
    ['Davies 2018']
    """
    return re.findall(r"\[([^\]]+)\]", source)


def _is_needed(field: "Field[Any]") -> bool:
    return field.default is MISSING


def _nearest(name: Any, known: Iterable[str], inside: str = "") -> str:
    near = get_close_matches(str(name), list(known), n=1)
    return f"; did you mean {inside}{near[0]}?" if near else ""


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
