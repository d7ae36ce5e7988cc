"""Reading a class off neurons that were taught none."""

import torch
from jaxtyping import Float, Int
from torch import Tensor


def assign_classes(
    counts: Int[Tensor, "samples neurons"], labels: Int[Tensor, " samples"], classes: int
) -> Int[Tensor, " neurons"]:
    """Return the class for which each neuron has fired most, on average; -1 if it never has.

    Parameters
    ----------
    counts
        Spikes of each neuron for each sample.
    labels
        Classes of the samples, from 0.
    classes
        Their number.

    Raises
    ------
    ValueError
        If the lengths differ, or a class is out of range.

    References
    ----------
    Diehl and Cook, "Unsupervised learning of digit recognition using spike-timing-dependent
    plasticity", Frontiers in Computational Neuroscience 9, 2015, section 2.6.

    Examples
    --------
    >>> counts = torch.tensor([[5, 0, 0], [4, 1, 0], [0, 3, 0]])
    >>> assign_classes(counts, torch.tensor([0, 0, 1]), 2)
    tensor([ 0,  1, -1])
    """
    if len(counts) != len(labels):
        raise ValueError(f"counts and labels must be as many, got {len(counts)} and {len(labels)}")
    if len(labels) and not (labels.min() >= 0 and labels.max() < classes):
        raise ValueError(f"labels must be in [0, {classes}), got {labels.min()} to {labels.max()}")
    sums = torch.zeros(classes, counts.shape[1], dtype=torch.float64)
    sums.index_add_(0, labels, counts.double())
    means = sums / labels.bincount(minlength=classes).clamp(min=1)[:, None]
    best = means.max(0)
    return torch.where(best.values > 0, best.indices, -1)


def vote(
    counts: Int[Tensor, "samples neurons"], assigned: Int[Tensor, " neurons"], classes: int
) -> Float[Tensor, "samples classes"]:
    """Return the mean number of spikes of each class's neurons; the largest is the answer.

    Parameters
    ----------
    counts
        Spikes of each neuron for each sample.
    assigned
        Each neuron's class; -1 for a neuron that does not vote.
    classes
        Their number. A class without a neuron gets -1, less than any other.

    Examples
    --------
    >>> vote(torch.tensor([[4, 2, 9]]), torch.tensor([0, 0, -1]), 2)
    tensor([[ 3., -1.]], dtype=torch.float64)
    """
    members = torch.nn.functional.one_hot(assigned + 1, classes + 1)[:, 1:].double()
    size = members.sum(0)
    return torch.where(size > 0, counts.double() @ members / size.clamp(min=1), -1.0)
