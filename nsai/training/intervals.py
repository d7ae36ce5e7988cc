"""Confidence intervals of means over data sets or seeds."""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor


class Interval(NamedTuple):
    """A mean and how sure it is.

    Attributes
    ----------
    mean
        Of the values.
    half
        Half the width of its confidence interval.
    """

    mean: float
    half: float

    @property
    def low(self) -> float:
        """The lower end."""
        return self.mean - self.half

    @property
    def high(self) -> float:
        """The upper end."""
        return self.mean + self.half


def mean_interval(values: Float[Tensor, " n"], *, level: float = 0.95) -> Interval:
    r"""Return the mean of values and its confidence interval by Student's t.

    .. math:: \bar x \pm t_{n-1}\Big(\frac{1+p}{2}\Big)\,\frac{s}{\sqrt n}

    For differences on the same data sets, pass the differences: that is the paired interval.

    Parameters
    ----------
    values
        (n,), at least two, independent of each other.
    level
        p, the share of such intervals that cover the true mean.

    Raises
    ------
    ValueError
        For fewer than two values, or a level outside (0, 1).

    Examples
    --------
    >>> import torch
    >>> mean, half = mean_interval(torch.tensor([1.0, 2.0, 3.0]))
    >>> round(mean, 3), round(half, 3)
    (2.0, 2.484)

    References
    ----------
    Student, "The probable error of a mean", Biometrika 6, 1908.
    """
    n = len(values)
    if n < 2 or not 0 < level < 1:
        raise ValueError(f"expected two values and a level in (0, 1), got {n} and {level}")
    x = values.double()
    from scipy.special import stdtrit  # a quarter of a second that others need not wait for

    quantile = float(stdtrit(n - 1, (1 + level) / 2))
    return Interval(float(x.mean()), quantile * float(x.std()) / n**0.5)
