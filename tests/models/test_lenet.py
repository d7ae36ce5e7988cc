import itertools
import math
import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from nsai.models.lenet import (
    LeNet5,
    Subsampling,
    TableConv2d,
    connection_table,
    digit_codes,
    map_criterion,
    scaled_tanh,
)
from nsai.training.augment import shift

# LeCun et al. 1998, section II.B: trainable parameters and connections, layer by layer.
PAPER = {
    "c1": (156, 122_304),
    "s2": (12, 5_880),
    "c3": (1_516, 151_600),
    "s4": (32, 2_000),
    "c5": (48_120, 48_120),
    "f6": (10_164, 10_164),
}


@pytest.fixture
def digits() -> torch.Tensor:
    return torch.rand(3, 1, 28, 28, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("layer", PAPER)
def test_layer_has_the_papers_parameters_and_connections(layer, digits):
    model = LeNet5()
    module = getattr(model, layer)
    maps = model.layers(digits)[layer]
    parameters, connections = PAPER[layer]

    assert sum(p.numel() for p in module.parameters()) == parameters
    positions = math.prod(maps.shape[2:])
    # A subsampling unit has four inputs and one coefficient: five connections with its bias.
    each = 5 * maps.shape[1] if isinstance(module, Subsampling) else parameters
    assert each * positions == connections


def test_whole_network_has_sixty_thousand_trained_parameters():
    assert sum(p.numel() for p in LeNet5().parameters()) == 60_000
    assert sum(own for own, _ in PAPER.values()) == 60_000
    assert sum(wired for _, wired in PAPER.values()) + 10 * 84 == 340_908


def test_layer_shapes_are_those_of_figure_two(digits):
    shapes = {name: tuple(maps.shape[1:]) for name, maps in LeNet5().layers(digits).items()}
    assert shapes == {
        "input": (1, 32, 32),
        "c1": (6, 28, 28),
        "s2": (6, 14, 14),
        "c3": (16, 10, 10),
        "s4": (16, 5, 5),
        "c5": (120, 1, 1),
        "f6": (84,),
    }


def test_connection_table_follows_the_papers_rationale():
    """Contiguous triples, contiguous fours, three broken fours, all: as the text explains it."""
    rows = [tuple(row.nonzero().ravel().tolist()) for row in connection_table()]

    def runs(length):
        return [tuple(sorted((start + i) % 6 for i in range(length))) for start in range(6)]

    assert rows[:6] == runs(3)
    assert rows[6:12] == runs(4)
    assert rows[12:15] == [(0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5)]
    assert rows[15] == (0, 1, 2, 3, 4, 5)


def test_table_convolution_equals_loops_over_the_table():
    """Every output pixel, by explicit sums over the maps that Table I lists."""
    torch.manual_seed(0)
    layer = TableConv2d(connection_table(), 3).double()
    nn.init.normal_(layer.bias)
    x = torch.randn(2, 6, 5, 6, dtype=torch.float64)
    out = layer(x).detach().numpy()

    kernels = layer.kernels.detach().numpy()
    taken = iter(range(len(kernels)))
    expected = np.zeros((2, 16, 3, 4))
    for c3 in range(16):
        expected[:, c3] = layer.bias[c3].item()
        for s2 in connection_table()[c3].nonzero().ravel().tolist():
            kernel = kernels[next(taken)]
            for n, i, j, a, b in itertools.product(*map(range, (2, 3, 4, 3, 3))):
                expected[n, c3, i, j] += kernel[a, b] * x[n, s2, i + a, j + b].item()
    np.testing.assert_allclose(out, expected, rtol=0, atol=1e-12)
    assert next(taken, None) is None


def test_table_convolution_ignores_maps_outside_its_table():
    layer = TableConv2d(connection_table(), 5)
    x = torch.randn(1, 6, 8, 8, requires_grad=True)
    layer(x)[:, 0].sum().backward()
    influence = x.grad.abs().sum((0, 2, 3))
    assert (influence > 0).tolist() == [True, True, True, False, False, False]


def test_subsampling_equals_hand_computation():
    layer = Subsampling(2).double()
    with torch.no_grad():
        layer.coefficient.copy_(torch.tensor([0.5, -1.0]))
        layer.bias.copy_(torch.tensor([0.0, 3.0]))
    x = torch.arange(16.0, dtype=torch.float64).reshape(1, 2, 2, 4)
    # First map: 0+1+4+5 and 2+3+6+7, halved; second: 8+9+12+13 and 10+11+14+15, negated, +3.
    assert layer(x).tolist() == [[[[5.0, 9.0]], [[-39.0, -47.0]]]]


def test_subsampling_gradients_agree_with_finite_differences():
    layer = Subsampling(3).double()
    x = torch.randn(2, 3, 4, 4, dtype=torch.float64, requires_grad=True)
    inputs = (x, layer.coefficient, layer.bias)

    def run(x, coefficient, bias):
        weights = {"coefficient": coefficient, "bias": bias}
        return torch.func.functional_call(layer, weights, (x,))

    assert torch.autograd.gradcheck(run, inputs)


def test_convolution_commutes_with_shift_away_from_the_border(digits):
    """C1 moves with its input exactly; a pixel of margin more than the shift is border."""
    model = LeNet5().double()
    x = digits.double()
    moved = model.c1(shift(x, 3, -2))
    expected = shift(model.c1(x), 3, -2)
    inside = (..., slice(3, -3), slice(3, -3))
    torch.testing.assert_close(moved[inside], expected[inside], rtol=0, atol=1e-12)
    assert not torch.allclose(moved, model.c1(x))


def test_features_up_to_s4_commute_with_shift_by_the_subsampling_step(digits):
    """Two subsamplings: a shift of 4 pixels is a shift of 1 in S4, and 2 pixels are not."""
    model = LeNet5().double()
    small = F.pad(digits.double()[..., 8:20, 8:20], (8, 8, 8, 8))
    here = model.layers(small)["s4"]
    four = model.layers(shift(small, 4, 0))["s4"]
    two = model.layers(shift(small, 2, 0))["s4"]
    torch.testing.assert_close(four[:, :, 1:], here[:, :, :-1], rtol=0, atol=1e-12)
    assert not torch.allclose(two[:, :, 1:], here[:, :, :-1], atol=1e-3)


def test_output_is_minus_the_squared_distance_to_each_code(digits):
    model = LeNet5().double()
    f6 = model.layers(digits.double())["f6"].detach().numpy()
    codes = digit_codes().numpy()
    expected = [[-sum((f - c) ** 2) for c in codes] for f in f6]
    np.testing.assert_allclose(model(digits.double()).detach().numpy(), expected, rtol=1e-12)


def test_codes_are_signs_and_far_apart():
    codes = digit_codes()
    assert codes.shape == (10, 84)
    assert set(codes.unique().tolist()) == {-1.0, 1.0}
    differing = (84 - codes @ codes.T) / 2
    assert int(differing[~torch.eye(10, dtype=torch.bool)].min()) >= 10


def test_codes_are_not_trained(digits):
    model = LeNet5()
    map_criterion(model(digits), torch.tensor([1, 2, 3]), 10.0).backward()
    assert "codes" not in dict(model.named_parameters())
    assert all(p.grad is not None and p.grad.any() for p in model.parameters())


@pytest.mark.parametrize("j", [0.0, 5.0, 80.0])
def test_map_criterion_equals_equation_nine(j):
    y = torch.tensor([[3.0, 40.0, 7.0], [0.5, 2.0, 90.0]], dtype=torch.float64)
    target = [2, 0]
    terms = [
        row[d] + math.log(math.exp(-j) + sum(math.exp(-v) for v in row))
        for row, d in zip(y.tolist(), target, strict=True)
    ]
    got = map_criterion(-y, torch.tensor(target), j)
    assert got.item() == pytest.approx(sum(terms) / 2, rel=1e-12)


def test_scaled_tanh_has_the_constants_of_appendix_a():
    """f(1) = 1, f(-1) = -1, and the second derivative is largest at 1."""
    a = torch.linspace(0, 2, 4001, dtype=torch.float64)
    f = scaled_tanh(a)
    assert f[2000].item() == pytest.approx(1, abs=1e-4)
    assert torch.equal(scaled_tanh(-a), -f)
    curvature = (f[2:] - 2 * f[1:-1] + f[:-2]).abs()
    assert a[1:-1][curvature.argmax()].item() == pytest.approx(1, abs=0.02)


def test_activation_argument_reaches_the_convolutions_and_not_f6(digits):
    layers = LeNet5(activation=F.relu).layers(digits)
    for name in ("c1", "s2", "c3", "s4", "c5"):
        assert layers[name].min() >= 0
    assert layers["f6"].min() < 0


def test_state_dict_round_trip_gives_the_same_scores(digits, tmp_path):
    model = LeNet5()
    torch.save(model.state_dict(), tmp_path / "lenet.pt")
    copy = LeNet5()
    assert not torch.equal(copy(digits), model(digits))
    copy.load_state_dict(torch.load(tmp_path / "lenet.pt", weights_only=True))
    assert torch.equal(copy(digits), model(digits))


@pytest.mark.parametrize("shape", [(2, 3, 28, 28), (2, 1, 32, 32)])
def test_wrong_image_shape_says_expected_and_got(shape):
    with pytest.raises(ValueError, match=r"\(batch, 1, 28, 28\), got " + re.escape(str(shape))):
        LeNet5()(torch.zeros(shape))


def test_subsampling_of_another_number_of_maps_says_expected_and_got():
    with pytest.raises(ValueError, match=r"\(batch, 6, height, width\), got \(1, 5, 4, 4\)"):
        Subsampling(6)(torch.zeros(1, 5, 4, 4))
