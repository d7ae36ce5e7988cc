"""What a chip is made of, in numbers: mesh, cores, bits, and the cost of each event."""

from dataclasses import dataclass, field

from spiking.hardware.chips.units import BITS, COUNT, ENERGY, MEMORY, STEPS, TIME
from spiking.hardware.errors import ChipError

MODELS = ("integrate_and_fire", "lif", "cuba_lif", "adaptive_lif", "izhikevich", "soft_reset")


@dataclass(frozen=True)
class Mesh:
    """Tiles in columns and rows, cores on each.

    Tile k is at column k // height and row k % height; core c is on tile c // cores_per_tile.

    Parameters
    ----------
    width, height
        Tiles from west to east, and from north to south.
    cores_per_tile
        Cores on a tile.
    present
        Cores of the chip where its last tiles are not full; all that the tiles hold unless given.

    Raises
    ------
    ChipError
        If more cores are present than the tiles hold.

    Examples
    --------
    >>> Mesh(8, 4, 4).cores, Mesh(7, 6, 4, present=152).cores
    (128, 152)
    """

    width: int = field(metadata={"kind": COUNT})
    height: int = field(metadata={"kind": COUNT})
    cores_per_tile: int = field(metadata={"kind": COUNT})
    present: int | None = field(default=None, metadata={"kind": COUNT})

    def __post_init__(self) -> None:
        held = self.tiles * self.cores_per_tile
        if self.present is not None and self.present > held:
            raise ChipError(
                f"mesh.present: expected at most the {held} cores that the tiles hold, got "
                f"{self.present}"
            )

    @property
    def tiles(self) -> int:
        """Number of tiles."""
        return self.width * self.height

    @property
    def cores(self) -> int:
        """Number of cores."""
        return self.present or self.tiles * self.cores_per_tile


@dataclass(frozen=True)
class Core:
    """What one core holds.

    Parameters
    ----------
    neurons
        Most neurons.
    synapse_memory
        Memory of synapses, in bits.
    axons_in, axons_out
        Most sources of spikes that it listens to, and most pairs of a neuron and a core that it
        sends to; None without such a limit.
    fan_in
        Most synapses of one neuron; None without such a limit.
    """

    neurons: int = field(metadata={"kind": COUNT})
    synapse_memory: int = field(metadata={"kind": MEMORY})
    axons_in: int | None = field(default=None, metadata={"kind": COUNT})
    axons_out: int | None = field(default=None, metadata={"kind": COUNT})
    fan_in: int | None = field(default=None, metadata={"kind": COUNT})


@dataclass(frozen=True)
class Bits:
    """Widths of the integers, in bits, and the longest waits, in steps; None for what is absent.

    Parameters
    ----------
    weight, weight_exponent
        Mantissa of a weight, with its sign, and its exponent.
    state
        Synaptic current and membrane potential.
    decay
        Decay of current and potential in a step.
    threshold
        Mantissa of the threshold.
    bias, bias_exponent
        Constant input: mantissa and exponent.
    delay_steps, refractory_steps
        Longest delay of a synapse or axon, and longest refractory period.
    """

    weight: int = field(metadata={"kind": BITS})
    state: int = field(metadata={"kind": BITS})
    weight_exponent: int | None = field(default=None, metadata={"kind": BITS})
    decay: int | None = field(default=None, metadata={"kind": BITS})
    threshold: int | None = field(default=None, metadata={"kind": BITS})
    bias: int | None = field(default=None, metadata={"kind": BITS})
    bias_exponent: int | None = field(default=None, metadata={"kind": BITS})
    delay_steps: int | None = field(default=None, metadata={"kind": STEPS})
    refractory_steps: int | None = field(default=None, metadata={"kind": STEPS})


@dataclass(frozen=True)
class Energy:
    """Energy of an event, in J; 0 where no figure is known, see `Chip.missing`.

    Parameters
    ----------
    synapse_dense, synapse_sparse, synapse_convolution
        A spike meets a synapse, by how synapses are stored.
    soma_access, soma_update
        A neuron is looked at in a step, and its state changes.
    spike_out
        A neuron fires.
    axon_in, axon_out
        A packet enters, and leaves a core.
    hop_x, hop_y
        A packet goes to the next tile, east or west, and north or south.
    """

    synapse_dense: float = field(metadata={"kind": ENERGY})
    synapse_sparse: float = field(metadata={"kind": ENERGY})
    synapse_convolution: float = field(metadata={"kind": ENERGY})
    soma_access: float = field(default=0.0, metadata={"kind": ENERGY})
    soma_update: float = field(default=0.0, metadata={"kind": ENERGY})
    spike_out: float = field(default=0.0, metadata={"kind": ENERGY})
    axon_in: float = field(default=0.0, metadata={"kind": ENERGY})
    axon_out: float = field(default=0.0, metadata={"kind": ENERGY})
    hop_x: float = field(default=0.0, metadata={"kind": ENERGY})
    hop_y: float = field(default=0.0, metadata={"kind": ENERGY})


