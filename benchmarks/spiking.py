"""Training steps of spiking networks, forward and backward: ours, snntorch, SpikingJelly and norse.

Each peer runs in its best setting: snntorch over ``unbind``, since ``x[t]`` of an input with a
gradient makes its backward quadratic; SpikingJelly in its multi-step mode; norse's sequence module.
Ours takes the dynamics of the peer. Before anything is timed, all spikes and a gradient of fewer
rows are compared in float64, where rounding moves none. The memory is the growth of a fresh
process's peak.
"""

import subprocess
import sys

sys.path.append(sys.path.pop(0))  # this file must not stand in for the package of its name

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import product
from pathlib import Path

import norse.torch
import snntorch
import torch
from spikingjelly.activation_based import functional, surrogate
from spikingjelly.activation_based.neuron import LIFNode
from timing.side_by_side import Row, alternate, arguments, report, seconds, timed
from torch import Tensor, nn

from spiking import LIF, ArcTan, CubaLIF, FastSigmoid, Linear, Sequential, time_constant

BETA, SYNAPSE, NEURONS = 0.875, 0.75, 512
NORSE_THRESHOLD = 0.3  # its input counts 1 − BETA: about the activity of the others
LONG = 5.0  # seconds; a peer that takes longer is timed once
PEERS = ("snntorch", "SpikingJelly", "norse")
Contestant = Callable[[], tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Case:
    """Time steps, rows, share of inputs that spike, and layers; 0 layers are neurons alone."""

    steps: int
    batch: int
    percent: float
    layers: int

    def __str__(self) -> str:
        what = "LIF alone" if not self.layers else f"{self.layers} layers"[: 7 + (self.layers > 1)]
        activity = f", {self.percent:g} %" if self.layers else ""
        return f"{what}, T {self.steps}, B {self.batch}{activity}"

    def input(self) -> Tensor:
        """Return spikes, or currents for neurons alone."""
        generator = torch.Generator().manual_seed(0)
        x = torch.rand(self.steps, self.batch, NEURONS, generator=generator)
        return (x < self.percent / 100).to(x.dtype) if self.layers else 0.4 * x

    def linears(self) -> list[Linear]:
        """Return the layers; their neurons fire as often as the inputs do."""
        torch.manual_seed(0)
        layers = [Linear(NEURONS, NEURONS) for _ in range(self.layers)]
        for layer, scale in zip(layers, scales(self.percent), strict=False):
            nn.init.normal_(layer.weight, 0.0, scale)
        return layers


@cache
def scales(percent: float) -> list[float]:
    """Return the standard deviation of the weights of three layers that keeps the activity."""
    found = []
    x, lif = Case(200, 8, percent, 1).input(), LIF(NEURONS, time_constant(BETA), reset_delay=True)
    for seed in range(3):
        generator = torch.Generator().manual_seed(seed)
        noise = torch.randn(NEURONS, NEURONS, generator=generator)
        low, high = 0.0, 5.0
        for _ in range(15):
            middle = (low + high) / 2
            spikes, _ = lif(x @ (middle * noise))
            low, high = (low, middle) if spikes.mean() > percent / 100 else (middle, high)
        found.append(high)
        x = spikes
    return found


def ours(case: Case, peer: str) -> Contestant:
    """Return a step of ours with the dynamics of a peer."""
    tau, sizes = time_constant(BETA), range(max(1, case.layers))
    made = {
        "snntorch": partial(LIF, NEURONS, tau, reset_delay=True),
        "SpikingJelly": partial(LIF, NEURONS, tau, surrogate=ArcTan()),
        "norse": partial(
            CubaLIF,
            NEURONS,
            1e-3 / (1 - SYNAPSE),
            1e-3 / (1 - BETA),
            method="euler",
            r=1.0,
            threshold=NORSE_THRESHOLD,
            reset="zero",
            detach_reset=False,
            surrogate=FastSigmoid(1.0),  # norse forgets its alpha in the backward pass
        ),
    }[peer]
    linears = case.linears()
    layers = [(linear, made()) for linear in linears] or [(made(),) for _ in sizes]
    net = Sequential(*(part for pair in layers for part in pair))
    return trained(case, lambda x: net(x)[0], linears)


def trained(case: Case, forward: Callable[[Tensor], Tensor], linears: list[Linear]) -> Contestant:
    """Return a step that gives the last layer's spikes and one gradient."""
    x = case.input().requires_grad_(not linears)
    above = torch.linspace(-1, 1, NEURONS).repeat(case.steps, case.batch, 1)

    def run() -> tuple[Tensor, Tensor]:
        x.grad = None
        for linear in linears:
            linear.weight.grad = linear.bias.grad = None
        spikes = forward(x)
        spikes.backward(above)
        slope = linears[0].weight.grad if linears else x.grad
        assert slope is not None
        return spikes.detach(), slope

    return run


def dense(linear: Linear) -> nn.Linear:
    """Return an ordinary linear layer with the same weights."""
    layer = nn.Linear(NEURONS, NEURONS)
    layer.weight, layer.bias = linear.weight, linear.bias
    return layer


def snntorch_step(case: Case) -> Contestant:
    """Return a step of snntorch: a loop over time."""
    linears = case.linears()
    layers = [dense(linear) for linear in linears] or [nn.Identity()]
    neurons = [
        snntorch.Leaky(beta=BETA, spike_grad=snntorch.surrogate.fast_sigmoid(25)) for _ in layers
    ]

    def forward(x: Tensor) -> Tensor:
        states, found = [neuron.reset_mem() for neuron in neurons], []
        for row in x.unbind(0):
            for i, (layer, neuron) in enumerate(zip(layers, neurons, strict=True)):
                row, states[i] = neuron(layer(row.to(x.dtype)), states[i])  # spikes are float32
            found.append(row)
        return torch.stack(found).to(x.dtype)

    return trained(case, forward, linears)


def spikingjelly_step(case: Case) -> Contestant:
    """Return a step of SpikingJelly: all time steps through a layer, then the next."""
    linears = case.linears()
    layers = [dense(linear) for linear in linears] or [nn.Identity()]
    options = {"v_reset": None, "detach_reset": True, "decay_input": False, "step_mode": "m"}
    nodes = [
        LIFNode(tau=1 / (1 - BETA), surrogate_function=surrogate.ATan(), **options) for _ in layers
    ]

    def forward(x: Tensor) -> Tensor:
        for layer, node in zip(layers, nodes, strict=True):
            functional.reset_net(node)
            x = node(layer(x))
        return x

    return trained(case, forward, linears)


def norse_step(case: Case) -> Contestant:
    """Return a step of norse's sequence module."""
    linears = case.linears()
    layers = [dense(linear) for linear in linears] or [nn.Identity()]
    rates = {"tau_syn_inv": (1 - SYNAPSE) * 1e3, "tau_mem_inv": (1 - BETA) * 1e3}
    parameters = norse.torch.LIFParameters(**rates, v_th=NORSE_THRESHOLD, method="super")
    modules = [norse.torch.LIF(parameters, dt=1e-3) for _ in layers]

    def forward(x: Tensor) -> Tensor:
        for layer, module in zip(layers, modules, strict=True):
            x, _ = module(layer(x))
        return x

    return trained(case, forward, linears)


STEPS = {"snntorch": snntorch_step, "SpikingJelly": spikingjelly_step, "norse": norse_step}


def agree(case: Case, peer: str) -> None:
    """Stop unless ours and a peer give the same spikes, and gradients as close as it computes."""
    small = replace(case, batch=4)
    torch.set_default_dtype(torch.float64)
    mine, theirs = ours(small, peer)(), STEPS[peer](small)()
    torch.set_default_dtype(torch.float32)
    differ = int((mine[0] != theirs[0]).sum())
    gap = ((mine[1] - theirs[1]).norm() / theirs[1].norm()).item()
    fired = mine[0].mean().item()
    if differ or gap > 1e-6 or not 0 < fired < 0.5:
        sys.exit(
            f"{case}: ours and {peer} disagree: {differ} spikes, rate {fired:.2g}, "
            f"gradients by {gap:.2g}"
        )


def cases(*, all_of_them: bool) -> list[Case]:
    """Return the grid, or its corner."""
    steps, batches = ((100, 500), (16, 64)) if all_of_them else ((500,), (16,))
    alone = [Case(t, b, 0, 0) for t, b in product(steps, batches)]
    return alone + [Case(t, b, p, n) for n, t, b, p in product((1, 3), steps, batches, (1, 5, 20))]


def peak(case: Case, who: str) -> float:
    """Return the growth of a process's peak memory over two steps, in MiB."""
    text = f"{case.steps},{case.batch},{case.percent},{case.layers}"
    command = [sys.executable, __file__, "--memory", who, text]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def measure(who: str, text: str) -> None:
    """Print the growth of this process's peak memory."""
    steps, batch, percent, layers = text.split(",")
    case = Case(int(steps), int(batch), float(percent), int(layers))
    make = partial(ours, peer="snntorch") if who == "ours" else STEPS[who]
    make(replace(case, steps=8))()  # compiles
    run = make(case)
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here
    before = memory("VmRSS")
    for _ in range(2):
        run()
    print((memory("VmHWM") - before) / 1024)


def memory(name: str) -> int:
    """Return a number of KiB that the system keeps about this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def main() -> None:
    """Check, measure and report."""
    if "--memory" in sys.argv:
        measure(*sys.argv[2:4])
        return
    given = arguments(__doc__ or "", repeats=5, quick=3)
    rows = []
    for case in cases(all_of_them="--quick" not in sys.argv):
        for peer in PEERS:
            agree(case, peer)
            mine, theirs = ours(case, peer), STEPS[peer](case)
            mine()
            repeats = given.repeats if seconds(theirs) < LONG else 1
            times = alternate(partial(timed, mine), partial(timed, theirs), repeats=repeats)
            rows.append(Row(str(case), peer, *times))
            print(f"{rows[-1]}", file=sys.stderr, flush=True)
    report(rows, as_json=given.json)
    for case in (Case(500, 16, 5, 1), Case(500, 16, 5, 3)):
        found = {who: peak(case, who) for who in ("ours", *PEERS)}
        print(f"peak memory, {case}: " + ", ".join(f"{k} {v:.0f} MiB" for k, v in found.items()))
    grow = {t: sorted(seconds(ours(Case(t, 16, 5, 1), "snntorch")) for _ in range(5))[2]
            for t in (250, 500, 1000, 2000)}  # fmt: skip
    print(
        "ours, one layer, B 16, 5 %: "
        + ", ".join(f"T {t} {1e3 * s:.0f} ms" for t, s in grow.items())
    )


if __name__ == "__main__":
    main()
