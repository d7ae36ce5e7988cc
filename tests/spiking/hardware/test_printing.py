"""What a user sees who prints a network, a run and its costs: words and units, no arrays."""

import re

import pytest
import torch

from spiking import LIF, Linear, Sequential
from spiking.hardware import LOIHI, TRUENORTH, place, quantize, simulate


@pytest.fixture(scope="module")
def run():
    generator = torch.Generator().manual_seed(0)
    x = (torch.rand(20, 2, 40, generator=generator) < 0.5).float()
    net = Sequential(Linear(40, 60), LIF(60, reset="zero"), Linear(60, 7), LIF(7, reset="zero"))
    return simulate(place(quantize(net, LOIHI, calibration=x), LOIHI), x)


@pytest.mark.parametrize(
    ("part", "lines", "said"),
    [
        (lambda run: LOIHI, 1, "Chip(Loihi: 128 cores of 1,024 neurons, on 8 x 4 tiles"),
        (lambda run: TRUENORTH, 1, "Chip(TrueNorth: 4,096 cores of 256 neurons"),
        (lambda run: run.placed.network, 8, "(input -> 1: 2,400 dense synapses of 8 bits"),
        (lambda run: run.placed.network.original, 1, "40 inputs, 67 neurons, 2,820 synapses"),
        (lambda run: run.placed, 1, "67 neurons on 1 of 128 cores of Loihi; at most 7% of neurons"),
        (lambda run: run, 1, "Run(2 samples of 20 steps on Loihi: "),
        (lambda run: run.energy, 9, " a sample\n  synapse, dense "),
        (lambda run: run.latency, 1, "LatencyReport(2 samples of 20 steps: "),
        (lambda run: run.traffic, 1, "LinkLoads(0 hops; at most 0 on a link)"),
    ],
)
def test_what_is_printed_is_short_and_says_what_it_is(run, part, lines, said):
    text = repr(part(run))
    assert said in text
    assert text.count("\n") < lines
    assert max(len(line) for line in text.splitlines()) < 150


def test_the_energies_printed_are_those_of_the_report(run):
    text = repr(run.energy)
    number, each, total = re.search(r"soma update +([\d,]+) x +(\S+) pJ = +(\S+) nJ", text).groups()
    events = run.energy.classes[4]
    assert int(number.replace(",", "")) == events.number
    assert float(each) * 1e-12 == pytest.approx(events.joules, rel=5e-3)
    assert float(total) * 1e-9 == pytest.approx(run.energy["soma update"], rel=5e-3)
