"""A small residual network, and the plain network that it is measured against.

A block learns what to add to its input, ``relu(x + F(x))`` with
``F = norm . conv . relu . norm . conv``; with the shortcut left out it is two layers of a plain
network with exactly as many parameters (He, Zhang, Ren and Sun 2015, fig. 2 and section 4.2).
"""

from collections.abc import Sequence

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions with batch normalisation, and a way around them.

    Where the shape changes, the shortcut takes every `stride`-th pixel and pads the new
    channels with zeros (option A of the paper), so it has no parameters. The last scale starts
    at zero (Goyal et al. 2017), so a fresh block passes a non-negative input on unchanged.

    Parameters
    ----------
    inputs, outputs
        Channels in and out; ``outputs >= inputs``.
    stride
        Stride of the first convolution and of the shortcut.
    shortcut
        Whether there is a way around; False makes two plain layers.

    Examples
    --------
    >>> import torch
    >>> x = torch.rand(2, 4, 8, 8)
    >>> bool((ResidualBlock(4, 4)(x) == x).all())
    True
    """

    def __init__(
        self, inputs: int, outputs: int, *, stride: int = 1, shortcut: bool = True
    ) -> None:
        super().__init__()
        if outputs < inputs:
            raise ValueError(f"outputs must be >= inputs = {inputs}, got {outputs}")
        self.stride, self.shortcut, self.padding = stride, shortcut, outputs - inputs
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        for conv in (self.conv1, self.conv2):
            nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
        if shortcut:
            nn.init.zeros_(self.norm2.weight)

    def forward(
        self, x: Float[Tensor, "batch inputs height width"]
    ) -> Float[Tensor, "batch outputs rows columns"]:
        """Return ``relu(x + F(x))``, or ``relu(F(x))`` without the shortcut."""
        change = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
        if not self.shortcut:
            return F.relu(change)
        around = x[:, :, :: self.stride, :: self.stride]
        return F.relu(change + F.pad(around, (0, 0, 0, 0, 0, self.padding)))


class ResidualCNN(nn.Module):
    """A residual network for small images: stem, stages, global average, linear.

    The depth in the paper's count is ``2 * blocks * len(widths) + 2``. Each stage after the
    first halves height and width.

    Parameters
    ----------
    widths
        Channels of each stage.
    blocks
        Residual blocks a stage.
    shortcut
        False builds the plain network with the same parameters.
    in_channels, classes
        Channels of the image, and number of scores.
    stem_stride
        Stride of the first convolution; 2 quarters the cost of everything after it.

    Raises
    ------
    ValueError
        If an image has another number of channels.

    References
    ----------
    He, Zhang, Ren and Sun 2015, "Deep residual learning for image recognition",
    arXiv:1512.03385, section 4.2. Ioffe and Szegedy 2015, arXiv:1502.03167. Goyal et al. 2017,
    arXiv:1706.02677, section 5.1 (zero scale).

    Examples
    --------
    >>> import torch
    >>> model = ResidualCNN(widths=(8, 16), blocks=1)
    >>> model(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    >>> model.depth
    6
    """

    def __init__(
        self,
        widths: Sequence[int] = (16, 32, 64),
        blocks: int = 1,
        *,
        shortcut: bool = True,
        in_channels: int = 1,
        classes: int = 10,
        stem_stride: int = 1,
    ) -> None:
        super().__init__()
        if not widths or blocks < 1:
            raise ValueError(f"expected widths and blocks >= 1, got {tuple(widths)} and {blocks}")
        self.in_channels = in_channels
        self.depth = 2 * blocks * len(widths) + 2
        self.stem = nn.Conv2d(in_channels, widths[0], 3, stride=stem_stride, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(widths[0])
        stages: list[nn.Module] = []
        before = widths[0]
        for stage, width in enumerate(widths):
            for block in range(blocks):
                stride = 2 if stage > 0 and block == 0 else 1
                stages.append(ResidualBlock(before, width, stride=stride, shortcut=shortcut))
                before = width
        self.stages = nn.Sequential(*stages)
        self.head = nn.Linear(before, classes)
        nn.init.kaiming_normal_(self.stem.weight, mode="fan_out", nonlinearity="relu")

    def features(
        self, x: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch features rows columns"]:
        """Return the maps of the last stage."""
        if x.ndim != 4 or x.shape[1] != self.in_channels:
            expected = f"(batch, {self.in_channels}, height, width)"
            raise ValueError(f"x must have shape {expected}, got {tuple(x.shape)}")
        return self.stages(F.relu(self.norm(self.stem(x))))

    def forward(
        self, x: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch classes"]:
        """Return a score for each class."""
        return self.head(self.features(x).mean((2, 3)))
