import itertools

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from nsai.models.residual import ResidualBlock, ResidualCNN


def images(count: int = 4, side: int = 28) -> torch.Tensor:
    return torch.rand(count, 1, side, side, generator=torch.Generator().manual_seed(1))


def randomise(model: torch.nn.Module) -> None:
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.randn(p.shape, generator=generator))


def convolve(x: np.ndarray, weight: np.ndarray, stride: int) -> np.ndarray:
    """A 3 x 3 convolution with padding 1, by loops over output pixels."""
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    rows, columns = (-(-side // stride) for side in x.shape[2:])
    out = np.empty((len(x), len(weight), rows, columns))
    for i, j in itertools.product(range(rows), range(columns)):
        patch = padded[:, :, i * stride : i * stride + 3, j * stride : j * stride + 3]
        out[:, :, i, j] = np.einsum("ncab,ocab->no", patch, weight)
    return out


def normalise(x: np.ndarray, scale: np.ndarray, bias: np.ndarray) -> np.ndarray:
    mean, variance = x.mean((0, 2, 3), keepdims=True), x.var((0, 2, 3), keepdims=True)
    return (x - mean) / np.sqrt(variance + 1e-5) * scale[:, None, None] + bias[:, None, None]


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("shortcut", [True, False])
def test_block_equals_the_paper_written_in_loops(stride, shortcut):
    block = ResidualBlock(2, 3, stride=stride, shortcut=shortcut).double()
    randomise(block)
    x = torch.randn(3, 2, 5, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    w = {name: p.detach().numpy() for name, p in block.named_parameters()}

    hidden = convolve(x.numpy(), w["conv1.weight"], stride)
    hidden = np.maximum(normalise(hidden, w["norm1.weight"], w["norm1.bias"]), 0)
    change = normalise(convolve(hidden, w["conv2.weight"], 1), w["norm2.weight"], w["norm2.bias"])
    if shortcut:
        change[:, :2] += x.numpy()[:, :, ::stride, ::stride]
    np.testing.assert_allclose(block(x).detach().numpy(), np.maximum(change, 0), atol=1e-10)


def test_fresh_residual_block_is_the_identity_and_a_plain_one_is_not():
    x = torch.rand(2, 4, 6, 6)
    assert torch.equal(ResidualBlock(4, 4)(x), x)
    assert not torch.allclose(ResidualBlock(4, 4, shortcut=False)(x), x, atol=0.1)


def test_fresh_network_of_any_depth_computes_what_its_stem_does():
    model = ResidualCNN((4,), blocks=9).eval()
    x = images()
    assert torch.equal(model.features(x), F.relu(model.norm(model.stem(x))))


def test_plain_and_residual_networks_have_the_same_parameters():
    shapes = [
        {name: p.shape for name, p in ResidualCNN((4, 8), 2, shortcut=way).named_parameters()}
        for way in (True, False)
    ]
    assert shapes[0] == shapes[1]


def test_parameter_count_follows_from_the_widths():
    model = ResidualCNN((4, 8), blocks=2, in_channels=3, classes=5)
    convolutions = 9 * (3 * 4 + 4 * (4 * 4) + (4 * 8 + 3 * 8 * 8))
    norms = 2 * (4 + 4 * 4 + 4 * 8)
    assert sum(p.numel() for p in model.parameters()) == convolutions + norms + (8 * 5 + 5)


def test_depth_counts_convolutions_and_the_linear_layer():
    model = ResidualCNN((4, 8), blocks=3)
    layers = (torch.nn.Conv2d, torch.nn.Linear)
    assert model.depth == sum(isinstance(m, layers) for m in model.modules()) == 14


@pytest.mark.parametrize(("stem_stride", "side"), [(1, 7), (2, 4)])
def test_each_stage_halves_the_maps(stem_stride, side):
    model = ResidualCNN((4, 8, 12), stem_stride=stem_stride)
    assert model.features(images()).shape == (4, 12, side, side)


def test_evaluation_does_not_depend_on_the_rest_of_the_batch():
    model = ResidualCNN((4, 8))
    randomise(model)
    model(images())
    model.eval()
    x = images()
    torch.testing.assert_close(model(x)[:1], model(x[:1]))


def test_scores_ignore_whole_shifts_of_a_small_object():
    """Convolutions move with it, the global average forgets where it is."""
    model = ResidualCNN((4,), blocks=1).double().eval()
    randomise(model)
    x = F.pad(images(2, 6).double(), (11, 11, 11, 11))
    here, there = model(x), model(x.roll((3, -2), (2, 3)))
    torch.testing.assert_close(here, there, rtol=1e-10, atol=1e-10)
    assert not torch.allclose(here[0], here[1])


def test_state_dict_round_trip_keeps_running_statistics(tmp_path):
    model = ResidualCNN((4, 8))
    randomise(model)
    model(images())
    torch.save(model.state_dict(), tmp_path / "residual.pt")
    copy = ResidualCNN((4, 8))
    copy.load_state_dict(torch.load(tmp_path / "residual.pt", weights_only=True))
    assert torch.equal(copy.eval()(images()), model.eval()(images()))


def test_wrong_arguments_say_expected_and_got():
    with pytest.raises(ValueError, match=r"\(batch, 1, height, width\), got \(2, 3, 8, 8\)"):
        ResidualCNN((4,))(torch.zeros(2, 3, 8, 8))
    with pytest.raises(ValueError, match="outputs must be >= inputs = 8, got 4"):
        ResidualBlock(8, 4)
    with pytest.raises(ValueError, match=r"blocks >= 1, got \(4,\) and 0"):
        ResidualCNN((4,), blocks=0)
