r"""Between decays of a step and time constants.

NIR has time in seconds and inputs that last, :math:`\tau \dot v = v_{leak} - v + r\, i`. A neuron
whose input is a jump, :math:`v_t = \alpha\, v_{t-1} + x_t`, is one whose input x lasts for a step,
with :math:`r = 1 / (1 - \alpha)`.
"""

import numpy as np
import torch
from torch import Tensor

from spiking.neurons.neuron import Method

REACH = 8  # neighbours of a time constant that are tried


def jump_gain(tau: Tensor, dt: float, method: Method) -> Tensor:
    r"""Return r with which an input that lasts for a step is a jump, :math:`1 / (1 - \alpha)`."""
    rate = dt / tau.double()
    return 1 / (rate if method == "euler" else -torch.expm1(-rate))


def euler_time_constant(decay: Tensor, dt: float) -> Tensor:
    r"""Return the time constant of a decay by Euler's method, :math:`dt / (1 - \alpha)`.

    The nearest double may not give the decay back, so its neighbours are tried.

    Parameters
    ----------
    decay
        α of a step, from 0 to below 1.
    dt
        Time step, in seconds.
    """
    alpha = decay.detach().cpu().double().numpy()
    found = np.asarray(dt / (1 - alpha))
    best = found.copy()
    for steps in sorted(range(-REACH, REACH + 1), key=abs):
        near = found + steps * np.spacing(found)
        better = np.abs(1 - dt / near - alpha) < np.abs(1 - dt / best - alpha)
        best = np.where(better, near, best)
    return torch.from_numpy(np.asarray(best))
