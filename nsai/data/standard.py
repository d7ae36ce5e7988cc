"""Features of mean 0 and deviation 1."""

from jaxtyping import Float
from torch import Tensor


def standardised(x: Float[Tensor, "n features"]) -> Float[Tensor, "n features"]:
    """Return float32 features of mean 0 and deviation 1 (of the samples, divided by n).

    Parameters
    ----------
    x
        (n, features), of at least two different values each.

    Examples
    --------
    >>> import torch
    >>> standardised(torch.tensor([[1.0], [3.0]])).tolist()
    [[-1.0], [1.0]]
    """
    x = x.double()
    return ((x - x.mean(0)) / x.std(0, correction=0)).float()
