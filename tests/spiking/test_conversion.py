"""Converted networks against the networks that they were, with the error that theory allows."""

from inspect import unwrap
from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn

from spiking.conversion import constant_input, convert, mean_output
from spiking.layers.clip_floor_shift import ClipFloorShift


def samples(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def perceptron(*sizes: int, seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    layers = []
    for a, b in pairwise(sizes):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*layers[:-1]).double()


def convolution(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    made = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.AvgPool2d(2),
        nn.Conv2d(4, 6, 3, stride=2), nn.ReLU(), nn.Dropout(0.5), nn.Flatten(),
        nn.Linear(54, 12, bias=False), nn.BatchNorm1d(12), nn.ReLU(), nn.Linear(12, 5),
    ).double()  # fmt: skip
    for _ in range(20):  # running means
        made(samples(32, 1, 14, 14, seed=1))
    return made.eval()


@pytest.mark.parametrize("initial", ["zero", "half"])
@pytest.mark.parametrize("steps", [4, 16, 64, 256, 1024])
def test_counts_keep_within_the_bound_of_theory(steps: int, initial: str):
    x, relu = samples(50, 6), perceptron(6, 10, 8, 7, 3)
    converted = convert(relu, x, percentile=100.0, initial=initial)
    outputs, record = converted(constant_input(x, steps))
    wanted, error, before = x, 0.0, 1.0
    for k in range(0, 6, 2):
        wanted = relu[k : k + 2](wanted)
        scale = wanted.max()  # the ceiling is met by the largest alone
        counts = record[str(k + 1)].spikes.sum(0)
        rows = converted[k].weight.abs().sum(1).max()
        torch.testing.assert_close(rows, relu[k].weight.abs().sum(1).max() * before / scale)
        # what comes in is off by at most rows · error at any time, and what is left in a neuron
        # by three times that and a threshold
        error = 1 + 3 * rows * error
        assert (counts - steps * wanted / scale).abs().max() <= error + 1e-9
        before = scale
    off = (mean_output(outputs) - relu[6](wanted)).abs().max()
    assert off <= before * relu[6].weight.abs().sum(1).max() * error / steps


def test_one_layer_rounds_down_from_zero_and_to_the_nearest_from_half():
    x, relu = samples(400, 3), perceptron(3, 5, 2)
    for initial, low, high in (("zero", -1.0, 0.0), ("half", -0.5, 0.5)):
        for steps in (5, 50, 500):
            converted = convert(relu, x, percentile=100.0, initial=initial)
            counts = converted(constant_input(x, steps))[1]["1"].spikes.sum(0)
            share = relu[:2](x) / relu[:2](x).max()
            off = (counts - steps * share).flatten()
            assert off.min() >= low - 1e-9
            assert off.max() <= high + 1e-9
            assert off.max() - off.min() > 0.8  # the bounds are about met


def test_error_of_a_convolutional_network_falls_as_one_over_time():
    x, relu = samples(8, 1, 14, 14), convolution()
    converted = convert(relu, x, percentile=100.0)
    potential, _ = converted(constant_input(x, 1024))
    wanted = relu(x)
    errors = [
        (mean_output(potential[:steps]) - wanted).abs().mean().item() for steps in (64, 256, 1024)
    ]
    assert errors[0] / errors[1] > 2.5
    assert errors[1] / errors[2] > 2.5
    assert errors[2] < 0.04 * wanted.std()


def test_the_network_is_left_as_it_was():
    relu, x = convolution(), samples(10, 1, 14, 14)
    relu.train()
    before = {name: value.clone() for name, value in relu.state_dict().items()}
    convert(relu, x)
    assert relu.training
    assert relu[1].training
    for name, value in relu.state_dict().items():
        assert torch.equal(value, before[name])


def test_percentile_is_that_of_positive_activations():
    relu = nn.Sequential(nn.Linear(1, 1, bias=False), nn.ReLU(), nn.Linear(1, 1, bias=False))
    relu.double()
    nn.init.ones_(relu[0].weight)
    x = torch.cat((-torch.ones(500), torch.arange(1.0, 101.0)))[:, None].double()
    for percentile, scale in ((100.0, 100.0), (90.0, 90.0), (None, 1.0)):
        converted = convert(relu, x, percentile=percentile)
        assert converted[0].weight.item() == pytest.approx(1 / scale)
        assert converted[2].weight.item() == pytest.approx(relu[2].weight.item() * scale)


@pytest.mark.parametrize("levels", [1, 4, 8])
def test_clip_floor_shift_is_what_half_a_threshold_counts(levels: int):
    torch.manual_seed(0)
    made = nn.Sequential(nn.Linear(3, 20), ClipFloorShift(levels, 0.7), nn.Linear(20, 4)).double()
    x = samples(100, 3)
    converted = convert(made, x)
    potential, record = converted(constant_input(x, levels))
    torch.testing.assert_close(mean_output(potential), made(x), rtol=1e-6, atol=1e-7)
    assert record["1"].spikes.any()
    assert not record["1"].spikes.all()


def test_clip_floor_shift_has_the_formula_and_a_straight_gradient():
    layer = ClipFloorShift(5, 2.0).double()
    z = torch.linspace(-1, 3, 401, dtype=torch.float64, requires_grad=True)
    wanted = 2.0 * ((z * 5 / 2.0 + 0.5).floor() / 5).clamp(0, 1)
    torch.testing.assert_close(layer(z), wanted)
    layer(z).sum().backward()
    inside = (z > 0) & (z < 2)
    torch.testing.assert_close(z.grad[inside], torch.ones(int(inside.sum())).double())
    assert not z.grad[(z < 0) | (z > 2)].any()
    assert layer.scale.grad.isfinite()


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 2)], r"layer 1 \(Tanh\) cannot be converted"),
        (
            [nn.Linear(4, 4), nn.Linear(4, 2)],
            r"layer 1 \(Linear\) .* 0 before it has no activation",
        ),
        ([nn.ReLU(), nn.Linear(4, 2)], r"layer 0 \(ReLU\) .* must follow Linear or Conv2d"),
        ([nn.BatchNorm1d(4), nn.Linear(4, 2)], r"layer 0 \(BatchNorm1d\) .* must follow"),
        ([nn.Linear(4, 2), nn.ReLU()], "must end with Linear or Conv2d"),
        ([nn.Sequential(nn.Linear(4, 2))], r"layer 0 \(Sequential\) cannot be converted"),
    ],
)
def test_what_cannot_be_converted_is_refused_by_name_and_type(layers, message: str):
    with pytest.raises(ValueError, match=message):
        convert(nn.Sequential(*layers), torch.rand(8, 4))


def test_parameters_out_of_range_are_refused():
    relu, x = perceptron(4, 3, 2), samples(8, 4)
    with pytest.raises(ValueError, match=r"percentile must be in \(0, 100\], got 0"):
        convert(relu, x, percentile=0.0)
    with pytest.raises(ValueError, match="initial must be one of zero, half, got 'full'"):
        unwrap(convert)(relu, x, initial="full")
    with pytest.raises(ValueError, match="x must hold samples"):
        convert(relu, x[:0])
    with pytest.raises(ValueError, match="steps must be at least 1"):
        constant_input(x, 0)
    with pytest.raises(ValueError, match="levels must be at least 1"):
        ClipFloorShift(0)
    with pytest.raises(ValueError, match="scale must be positive"):
        ClipFloorShift(4, 0.0)
