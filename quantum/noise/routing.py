r"""Circuits on machines whose qubits are not all neighbours.

Gates on two wires need a bond of the machine. Where there is none, SWAPs move the wires: SABRE
chooses, among those that touch a gate that waits, the one that brings most of what waits closer
together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import networkx as nx
import numpy as np
import pennylane as qml
from pennylane.operation import Operator
from pennylane.tape import QuantumScript

from quantum.errors import InputError, UnsupportedError

AHEAD = 20  # gates that wait behind the first ones and count by half, as in the paper
DECAY = 0.001  # how much a wire that was just moved costs more


def line(qubits: int) -> nx.Graph:
    """Return a machine whose qubits stand in a row."""
    return nx.path_graph(qubits)


def grid(rows: int, columns: int) -> nx.Graph:
    """Return a machine whose qubits are a rectangle, as Google's; numbered by rows."""
    return nx.convert_node_labels_to_integers(nx.grid_2d_graph(rows, columns), ordering="sorted")


def heavy_hex(rows: int, columns: int) -> nx.Graph:
    """Return a machine of hexagons with a qubit on each corner and each side, as IBM's."""
    cells = nx.hexagonal_lattice_graph(rows, columns)
    found = nx.Graph()
    for a, b in sorted(cells.edges):
        nx.add_path(found, [(0, a), (1, a, b), (0, b)])
    return nx.convert_node_labels_to_integers(found)


@dataclass(frozen=True, eq=False)
class Routed:
    """A circuit whose gates lie on bonds.

    Attributes
    ----------
    tape
        Its wires are qubits of the machine; nothing is measured.
    start, end
        The qubit of each wire before and after.
    swaps
        Number of SWAPs that were put in.
    """

    tape: QuantumScript
    start: Mapping[Any, int]
    end: Mapping[Any, int]
    swaps: int


def route(
    tape: QuantumScript,
    machine: nx.Graph,
    *,
    start: Mapping[Any, int] | None = None,
    tries: int = 5,
    seed: int = 0,
) -> Routed:
    """Return a circuit with SWAPs, so that all its gates lie on bonds of a machine.

    Parameters
    ----------
    tape
        Of gates on one and two wires; measurements are left out.
    machine
        Graph of its qubits.
    start
        The qubit of each wire at the beginning. Unless given, the best of some tries is taken:
        wires begin at random on neighbouring qubits, then where the circuit, run backwards, has
        brought them.
    tries
        Number of tries.
    seed
        Of where wires begin, and of SWAPs that are equally good.

    Raises
    ------
    InputError
        For more wires than qubits, or a machine in pieces.
    UnsupportedError
        For gates on more than two wires.

    References
    ----------
    Li, Ding and Xie, "Tackling the qubit mapping problem for NISQ-era quantum devices", ASPLOS
    2019, section IV.

    Examples
    --------
    >>> tape = QuantumScript([qml.CNOT([0, 1]), qml.CNOT([1, 2]), qml.CNOT([0, 2])])
    >>> route(tape, line(3)).swaps
    1
    """
    _check(tape, machine)
    rng = np.random.default_rng(seed)
    distance = _distances(machine)
    gates = [op for op in tape.operations if not isinstance(op, qml.Barrier)]
    if start is not None:
        return _routed(gates, machine, distance, start, rng)
    best: Routed | None = None
    for _ in range(tries):
        first: Mapping[Any, int] = _neighbours(tape.wires.tolist(), machine, rng)
        for order in (gates, gates[::-1]):
            first = _routed(order, machine, distance, first, rng).end
        found = _routed(gates, machine, distance, first, rng)
        best = found if best is None or found.swaps < best.swaps else best
    assert best is not None
    return best


def _check(tape: QuantumScript, machine: nx.Graph) -> None:
    wide = [op for op in tape.operations if len(op.wires) > 2 and not isinstance(op, qml.Barrier)]
    if wide:
        raise UnsupportedError(f"{wide[0].name} acts on {len(wide[0].wires)} wires; decompose it")
    if len(tape.wires) > len(machine):
        raise InputError(f"{len(tape.wires)} wires do not fit on {len(machine)} qubits")
    if not nx.is_connected(machine):
        raise InputError(
            "the machine is in pieces: not every qubit can be reached from every other"
        )


def _distances(machine: nx.Graph) -> dict[int, dict[int, int]]:
    return dict(nx.all_pairs_shortest_path_length(machine))


def _neighbours(
    wires: Sequence[Any], machine: nx.Graph, rng: np.random.Generator
) -> dict[Any, int]:
    """Return qubits near each other for wires, in random order."""
    nodes = sorted(machine)
    center = nodes[int(rng.integers(len(nodes)))]
    near = list(islice(nx.bfs_tree(machine, center), len(wires)))
    return {wire: near[i] for wire, i in zip(wires, rng.permutation(len(wires)), strict=True)}


