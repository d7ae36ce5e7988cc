"""Chips as data: what they hold, how wide their integers are, and what every event costs."""

from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from importlib.resources import files
from os import PathLike
from pathlib import Path

from spiking.hardware.chips.file import SYNAPSES, ChipFile, Entry, references_in
from spiking.hardware.chips.parts import Arithmetic, Bits, Core, Energy, Memory, Mesh, Time
from spiking.hardware.errors import ChipError


@dataclass(frozen=True)
class Chip:
    """A neuromorphic chip in numbers, all in SI units; each with its source.

    `load_chip` makes one of a file, `dataclasses.replace` one of another. Chips are equal if their
    numbers are, whatever their sources and units.

    Parameters
    ----------
    name
        Of the chip.
    mesh, core, bits, energy, time
        Numbers, by part.
    models
        Neurons that it runs, as "lif" and "cuba_lif"; "soft_reset" if a reset may subtract.
    static_power
        Power of the chip without any event, in W; None if not known.
    arithmetic, memory
        Cost of operations and of memory, for networks without spikes; None if not known.
    description
        What it is.
    references
        Works that sources name in brackets.
    entries
        The numbers as the file gives them.

    Examples
    --------
    >>> from spiking.hardware import LOIHI
    >>> LOIHI.mesh.cores, LOIHI.core.neurons, LOIHI.energy.hop_y
    (128, 1024, 4.2e-12)
    >>> LOIHI.sources["time.hop_y"].partition(",")[0]
    'M. Davies et al.'
    >>> from dataclasses import replace
    >>> replace(LOIHI, mesh=replace(LOIHI.mesh, width=1)).mesh.cores
    16
    """

    name: str
    mesh: Mesh
    core: Core
    bits: Bits
    energy: Energy
    time: Time
    models: tuple[str, ...]
    static_power: float | None
    arithmetic: Arithmetic | None
    memory: Memory | None
    description: str = field(compare=False)
    references: dict[str, str] = field(compare=False, repr=False)
    entries: tuple[Entry, ...] = field(compare=False, repr=False)

    def __repr__(self) -> str:
        mesh, neurons = self.mesh, self.core.neurons
        size = f"of {neurons:,} neurons" if neurons is not None else "for any number of neurons"
        return (
            f"Chip({self.name}: {mesh.cores:,} cores {size}, on {mesh.width} x {mesh.height} "
            f"tiles; {len(self.entries)} numbers, {len(self.assumptions)} of them assumed)"
        )

    @property
    def sources(self) -> dict[str, str]:
        """Where each number is from, by its key ("energy.hop_x"), with references in full."""
        found = {entry.key: self._in_full(entry.source) for entry in self.entries}
        if "energy.synapse" in found:
            found |= dict.fromkeys((f"energy.{s}" for s in SYNAPSES), found["energy.synapse"])
        return found

    @property
    def assumptions(self) -> tuple[str, ...]:
        """Keys of numbers that nobody has published, and that the file assumes."""
        return tuple(e.key for e in self.entries if e.source.startswith("assumption"))

    @property
    def missing(self) -> tuple[str, ...]:
        """Events that cost 0 because their energy or time is not known."""
        parts = {"energy": Energy, "time": Time}
        keys = [f"{name}.{f.name}" for name, part in parts.items() for f in fields(part)]
        known = self.sources
        return tuple(key for key in keys if key not in known and key != "time.step")

    def table(self) -> list[tuple[str, int | float | str, str, str]]:
        """Return rows of quantity, value, unit and source, as the file gives them."""
        return [(entry.key, entry.value, entry.unit, entry.source) for entry in self.entries]

    def barrier(self, tiles: int) -> float:
        """Return the time in which the cores of some tiles agree that a step is over, in s.

        Between one tile and all, where figures are published, it grows by the tile.

        Raises
        ------
        ValueError
            If the chip has no such number of tiles.

        Examples
        --------
        >>> from spiking.hardware import LOIHI
        >>> [f"{LOIHI.barrier(tiles) * 1e9:.0f} ns" for tiles in (1, 2, 32)]
        ['113 ns', '124 ns', '465 ns']
        """
        if not 1 <= tiles <= self.mesh.tiles:
            raise ValueError(f"tiles must be from 1 to {self.mesh.tiles}, got {tiles}")
        share = (tiles - 1) / max(self.mesh.tiles - 1, 1)
        return self.time.barrier_least * (1 - share) + self.time.barrier_most * share

    def _in_full(self, source: str) -> str:
        for name in references_in(source):
            source = source.replace(f"[{name}]", self.references.get(name, name))
        return source


def load_chip(name_or_path: str | PathLike[str]) -> Chip:
    """Return a chip of this package by its name, or one that a file describes.

    A file is TOML. Each number is a table with `value`, `unit` (not for counts) and `source`;
    sections and keys are the fields of `Chip` and its parts, which say what can be left out.
    `energy.synapse` may stand for the three kinds of synapses. A source may name a work of the
    table `references` in brackets; what nobody has published begins with "assumption:".

    Parameters
    ----------
    name_or_path
        "loihi", "loihi2", "spinnaker2", "truenorth", "digital", or a path.

    Raises
    ------
    ChipError
        For a name that is not known, a file that cannot be read, and with all faults of a file: a
        key that is missing or unknown, a wrong unit, a number out of its range, no source.

    Examples
    --------
    >>> load_chip("truenorth").mesh.cores
    4096
    >>> text = '''
    ... name = "Two cores"
    ... models = {value = ["lif"], source = "our RTL"}
    ... [mesh]
    ... width = {value = 2, source = "our RTL"}
    ... height = {value = 1, source = "our RTL"}
    ... cores_per_tile = {value = 1, source = "our RTL"}
    ... [core]
    ... neurons = {value = 256, source = "our RTL"}
    ... synapse_memory = {value = 64, unit = "KiB", source = "our RTL"}
    ... [bits]
    ... weight = {value = 8, source = "our RTL"}
    ... state = {value = 24, source = "our RTL"}
    ... [energy]
    ... synapse = {value = 12, unit = "pJ", source = "post-layout simulation at 0.8 V"}
    ... '''
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "my_chip.toml")
    ...     _ = path.write_text(text)
    ...     chip = load_chip(path)
    >>> chip.mesh.cores, chip.core.synapse_memory, chip.energy.synapse_sparse
    (2, 524288, 1.2e-11)
    """
    if isinstance(name_or_path, str) and name_or_path in SHIPPED:
        return SHIPPED[name_or_path]
    path = Path(name_or_path)
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ChipError(f"{path}: expected TOML in UTF-8, got other bytes") from None
    except OSError as error:
        near = get_close_matches(str(name_or_path), SHIPPED, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ChipError(
            f"{path}: expected one of {', '.join(SHIPPED)} or a file, got "
            f"{(error.strerror or 'nothing').lower()}{hint}"
        ) from None
    return Chip(**ChipFile(text, str(path)).parts)


def _shipped(name: str) -> Chip:
    """Return a chip of this package."""
    text = files("spiking.hardware.chips").joinpath(f"{name}.toml").read_text("utf-8")
    return Chip(**ChipFile(text, f"{name}.toml").parts)


LOIHI = _shipped("loihi")
LOIHI2 = _shipped("loihi2")
SPINNAKER2 = _shipped("spinnaker2")
TRUENORTH = _shipped("truenorth")
DIGITAL = _shipped("digital")
SHIPPED = {
    "loihi": LOIHI,
    "loihi2": LOIHI2,
    "spinnaker2": SPINNAKER2,
    "truenorth": TRUENORTH,
    "digital": DIGITAL,
}
