r"""A small U-Net that expects the noise in an image, told the step and, if wanted, the class.

Papers: Ronneberger, Fischer and Brox, "U-Net", MICCAI 2015, arXiv:1505.04597 (down, up, and
shortcuts between maps of one size); Ho, Jain and Abbeel 2020, arXiv:2006.11239, appendix B (the
residual blocks, with the step added to every one).

.. math:: e = W_2\, \phi(W_1\, \mathrm{features}(t)) + E_{\text{label}}, \qquad
          \mathrm{block}(h) = h + C_2\, \phi(\mathrm{norm}(C_1\, \phi(\mathrm{norm}(h)) + W e))

Shapes, with a patch of side p and images of side S: images (batch, 1, S, S), maps of the first
level (batch, width, S/p, S/p), of the second (batch, 2 width, S/2p, S/2p).
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from nsai.models.diffusion import time_features


class UNetBlock(nn.Module):
    """Two normalised convolutions with the step's features between them, and a shortcut.

    Parameters
    ----------
    inputs, outputs
        Channels, multiples of 8.
    features
        Numbers that tell the step and the class.

    Examples
    --------
    >>> UNetBlock(8, 16, features=4)(torch.zeros(2, 8, 5, 5), torch.zeros(2, 4)).shape
    torch.Size([2, 16, 5, 5])
    """

    def __init__(self, inputs: int, outputs: int, *, features: int) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(8, inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.told = nn.Linear(features, outputs)
        self.norm2 = nn.GroupNorm(8, outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.shortcut = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()
        nn.init.zeros_(self.conv2.weight)

    def forward(
        self,
        x: Float[Tensor, "batch inputs height width"],
        e: Float[Tensor, "batch features"],
    ) -> Float[Tensor, "batch outputs height width"]:
        """Return the refined maps."""
        h = self.conv1(F.silu(self.norm1(x))) + self.told(e)[:, :, None, None]
        return self.shortcut(x) + self.conv2(F.silu(self.norm2(h)))


class UNet(nn.Module):
    """Expects the noise in grey images.

    Parameters
    ----------
    size
        Side of the images in pixels, a multiple of twice the patch.
    steps
        T, the number of steps of the schedule.
    width
        Channels of the first level, a multiple of 8; the second has twice as many.
    classes
        Number of classes; the label `classes` stands for none, and 0 classes for a model that
        takes no labels.
    patch
        Side of the squares of pixels that become one place of the maps.

    Raises
    ------
    ValueError
        If a size does not divide as it must, or labels are given or missing against `classes`.

    Examples
    --------
    >>> model = UNet(8, steps=100, width=8, classes=10)
    >>> t, labels = torch.tensor([1, 100]), torch.tensor([3, 10])
    >>> model(torch.zeros(2, 1, 8, 8), t, labels).shape
    torch.Size([2, 1, 8, 8])
    """

    def __init__(
        self, size: int, *, steps: int, width: int = 32, classes: int = 0, patch: int = 1
    ) -> None:
        super().__init__()
        if size % (2 * patch) or width % 8 or min(size, width, patch) < 1:
            expected = f"a size that 2 · patch = {2 * patch} divides, a width that 8 divides"
            raise ValueError(f"expected {expected}, got {size} and {width}")
        self.scale, self.classes, features = 1000 / steps, classes, 4 * width
        self.width = width
        self.time = nn.Sequential(
            nn.Linear(width, features), nn.SiLU(), nn.Linear(features, features)
        )
        self.label = nn.Embedding(classes + 1, features)
        self.stem = nn.Conv2d(1, width, 3, padding=1) if patch == 1 else _patches(width, patch)
        self.down1 = UNetBlock(width, width, features=features)
        self.shrink = nn.Conv2d(width, width, 3, stride=2, padding=1)
        self.down2 = UNetBlock(width, 2 * width, features=features)
        self.middle = UNetBlock(2 * width, 2 * width, features=features)
        self.grow = nn.Conv2d(2 * width, width, 3, padding=1)
        self.up = UNetBlock(2 * width, width, features=features)
        self.norm = nn.GroupNorm(8, width)
        self.head = nn.Sequential(nn.Conv2d(width, patch**2, 3, padding=1), nn.PixelShuffle(patch))

    def forward(
        self,
        x: Float[Tensor, "batch 1 size size"],
        t: Int[Tensor, " batch"],
        labels: Int[Tensor, " batch"] | None = None,
    ) -> Float[Tensor, "batch 1 size size"]:
        """Return the expected noise.

        Parameters
        ----------
        x
            Noisy images.
        t
            Their steps, 1 to T.
        labels
            Their classes, or `classes` for none; to be given if and only if there are classes.
        """
        if (labels is None) != (self.classes == 0):
            state = "missing" if labels is None else "given"
            raise ValueError(f"labels are {state} for a model of {self.classes} classes")
        e = self.time(time_features(self.scale * t, self.width))
        e = F.silu(e if labels is None else e + self.label(labels))
        fine = self.down1(self.stem(x), e)
        coarse = self.middle(self.down2(self.shrink(fine), e), e)
        back = self.grow(F.interpolate(coarse, size=fine.shape[2:]))
        both = self.up(torch.cat([back, fine], 1), e)
        return self.head(F.silu(self.norm(both)))


def _patches(width: int, patch: int) -> nn.Module:
    return nn.Sequential(nn.PixelUnshuffle(patch), nn.Conv2d(patch**2, width, 3, padding=1))
