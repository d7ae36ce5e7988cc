r"""How a convolution is wired: as a matrix, as connections, as a window on the image.

.. math:: z_{ij} = \sum_{a,c} w_{ac}\, x_{i+a,\,j+c}
          \quad\Longleftrightarrow\quad z = T x, \qquad T_{(i,j),(p,q)} = w_{p-i,\,q-j}

T is doubly Toeplitz: what stands in it depends on the difference of two positions only.
"""

import itertools
from collections.abc import Callable

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def toeplitz_matrix(
    kernel: Float[Tensor, "rows columns"], height: int, width: int
) -> Float[Tensor, "outputs pixels"]:
    """Write a convolution without padding as a matrix on flattened images, row by row.

    Parameters
    ----------
    kernel
        Weights, (rows, columns).
    height, width
        Size of the image.

    Returns
    -------
    Tensor
        One row a position of the kernel, one column a pixel.

    Raises
    ------
    ValueError
        If the kernel does not fit into the image.

    Examples
    --------
    >>> toeplitz_matrix(torch.tensor([[1.0, 2.0]]), height=1, width=3)
    tensor([[1., 2., 0.],
            [0., 1., 2.]])
    """
    rows, columns = kernel.shape
    if rows > height or columns > width:
        shape = tuple(kernel.shape)
        raise ValueError(f"kernel must fit into {height} x {width} pixels, got {shape}")
    down, right = height - rows + 1, width - columns + 1
    T = kernel.new_zeros(down, right, height, width)
    for i, j in itertools.product(range(down), range(right)):
        T[i, j, i : i + rows, j : j + columns] = kernel
    return T.reshape(down * right, height * width)


def connections(layer: Callable[[Tensor], Tensor], below: Float[Tensor, "batch ..."]) -> int:
    """Count the connections of a layer: the inputs that each unit feels, and its bias.

    Autograd tells which inputs one unit a map feels; by weight sharing the others of its map
    feel as many. That holds without padding, and where no weight is exactly zero.

    Parameters
    ----------
    layer
        Maps (batch, ...) to (batch, channels, ...), with one bias a channel.
    below
        An input of the layer; only its shape matters.

    Examples
    --------
    >>> connections(torch.nn.Conv2d(1, 6, 5), torch.zeros(1, 1, 32, 32))
    122304
    """
    ones = torch.ones_like(below[:1]).requires_grad_()
    maps = layer(ones)[0]
    maps = maps.reshape(len(maps), -1)
    felt = [torch.autograd.grad(units[0], ones, retain_graph=True)[0] for units in maps]
    return sum(int(inputs.count_nonzero()) + 1 for inputs in felt) * maps.shape[1]


def receptive_field(
    features: Callable[[Tensor], Tensor], image: Float[Tensor, "1 channels height width"]
) -> tuple[int, int]:
    """Measure the window of the image that the middle unit of a map feels.

    Parameters
    ----------
    features
        Maps an image to maps (1, channels, rows, columns).
    image
        Where the gradient is taken; pixels at which nothing saturates or is switched off.

    Returns
    -------
    tuple of int
        Height and width of the window, as far as it lies in the image.

    Examples
    --------
    >>> receptive_field(torch.nn.Conv2d(1, 2, 5), torch.rand(1, 1, 9, 9))
    (5, 5)
    """
    image = image.detach().clone().requires_grad_()
    maps = features(image)
    unit = maps[0, 0, maps.shape[2] // 2, maps.shape[3] // 2]
    felt = torch.autograd.grad(unit, image)[0].abs().sum((0, 1))
    rows, columns = felt.nonzero().T
    return int(rows.max() - rows.min() + 1), int(columns.max() - columns.min() + 1)


def mosaic(maps: Float[Tensor, "maps height width"], columns: int) -> Float[Tensor, "rows columns"]:
    """Lay maps side by side in one image, a NaN pixel around each.

    Parameters
    ----------
    maps
        Images of one size, (maps, height, width).
    columns
        Maps a row; must divide their number.

    Raises
    ------
    ValueError
        If the maps do not fill their rows.

    Examples
    --------
    >>> mosaic(torch.zeros(6, 2, 3), columns=3).shape
    torch.Size([8, 15])
    """
    if columns < 1 or len(maps) % columns:
        raise ValueError(f"columns must divide the {len(maps)} maps, got {columns}")
    framed = F.pad(maps, (1, 1, 1, 1), value=torch.nan)
    return torch.cat([torch.cat(list(row), 1) for row in framed.split(columns)])
