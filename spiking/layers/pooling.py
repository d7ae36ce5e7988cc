r"""Sums of patches, the pooling that keeps spikes whole numbers."""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

Pair = tuple[int, int]


class SumPool2d(nn.Module):
    """Sum patches of images; what is padded counts as zero.

    Parameters
    ----------
    kernel_size
        Height and width of a patch; one number for both, as for all below.
    stride
        From patch to patch; that of the patch unless given.
    padding
        Zeros on each side.

    Examples
    --------
    >>> import torch
    >>> SumPool2d(2)(torch.ones(1, 1, 4, 4)).flatten().tolist()
    [4.0, 4.0, 4.0, 4.0]
    """

    def __init__(
        self, kernel_size: int | Pair, stride: int | Pair | None = None, padding: int | Pair = 0
    ) -> None:
        super().__init__()
        self.kernel_size = pair(kernel_size)
        self.stride = self.kernel_size if stride is None else pair(stride)
        self.padding = pair(padding)
        if min(*self.kernel_size, *self.stride) < 1 or min(self.padding) < 0:
            raise ValueError(
                f"expected positive kernel_size and stride and padding from 0, got {kernel_size}, "
                f"{stride} and {padding}"
            )

    def forward(self, x: Float[Tensor, "... height width"]) -> Float[Tensor, "... rows columns"]:
        """Return the sum of every patch."""
        return avg_pool2d(x, self.kernel_size, self.stride, self.padding, divisor_override=1)

    def extra_repr(self) -> str:
        """Return what print shows."""
        return f"{self.kernel_size}, stride={self.stride}, padding={self.padding}"


def pair(value: int | Pair) -> Pair:
    """Return a number as height and width."""
    return (value, value) if isinstance(value, int) else (value[0], value[1])
