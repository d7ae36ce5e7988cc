import pytest
import torch
import torch.nn.functional as F
from torch import nn

from nsai.training.augment import shift
from nsai.training.classifiers import error_rate, train_classifier


def blobs(count: int = 240) -> tuple[torch.Tensor, torch.Tensor]:
    """Three classes around the corners of a triangle."""
    generator = torch.Generator().manual_seed(0)
    y = torch.arange(count) % 3
    corners = torch.tensor([[0.0, 2.0], [-2.0, -1.0], [2.0, -1.0]])
    return corners[y] + 0.4 * torch.randn(count, 2, generator=generator), y


def trained(seed: int = 0, **options) -> tuple[nn.Module, torch.Tensor]:
    torch.manual_seed(1)
    model = nn.Linear(2, 3)
    recipe = {"epochs": 5, "rate": 0.1, "batch_size": 32} | options
    x, y = blobs()
    generator = torch.Generator().manual_seed(seed)
    return model, train_classifier(model, x, y, generator=generator, **recipe)


def test_training_separates_what_can_be_separated():
    model, wrong = trained()
    x, y = blobs()
    assert len(wrong) == 5 * 8
    assert wrong[:4].mean() > 0.1
    assert error_rate(model, x, y) < 0.01


def test_first_batch_is_scored_before_its_step():
    torch.manual_seed(1)
    fresh = nn.Linear(2, 3)
    x, y = blobs()
    _, wrong = trained(batch_size=240, epochs=2)
    assert wrong[0].item() == pytest.approx(error_rate(fresh, x, y))


def test_generator_decides_the_order_of_the_samples():
    assert torch.equal(trained(0)[1], trained(0)[1])
    assert torch.equal(trained(0)[0].weight, trained(0)[0].weight)
    assert not torch.equal(trained(0)[0].weight, trained(3)[0].weight)


def test_criterion_is_the_one_that_is_minimised():
    model, _ = trained(criterion=lambda scores, y: (scores - 7).square().mean(), epochs=80)
    torch.testing.assert_close(model(blobs()[0]), torch.full((240, 3), 7.0), atol=0.5, rtol=0)


def test_shifted_training_images_teach_shifts():
    """One bright pixel left or right of the middle: only shifts show it one step further out."""
    x = torch.zeros(64, 1, 1, 8)
    y = torch.arange(64) % 2
    x[y == 0, 0, 0, 2] = 1
    x[y == 1, 0, 0, 5] = 1
    far = torch.stack([shift(x[:1], 0, -1)[0], shift(x[1:2], 0, 1)[0]])
    margins = []
    for most in (0, 1):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Flatten(), nn.Linear(8, 2, bias=False))
        nn.init.zeros_(model[1].weight)
        generator = torch.Generator().manual_seed(0)
        recipe = {"epochs": 4, "rate": 0.1, "batch_size": 16, "generator": generator}
        train_classifier(model, x, y, most_shift=most, **recipe)
        scores = model(far).detach()
        margins.append(float((scores[[0, 1], [0, 1]] - scores[[0, 1], [1, 0]]).min()))
    assert margins[0] == 0
    assert margins[1] > 0.1


def test_error_rate_counts_over_uneven_parts_and_restores_the_mode():
    model = nn.Sequential(nn.Dropout(0.9), nn.Identity())
    scores = F.one_hot(torch.arange(10) % 4, 4).float()
    labels = torch.arange(10) % 4
    labels[7] = 0
    assert error_rate(model, scores, labels, batch_size=3) == pytest.approx(0.1)
    assert model.training
