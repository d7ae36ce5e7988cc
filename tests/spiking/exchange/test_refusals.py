"""What cannot be exchanged is refused by its name, and why."""

from collections import OrderedDict
from itertools import pairwise

import h5py
import nir
import numpy as np
import pytest
import torch
from torch import nn

from spiking import (
    IF,
    LIF,
    AdaptiveLIF,
    CubaLIF,
    ExchangeError,
    Graph,
    LeakyIntegrator,
    Linear,
    Recurrent,
    Sequential,
    from_nir,
    load_nir,
    save_nir,
    to_nir,
)
from spiking.exchange import (
    GraphFileError,
    UnsupportedGraphError,
    UnsupportedLayerError,
    UnsupportedNodeError,
)


def ones(n: int, value: float = 1.0) -> np.ndarray:
    return np.full(n, value)


def lif(n: int = 3, **changes) -> nir.LIF:
    fields = {"tau": ones(n, 0.02), "r": ones(n), "v_leak": ones(n, 0.0), "v_threshold": ones(n)}
    return nir.LIF(**(fields | changes))


def affine(outputs: int = 3, inputs: int = 3) -> nir.Affine:
    return nir.Affine(np.ones((outputs, inputs), np.float32), np.ones(outputs, np.float32))


def graph(nodes: dict, edges: list, n: int = 3) -> nir.NIRGraph:
    ends = {"input": nir.Input(np.array([n])), "output": nir.Output(np.array([n]))}
    return nir.NIRGraph(ends | nodes, edges, {}, type_check=False)


def chain(*nodes: nir.NIRNode, n: int = 3) -> nir.NIRGraph:
    named = {f"n{i}": node for i, node in enumerate(nodes)}
    names = ["input", *named, "output"]
    return graph(named, [*pairwise(names)], n)


class Strange(nir.ir.NIRNode):
    def __init__(self) -> None:
        self.input_type = self.output_type = {"input": np.array([3])}
        self.metadata = {}


def test_layers_without_a_node_are_refused_by_name():
    class OwnLIF(LIF):
        """Its dynamics may be anything."""

    faults = [
        (Sequential(nn.Linear(3, 3), nn.ReLU()), r"layer '1' \(ReLU\).*no node"),
        (Sequential(AdaptiveLIF(3)), r"layer '0' \(AdaptiveLIF\)"),
        (Sequential(Linear(3, 3), Sequential(OwnLIF(3))), r"layer '1.0' \(OwnLIF\)"),
        (Sequential(Linear(3, 3), Recurrent(AdaptiveLIF(3))), r"layer '1' \(AdaptiveLIF\)"),
        (
            Recurrent(LIF(3), Sequential(Linear(3, 3))),
            r"layer '0' \(Sequential\).*one layer without a state",
        ),
        (Sequential(Linear(3, 4), LIF(3)), r"'1' \(LIF\).*\(3,\) neurons do not take input \(4,\)"),
        (Sequential(Linear(3, 4), Linear(3, 4)), r"'1' \(Linear\).*does not take input \(4,\)"),
        (Sequential(LIF(3), nn.Flatten(0)), r"'1' \(Flatten\).*it flattens the batch"),
        (LIF(3, tau_mem=1e308), r"'0' \(LIF\).*nothing decays .*IF neuron"),
        (Sequential(LIF((2, 3)), Linear(3, 2)), r"'1' \(Linear\).*vectors, not \(2, 3\)"),
    ]
    for net, message in faults:
        with pytest.raises(UnsupportedLayerError, match=message) as caught:
            to_nir(net)
        assert f"{caught.value.name!r}" in message


