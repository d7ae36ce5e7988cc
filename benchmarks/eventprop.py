"""Training steps of Yin-Yang with EventProp, forward and backward: ours, plain torch, and C++.

The network is that of Wunderlich and Pehle 2021: 5 inputs, 200 hidden neurons, 3 outputs, exact
spike times. In plain torch all rows go from event to event together, and autograd does the rest;
it takes the closed form of tau_mem = 2 tau_syn, ours there too. The C++ is the authors' own
(github.com/eventprop/eventprop), if its module `eventprop.eventprop_cpp` is built and importable.
Before anything is timed, first spike times and weight gradients are compared.
"""

import importlib
import sys

sys.path.append(sys.path.pop(0))  # this file must not stand in for the package of its name

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import ModuleType

import numpy as np
import torch
from timing.side_by_side import Row, alternate, arguments, report, timed
from torch import Tensor, nn

from nsai.data import yin_yang_points
from nsai.training.first_spikes import latencies
from spiking import EventLIF, first_spike_loss
from spiking.events.event_lif import most_response

Contestant = Callable[[], tuple[Tensor, Tensor]]
THETA, HIDDEN, CLASSES = 1.0, 200, 3


@dataclass(frozen=True)
class Case:
    """Rows of a batch, and time constants in milliseconds."""

    batch: int
    tau_mem: float
    tau_syn: float

    def __str__(self) -> str:
        return f"Yin-Yang step, B {self.batch}, {self.tau_mem:g} and {self.tau_syn:g} ms"

    def network(self) -> nn.Sequential:
        """Return the layers, in double precision as the peers are."""
        g = torch.Generator().manual_seed(0)
        tau = (1e-3 * self.tau_mem, 1e-3 * self.tau_syn)
        hidden = EventLIF(5, HIDDEN, *tau, mean=1.5, std=0.78, generator=g)
        net = nn.Sequential(
            hidden, EventLIF(HIDDEN, CLASSES, *tau, mean=0.93, std=0.1, generator=g)
        )
        with torch.no_grad():  # as high potentials for all time constants
            for layer in net:
                layer.weight.mul_(most_response(20e-3, 5e-3) / most_response(*tau))
        return net.double()

    def points(self) -> tuple[Tensor, Tensor]:
        """Return points and classes."""
        return yin_yang_points(self.batch, torch.Generator().manual_seed(1))


def ours(case: Case) -> Contestant:
    """Return a step that gives first spike times, and the gradient of the hidden weights."""
    net, (x, y) = case.network(), case.points()

    def run() -> tuple[Tensor, Tensor]:
        net.zero_grad()
        first = net(latencies(x)).first_times()
        first_spike_loss(first, y).backward()
        return first.detach(), net[0].weight.grad

    return run


def plain(case: Case) -> Contestant:
    """Return a step in which autograd goes through every event."""
    net, (x, y) = case.network(), case.points()
    tau = (1e-3 * case.tau_mem, 1e-3 * case.tau_syn)

    def run() -> tuple[Tensor, Tensor]:
        net.zero_grad()
        events = latencies(x)
        shape = (case.batch, 5)
        times, index = events.times.view(shape), events.indices.view(shape)
        for layer in net:
            times, index = walk(times, index, layer.weight, *tau)
        first = torch.stack([times.where(index == n, torch.inf).amin(1) for n in range(CLASSES)], 1)
        first_spike_loss(first, y).backward()
        return first.detach(), net[0].weight.grad

    return run


