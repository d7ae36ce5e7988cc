r"""Deep Q-learning with a replay memory and a target network, on carts side by side.

Paper: Mnih et al., "Human-level control through deep reinforcement learning", Nature 518 (2015)
529–533. The network Q learns, for transitions (s, a, r, s') drawn from a memory,

.. math:: y = \begin{cases} -1 & \text{if the pole fell} \\
          \gamma\, Q^-\bigl(s', \arg\max_{a'} Q(s', a')\bigr) & \text{else} \end{cases}

The reward is that of Barto, Sutton and Anderson 1983, −1 for a fall. It ranks policies as a reward
of 1 a step does, whose values are (1 + γQ) / (1 − γ), and keeps Q between −1 and 0. Here Q⁻ is a
copy that follows slowly (Lillicrap et al. 2016, arXiv:1509.02971), and Q chooses the action whose
value Q⁻ gives (van Hasselt, Guez and Silver 2016, arXiv:1509.06461). An episode that is cut at its
limit has not fallen: its last state is worth what Q⁻ says (Pardo et al. 2018, arXiv:1712.00378).

Shapes: states (nets, carts, 4), transitions (nets, batch, ...), Q (nets, batch, actions).
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from nsai.models.cart_pole import LIMIT, fallen, push, start
from nsai.training.adversarial import follow


class Transitions(NamedTuple):
    """Steps that carts have taken, and what they are to be worth.

    Attributes
    ----------
    state, action, after
        Where the cart was, what it did, where it came to.
    fell
        Whether that ended the episode for good.
    """

    state: Float[Tensor, "nets batch 4"]
    action: Int[Tensor, "nets batch"]
    after: Float[Tensor, "nets batch 4"]
    fell: Bool[Tensor, "nets batch"]


class Replay:
    """The latest transitions, in a ring.

    Parameters
    ----------
    nets
        Number of networks, each with a memory of its own.
    size
        Transitions a network.

    Raises
    ------
    ValueError
        If a number is below 1, or a draw is asked of an empty memory.

    Examples
    --------
    >>> memory = Replay(1, 3)
    >>> for k in range(5):
    ...     s = torch.full((1, 1, 4), float(k))
    ...     memory.add(Transitions(s, torch.zeros(1, 1).long(), s, torch.zeros(1, 1).bool()))
    >>> sorted(set(memory.draw(100).state[0, :, 0].tolist()))
    [2.0, 3.0, 4.0]
    """

    def __init__(self, nets: int, size: int) -> None:
        if min(nets, size) < 1:
            raise ValueError(f"nets and size must be at least 1, got {nets} and {size}")
        self.size, self.used = size, 0
        self.kept = Transitions(
            torch.zeros(nets, size, 4),
            torch.zeros(nets, size, dtype=torch.int64),
            torch.zeros(nets, size, 4),
            torch.zeros(nets, size, dtype=torch.bool),
        )

    def add(self, new: Transitions) -> None:
        """Keep one transition of each cart, over the oldest ones."""
        places = torch.arange(self.used, self.used + new.action.shape[1]) % self.size
        for kept, part in zip(self.kept, new, strict=True):
            kept[:, places] = part
        self.used += new.action.shape[1]

    def draw(self, batch: int, *, generator: torch.Generator | None = None) -> Transitions:
        """Draw transitions with repetition, for each network its own."""
        if not self.used:
            raise ValueError("the memory is empty")
        nets, most = len(self.kept.action), min(self.used, self.size)
        where = torch.randint(most, (nets, batch), generator=generator)
        which = torch.arange(nets)[:, None]
        return Transitions(*(part[which, where] for part in self.kept))


def q_batches(
    model: nn.Module,
    nets: int,
    *,
    carts: int,
    steps: int,
    batch_size: int = 128,
    memory: int = 50_000,
    explore: tuple[float, float] = (1.0, 0.05),
    exploring: float = 0.3,
    warm: int = 100,
    limit: int = LIMIT,
    hold: int = 1,
    starts: Callable[..., Tensor] = start,
    generator: torch.Generator | None = None,
) -> Iterator[Transitions]:
    """Yield batches for `fit`, one for each step of all carts.

    Parameters
    ----------
    model
        Q, as it is by then; it plays greedily but for the share of random actions.
    nets
        Networks side by side.
    carts
        Carts a network.
    steps
        Batches in all.
    batch_size
        Transitions a batch.
    memory
        Transitions kept.
    explore
        Share of random actions at first and at last.
    exploring
        Share of the steps over which it falls, in a straight line.
    warm
        Steps of the carts before the first batch.
    limit
        Pushes of an episode at most.
    hold
        Pushes that an action lasts, as each lasts four frames in Mnih et al. 2015: the values of
        the two actions are then further apart, and news of a fall travels faster.
    starts
        Draws first states: `start` or, more varied, `anywhere` of `nsai.models.cart_pole`.
    generator
        Source of all draws; None takes torch's global one.

    Examples
    --------
    >>> from nsai.models.gan import PointNets
    >>> next(q_batches(PointNets([4, 8, 2], 3), 3, carts=2, steps=1, batch_size=5)).state.shape
    torch.Size([3, 5, 4])
    """
    kept = Replay(nets, memory)
    state, age = starts((nets, carts), generator=generator), torch.zeros(nets, carts)
    for step in range(-warm, steps):
        share = min(max(step, 0) / max(exploring * steps, 1), 1)
        epsilon = explore[0] + share * (explore[1] - explore[0])
        with torch.no_grad():
            best = model(state).argmax(-1)
        chance = torch.rand(2, nets, carts, generator=generator)
        action = torch.where(chance[0] < epsilon, (chance[1] < 0.5).long(), best)
        after = push(state, action)
        for _ in range(hold - 1):
            after = torch.where(fallen(after)[..., None], after, push(after, action))
        fell, age = fallen(after), age + hold
        kept.add(Transitions(state, action, after, fell))
        over = fell | (age >= limit)
        fresh = starts((nets, carts), generator=generator)
        state = torch.where(over[..., None], fresh, after)
        age = torch.where(over, 0.0, age)
        if step >= 0:
            yield kept.draw(batch_size, generator=generator)


def q_targets(
    model: Callable[[Tensor], Tensor],
    target: Callable[[Tensor], Tensor],
    batch: Transitions,
    discount: float,
) -> Float[Tensor, "nets batch"]:
    """Return y: −1 after a fall, else γ Q⁻(s', argmax Q(s', ·)).

    Parameters
    ----------
    model, target
        Q and Q⁻.
    batch
        Transitions.
    discount
        What a reward is worth one step later.

    Examples
    --------
    >>> s, a = torch.zeros(1, 2, 4), torch.zeros(1, 2, dtype=torch.int64)
    >>> fell = torch.tensor([[False, True]])
    >>> q = lambda s: torch.tensor([3.0, 5.0]).expand(*s.shape[:-1], 2)
    >>> q_targets(q, q, Transitions(s, a, s, fell), 0.5)
    tensor([[ 2.5000, -1.0000]])
    """
    with torch.no_grad():
        best = model(batch.after).argmax(-1, keepdim=True)
        later = target(batch.after).gather(-1, best)[..., 0]
    return torch.where(batch.fell, -1.0, discount * later)


def q_loss(
    target: nn.Module, *, discount: float = 0.99, keep: float = 0.99
) -> Callable[[nn.Module, Transitions], Tensor]:
    """Return the loss for `fit`: the mean of (Q(s, a) − y)², the sum over nets.

    Parameters
    ----------
    target
        A copy of the model, Q⁻; it follows the model at each step.
    discount
        What a reward is worth one step later.
    keep
        Share of Q⁻ that stays at each step.

    Examples
    --------
    >>> from copy import deepcopy
    >>> from nsai.models.gan import PointNets
    >>> model = PointNets([4, 8, 2], 3)
    >>> batch = next(q_batches(model, 3, carts=2, steps=1, batch_size=5))
    >>> q_loss(deepcopy(model))(model, batch).ndim
    0
    """

    def loss(model: nn.Module, batch: Transitions) -> Tensor:
        follow(target, model, keep)
        y = q_targets(model, target, batch, discount)
        q = model(batch.state).gather(-1, batch.action[..., None])[..., 0]
        return (q - y).square().mean(-1).sum()

    return loss
