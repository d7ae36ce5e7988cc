r"""A small classifier of digits whose last features measure what generators make.

Salimans et al. 2016 and Heusel et al. 2017 judge generated images by a classifier: its scores tell
what is seen and how surely, and its last features, averaged and correlated, tell how two sets of
images differ. They take the Inception network of ImageNet; digits deserve a judge of digits.

Two convolutions, each followed by a maximum over 2 x 2 pixels, then `width` features and scores.

Shapes: images (batch, 1, size, size), features (batch, width), scores (batch, classes).
"""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn


class Judge(nn.Module):
    """Classifies grey images, and gives the features by which it does.

    Parameters
    ----------
    size
        Side of the images in pixels, a multiple of 4.
    width
        Number of features.
    classes
        Number of scores.

    Raises
    ------
    ValueError
        If the size is no multiple of 4, or images have another size.

    References
    ----------
    Salimans et al. 2016, arXiv:1606.03498, section 4. Heusel et al. 2017, arXiv:1706.08500.

    Examples
    --------
    >>> import torch
    >>> judge = Judge(8)
    >>> judge(torch.zeros(2, 1, 8, 8)).shape, judge.features(torch.zeros(2, 1, 8, 8)).shape
    (torch.Size([2, 10]), torch.Size([2, 32]))
    """

    def __init__(self, size: int, *, width: int = 32, classes: int = 10) -> None:
        super().__init__()
        if size < 4 or size % 4:
            raise ValueError(f"size must be a multiple of 4, got {size}")
        self.size = size
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.hidden = nn.Linear(32 * (size // 4) ** 2, width)
        self.head = nn.Linear(width, classes)

    def features(self, x: Float[Tensor, "batch 1 size size"]) -> Float[Tensor, "batch width"]:
        """Return the features before the scores."""
        if x.ndim != 4 or tuple(x.shape[1:]) != (1, self.size, self.size):
            expected = f"(batch, 1, {self.size}, {self.size})"
            raise ValueError(f"x must have shape {expected}, got {tuple(x.shape)}")
        maps = F.max_pool2d(self.conv1(x).relu(), 2)
        maps = F.max_pool2d(self.conv2(maps).relu(), 2)
        return self.hidden(maps.flatten(1)).relu()

    def forward(self, x: Float[Tensor, "batch 1 size size"]) -> Float[Tensor, "batch classes"]:
        """Return a score for each class."""
        return self.head(self.features(x))
