"""Bars and stripes, against enumeration of all clean images."""

from itertools import product

import pytest
import torch

from nsai.data import bars_and_stripes, stripes_log_odds


def clean(height, width):
    stripes = [
        torch.tensor(v)[:, None].expand(height, width) for v in product((-1.0, 1.0), repeat=height)
    ]
    bars = [torch.tensor(v)[None].expand(height, width) for v in product((-1.0, 1.0), repeat=width)]
    return torch.stack(bars).double(), torch.stack(stripes).double()


def test_all_images_of_both_classes_come_equally_often():
    x, y = bars_and_stripes(40_000, 2, 3, torch.Generator().manual_seed(0), noise=0.0)
    assert x.shape == (40_000, 1, 2, 3)
    for label, images in enumerate(clean(2, 3)):
        for image in images:
            share = ((x[:, 0] == image.float()).all((1, 2)) & (y == label)).double().mean()
            assert share == pytest.approx(0.5 / len(images), abs=0.006)


def test_noise_has_the_deviation():
    g = torch.Generator().manual_seed(0)
    x, _ = bars_and_stripes(20_000, 3, 3, g, noise=0.5)
    assert (x.abs() - 1)[x.abs() > 1].square().mean().sqrt() == pytest.approx(0.5, abs=0.01)
    assert x.square().mean() == pytest.approx(1.25, abs=0.01)


def test_log_odds_are_those_of_all_clean_images_added_up():
    x, _ = bars_and_stripes(50, 2, 3, torch.Generator().manual_seed(1), noise=0.7)
    x = x.double()
    density = [
        torch.exp(-((x - images) ** 2).sum((2, 3)) / (2 * 0.7**2)).mean(1) for images in clean(2, 3)
    ]
    expected = density[1].log() - density[0].log()
    assert torch.allclose(stripes_log_odds(x, 0.7), expected, atol=1e-10)


def test_the_best_classifier_is_wrong_where_an_image_is_all_of_one_colour():
    x, y = bars_and_stripes(20_000, 4, 4, torch.Generator().manual_seed(2), noise=0.05)
    right = ((stripes_log_odds(x.double(), 0.05) > 0).long() == y).double().mean()
    assert right == pytest.approx(1 - 2.0**-4, abs=0.006)


@pytest.mark.parametrize("bad", [{"height": 0}, {"noise": -1.0}])
def test_what_cannot_be_drawn_is_refused(bad):
    given = {"samples": 3, "height": 2, "width": 2, "generator": torch.Generator()} | bad
    with pytest.raises(ValueError, match="expected pixels and noise"):
        bars_and_stripes(**given)


def test_log_odds_need_noise():
    with pytest.raises(ValueError, match="above 0"):
        stripes_log_odds(torch.zeros(1, 1, 2, 2), 0.0)
