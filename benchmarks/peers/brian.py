"""The same chain in Brian2, in numbers that stay whole, as C++ of its own; a program.

Takes a case (.npz) and where to write the spikes of the last layer. Prints a line when it is ready,
then the seconds of a run for each line that it reads: those that the compiled program measures
itself, without its start.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import brian2 as b
import numpy as np

STEP = """
u = sign(u) * floor(abs(u) * keep_u / 4096) + 64 * arrived
arrived = 0
v = sign(v) * floor(abs(v) * keep_v / 4096) + u
"""


def main(case_file: str, out: str) -> None:
    """Build the chain, compile it, run it once, and again for each line."""
    case, folder = np.load(case_file), TemporaryDirectory()
    spikes, layers = case["spikes"], int(case["layers"])
    b.set_device("cpp_standalone", directory=folder.name, build_on_run=False)
    b.prefs.devices.cpp_standalone.openmp_threads = 0
    b.defaultclock.dt = 1 * b.ms
    time, index = np.nonzero(spikes)
    before = b.SpikeGeneratorGroup(spikes.shape[1], index, time * b.ms)
    parts = [before]
    scope = {
        "keep_u": 4095 - int(case["decay_u"]),
        "keep_v": 4096 - int(case["decay_v"]),
        "theta": 64 * int(case["threshold"]),
    }
    for i in range(layers):
        weights = case[f"weights_{i}"]
        cells = b.NeuronGroup(
            weights.shape[1], "u : 1\nv : 1\narrived : 1", threshold="v > theta", reset="v = 0",
            namespace=scope,
        )  # fmt: skip
        move = cells.run_regularly(STEP, when="groups")
        synapses = b.Synapses(before, cells, "w : 1", on_pre="arrived_post += w")
        source, target = np.nonzero(weights)
        synapses.connect(i=source, j=target)
        synapses.w = weights[source, target]
        parts += [cells, move, synapses]
        before = cells
    monitor = b.SpikeMonitor(before)
    b.Network(*parts, monitor).run(len(spikes) * b.ms)
    b.device.build(directory=folder.name, compile=True, run=True)
    found = np.zeros((len(spikes), before.N), bool)
    found[np.rint(np.asarray(monitor.t / b.ms)).astype(int), np.asarray(monitor.i)] = True
    np.save(out, found)
    print("ready", flush=True)
    for _ in sys.stdin:
        b.device.run(folder.name, with_output=False, run_args=[])
        print((Path(folder.name) / "results/last_run_info.txt").read_text().split()[0], flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
