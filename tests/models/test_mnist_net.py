"""The shared reader of digits against the layers that its paper lists."""

import pytest
import torch
from torch import nn

from nsai.models import MNISTNet


def test_network_computes_what_the_listed_layers_compute():
    model = MNISTNet(7)
    layers = nn.Sequential(
        model.conv1, nn.MaxPool2d(2, 2), nn.ReLU(), model.conv2, nn.MaxPool2d(2, 2), nn.ReLU(),
        nn.Flatten(), model.linear1, nn.ReLU(), model.linear2, nn.ReLU(), model.head,
    )  # fmt: skip
    x = torch.rand(3, 1, 28, 28)
    assert model(x).shape == (3, 7)
    torch.testing.assert_close(model(x), layers(x))


def test_other_images_are_refused():
    with pytest.raises(ValueError, match=r"\(batch, 1, 28, 28\), got \(2, 1, 32, 32\)"):
        MNISTNet()(torch.zeros(2, 1, 32, 32))
