r"""Recursions without a reset, all time steps in parallel."""

import torch
from jaxtyping import Float
from torch import Tensor


def scan(
    decay: Float[Tensor, "..."],
    x: Float[Tensor, "time batch ..."],
    start: Float[Tensor, "batch ..."],
) -> Float[Tensor, "time batch ..."]:
    r"""Return :math:`y_t = a\, y_{t-1} + x_t` for all t, from :math:`y_{-1}` on.

    An associative scan: after k rounds :math:`y_t` holds the last :math:`2^k` inputs, and the next
    adds what was :math:`2^k` steps before, times :math:`a^{2^k}`. That takes :math:`\log_2 T`
    operations on whole sequences, each with a gradient, for devices on which many steps cost less
    than many operations.

    Parameters
    ----------
    decay
        a, at most 1 in absolute value, that fits (batch, ...).
    x
        Inputs.
    start
        :math:`y_{-1}`.

    References
    ----------
    Blelloch, "Prefix sums and their applications", CMU-CS-90-190, 1990, section 1.4.

    Examples
    --------
    >>> scan(torch.tensor(0.5), torch.ones(3, 1), torch.zeros(1)).flatten()
    tensor([1.0000, 1.5000, 1.7500])
    """
    y = torch.cat((x[:1] + decay * start, x[1:]))
    reach = 1
    while reach < len(y):
        y = torch.cat((y[:reach], y[reach:] + decay * y[:-reach]))
        decay, reach = decay * decay, 2 * reach
    return y