def walk(
    times: Tensor, index: Tensor, weight: Tensor, tau_mem: float, tau_syn: float
) -> tuple[Tensor, Tensor]:
    """Go from event to event; return times and neurons of the spikes, padded with infinity."""
    rows, found, who = torch.arange(len(times)), [], []
    v = i = times.new_zeros(len(times), len(weight))
    t, place = times.new_zeros(len(times)), torch.zeros(len(times), dtype=torch.long)
    inputs = torch.cat((times, times.new_full((len(times), 1), torch.inf)), 1)
    across = torch.cat((weight.T, weight.new_zeros(1, len(weight))))
    index = torch.cat((index, torch.full((len(times), 1), len(across) - 1)), 1)
    while True:
        p = v + i
        inside = p * p - 4 * i * THETA
        can = (i > THETA) & (inside > 0)
        z = (p + inside.where(can, 1.0).sqrt()) / (2 * i).where(can, 1.0)
        wait = (-tau_mem * z.where(can, 0.5).log()).where(can, torch.inf)
        spike, n = wait.min(1)
        until = inputs[rows, place] - t
        fires = spike < until
        s = torch.where(fires, spike, until)
        alive = s.isfinite()
        if not alive.any():
            break
        s = s.where(alive, 0.0)
        a, b = (-s / tau_mem).exp()[:, None], (-s / tau_syn).exp()[:, None]
        v, i, t = a * v + (a - b) * i, b * i, t + s
        fires = fires & alive
        hit = nn.functional.one_hot(n, len(weight)) * fires[:, None]
        v = v - THETA * hit
        heard = alive & ~fires
        i = i + across[index[rows, place]] * heard[:, None]
        place = place + heard
        found.append(t.where(fires, torch.inf))
        who.append(n)
    ordered, order = torch.stack(found, 1).sort(1)
    return ordered, torch.stack(who, 1).gather(1, order)


def authors(case: Case, module: ModuleType) -> Contestant:
    """Return a step of the authors' C++, with the errors of their loss."""
    net, (x, y) = case.network(), case.points()
    tau = (THETA, 1e-3 * case.tau_mem, 1e-3 * case.tau_syn)
    events = latencies(x)
    times, index = (v.view(-1, 5).numpy() for v in (events.times, events.indices.int()))
    weights = [np.ascontiguousarray(layer.weight.detach().numpy().T) for layer in net]

    def run() -> tuple[Tensor, Tensor]:
        pairs = zip(times, index, strict=True)
        batch = module.SpikesVector([module.Spikes(t.copy(), i.copy()) for t, i in pairs])
        inner = module.compute_spikes_batch_cpp(weights[0], batch, *tau)
        outer = module.compute_spikes_batch_cpp(weights[1], inner, *tau)
        first = np.array([spikes.first_spike_times for spikes in outer])
        given = torch.from_numpy(first).nan_to_num(torch.inf).requires_grad_()
        first_spike_loss(given, y).backward()
        slopes = [np.zeros_like(w) for w in weights]
        for spikes, errors in zip(outer, given.grad.numpy(), strict=True):
            for n in np.flatnonzero(errors):
                spikes.set_error(spikes.first_spike_idxs[n], errors[n])
        module.backward_spikes_batch_cpp(inner, outer, weights[1], slopes[1], *tau)
        module.backward_spikes_batch_cpp(batch, inner, weights[0], slopes[0], *tau)
        return given.detach(), torch.from_numpy(slopes[0].T)

    return run


def agree(mine: tuple[Tensor, Tensor], theirs: tuple[Tensor, Tensor], what: str) -> None:
    """Compare first spike times and gradients."""
    gap = (mine[0] - theirs[0]).nan_to_num(0.0).abs().max().item()
    slope = ((mine[1] - theirs[1]).norm() / theirs[1].norm()).item()
    if gap > 1e-12 or slope > 1e-6 or not mine[0].isfinite().any():
        sys.exit(f"{what}: first spikes differ by {gap:.2g} s, gradients by {slope:.2g}")


def main() -> None:
    """Check, measure and report."""
    given, rows = arguments(__doc__ or "", repeats=9, quick=3), []
    peers: dict[str, tuple[Callable[[Case], Contestant], float]] = {"plain torch": (plain, 10.0)}
    try:
        module = importlib.import_module("eventprop.eventprop_cpp")
        peers["authors' C++"] = (partial(authors, module=module), 20.0)
    except ImportError:
        print("eventprop.eventprop_cpp is not there: left out", file=sys.stderr)
    for batch in (32, 256):
        for peer, (make, tau_mem) in peers.items():
            case = Case(batch, tau_mem, 5.0)
            mine, theirs = ours(case), make(case)
            agree(mine(), theirs(), f"{case}, {peer}")
            times = alternate(partial(timed, mine), partial(timed, theirs), repeats=given.repeats)
            rows.append(Row(str(case), peer, *times))
            print(f"{rows[-1]}", file=sys.stderr, flush=True)
    report(rows, as_json=given.json)


if __name__ == "__main__":
    main()