def test_layers_that_nir_says_otherwise_are_refused():
    images = {"input_shape": (2, 6, 6)}
    for layer, message in (
        (nn.Conv2d(2, 2, 3, padding=1, padding_mode="circular"), "pads with zeros, not by 'circ"),
        (nn.AvgPool2d(2, ceil_mode=True), "ceil_mode"),
        (nn.AvgPool2d(2, padding=1, count_include_pad=False), "count_include_pad"),
        (nn.Conv2d(3, 2, 3), r"does not take input \(2, 6, 6\)"),
        (nn.MaxPool2d(2), "no node"),
    ):
        with pytest.raises(UnsupportedLayerError, match=message):
            to_nir(Sequential(layer), **images)
    with pytest.raises(ExchangeError, match=r"give input_shape"):
        to_nir(Sequential(nn.Conv2d(2, 2, 3)))
    with pytest.raises(ExchangeError, match=r"one time step .*\[0.001, 0.002\]"):
        to_nir(Sequential(LIF(3), LIF(3, dt=2e-3)))
    with pytest.raises(ExchangeError, match=r"dt is 0.002 s, but the network's neurons have 0.001"):
        to_nir(Sequential(LIF(3)), dt=2e-3)
    with pytest.raises(ExchangeError, match=r"rename layer 'input'"):
        to_nir(Sequential(OrderedDict(input=LIF(3))))
    skip = Graph(
        {"i": nn.Identity(), "a": LIF(3)},
        [("input", "i"), ("i", "a"), ("input", "a"), ("a", "output")],
    )
    with pytest.raises(ExchangeError, match=r"make an edge double"):
        to_nir(skip)
    with pytest.raises(ExchangeError, match=r"no bfloat16"):
        to_nir(Sequential(Linear(3, 3)).to(torch.bfloat16))


def test_nodes_without_a_layer_are_refused_by_name():
    conv = nir.Conv2d((6, 6), np.ones((2, 1, 3, 3)), 1, 0, 1, 1, np.zeros(2))
    faults = [
        (chain(affine(), Strange()), r"node 'n1' \(Strange\).*no such layer"),
        (chain(affine(3, 4)), r"node 'n0' \(Affine\).*\(3, 4\) do not take input \(3,\)"),
        (chain(lif(4)), r"node 'n0' \(LIF\).*\(4,\) neurons do not take \(3,\)"),
        (chain(lif(v_threshold=ones(3, 0.0))), r"'n0' \(LIF\).*threshold must be positive"),
        (chain(lif(tau=ones(3, -1.0))), r"'n0' \(LIF\).*tau_mem must be positive"),
        (chain(conv), r"'n0' \(Conv2d\).*\(2, 1, 3, 3\) in 1 groups .* input \(3,\)"),
        (chain(nir.Scale(ones(4))), r"'n0' \(Scale\).*\(4,\) does not take input \(3,\)"),
        (chain(nir.Flatten({"input": np.array([3])}, 1, 2)), r"'n0' \(Flatten\).*dimensions"),
        (chain(nir.AvgPool2d(*3 * [np.array([2, 2])])), r"'n0' \(AvgPool2d\)"),
        (chain(chain(affine(), Strange())), r"node 'n0.n1' \(Strange\)"),
    ]
    for found, message in faults:
        with pytest.raises(UnsupportedNodeError, match=message) as caught:
            from_nir(found, dt=1e-3)
        assert caught.value.kind in message
    with pytest.raises(UnsupportedNodeError, match=r"at least dt = 0.05 s"):
        from_nir(chain(lif()), dt=0.05, method="euler")
    with pytest.raises(ValueError, match=r"dt must be a positive number of seconds, got 0"):
        from_nir(chain(lif()), dt=0.0)


