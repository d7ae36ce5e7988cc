"""A chain of dense layers in lava-nc's bit-accurate processes, run on request; a program.

Takes a case (.npz) and where to write the spikes of the last layer. Prints a line when it is ready,
then the seconds of a run for each line that it reads. lava-nc wants Python 3.10: two of its
dataclasses have defaults that 3.11 refuses, because they are not hashable.
"""

import dataclasses
import sys
import time
from functools import partial

dataclasses.dataclass = partial(dataclasses.dataclass, unsafe_hash=True)  # before lava-nc comes

import numpy as np
from lava.magma.core.run_conditions import RunSteps
from lava.magma.core.run_configs import Loihi1SimCfg
from lava.proc.dense.process import Dense
from lava.proc.io.sink import RingBuffer as Sink
from lava.proc.io.source import RingBuffer as Source
from lava.proc.lif.process import LIF
from lava.proc.sparse.process import Sparse
from scipy.sparse import csr_matrix


def main(case_file: str, out: str) -> None:
    """Build the chain, run it once, and again for each line."""
    case = np.load(case_file)
    spikes, layers = case["spikes"], int(case["layers"])
    steps = len(spikes)
    before = Source(data=spikes.T.astype(int)).s_out
    for i in range(layers):
        weights = case[f"weights_{i}"].T
        sparse = bool(case["sparse"])
        options = {"weight_exp": 0, "num_weight_bits": 8}
        made = (
            Sparse(weights=csr_matrix(weights), **options)
            if sparse
            else Dense(weights=weights, **options)
        )
        cells = LIF(
            shape=(len(weights),),
            du=int(case["decay_u"]),
            dv=int(case["decay_v"]),
            vth=int(case["threshold"]),
        )
        before.connect(made.s_in)
        made.a_out.connect(cells.a_in)
        before = cells.s_out
    sink = Sink(shape=before.shape, buffer=steps)
    before.connect(sink.a_in)

    def run() -> float:
        start = time.perf_counter()
        cells.run(RunSteps(num_steps=steps), Loihi1SimCfg(select_tag="fixed_pt"))
        return time.perf_counter() - start

    run()
    np.save(out, sink.data.get().T)
    print("ready", flush=True)
    for _ in sys.stdin:
        print(run(), flush=True)
    cells.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
