"""Run a network by SANA-FE, which is GPL and therefore a program of its own: JSON in, JSON out.

In: "inputs" (steps, inputs), "weights" (senders, neurons) with 0 for no synapse, "thresholds"
(neurons,), "tiles" of the neurons and "cores" on them. Inputs are on the first core.
"""

import json
import sys
from pathlib import Path

import sanafe


def main() -> None:
    given = json.load(sys.stdin)
    chip = sanafe.load_arch(str(Path(sanafe.__file__).parent / "examples" / "loihi.yaml"))
    net = sanafe.Network()
    steps, inputs = len(given["inputs"]), len(given["inputs"][0])
    sources = net.create_neuron_group("in", inputs)
    for i in range(inputs):
        train = [int(row[i]) for row in given["inputs"]]
        sources[i].set_attributes(
            soma_hw_name=f"loihi_inputs[{i}]", model_attributes={"spikes": train}
        )
        sources[i].map_to_core(chip.tiles[0].cores[0])
    neurons = len(given["thresholds"])
    cells = net.create_neuron_group(
        "cells",
        neurons,
        soma_hw_name="loihi_lif",
        default_synapse_hw_name="loihi_dense_synapse",
        default_dendrite_hw_name="loihi_dendrites",
        log_spikes=True,
    )
    for n in range(neurons):
        attributes = {"threshold": given["thresholds"][n], "leak_decay": 1.0, "reset": 0.0}
        cells[n].set_attributes(model_attributes=attributes)
        cells[n].map_to_core(chip.tiles[given["tiles"][n]].cores[given["cores"][n]])
    senders = [*(sources[i] for i in range(inputs)), *(cells[n] for n in range(neurons))]
    for sender, row in zip(senders, given["weights"], strict=True):
        for n, weight in enumerate(row):
            if weight:
                sender.connect_to_neuron(cells[n], {"weight": float(weight)})
    machine = sanafe.SpikingChip(chip)
    machine.load(net)
    done = machine.sim(steps, spike_trace=True)
    names = {"energy": "energy", "fired": "neurons_fired", "packets": "packets_sent"}
    print("\n" + json.dumps({ours: done[theirs] for ours, theirs in names.items()}))


if __name__ == "__main__":
    main()
