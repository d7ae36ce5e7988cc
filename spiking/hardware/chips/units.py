"""Kinds of numbers in descriptions of chips: their units, and the range that is possible."""

from dataclasses import dataclass, field
from decimal import Decimal

_PREFIXES = {"": 0, "m": -3, "u": -6, "n": -9, "p": -12, "f": -15}
_MEMORIES = {
    "bit": 1,
    "kbit": 1000,
    "Kibit": 1024,
    "Mibit": 1024**2,
    "byte": 8,
    "kB": 8 * 1000,
    "KiB": 8 * 1024,
    "MB": 8 * 1000**2,
    "MiB": 8 * 1024**2,
    "GiB": 8 * 1024**3,
}


def in_words(value: float, unit: str) -> str:
    """Return a quantity in SI units with the prefix that suits it.

    Examples
    --------
    >>> in_words(3.55e-11, "J")
    '35.5 pJ'
    """
    from matplotlib.ticker import EngFormatter

    return EngFormatter(unit)(float(f"{value:.3g}"))


@dataclass(frozen=True)
class Kind:
    """What a number counts or measures.

    Parameters
    ----------
    name
        In a sentence, "an energy".
    least, most
        What is possible, in the SI unit.
    units
        Names of units and how many SI units one is; empty for counts. The first is the SI unit
        (the bit, for memory).
    whole
        Whether only whole numbers are possible.

    Examples
    --------
    >>> ENERGY.in_si(Decimal("35.5"), "pJ")
    3.55e-11
    >>> MEMORY.in_si(Decimal(128), "KiB")
    1048576
    """

    name: str
    least: int
    most: int
    units: dict[str, Decimal] = field(default_factory=dict, hash=False)
    whole: bool = False

    @property
    def range(self) -> str:
        """What is possible, in words."""
        unit = f" {next(iter(self.units))}" if self.units else ""
        number = "a whole number" if self.whole else "a number"
        return f"{number} from {self.least} to {self.most}{unit}"

    def allows(self, value: Decimal, unit: str | None) -> bool:
        """Whether a number with a unit of this kind is possible."""
        if not value.is_finite() or value.adjusted() > 20:
            return False
        value *= self.units[unit] if unit is not None else 1
        return self.least <= value <= self.most and not (self.whole and value % 1)

    def in_si(self, value: Decimal, unit: str | None) -> int | float:
        """Return a number in the SI unit: the float next to the decimal number, or an int."""
        value *= self.units[unit] if unit is not None else 1
        return int(value) if self.whole else float(value)


def _prefixed(unit: str, prefixes: str) -> dict[str, Decimal]:
    return {f"{p}{unit}": Decimal(10) ** _PREFIXES[p] for p in ("", *prefixes)}


ENERGY = Kind("an energy", 0, 1, _prefixed("J", "munpf"))
TIME = Kind("a time", 0, 1, _prefixed("s", "munp"))
POWER = Kind("a power", 0, 10**4, _prefixed("W", "mun"))
MEMORY = Kind("a size of memory", 1, 2**50, {k: Decimal(v) for k, v in _MEMORIES.items()}, True)
COUNT = Kind("a count", 1, 2**31 - 1, whole=True)
STEPS = Kind("a number of steps", 0, 2**16, whole=True)
BITS = Kind("a number of bits", 1, 64, whole=True)
