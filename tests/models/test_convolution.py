import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import linalg, signal
from torch import nn

from nsai.models.convolution import connections, mosaic, receptive_field, toeplitz_matrix

sizes = st.integers(1, 4)


@given(rows=sizes, columns=sizes, more_rows=st.integers(0, 4), more_columns=st.integers(0, 4))
@settings(deadline=None, max_examples=40)
def test_matrix_product_is_scipys_correlation(rows, columns, more_rows, more_columns):
    kernel = torch.randn(rows, columns, dtype=torch.float64)
    image = torch.randn(rows + more_rows, columns + more_columns, dtype=torch.float64)
    product = toeplitz_matrix(kernel, *image.shape) @ image.flatten()
    expected = signal.correlate2d(image.numpy(), kernel.numpy(), mode="valid")
    torch.testing.assert_close(product.view(expected.shape), torch.from_numpy(expected))


def test_matrix_of_one_row_is_scipys_toeplitz():
    kernel = torch.tensor([[1.0, 2.0, 3.0]])
    expected = linalg.toeplitz([1, 0, 0], [1, 2, 3, 0, 0])
    assert toeplitz_matrix(kernel, 1, 5).tolist() == expected.tolist()


def test_transposed_matrix_is_the_transposed_convolution():
    kernel = torch.randn(3, 2, dtype=torch.float64)
    z = torch.randn(4, 5, dtype=torch.float64)
    back = toeplitz_matrix(kernel, 6, 6).T @ z.flatten()
    expected = F.conv_transpose2d(z[None, None], kernel[None, None])
    torch.testing.assert_close(back.view(6, 6), expected[0, 0])


@pytest.mark.parametrize(
    ("layer", "shape", "expected"),
    [
        (nn.Conv2d(3, 4, 5), (1, 3, 9, 8), 4 * (5 * 4) * (3 * 25 + 1)),
        (nn.Conv2d(4, 4, 3, groups=2), (1, 4, 5, 5), 4 * 9 * (2 * 9 + 1)),
        (nn.Conv2d(2, 3, 2, stride=2), (2, 2, 6, 6), 3 * 9 * (2 * 4 + 1)),
        (nn.Linear(7, 5), (3, 7), 5 * 8),
    ],
)
def test_connections_equal_the_count_by_hand(layer, shape, expected):
    assert connections(layer, torch.zeros(shape)) == expected


def test_receptive_field_follows_the_recurrence():
    """Each layer adds (kernel - 1) times the product of the strides below it."""
    stack = nn.Sequential(
        nn.Conv2d(1, 2, (3, 5)), nn.AvgPool2d(2), nn.Conv2d(2, 2, 3), nn.Conv2d(2, 1, 2, stride=2)
    )
    height = 1 + (3 - 1) + (2 - 1) + (3 - 1) * 2 + (2 - 1) * 2
    width = 1 + (5 - 1) + (2 - 1) + (3 - 1) * 2 + (2 - 1) * 2
    assert receptive_field(stack, torch.rand(1, 1, 30, 30)) == (height, width)


def test_mosaic_puts_every_map_into_its_frame():
    maps = torch.arange(4.0 * 2 * 3).view(4, 2, 3)
    laid = mosaic(maps, columns=2)
    assert laid.shape == (8, 10)
    assert torch.equal(laid[1:3, 1:4], maps[0])
    assert torch.equal(laid[1:3, 6:9], maps[1])
    assert torch.equal(laid[5:7, 1:4], maps[2])
    assert int(laid.isnan().sum()) == 80 - maps.numel()


def test_wrong_arguments_say_expected_and_got():
    with pytest.raises(ValueError, match=r"fit into 3 x 4 pixels, got \(5, 5\)"):
        toeplitz_matrix(torch.zeros(5, 5), 3, 4)
    with pytest.raises(ValueError, match="columns must divide the 5 maps, got 2"):
        mosaic(torch.zeros(5, 2, 2), columns=2)
