"""A loss that asks the neuron of the right class to spike before the others."""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import cross_entropy


def first_spike_loss(
    times: Float[Tensor, "batch classes"],
    labels: Int[Tensor, " rows"],
    tau: float = 0.5e-3,
    *,
    late: float = 3e-3,
    tau_late: float = 6.4e-3,
) -> Float[Tensor, ""]:
    r"""Return the cross-entropy of first spike times, and a price of spiking late.

    .. math:: L = \frac{1}{B} \sum_b -\ln \frac{e^{-t_{b y_b} / \tau}}{\sum_k e^{-t_{bk} / \tau}}
              + \alpha\, (e^{t_{b y_b} / \tau_{late}} - 1)

    A row whose right neuron is silent has no gradient and counts as zero: no exact gradient makes
    a neuron spike.

    Parameters
    ----------
    times
        First spike times of the output neurons, in seconds, infinite for no spike.
    labels
        Right classes.
    tau
        Time that sets the neurons apart, in seconds.
    late
        α, weight of the second term.
    tau_late
        Time above which it grows fast, in seconds.

    Raises
    ------
    ValueError
        If labels do not fit the times, or a constant is not positive.

    References
    ----------
    Wunderlich and Pehle, "Event-based backpropagation can compute exact gradients for spiking
    neural networks", Scientific Reports 11, 2021, the loss for Yin-Yang; the defaults are those of
    their experiment.

    Examples
    --------
    >>> times = torch.tensor([[0.010, 0.012, torch.inf]])
    >>> [round(first_spike_loss(times, torch.tensor([y])).item(), 3) for y in (0, 1, 2)]
    [0.029, 4.035, 0.0]
    """
    if tau <= 0 or tau_late <= 0 or late < 0:
        raise ValueError(f"expected positive time constants, got {tau}, {tau_late}; late {late}")
    if times.dim() != 2 or labels.shape != times.shape[:1]:
        raise ValueError(
            f"expected times (batch, classes) and labels (batch,), got {tuple(times.shape)} and "
            f"{tuple(labels.shape)}"
        )
    spiked = times.detach().gather(1, labels[:, None]).squeeze(1).isfinite()
    times, labels, rows = times[spiked], labels[spiked], len(times)
    right = times.gather(1, labels[:, None]).squeeze(1)
    price = late * torch.expm1(right / tau_late)
    return (cross_entropy(-times / tau, labels, reduction="sum") + price.sum()) / rows