def _routed(
    gates: Sequence[Operator],
    machine: nx.Graph,
    distance: Mapping[int, Mapping[int, int]],
    start: Mapping[Any, int],
    rng: np.random.Generator,
) -> Routed:
    waiting = _Waiting(gates)
    place = dict(start)
    wire_at = {qubit: wire for wire, qubit in place.items()}
    done: list[Operator] = []
    swaps, since, cost = 0, 0, dict.fromkeys(machine, 1.0)
    with qml.QueuingManager.stop_recording():
        while waiting.front:
            ready = [i for i in waiting.front if _fits(gates[i], place, machine)]
            for i in ready:
                done.append(gates[i].map_wires({w: place[w] for w in gates[i].wires}))
                waiting.finish(i)
            if ready:
                since, cost = 0, dict.fromkeys(machine, 1.0)
                continue
            front = [gates[i].wires.tolist() for i in waiting.front]
            if since > 3 * len(machine):  # no progress: bring the first pair together
                a, b = (place[w] for w in front[0])
                a, b = nx.shortest_path(machine, a, b)[:2]
            else:
                later = [gates[i].wires.tolist() for i in waiting.later(AHEAD)]
                a, b = _best(front, later, place, machine, distance, cost, rng)
            done.append(qml.SWAP(wires=[a, b]))
            swaps, since = swaps + 1, since + 1
            cost[a] += DECAY
            cost[b] += DECAY
            _exchange(a, b, place, wire_at)
    return Routed(QuantumScript(done), dict(start), place, swaps)


def _exchange(a: int, b: int, place: dict[Any, int], wire_at: dict[int, Any]) -> None:
    first, second = wire_at.pop(a, None), wire_at.pop(b, None)
    for wire, qubit in ((first, b), (second, a)):
        if wire is not None:
            place[wire], wire_at[qubit] = qubit, wire


def _fits(gate: Operator, place: Mapping[Any, int], machine: nx.Graph) -> bool:
    return len(gate.wires) < 2 or machine.has_edge(*(place[w] for w in gate.wires))


def _best(
    front: Sequence[Sequence[Any]],
    later: Sequence[Sequence[Any]],
    place: Mapping[Any, int],
    machine: nx.Graph,
    distance: Mapping[int, Mapping[int, int]],
    cost: Mapping[int, float],
    rng: np.random.Generator,
) -> tuple[int, int]:
    """Return the bond whose SWAP leaves the least distance, eq. 2 of the paper."""
    touched = {place[w] for pair in front for w in pair}
    bonds = sorted({tuple(sorted((a, b))) for a in touched for b in machine[a]})
    scores = []
    for a, b in bonds:
        moved = {a: b, b: a}

        def mean(pairs: Sequence[Sequence[Any]], moved: dict[int, int] = moved) -> float:
            ends = [[moved.get(place[w], place[w]) for w in pair] for pair in pairs]
            return sum(distance[p][q] for p, q in ends) / max(1, len(pairs))

        scores.append(max(cost[a], cost[b]) * (mean(front) + 0.5 * mean(later)))
    least = np.flatnonzero(np.isclose(scores, min(scores)))
    a, b = bonds[int(rng.choice(least))]
    return a, b


class _Waiting:
    """Gates in the order in which they depend on each other."""

    def __init__(self, gates: Sequence[Operator]) -> None:
        self.gates = gates
        self.needs = [0] * len(gates)
        self.next: list[list[int]] = [[] for _ in gates]
        last: dict[Any, int] = {}
        for i, gate in enumerate(gates):
            for before in {last[w] for w in gate.wires if w in last}:
                self.next[before].append(i)
                self.needs[i] += 1
            last |= dict.fromkeys(gate.wires, i)
        self.front = [i for i, needed in enumerate(self.needs) if not needed]

    def finish(self, i: int) -> None:
        """Take a gate away, and let those follow that waited for it."""
        self.front.remove(i)
        for after in self.next[i]:
            self.needs[after] -= 1
            if not self.needs[after]:
                self.front.append(after)

    def later(self, count: int) -> list[int]:
        """Return gates on two wires that come next behind the first ones."""
        found: list[int] = []
        seen, queue = set(self.front), list(self.front)
        while queue and len(found) < count:
            for after in self.next[queue.pop(0)]:
                if after not in seen:
                    seen.add(after)
                    queue.append(after)
                    if len(self.gates[after].wires) == 2:
                        found.append(after)
        return found[:count]
