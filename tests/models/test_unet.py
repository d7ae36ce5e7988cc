import io

import pytest
import torch

from nsai.models.unet import UNet, UNetBlock


@pytest.mark.parametrize(("size", "patch"), [(8, 1), (28, 1), (28, 2)])
def test_noise_has_the_shape_of_the_image(size, patch):
    model = UNet(size, steps=100, width=8, patch=patch)
    x = torch.randn(2, 1, size, size)
    assert model(x, torch.tensor([1, 100])).shape == x.shape


def test_images_of_a_batch_do_not_see_each_other():
    model = UNet(8, steps=100, width=8, classes=3)
    x, t, labels = torch.randn(3, 1, 8, 8), torch.tensor([1, 50, 100]), torch.tensor([0, 1, 3])
    alone = torch.cat([model(x[[k]], t[[k]], labels[[k]]) for k in range(3)])
    assert torch.allclose(model(x, t, labels), alone, atol=1e-5)


def test_step_and_class_are_heard():
    torch.manual_seed(0)
    model = UNet(8, steps=100, width=8, classes=3)
    with torch.no_grad():  # blocks begin as identities: let them speak
        for block in model.modules():
            if isinstance(block, UNetBlock):
                block.conv2.weight.normal_(std=0.1)
    x = torch.randn(1, 1, 8, 8)
    said = [model(x, torch.tensor([t]), torch.tensor([c])) for t, c in ((5, 0), (90, 0), (5, 2))]
    assert (said[0] - said[1]).abs().max() > 1e-3
    assert (said[0] - said[2]).abs().max() > 1e-3


def test_every_place_reaches_every_other():
    model = UNet(8, steps=10, width=8)
    with torch.no_grad():
        for block in model.modules():
            if isinstance(block, UNetBlock):
                block.conv2.weight.normal_(std=0.1)
    x = torch.randn(1, 1, 8, 8, requires_grad=True)
    model(x, torch.tensor([3]))[0, 0, 0, 0].backward()
    assert (x.grad != 0).all()


def test_every_weight_learns():
    model = UNet(8, steps=10, width=8, classes=2)
    with torch.no_grad():
        for block in model.modules():
            if isinstance(block, UNetBlock):
                block.conv2.weight.normal_(std=0.1)
    labels = torch.tensor([0, 1, 2])
    model(torch.randn(3, 1, 8, 8), torch.tensor([1, 5, 9]), labels).square().sum().backward()
    assert all(p.grad.count_nonzero() > 0 for p in model.parameters())


def test_a_block_begins_as_its_shortcut_plus_a_bias():
    block, x = UNetBlock(8, 8, features=4), torch.randn(2, 8, 5, 5)
    away = block(x, torch.randn(2, 4)) - x
    assert torch.allclose(away, block.conv2.bias.view(1, 8, 1, 1).expand_as(x), atol=1e-5)


def test_weights_survive_saving():
    model, other = UNet(8, steps=10, width=8), UNet(8, steps=10, width=8)
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    file.seek(0)
    other.load_state_dict(torch.load(file, weights_only=True))
    x, t = torch.randn(2, 1, 8, 8), torch.tensor([1, 5])
    assert torch.equal(model(x, t), other(x, t))


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match=r"2 · patch = 4 divides.*got 10 and 8"):
        UNet(10, steps=10, width=8, patch=2)
    x, t = torch.zeros(1, 1, 8, 8), torch.tensor([1])
    with pytest.raises(ValueError, match="missing for a model of 2"):
        UNet(8, steps=10, width=8, classes=2)(x, t)
    with pytest.raises(ValueError, match="given for a model of 0"):
        UNet(8, steps=10, width=8)(x, t, t)
