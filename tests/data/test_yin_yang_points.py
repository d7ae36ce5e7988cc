"""Generated Yin-Yang points: the published labels, even classes, even density."""

import pytest
import torch

from nsai import data


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_the_geometry_gives_every_published_label(need, split):
    need("yin_yang")
    x, y = data.yin_yang(split)
    assert torch.equal(data.yin_yang_classes(x[:, :2]), y)


def test_points_are_labelled_mirrored_and_in_the_disc():
    x, y = data.yin_yang_points(2000, torch.Generator().manual_seed(0))
    assert torch.equal(data.yin_yang_classes(x[:, :2]), y)
    assert torch.equal(x[:, 2:], (1 - x[:, :2].double()).float()) or torch.allclose(
        x[:, 2:], 1 - x[:, :2], atol=1e-7
    )
    assert (x[:, :2] - 0.5).norm(dim=1).max() <= 0.5 + 1e-6
    assert torch.bincount(y).min() > 580


def test_each_class_is_drawn_evenly_over_its_area():
    x, y = data.yin_yang_points(30_000, torch.Generator().manual_seed(1))
    g = torch.Generator().manual_seed(2)
    disc = torch.rand(200_000, 2, generator=g)
    disc = disc[(disc - 0.5).norm(dim=1) <= 0.5]
    kinds = data.yin_yang_classes(disc)
    for kind in range(3):  # shares of eight sectors
        mine, expected = (sectors(p[k == kind]) for p, k in ((x[:, :2], y), (disc, kinds)))
        assert (mine - expected).abs().max() < 0.02


def sectors(points):
    angle = torch.atan2(points[:, 1] - 0.5, points[:, 0] - 0.5)
    return torch.histc(angle, 8, -torch.pi, torch.pi) / len(points)


def test_the_same_seed_gives_the_same_points():
    first, second = (data.yin_yang_points(50, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first.x, second.x)
    assert torch.equal(first.y, second.y)


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match="n must be positive, got 0"):
        data.yin_yang_points(0)
    with pytest.raises(ValueError, match=r"points must be \(n, 2\), got \(3, 4\)"):
        data.yin_yang_classes(torch.zeros(3, 4))
