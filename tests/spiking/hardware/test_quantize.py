"""Rounding to integers: what must be exact is, and the rest is as near as it can be."""

import numpy as np
import pytest
import torch
from torch import nn

from spiking import IF, LIF, CubaLIF, LeakyIntegrator, Linear, Recurrent, Sequential
from spiking.hardware import (
    DIGITAL,
    LOIHI,
    LOIHI2,
    SPINNAKER2,
    TRUENORTH,
    Format,
    NetworkError,
    as_mantissas,
    place,
    quantize,
    read,
    run_by_clock,
    run_by_events,
    run_in_floats,
    simulate,
    specification_of,
)


def spikes(*shape, share=0.2, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return (torch.rand(shape, generator=generator) < share).double()


def test_integers_in_floats_stay_the_integers_that_they_are():
    """Without decay, and with weights that fit, not a spike may change."""
    torch.manual_seed(0)
    net = Sequential(
        Linear(12, 20, bias=False), IF(20, threshold=300.0), Linear(20, 6, bias=False), IF(6, 500.0)
    ).double()
    for layer in (net[0], net[2]):
        layer.weight.data = 2.0 * torch.randint(-127, 128, layer.weight.shape).double()
        layer.weight.data[0, 0] = 254.0
    x = spikes(100, 4, 12)
    found = quantize(net, Format(), calibration=x)
    floats = run_in_floats(read(net, (12,)), x.numpy())
    assert floats.spikes.mean() > 0.01
    assert np.array_equal(run_by_events(found, x.numpy()).spikes, floats.spikes)
    assert all(report.weight_error == 0 for report in found.reports)


def deep():
    torch.manual_seed(1)
    net = Sequential(
        Linear(16, 40),
        LIF(40, 10e-3, reset="zero"),
        Linear(40, 30, bias=False),
        Recurrent(CubaLIF(30, 5e-3, reset="zero"), nn.Linear(30, 30, bias=False)),
        Linear(30, 5),
        LeakyIntegrator(5),
    ).double()
    for part in net.modules():
        if isinstance(part, nn.Linear):
            part.weight.data.mul_(4.0)
    return net


def test_weights_are_as_near_as_mantissas_can_be():
    net, x = deep(), spikes(60, 4, 16)
    for bits in (8, 5, 3):
        found = quantize(net, Format(), calibration=x, bits=bits)
        original = read(net, (16,))
        for part, p in zip(original.synapses, found.projections, strict=True):
            scale = found.scales[p.target]
            unit = 2.0 ** (p.exponent + 6) / scale
            step = unit * 2 ** (9 - bits)
            assert np.abs(p.weights.data * unit - part.weights.data).max() <= step * 1.0001
            inside = np.abs(part.weights.data) <= unit * (256 - 2 ** (9 - bits))
            near = np.abs(p.weights.data * unit - part.weights.data)[inside]
            assert near.max() <= step / 2 * 1.0001
            assert np.array_equal(as_mantissas(p.weights.data, "mixed", bits), p.weights.data)
        for name in ("1", "3", "5"):  # no bit of the mantissa is wasted
            leading = [p for p in found.projections if p.target == name]
            assert max(np.abs(p.weights.data).max() for p in leading) == 256 - 2 ** (9 - bits)


def test_more_bits_bring_potentials_nearer():
    net, x = deep(), spikes(60, 8, 16)
    floats = run_in_floats(read(net, (16,)), x.numpy())
    gaps = []
    for bits in (8, 6, 4):
        found = quantize(net, Format(), calibration=x, bits=bits)
        done = run_by_events(found, x.numpy())
        gaps.append((done.spikes != floats.spikes).mean())
    assert gaps[0] < gaps[1] < gaps[2]
    assert gaps[0] < 0.2 * floats.spikes.mean()


def test_the_readout_is_that_of_the_original():
    """With numbers as wide as they get, and no bias: that would act before the first spike."""
    net, x = deep(), spikes(60, 8, 16)
    for layer in (net[0], net[4]):
        layer.bias.data.zero_()
    found = quantize(net, Format(state=32, weight=16, decay=24), calibration=x)
    run = run_by_events(found, found.padded(x).numpy(), watch=[found.output])
    with torch.no_grad():
        expected, record = net(x)
    ours = found.readout(run.voltages)
    assert ours.shape == expected.shape
    fired = torch.from_numpy(run.spikes[2:-1, :, found.slices["3"]])
    same = (fired[: len(x)] == record["3"].spikes).flatten(2).all(2).all(0)
    assert same.sum() >= 4
    gap = (ours - expected)[:, same].abs().max()
    assert gap < 1e-3 * expected.abs().max()


def test_between_integers_and_original_lie_rounded_parameters():
    net, x = deep(), spikes(60, 8, 16)
    found = quantize(net, Format(), calibration=x)
    ours = run_in_floats(specification_of(found), x.numpy())
    done = run_by_events(found, x.numpy(), watch=["5"])
    same = (ours.spikes == done.spikes).all(-1).all(0)
    here = found.slices["5"]
    assert same.any()
    gap = np.abs(ours.voltages[..., here] - done.voltages["5"])[:, same]
    assert gap.max() < 60  # a unit a step, at most


@pytest.mark.parametrize(
    "chip", [LOIHI, LOIHI2, SPINNAKER2, TRUENORTH, DIGITAL], ids=lambda c: c.name
)
def test_events_and_clock_agree_in_the_sizes_of_every_chip(chip):
    torch.manual_seed(2)
    cells = (
        (lambda n: IF(n, reset="zero"))
        if "lif" not in chip.models
        else (lambda n: LIF(n, 8e-3, reset="zero"))
    )
    net = Sequential(Linear(16, 30), cells(30), Linear(30, 12), Recurrent(cells(12)))
    for part in net.modules():
        if isinstance(part, nn.Linear):
            part.weight.data.mul_(3.0)
    x = spikes(50, 3, 16).float()
    found = quantize(net, chip, calibration=x)
    placed = place(found, chip)
    events, clock = (
        simulate(placed, x, watch=["1", "3"]),
        run_by_clock(found, x.numpy(), watch=["1", "3"]),
    )
    assert clock.spikes.sum() > 100
    assert np.array_equal(events.spikes, clock.spikes)
    for name in ("1", "3"):
        assert np.array_equal(events.currents[name], clock.currents[name])
        assert np.array_equal(events.voltages[name], clock.voltages[name])


def test_states_have_headroom_and_small_chips_saturate():
    net, x = deep(), spikes(60, 4, 16)
    assert all(report.saturated == 0 for report in quantize(net, Format(), calibration=x).reports)
    states = run_by_events(quantize(net, Format(), calibration=x), x.numpy(), watch=["1", "3"])
    for name in ("1", "3"):
        assert np.abs(states.voltages[name]).max() < 2**23 - 1
    with pytest.raises(NetworkError, match="rounds to 0 beside its weights and states"):
        quantize(net, Format(state=6, alignment=0, threshold=5), calibration=x, headroom=100.0)


def test_neurons_that_a_chip_does_not_run_are_named():
    x = spikes(5, 1, 4)
    faults = [
        (LIF(3), LOIHI, "layer 1: Loihi has no soft_reset, .*; give the neurons reset=.zero."),
        (LIF(3, reset="zero"), TRUENORTH, "layer 1: TrueNorth has no lif, only integrate_and_fire"),
    ]
    for neuron, chip, message in faults:
        with pytest.raises(NetworkError, match=message):
            quantize(Sequential(Linear(4, 3), neuron), chip, calibration=x.float())
    assert quantize(Sequential(Linear(4, 3), LIF(3)), LOIHI2, calibration=x.float()).reports


def test_wrong_arguments_are_named():
    net, x = deep(), spikes(10, 2, 16)
    with pytest.raises(NetworkError, match="bits must be from 1 to 8, got 9"):
        quantize(net, Format(), calibration=x, bits=9)
    with pytest.raises(NetworkError, match="weights of both signs need 2 bits at least, got 1"):
        quantize(net, Format(), calibration=x, bits=1)
    with pytest.raises(NetworkError, match="input spikes must be 0 or 1"):
        quantize(net, Format(), calibration=0.5 * x)
