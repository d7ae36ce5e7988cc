"""Who can influence whom: a test of causality that no low loss can replace."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from nsai.models.transformer import GPT


def influence(
    model: GPT, tokens: Int[Tensor, "1 time"], *, generator: torch.Generator
) -> Float[Tensor, "time time"]:
    r"""Return how strongly the features of each place move the logits of each other one.

    .. math:: I_{ts} = \left\lVert r^\top \frac{\partial\,\mathrm{logits}_t}{\partial x_s}
              \right\rVert, \qquad r \sim \mathcal{N}(0, I)

    A random direction r misses a derivative that is not zero with probability zero, at the cost
    of one backward pass a place. A causal model has I exactly zero above the diagonal.

    Parameters
    ----------
    model
        The language model; read in evaluation mode and left as it was.
    tokens
        One sequence, (1, time).
    generator
        Source of r, on the CPU.

    Returns
    -------
    Tensor
        (time, time): row t tells what moves the prediction made at place t.

    Examples
    --------
    >>> model = GPT(5, block=8, layers=2, heads=2, width=4)
    >>> g = torch.Generator().manual_seed(0)
    >>> I = influence(model, torch.tensor([[0, 1, 2, 3]]), generator=g)
    >>> bool((I.triu(1) == 0).all() and (I.diagonal() > 0).all())
    True
    """
    training = model.training
    model.eval()
    x = model.embed(tokens).detach().requires_grad_()
    logits = model.decode(x)[0]
    direction = torch.randn(logits.shape[1], generator=generator).to(logits)
    rows = []
    for spoken in logits @ direction:
        (slope,) = torch.autograd.grad(spoken, x, retain_graph=True)
        rows.append(slope[0].norm(dim=-1))
    model.train(training)
    return torch.stack(rows)
