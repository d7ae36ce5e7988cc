r"""A pole balanced on a cart, many at a time.

Paper: Barto, Sutton and Anderson, "Neuronlike adaptive elements that can solve difficult learning
control problems", IEEE Transactions on Systems, Man, and Cybernetics 13 (1983) 834–846; here
without friction and with the constants of gymnasium's CartPole-v1. A force F of ±10 N pushes a
cart of mass M = 1 kg with a pole of mass m = 0.1 kg and half length l = 0.5 m:

.. math:: b = \frac{F + m l \dot\theta^2 \sin\theta}{M + m}, \qquad
          \ddot\theta = \frac{g \sin\theta - b \cos\theta}
              {l\,\bigl(\frac43 - \frac{m \cos^2\theta}{M + m}\bigr)}, \qquad
          \ddot x = b - \frac{m l\, \ddot\theta \cos\theta}{M + m}

and each step is one of Euler's, 0.02 s long. An episode ends when the cart is more than 2.4 m off
the middle or the pole more than 12° off the vertical, and after 500 steps; each step is worth 1.

Shapes: states (..., 4) of x [m], x' [m/s], θ [rad] and θ' [rad/s]; actions (...,), 0 pushes left
and 1 right.
"""

import math
from collections.abc import Callable, Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from nsai.models.gan import PointNets

LIMIT = 500  # steps of an episode of CartPole-v1
SOLVED = 475.0  # mean return over 100 episodes that gymnasium's registry asks for

_GRAVITY, _CART, _POLE, _HALF, _FORCE, _STEP = 9.8, 1.0, 0.1, 0.5, 10.0, 0.02
_FAR, _TILTED = 2.4, 12 * math.pi / 180
_WIDE = (_FAR, 2.0, _TILTED, 2.0)  # m, m/s, rad and rad/s: about where a pole can be saved


def start(
    shape: Sequence[int], *, generator: torch.Generator | None = None
) -> Float[Tensor, "*shape 4"]:
    """Return states drawn uniformly from ±0.05, as CartPole-v1 begins.

    Parameters
    ----------
    shape
        How many carts; any axes.
    generator
        Source of the draws; None takes torch's global one.

    Examples
    --------
    >>> start((3, 2)).shape
    torch.Size([3, 2, 4])
    """
    return 0.1 * torch.rand(*shape, 4, generator=generator) - 0.05


def anywhere(
    shape: Sequence[int], *, generator: torch.Generator | None = None
) -> Float[Tensor, "*shape 4"]:
    """Return states drawn uniformly from all places and angles at which an episode goes on.

    Speeds are up to 2 m/s and 2 rad/s. These are exploring starts (Sutton and Barto, Reinforcement
    Learning, 2018, section 5.3): a learner sees also what a good player seldom gets into.

    Parameters
    ----------
    shape, generator
        As in `start`.

    Examples
    --------
    >>> anywhere((3, 2)).shape, bool(fallen(anywhere((100,))).any())
    (torch.Size([3, 2, 4]), False)
    """
    return torch.tensor(_WIDE) * (2 * torch.rand(*shape, 4, generator=generator) - 1)


def push(state: Float[Tensor, "*shape 4"], action: Int[Tensor, "*shape"]) -> Tensor:
    """Return the states 0.02 s later.

    Parameters
    ----------
    state
        Position, speed, angle and angular speed, (..., 4).
    action
        0 to push left and 1 to push right, (...,).

    Examples
    --------
    >>> push(torch.zeros(4), torch.tensor(1))  # the cart moves right, the pole falls left
    tensor([ 0.0000,  0.1951,  0.0000, -0.2927])
    """
    x, v, angle, spin = state.unbind(-1)
    total = _CART + _POLE
    sin, cos = angle.sin(), angle.cos()
    b = (_FORCE * (2 * action - 1) + _POLE * _HALF * spin.square() * sin) / total
    turn = (_GRAVITY * sin - b * cos) / (_HALF * (4 / 3 - _POLE * cos.square() / total))
    pull = b - _POLE * _HALF * turn * cos / total
    return torch.stack(
        [x + _STEP * v, v + _STEP * pull, angle + _STEP * spin, spin + _STEP * turn], -1
    )


def fallen(state: Float[Tensor, "*shape 4"]) -> Bool[Tensor, "*shape"]:
    """Return where the cart has left the track or the pole has fallen.

    Examples
    --------
    >>> fallen(torch.tensor([[0.0, 0, 0, 0], [2.5, 0, 0, 0], [0, 0, -0.22, 0]])).tolist()
    [False, True, True]
    """
    return (state[..., 0].abs() > _FAR) | (state[..., 2].abs() > _TILTED)


@torch.no_grad()
def returns(
    policy: Callable[[Tensor], Tensor],
    shape: Sequence[int],
    *,
    limit: int = LIMIT,
    generator: torch.Generator | None = None,
) -> Float[Tensor, "*shape"]:
    """Return how many steps a policy keeps the poles up, one episode a cart.

    Parameters
    ----------
    policy
        Takes states (..., 4) and returns actions (...,).
    shape
        How many carts; any axes.
    limit
        Steps after which an episode is cut.
    generator
        Source of the starts; None takes torch's global one.

    Examples
    --------
    >>> right = returns(lambda s: torch.ones(s.shape[:-1], dtype=torch.int64), (100,))
    >>> bool(right.min() >= 7) and bool(right.max() <= 11)
    True
    """
    state = start(shape, generator=generator)
    up = torch.ones(state.shape[:-1], dtype=torch.bool)
    steps = torch.zeros(state.shape[:-1])
    for _ in range(limit):
        state = push(state, policy(state))
        steps += up
        up &= ~fallen(state)
        if not bool(up.any()):
            break
        state = torch.where(up[..., None], state, 0.0)  # a fallen pole would whirl to infinity
    return steps


class CartNets(PointNets):
    """Several small networks side by side that see carts, each number in units of its range.

    The units are 2.4 m, 2 m/s, 12° and 2 rad/s, so that an angle counts as much as a place.

    Parameters
    ----------
    hidden
        Units of each hidden layer.
    nets, generator
        As in `PointNets`.

    Examples
    --------
    >>> CartNets([64], nets=3)(torch.zeros(3, 10, 4)).shape
    torch.Size([3, 10, 2])
    """

    def __init__(
        self, hidden: Sequence[int], nets: int = 1, *, generator: torch.Generator | None = None
    ) -> None:
        super().__init__([4, *hidden, 2], nets, generator=generator)

    def forward(self, x: Float[Tensor, "nets carts 4"]) -> Float[Tensor, "nets carts 2"]:
        """Return two numbers a cart, one for each action."""
        return super().forward(x / torch.tensor(_WIDE, dtype=x.dtype))
