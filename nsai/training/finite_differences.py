r"""Slopes by the definition of the derivative, to hold a gradient against.

.. math:: \frac{\partial f}{\partial w} \approx \frac{f(w + h) - f(w - h)}{2h}, \qquad
          \text{error } O(h^2) + O(\epsilon / h)
"""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor


@torch.no_grad()
def central_differences(
    value: Callable[[], Tensor], parameters: Iterable[Tensor], *, step: float = 1e-5
) -> list[Tensor]:
    """Return the slope of a value by every entry of every parameter.

    Two evaluations an entry: for small networks, in double precision.

    Parameters
    ----------
    value
        Computes a scalar from the parameters.
    parameters
        Tensors that `value` reads; each entry is moved and put back exactly.
    step
        How far an entry is moved to either side.

    Returns
    -------
    list of Tensor
        One tensor a parameter, of its shape.

    Raises
    ------
    ValueError
        If the step is not positive.

    Examples
    --------
    >>> w = torch.tensor([1.0, 3.0], dtype=torch.float64)
    >>> central_differences(lambda: (w**2).sum(), [w])[0].round(decimals=6).tolist()
    [2.0, 6.0]
    """
    if step <= 0:
        raise ValueError(f"step must be positive, got {step}")
    slopes = []
    for parameter in parameters:
        entries = parameter.view(-1)
        slope = torch.empty_like(entries)
        for i, kept in enumerate(entries.clone()):
            entries[i] = kept + step
            above = value()
            entries[i] = kept - step
            below = value()
            entries[i] = kept
            slope[i] = (above - below) / (2 * step)
        slopes.append(slope.view_as(parameter))
    return slopes
