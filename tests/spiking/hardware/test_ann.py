"""Energy of networks without spikes against multiplications counted one by one."""

import itertools
from dataclasses import replace

import pytest
import torch
from torch import nn

from spiking.hardware import DIGITAL, LOIHI, HardwareError, ann_energy


def sparse_images(*shape):
    generator = torch.Generator().manual_seed(0)
    return torch.rand(shape, generator=generator) * (torch.rand(shape, generator=generator) < 0.4)


def walked(image, filters, side):
    """Count the multiplications of a convolution, padding 1, stride 2: all, not by zeros."""
    every = real = 0
    size = (side + 2 - 3) // 2 + 1
    places = itertools.product(range(filters), range(size), range(size))
    for (_, i, j), c, a, b in itertools.product(places, range(len(image)), range(3), range(3)):
        y, x = 2 * i + a - 1, 2 * j + b - 1
        inside = 0 <= y < side and 0 <= x < side
        every += 1
        real += inside and bool(image[c, y, x] != 0)
    return every, real


def test_a_convolution_is_counted_as_a_walk_counts_it():
    images = sparse_images(3, 2, 7, 7)
    layer = nn.Conv2d(2, 5, 3, stride=2, padding=1)
    pairs = [walked(image, 5, 7) for image in images]
    for skip, column in ((False, 0), (True, 1)):
        report = ann_energy(nn.Sequential(layer, nn.ReLU()), images, skip_zeros=skip)
        numbers = {events.name: events.number for events in report.classes}
        count = sum(pair[column] for pair in pairs)
        looked = images.numel() if skip else 0
        assert numbers == {
            "multiply": count,
            "add": count,
            "read weight, sram_8kib": count,
            "read activation, sram_8kib": count + looked,
            "write activation, sram_8kib": 3 * 5 * 4 * 4,
        }


def test_energy_is_the_sum_by_hand():
    """784-200-10: 155 KiB of weights in the large SRAM, a byte at 12.5 pJ."""
    network = nn.Sequential(nn.Flatten(), nn.Linear(784, 200), nn.ReLU(), nn.Linear(200, 10))
    images = sparse_images(4, 1, 28, 28)
    macs = 784 * 200 + 200 * 10
    assert ann_energy(network, images).per_sample == pytest.approx(
        macs * (0.2 + 0.1 + 12.5 + 1.25) * 1e-12 + 210 * 1.25e-12
    )
    shared = ann_energy(network, images, batch=64).per_sample
    assert shared == pytest.approx(macs * (0.3 + 12.5 / 64 + 1.25) * 1e-12 + 210 * 1.25e-12)
    floats = ann_energy(network, images, numbers="float32")
    assert floats["multiply"] + floats["add"] == pytest.approx(4 * macs * 4.6e-12)
    assert floats["read weight, sram_1mib"] == pytest.approx(4 * macs * 50e-12)
    active = (images != 0).sum() * 200 + (network[:3](images) != 0).sum() * 10
    skipping = ann_energy(network, images, skip_zeros=True)
    assert skipping.classes[0].number == active


def test_what_no_sram_holds_comes_from_dram():
    report = ann_energy(nn.Linear(1024, 1025), torch.ones(1, 1024))
    names = [events.name for events in report.classes]
    assert names[2] == "read weight, dram"
    assert report.classes[2].joules == pytest.approx(1.3e-9 / 8)


def test_a_network_is_left_as_it_was():
    layer = nn.Linear(3, 2)
    with pytest.raises(RuntimeError):
        ann_energy(layer, torch.ones(1, 4))
    assert not layer._forward_hooks


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ann_energy(nn.Linear(2, 2), torch.ones(1, 2), LOIHI), "Loihi has no figures"),
        (lambda: ann_energy(nn.ReLU(), torch.ones(1, 2)), "ReLU has no linear layer"),
        (lambda: ann_energy(nn.Linear(2, 2), torch.ones(1, 2), batch=0), "1 or more, got 0"),
    ],
)
def test_what_cannot_be_counted_is_said(call, message):
    with pytest.raises(HardwareError, match=message):
        call()


def test_the_figures_are_the_chips():
    free = replace(DIGITAL, memory=replace(DIGITAL.memory, sram_8kib=0.0))
    report = ann_energy(nn.Linear(2, 2), torch.ones(1, 2), free)
    assert report.total == pytest.approx(4 * 0.3e-12)
    assert report.static is None
