r"""Backpropagation through time: how a memory answers to what it was many steps ago.

Papers: Hochreiter, "Untersuchungen zu dynamischen neuronalen Netzen", diploma thesis, TU Munich,
1991. Bengio, Simard and Frasconi, "Learning long-term dependencies with gradient descent is
difficult", IEEE Transactions on Neural Networks 5 (1994) 157–166. Pascanu, Mikolov and Bengio, "On
the difficulty of training recurrent neural networks", ICML 2013.

.. math:: J_t = \frac{\partial m_T}{\partial m_t}
              = \prod_{s=T}^{t+1} \frac{\partial m_s}{\partial m_{s-1}}

Shapes: x (batch, time, inputs), m (batch, units), J (states, units, units). The memory m is h in an
Elman cell or a GRU, and c in an LSTM, see `nsai.models.recurrent`.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from nsai.models.recurrent import Cell, GRUCell, LSTMCell, State


def unroll(
    cell: Cell, x: Float[Tensor, "batch time inputs"], state: State | None = None
) -> list[State]:
    """Return the states before the first input and after each one, time + 1 of them.

    Parameters
    ----------
    cell
        One of the three.
    x
        Sequences.
    state
        The first state; zero unless given.

    Examples
    --------
    >>> len(unroll(GRUCell(2, 3), torch.zeros(1, 9, 2)))
    10
    """
    states = [cell.start(len(x)) if state is None else state]
    for seen in x.unbind(1):
        states.append(cell(seen, states[-1]))
    return states


def memory_jacobians(
    cell: Cell, x: Float[Tensor, "batch time inputs"], state: State | None = None
) -> Float[Tensor, "states units units"]:
    r"""Return how the last memory answers to each earlier one, by backpropagation through time.

    .. math:: J_t = \frac{\partial m_T}{\partial m_t}, \qquad t = 0, \dots, T

    The first state is given part by part, so that an LSTM's first h does not depend on its first c;
    from the second state on it does, by the output gate.

    In an Elman cell :math:`J_t = \prod_{s=T}^{t+1} \operatorname{diag}(1 - h_s^2)\, U`. In an LSTM
    whose U is zero, it is diagonal with :math:`\prod_s f_s`; U adds the paths through h.

    Parameters
    ----------
    cell
        One of the three.
    x
        One sequence, a batch of 1.
    state
        The first state; zero unless given.

    Returns
    -------
    Tensor
        (time + 1, units, units); the last one is the identity.

    Raises
    ------
    ValueError
        If there is more than one sequence.

    Examples
    --------
    >>> from nsai.models.recurrent import ElmanCell
    >>> cell = ElmanCell(1, 2, activation=torch.nn.Identity())
    >>> J = memory_jacobians(cell, torch.zeros(1, 3, 1))
    >>> torch.allclose(J[0], torch.linalg.matrix_power(cell.weight_hh.detach(), 3), atol=1e-6)
    True
    """
    if len(x) != 1:
        raise ValueError(f"x must be one sequence of shape (1, time, inputs), got {len(x)}")
    first = cell.start(1) if state is None else state
    with torch.enable_grad():
        first = tuple(part.detach().clone().requires_grad_() for part in first)
        memories = [s[-1] for s in unroll(cell, x, first)]
        each = torch.eye(cell.units, dtype=memories[-1].dtype, device=x.device)[:, None]
        found = torch.autograd.grad(memories[-1], memories, each, is_grads_batched=True)
    return torch.stack([part[:, 0] for part in found])


def step_at_rest(cell: Cell) -> Float[Tensor, "units units"]:
    r"""Return the Jacobian of one step where all is zero: input, state, and biases but the LSTM's.

    .. math:: \text{Elman: } U, \qquad \text{LSTM: } \sigma(b_f)\, I + \tfrac14 U_g, \qquad
              \text{GRU: } \tfrac12 I + \tfrac14 U_n

    Gates without a bias are half open and tanh has slope 1. A cell at rest stays there, so that
    :math:`J_t` is a power of this matrix.

    Parameters
    ----------
    cell
        One of the three, with no bias but that of the forget gate; an Elman cell's activation must
        have slope 1 at zero.

    Raises
    ------
    ValueError
        If another bias is not zero.

    Examples
    --------
    >>> radius = torch.linalg.eigvals(step_at_rest(GRUCell(1, 20))).abs().max()
    >>> bool(0.7 < radius < 0.751)
    True
    """
    bias = (cell.bias_ih + cell.bias_hh).detach()
    U = cell.weight_hh.detach()
    n = cell.units
    kept = torch.zeros(n).to(U)
    if isinstance(cell, LSTMCell):
        kept = bias[n : 2 * n].sigmoid()
        bias = torch.cat((bias[:n], bias[2 * n :]))
        U = U[2 * n : 3 * n] / 4
    elif isinstance(cell, GRUCell):
        kept, U = kept + 0.5, U[2 * n :] / 4
    if bool(bias.any()):
        raise ValueError("biases but that of the forget gate must be zero for a cell to be at rest")
    return kept.diag() + U
