"""Loihi's integers simulated spike by spike: ours, lava-nc's processes and Brian2.

All compute the same spikes, which is checked first. Peers run in an environment and a process of
their own (``make bench`` makes it): lava-nc wants older numpy. They time their runs themselves,
without build, compilation and start; Brian2 as the C++ that it generates, on one thread.
"""

import os
import subprocess
import sys

sys.path.append(sys.path.pop(0))  # this file must not stand in for a package of its name

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from scipy.sparse import csr_array
from timing.side_by_side import Row, alternate, arguments, report, seconds

from spiking.hardware import IntegerNetwork, Population, Projection, as_mantissas, run_by_events

HERE = Path(__file__).parent
PYTHON = HERE.parent / ".venv-peers" / "bin" / "python"
PEERS = {"lava-nc": "lava_nc.py", "Brian2": "brian.py"}


@dataclass(frozen=True)
class Case:
    """Layers of a chain, neurons in each, steps, share of inputs that spike and of synapses.

    With more than one sample, all are the same; peers, which know no batches, run each.
    """

    layers: int
    neurons: int
    steps: int
    active: float
    density: float = 1.0
    samples: int = 1

    def __str__(self) -> str:
        kind = "dense" if self.density == 1 else f"{100 * self.density:g} % of synapses"
        active = f"{100 * self.active:g} % active"
        batch = f", {self.samples} samples" if self.samples > 1 else ""
        return f"{self.layers} x {self.neurons}, {kind}, T {self.steps}, {active}{batch}"

    def weights(self) -> list[np.ndarray]:
        """Return the weights of each layer, (inputs, outputs); their neurons fire as inputs do."""
        rng, shape = np.random.default_rng(0), (self.neurons, self.neurons)
        drawn = [as_mantissas(rng.integers(-115, 116, shape)) for _ in range(self.layers)]
        return [np.where(rng.random(shape) < self.density, w, 0) for w in drawn]

    def numbers(self) -> dict[str, int]:
        """Return decays and threshold."""
        noise = 66 * (self.neurons * self.density * self.active * 10) ** 0.5  # of the potential
        threshold = 0.6 * noise
        return {"decay_u": 4095, "decay_v": 200, "threshold": int(threshold)}

    def spikes(self) -> np.ndarray:
        """Return input, (time, inputs)."""
        rng = np.random.default_rng(1)
        return rng.random((self.steps, self.neurons)) < self.active

    def network(self) -> IntegerNetwork:
        """Return the chain."""
        names = ["input", *(str(i) for i in range(self.layers))]
        cells = [Population(name, self.neurons, **self.numbers()) for name in names[1:]]
        kind = "dense" if self.density == 1 else "sparse"
        joined = [
            Projection(names[i], names[i + 1], w if kind == "dense" else csr_array(w), kind=kind)
            for i, w in enumerate(self.weights())
        ]
        return IntegerNetwork(self.neurons, cells, joined)


class Peer:
    """A program that has built a case, and runs it on request."""

    def __init__(self, name: str, case: Case, folder: Path) -> None:
        given, self.out = folder / "case.npz", folder / f"{PEERS[name]}.npy"
        arrays = {f"weights_{i}": w for i, w in enumerate(case.weights())}
        sizes = {"layers": case.layers, "sparse": case.density < 1, **case.numbers()}
        np.savez(given, spikes=case.spikes(), **arrays, **sizes)
        command = [str(PYTHON), str(HERE / "peers" / PEERS[name]), str(given), str(self.out)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(command, env=environment, **pipes)
        if "ready" not in self._line():
            sys.exit(f"{name} did not get ready")

    def _line(self) -> str:
        line = self.process.stdout.readline()
        while line and not (line.startswith("ready") or line[0].isdigit()):
            line = self.process.stdout.readline()
        return line

    def run(self) -> float:
        """Return the seconds of a run."""
        self.process.stdin.write("run\n")
        self.process.stdin.flush()
        return float(self._line())

    def close(self) -> None:
        """End the program."""
        self.process.stdin.close()
        self.process.wait()


def agree(ours: np.ndarray, theirs: np.ndarray, what: str) -> None:
    """Compare spikes of the last layer; a peer may count steps from elsewhere, by a few."""
    for late in range(8):
        if np.array_equal(theirs[late:], ours[: len(ours) - late]) and theirs[late:].sum() > 100:
            return
    sys.exit(f"{what}: other spikes, {theirs.sum()} against {ours.sum()}")


def main() -> None:
    """Check, measure and report."""
    given, rows = arguments(__doc__ or "", repeats=7, quick=3), []
    if not PYTHON.exists():
        sys.exit("the peers' environment .venv-peers is not there; make bench makes it")
    cases = [
        Case(1, 1024, 500, 0.01),
        Case(1, 1024, 500, 0.05),
        Case(3, 1024, 500, 0.05),
        Case(1, 1024, 500, 0.05, samples=8),
        Case(1, 4096, 200, 0.02, 0.02),
        Case(1, 4096, 200, 0.02, 0.02, samples=8),
    ]
    for case in cases:
        network, spikes = case.network(), np.repeat(case.spikes()[:, None], case.samples, 1)
        found = run_by_events(network, spikes)
        for name in PEERS:
            with TemporaryDirectory() as folder:
                peer = Peer(name, case, Path(folder))
                agree(found.spikes[:, 0, -case.neurons :], np.load(peer.out), f"{case}, {name}")
                mine = lambda: seconds(lambda: run_by_events(network, spikes))  # noqa: B023, E731
                theirs = lambda: sum(peer.run() for _ in range(case.samples))  # noqa: B023, E731
                rows.append(Row(str(case), name, *alternate(mine, theirs, repeats=given.repeats)))
                peer.close()
        events = found.operations.sum()
        share, rate = found.spikes.mean(), events / rows[-1].ours_s
        said = f"{100 * share:.1f} % of neurons fire, {events:.3g} events, {rate:.2g} a second"
        print(f"{case}: {said}", file=sys.stderr, flush=True)
    report(rows, as_json=given.json)


if __name__ == "__main__":
    main()
