"""The spiking network for event cameras: what goes in, what comes out, that it learns."""

import pytest
import torch

from nsai.models.event_cnn import EventCNN
from nsai.training import error_rate, train_classifier


def test_scores_are_mean_potentials_of_the_network_over_time():
    torch.manual_seed(0)
    model, x = EventCNN(4), (torch.rand(3, 8, 34, 34) < 0.2).float()
    frames = torch.stack([x[:, 2 * t : 2 * t + 2] for t in range(4)])
    potential, record = model.network(frames)
    assert torch.equal(model(x), potential.mean(0))
    assert [*record] == ["1", "3", "6", "8"]


def test_it_tells_left_from_right_by_the_time_of_events_alone():
    generator = torch.Generator().manual_seed(0)
    torch.manual_seed(0)
    y = torch.randint(2, (200,), generator=generator)
    x = torch.zeros(200, 5, 2, 34, 34)
    for i, way in enumerate(y.tolist()):  # a bar that moves; all steps together look the same
        for t in range(5):
            column = 6 * (t if way else 4 - t)
            x[i, t, :, :, column : column + 4] = 1.0
    x = (x * (torch.rand(x.shape, generator=generator) < 0.5)).flatten(1, 2)
    model = EventCNN(5, channels=(4, 4), hidden=16, classes=2)
    before = error_rate(model, x, y)
    recipe = {"epochs": 6, "rate": 0.01, "batch_size": 20, "generator": generator}
    train_classifier(model, x[:150], y[:150], **recipe)
    assert before > 0.3
    assert error_rate(model, x[150:], y[150:]) < 0.1


def test_another_number_of_frames_is_refused():
    with pytest.raises(ValueError, match=r"expected 8 frames, two a step, got shape \(3, 10, 34"):
        EventCNN(4)(torch.zeros(3, 10, 34, 34))
    with pytest.raises(ValueError, match="steps must be positive"):
        EventCNN(0)