def test_graphs_that_are_no_network_are_refused_by_name():
    a, b, c = lif(), affine(), lif()
    ring = [("input", "a"), ("a", "b"), ("b", "c"), ("c", "a"), ("c", "output")]
    two = {"more": nir.Input(np.array([3])), "a": a}
    faults = [
        (graph({"a": a, "b": b, "c": c}, ring), "loop, 'a' -> .*only neurons and one layer"),
        (graph({"a": a}, [("input", "a"), ("a", "a"), ("a", "output")]), "loop, 'a' -> 'a'"),
        (graph(two, [("input", "a"), ("a", "output")]), "one Input node .* 2: 'input', 'more'"),
        (graph({"a": a}, [("input", "x"), ("a", "output")]), "there is no node 'x'"),
        (graph({"a": a}, [("a", "output")]), r"node 'a' \(LIF\) has no input"),
        (graph({"a": a}, 2 * [("input", "a")] + [("a", "output")]), "double"),
        (chain(affine(4, 3)), r"'output' \(Output\) has \(3,\), got \(4,\)"),
        (
            graph(
                {"a": affine(4, 3), "b": lif(4)},
                [("input", "a"), ("a", "b"), ("input", "b"), ("b", "output")],
            ),
            r"node 'b' adds different shapes: \{'a': \(4,\), 'input': \(3,\)\}",
        ),
    ]
    for found, message in faults:
        with pytest.raises(UnsupportedGraphError, match=message):
            from_nir(found, dt=1e-3)


def test_files_that_are_no_graphs_are_refused(tmp_path):
    path = tmp_path / "net.nir"
    with pytest.raises(FileNotFoundError, match=r"there is no file"):
        load_nir(path, dt=1e-3)
    path.write_text("weights")
    with pytest.raises(GraphFileError, match=r"is not HDF5"):
        load_nir(path, dt=1e-3)
    with h5py.File(path, "w") as file:
        file["x"] = 1
    with pytest.raises(GraphFileError, match=r"it has no graph"):
        load_nir(path, dt=1e-3)
    save_nir(Sequential(Linear(3, 3), Sequential(LIF(3), LIF(3))), path)
    with h5py.File(path, "a") as file:
        node = file["node/nodes/1/nodes/1"]
        del node["type"]
        node["type"] = "Izhikevich"
    with pytest.raises(GraphFileError, match=r"node '1.1' \(Izhikevich\): nir .* no such node"):
        load_nir(path, dt=1e-3)
    save_nir(LIF(3), path)
    with h5py.File(path, "a") as file:
        del file["node/nodes/0/tau"]
    with pytest.raises(GraphFileError, match=r"cannot be read by nir .*tau"):
        load_nir(path, dt=1e-3)


def test_a_weight_that_is_no_longer_that_of_a_jump_is_not_ignored():
    found = to_nir(Sequential(CubaLIF(3)))
    found.nodes["0"].w_in = 2 * found.nodes["0"].w_in
    with pytest.raises(UnsupportedNodeError, match=r"remove 'synapse' from the metadata"):
        from_nir(found, dt=1e-3)
    del found.nodes["0"].metadata["spiking"]["synapse"]
    assert from_nir(found, dt=1e-3)[0].w is not None
    found.nodes["0"].metadata["spiking"]["reset"] = "soft"
    with pytest.raises(UnsupportedNodeError, match=r"reset must be one of .*got 'soft'"):
        from_nir(found, dt=1e-3)


def test_what_is_asked_for_goes_before_what_is_noted():
    net = Sequential(LIF(3), IF(3, reset_delay=True), LeakyIntegrator(3))
    asked = from_nir(to_nir(net), dt=1e-3, method="euler", reset="zero")
    assert (asked[0].reset, asked[0].method) == ("zero", "euler")
    assert (asked[1].reset, asked[1].reset_delay) == ("zero", False)
    noted = from_nir(to_nir(net), dt=1e-3)
    assert (noted[0].reset, noted[0].method) == ("subtract", "exact")
    assert (noted[1].reset, noted[1].reset_delay) == ("subtract", True)
    foreign = from_nir(chain(lif()), dt=1e-3)
    assert (foreign[0].reset, foreign[0].method) == ("zero", "exact")


def test_one_number_of_another_tool_is_that_of_all_neurons():
    shared = lif(3, **{k: np.array(0.5) for k in ("tau", "r", "v_leak", "v_threshold", "v_reset")})
    layer = from_nir(chain(shared), dt=1e-3)[0]
    assert layer.neurons == (3,)
    assert layer.tau_mem.item() == 0.5
