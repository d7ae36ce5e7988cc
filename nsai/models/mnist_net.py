"""The small convolutional reader of digits that neuro-symbolic papers share."""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn


class MNISTNet(nn.Module):
    """Two convolutions with maximum pooling, then three linear layers: 44,426 parameters.

    LeNet-5 simplified: ReLU, full connections, maxima in place of trained sums, scores in place of
    drawings. DeepProbLog, A-NeSI and their successors read MNIST with it.

    Parameters
    ----------
    classes
        Number of scores.

    Raises
    ------
    ValueError
        If an image is not 28 x 28 with one channel.

    References
    ----------
    Manhaeve, Dumančić, Kimmig, Demeester and De Raedt, "DeepProbLog: neural probabilistic logic
    programming", NeurIPS 2018, appendix.

    Examples
    --------
    >>> import torch
    >>> model = MNISTNet()
    >>> model(torch.zeros(2, 1, 28, 28)).shape, sum(p.numel() for p in model.parameters())
    (torch.Size([2, 10]), 44426)
    """

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.linear1 = nn.Linear(256, 120)
        self.linear2 = nn.Linear(120, 84)
        self.head = nn.Linear(84, classes)

    def forward(
        self, x: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch classes"]:
        """Return a score for each class."""
        if x.ndim != 4 or tuple(x.shape[1:]) != (1, 28, 28):
            raise ValueError(f"x must have shape (batch, 1, 28, 28), got {tuple(x.shape)}")
        maps = F.relu(F.max_pool2d(self.conv1(x), 2))
        maps = F.relu(F.max_pool2d(self.conv2(maps), 2))
        units = F.relu(self.linear2(F.relu(self.linear1(maps.flatten(1)))))
        return self.head(units)