@dataclass(frozen=True)
class Time:
    """Time of an event, in s; 0 where no figure is known, see `Chip.missing`.

    Parameters
    ----------
    synapse, soma_access, soma_update, spike_out, axon_in, axon_out, hop_x, hop_y
        As for `Energy`.
    within_tile
        A packet reaches a core of the same tile.
    barrier_least, barrier_most
        Cores agree that a step is over: of one tile, and of all tiles.
    step
        Shortest step, for chips that keep to a clock.
    """

    synapse: float = field(default=0.0, metadata={"kind": TIME})
    soma_access: float = field(default=0.0, metadata={"kind": TIME})
    soma_update: float = field(default=0.0, metadata={"kind": TIME})
    spike_out: float = field(default=0.0, metadata={"kind": TIME})
    axon_in: float = field(default=0.0, metadata={"kind": TIME})
    axon_out: float = field(default=0.0, metadata={"kind": TIME})
    within_tile: float = field(default=0.0, metadata={"kind": TIME})
    hop_x: float = field(default=0.0, metadata={"kind": TIME})
    hop_y: float = field(default=0.0, metadata={"kind": TIME})
    barrier_least: float = field(default=0.0, metadata={"kind": TIME})
    barrier_most: float = field(default=0.0, metadata={"kind": TIME})
    step: float = field(default=0.0, metadata={"kind": TIME})

    def __post_init__(self) -> None:
        if self.barrier_most < self.barrier_least:
            raise ChipError(
                f"time.barrier_most: expected at least time.barrier_least, "
                f"{self.barrier_least:g} s, got {self.barrier_most:g} s"
            )


@dataclass(frozen=True)
class Arithmetic:
    """Energy of an operation on numbers, in J, for networks without spikes.

    Examples
    --------
    >>> cmos = Arithmetic(0.03e-12, 0.2e-12, 0.1e-12, 3.1e-12, 0.9e-12, 3.7e-12)
    >>> f"{cmos.mac_float32:.2g} {cmos.mac_int8:.2g}"
    '4.6e-12 3e-13'
    """

    add_int8: float = field(metadata={"kind": ENERGY})
    multiply_int8: float = field(metadata={"kind": ENERGY})
    add_int32: float = field(metadata={"kind": ENERGY})
    multiply_int32: float = field(metadata={"kind": ENERGY})
    add_float32: float = field(metadata={"kind": ENERGY})
    multiply_float32: float = field(metadata={"kind": ENERGY})

    @property
    def mac_int8(self) -> float:
        """Multiply 8-bit integers and add to a sum of 32 bits, in J."""
        return self.multiply_int8 + self.add_int32

    @property
    def mac_float32(self) -> float:
        """Multiply and add in single precision, in J."""
        return self.multiply_float32 + self.add_float32


@dataclass(frozen=True)
class Memory:
    """Energy of reading or writing a word, in J, by the size of the memory.

    Parameters
    ----------
    word
        Size of a word, in bits.
    sram_8kib, sram_32kib, sram_1mib, dram
        Energy of a word.

    Examples
    --------
    >>> memory = Memory(64, 10e-12, 20e-12, 100e-12, 1.3e-9)
    >>> memory.holding(30_000), f"{memory.per_byte(memory.holding(30_000)):.2g}"
    ('sram_32kib', '2.5e-12')
    """

    word: int = field(metadata={"kind": MEMORY})
    sram_8kib: float = field(metadata={"kind": ENERGY})
    sram_32kib: float = field(metadata={"kind": ENERGY})
    sram_1mib: float = field(metadata={"kind": ENERGY})
    dram: float = field(metadata={"kind": ENERGY})

    def holding(self, size: int | float) -> str:
        """Return the name of the smallest memory that holds a number of bytes."""
        kib = {"sram_8kib": 8, "sram_32kib": 32, "sram_1mib": 1024}
        return next((name for name, most in kib.items() if size <= most * 1024), "dram")

    def per_byte(self, name: str) -> float:
        """Return the energy of a byte of a memory, in J, when whole words are read."""
        return float(getattr(self, name)) * 8 / self.word
