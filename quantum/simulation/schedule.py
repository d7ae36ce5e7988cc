"""Circuits in the form that the sweeps take: fused, and as arrays."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from quantum.simulation.instructions import (
    Angle,
    Circuit,
    Instruction,
    Matrix,
    PauliRotation,
    Permutation,
    Phase,
    Rotation,
    Unitary,
)
from quantum.simulation.sweeps import codes

PAULIS = {
    "X": np.array([[0, 1], [1, 0]], complex),
    "Y": np.array([[0, -1j], [1j, 0]], complex),
    "Z": np.array([[1, 0], [0, -1]], complex),
}
AXES = {"X": codes.RX, "Y": codes.RY, "Z": codes.RZ}


class Words(NamedTuple):
    """Words i^y X^flips Z^signs, (words,)."""

    flips: np.ndarray
    signs: np.ndarray
    ys: np.ndarray


class Schedule(NamedTuple):
    """A circuit as `sweeps.circuit` takes it.

    Attributes
    ----------
    wires
        Number of wires.
    shared, batched
        Numbers of parameters that all samples share, and that each has of its own.
    start
        Instructions at the beginning that make a product state, each on a wire of its own.
    matrices
        Places for matrices.
    code
        (instructions, columns).
    factors, angles
        (factors, 4): kind, slot, constant, and column among those that are each sample's own; and
        (factors, 2): multiple and offset.
    fixed, turns
        (constants, 2, 2), matrices of factors that are constant, and what they do to the moments X,
        Y and Z, (constants, 3, 3).
    tables
        (tables, 2^wires): which line comes to each place; each is followed by its inverse.
    dense, inverse
        Matrices on several qubits, and their inverses, one after the other.
    words
        What is measured.
    circuit
        What all this is of.
    plain
        Whether plain torch has to run it, as the sweeps have no matrices with parameters.
    """

    wires: int
    shared: int
    batched: int
    start: int
    matrices: int
    code: np.ndarray
    factors: np.ndarray
    angles: np.ndarray
    fixed: np.ndarray
    turns: np.ndarray
    tables: np.ndarray
    dense: np.ndarray
    inverse: np.ndarray
    words: Words
    circuit: Circuit
    plain: bool


def schedule(circuit: Circuit) -> Schedule:
    """Return a circuit whose gates on one qubit, and permutations, are fused as they follow."""
    return _Scheduler(circuit).done()


class _Chain(NamedTuple):
    """Factors that act one after the other on a wire: kind, angle, and matrix if constant."""

    kind: int
    angle: Angle
    matrix: np.ndarray | None


class _Scheduler:
    def __init__(self, circuit: Circuit) -> None:
        self.circuit, self.n, self.plain = circuit, circuit.wires, False
        self.rows: list[list[int]] = []
        self.matrices = 0
        self.factors: list[tuple[int, int, int, int]] = []
        self.own = 0  # factors whose angle is each sample's own
        self.angles: list[tuple[float, float]] = []
        self.fixed: list[np.ndarray] = [np.eye(2, dtype=complex)]
        self.tables: list[np.ndarray] = []
        self.known: dict[bytes, int] = {}
        self.dense: list[np.ndarray] = []
        self.open: dict[int, list[_Chain]] = {}  # by wire, not written yet
        self.images: np.ndarray | None = None  # of basis states, by permutations not written yet
        self.moved: set[int] = set()  # their wires
        for instruction in circuit.instructions:
            self._take(instruction)
        for wire in list(self.open):
            self._close(wire)
        self._permute()

    def _bit(self, wire: int) -> int:
        return 1 << (self.n - 1 - wire)

    def _bits(self, wires: Sequence[int], values: Sequence[bool] | None = None) -> int:
        chosen = [True] * len(wires) if values is None else values
        return sum(self._bit(wire) for wire, on in zip(wires, chosen, strict=True) if on)

    def _take(self, step: Instruction) -> None:
        """Take the next instruction."""
        match step:
            case Rotation(axis, wire, angle, ()):
                self._chain(wire, _Chain(AXES[axis], angle, None))
            case Phase((wire,), (True,), angle):
                self._chain(wire, _Chain(codes.PHASE, angle, None))
            case Unitary(matrix, (wire,), ()):
                self._chain(wire, _Chain(codes.FIXED, Angle(), matrix))
            case Permutation(images, wires, controls, values):
                self._close_all((*wires, *controls))
                self._merge(images, wires, controls, values)
            case Rotation(axis, wire, angle, controls, values):
                self._settle((wire, *controls))
                chain = [_Chain(AXES[axis], angle, None)]
                self._write_mix(wire, chain, controls, values)
            case Unitary(matrix, (wire,), controls, values):
                self._settle((wire, *controls))
                self._write_mix(wire, [_Chain(codes.FIXED, Angle(), matrix)], controls, values)
            case Unitary(matrix, wires, controls, values):
                self._settle((*wires, *controls))
                self._write_dense(matrix, wires, controls, values)
            case Phase(wires, values, angle):
                self._settle(wires)
                link = [_Chain(codes.PHASE, angle, None)]
                mask, value = self._bits(wires), self._bits(wires, values)
                self._write(codes.TURN, link, MASK=mask, VALUE=value)
            case PauliRotation(word, wires, angle):
                self._settle(wires)
                self._write_pauli(word, wires, angle)
            case Matrix():
                self.plain = True

    def _chain(self, wire: int, link: _Chain) -> None:
        self.open.setdefault(wire, []).append(link)

    def _close(self, wire: int) -> None:
        """Write the chain of a wire: before permutations that do not touch it, else behind them."""
        chain = self.open.pop(wire, None)
        if chain:
            if wire in self.moved:
                self._permute()
            self._write_mix(wire, chain, (), ())

    def _close_all(self, wires: Sequence[int]) -> None:
        for wire in wires:
            self._close(wire)

    def _settle(self, wires: Sequence[int]) -> None:
        """Write all that has to come before an instruction on some wires."""
        self._close_all(wires)
        if self.moved & set(wires):
            self._permute()

    def _merge(
        self,
        images: np.ndarray,
        wires: tuple[int, ...],
        controls: tuple[int, ...],
        values: tuple[bool, ...],
    ) -> None:
        """Let a permutation follow those that are not written yet."""
        x = np.arange(1 << self.n) if self.images is None else self.images
        local = np.zeros_like(x)
        for wire in wires:
            local = local << 1 | (x // self._bit(wire) & 1)
        out = x & ~self._bits(wires)
        found = np.asarray(images)[local]
        for place, wire in enumerate(reversed(wires)):
            out |= (found >> place & 1) * self._bit(wire)
        on = (x & self._bits(controls)) == self._bits(controls, values)
        self.images = np.where(on, out, x)
        self.moved |= {*wires, *controls}

    def _permute(self) -> None:
        """Write the permutations that are not written yet."""
        if self.images is None:
            return
        images, self.images, self.moved = self.images.astype(np.int32), None, set()
        key = images.tobytes()
        if key not in self.known:
            self.known[key] = len(self.tables)
            back = np.empty_like(images)
            back[images] = np.arange(len(images), dtype=np.int32)
            self.tables += [back, images]
        self._write(codes.GATHER, [], TABLE=self.known[key])

    def _write_mix(
        self,
        wire: int,
        chain: list[_Chain],
        controls: tuple[int, ...],
        values: tuple[bool, ...],
    ) -> None:
        place = self.n - 1 - wire
        mask, value = self._bits(controls), self._bits(controls, values)
        kind = codes.MIX_IF if controls else codes.MIX
        self._write(kind, chain, PLACE=place, MASK=mask, VALUE=value)

    def _write_dense(
        self,
        matrix: np.ndarray,
        wires: tuple[int, ...],
        controls: tuple[int, ...],
        values: tuple[bool, ...],
    ) -> None:
        k = len(wires)
        order = np.argsort(wires)  # the lowest wire is the highest bit
        axes = [*order, *(order + k)]
        sorted_ = matrix.reshape((2,) * (2 * k)).transpose(axes).ravel()
        at = sum(part.size for part in self.dense)
        self.dense.append(sorted_)
        mask, value = self._bits(controls), self._bits(controls, values)
        self._write(codes.DENSE, [], MASK=mask, VALUE=value, ZMASK=self._bits(wires), MATRIX=at)

    def _write_pauli(self, word: str, wires: tuple[int, ...], angle: Angle) -> None:
        flips, signs, ys = _masks(self.n, zip(wires, word, strict=True))
        link = [_Chain(codes.RZ, angle, None)]
        if flips:
            self._write(codes.FLIP, link, XMASK=flips, ZMASK=signs, TABLE=ys)
        else:
            self._write(codes.PARITY, link, ZMASK=signs)

    def _write(self, kind: int, chain: Sequence[_Chain], **columns: int) -> None:
        row = [0] * codes.COLUMNS
        row[codes.KIND], row[codes.FACTORS] = kind, len(self.factors)
        if chain:
            row[codes.MATRIX] = self.matrices
            self.matrices += 2 if kind == codes.FLIP else 1
        for link in chain:
            constant = 0
            if link.matrix is not None:
                constant = len(self.fixed)
                self.fixed.append(link.matrix)
            self.factors.append((link.kind, link.angle.slot, constant, self.own))
            self.own += link.angle.slot >= self.circuit.shared
            self.angles.append((link.angle.factor, link.angle.offset))
        row[codes.LAST] = len(self.factors)
        row[codes.BATCHED] = any(link.angle.slot >= self.circuit.shared for link in chain)
        for name, value in columns.items():
            row[getattr(codes, name)] = value
        self.rows.append(row)

    def _in_front(self) -> int:
        """Sort the gates on single wires at the beginning by place; return how many they are."""
        count = 0
        while count < len(self.rows) and self.rows[count][codes.KIND] == codes.MIX:
            count += 1
        seen: set[int] = set()
        for k in range(count):
            place = self.rows[k][codes.PLACE]
            if place in seen:  # never: two that follow each other are one
                count = k
                break
            seen.add(place)
        self.rows[:count] = sorted(self.rows[:count], key=lambda row: row[codes.PLACE])
        return count

    def done(self) -> Schedule:
        """Return all as arrays."""
        start = 0 if self.circuit.prepared else self._in_front()
        fixed = np.array(self.fixed)
        flat = [part.astype(complex) for part in self.dense]
        inverse = [_inverse(part) for part in flat]
        tables = np.array(self.tables, np.int32) if self.tables else np.zeros((0, 1), np.int32)
        none = np.zeros(0, complex)
        words = [_masks(self.n, word.letters) for word in self.circuit.words]
        return Schedule(
            self.n,
            self.circuit.shared,
            self.circuit.batched,
            start,
            self.matrices,
            np.array(self.rows, np.int64).reshape(-1, codes.COLUMNS),
            np.array(self.factors, np.int64).reshape(-1, 4),
            np.array(self.angles, float).reshape(-1, 2),
            fixed,
            np.array([_turn(u) for u in fixed]),
            tables,
            np.concatenate([none, *flat]),
            np.concatenate([none, *inverse]),
            Words(*(np.array(column, np.int64) for column in _columns(words))),
            self.circuit,
            self.plain,
        )


def _columns(words: list[tuple[int, int, int]]) -> list[list[int]]:
    return [[word[i] for word in words] for i in range(3)]


def _masks(
    n: int, letters: "Sequence[tuple[int, str]] | zip[tuple[int, str]]"
) -> tuple[int, int, int]:
    """Return flips, signs and number of Y of a word: it is i^y X^flips Z^signs."""
    flips = signs = ys = 0
    for wire, letter in letters:
        bit = 1 << (n - 1 - wire)
        flips |= bit if letter in "XY" else 0
        signs |= bit if letter in "YZ" else 0
        ys += letter == "Y"
    return flips, signs, ys


def _inverse(flat: np.ndarray) -> np.ndarray:
    size = round(flat.size**0.5)
    return flat.reshape(size, size).conj().T.ravel()


def _turn(u: np.ndarray) -> np.ndarray:
    """Return what a matrix does to Pauli matrices: U P U† is the sum over Q of turn[Q, P] Q."""
    turned = [u @ p @ u.conj().T for p in PAULIS.values()]
    return np.array([[np.trace(q @ t).real / 2 for t in turned] for q in PAULIS.values()])
