r"""REINFORCE: raise the probability of what turned out better than expected.

Papers: Williams, "Simple statistical gradient-following algorithms for connectionist reinforcement
learning", Machine Learning 8 (1992) 229–256. Sutton, McAllester, Singh and Mansour, "Policy
gradient methods for reinforcement learning with function approximation", NIPS 1999. Kool, van Hoof
and Welling, "Buy 4 REINFORCE samples, get a baseline for free!", ICLR workshop 2019 (the mean of
the other episodes as a baseline).

.. math:: \nabla_\theta J = E\Bigl[\sum_t \nabla_\theta \ln \pi_\theta(a_t | s_t)
          \,\bigl(G_t - b_t(s_t)\bigr)\Bigr], \qquad G_t = \sum_{k \ge t} \gamma^k r_k

Any baseline b that does not look at the action leaves the mean as it is, since the mean of
∇ ln π is 0.

Shapes: tables (states, actions); episodes (episodes, steps); carts (steps, *nets, carts, ...).
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from nsai.models.cart_pole import LIMIT, fallen, push, start
from nsai.models.decision_process import DecisionProcess, Episodes

Policy = Callable[[Tensor], Tensor]


def sample_episodes(
    process: DecisionProcess,
    policy: Float[Tensor, "states actions"],
    *,
    first: int,
    steps: int,
    episodes: int,
    generator: torch.Generator | None = None,
) -> Episodes:
    """Draw episodes of so many steps side by side.

    Parameters
    ----------
    process
        Where the policy acts.
    policy
        Probabilities of the actions.
    first
        State in which each episode begins.
    steps
        Length of an episode.
    episodes
        How many.
    generator
        Source of the draws; None takes torch's global one.

    Returns
    -------
    Episodes
        As `all_episodes` lists them, with equal chances that sum to 1.

    Examples
    --------
    >>> from nsai.models.decision_process import grid_world
    >>> always_right = torch.tensor([[0.0, 1, 0, 0]]).double().expand(4, 4)
    >>> made = sample_episodes(grid_world(["..+"], slip=0.0), always_right, first=0, steps=3,
    ...                        episodes=2)
    >>> made.states.tolist()
    [[0, 1, 2], [0, 1, 2]]
    """
    if min(steps, episodes) < 1:
        raise ValueError(f"steps and episodes must be at least 1, got {steps} and {episodes}")
    s = torch.full((episodes,), first)
    states, actions = [], []
    for _ in range(steps):
        a = policy[s].multinomial(1, generator=generator)[:, 0]
        states.append(s)
        actions.append(a)
        s = process.transitions[s, a].multinomial(1, generator=generator)[:, 0]
    S, A = torch.stack(states, 1), torch.stack(actions, 1)
    discounts = process.discount ** torch.arange(steps).to(process.rewards)
    chance = torch.full((episodes,), 1 / episodes).to(process.rewards)
    return Episodes(S, A, chance, discounts * process.rewards[S, A])


def reinforce_gradients(
    episodes: Episodes,
    policy: Float[Tensor, "states actions"],
    baseline: Float[Tensor, "steps states"] | None = None,
) -> Float[Tensor, "episodes states actions"]:
    """Return what each episode says of the gradient by the logits of a tabular policy.

    Parameters
    ----------
    episodes
        Drawn, or all there are.
    policy
        The softmax of the logits, which chose the actions.
    baseline
        b of each step and state, discounted to the first step like the rewards; None for 0.

    References
    ----------
    Williams 1992, eq. 4, with the rewards from a step on in place of all of them.

    Examples
    --------
    >>> from nsai.models.decision_process import all_episodes, grid_world
    >>> world = grid_world(["+"])
    >>> policy = torch.full((2, 4), 0.25).double()
    >>> reinforce_gradients(all_episodes(world, first=0, steps=1), policy)[0]
    tensor([[ 0.7500, -0.2500, -0.2500, -0.2500],
            [ 0.0000,  0.0000,  0.0000,  0.0000]], dtype=torch.float64)
    """
    S, A, _, reward = episodes
    G = reward.flip(1).cumsum(1).flip(1)
    if baseline is not None:
        G = G - baseline[torch.arange(S.shape[1]), S]
    gradients = torch.zeros(len(S), *policy.shape).to(policy)
    which = torch.arange(len(S))
    for t in range(S.shape[1]):  # ∇ ln π(a|s) by the logits of s is one-hot(a) − π(·|s)
        gradients[which, S[:, t]] -= policy[S[:, t]] * G[:, t, None]
        gradients[which, S[:, t], A[:, t]] += G[:, t]
    return gradients


class Rollout(NamedTuple):
    """Episodes on carts, as long as the longest.

    Attributes
    ----------
    states
        What was seen, (steps, *nets, carts, 4).
    actions
        What was done, (steps, *nets, carts).
    up
        Where the episode was still going on.
    gain
        Discounted rewards from each step on.
    """

    states: Float[Tensor, "steps *carts 4"]
    actions: Int[Tensor, " steps *carts"]
    up: Bool[Tensor, " steps *carts"]
    gain: Float[Tensor, " steps *carts"]


@torch.no_grad()
def roll_out(
    model: Policy,
    shape: tuple[int, ...],
    *,
    discount: float = 0.99,
    limit: int = LIMIT,
    generator: torch.Generator | None = None,
) -> Rollout:
    """Play one episode a cart, with actions drawn from the policy.

    Parameters
    ----------
    model
        Takes states (..., 4) and returns logits (..., 2).
    shape
        How many carts; any axes that the model knows.
    discount
        What a reward is worth one step later.
    limit
        Steps of an episode at most.
    generator
        Source of all draws; None takes torch's global one.

    Examples
    --------
    >>> made = roll_out(lambda s: torch.zeros(*s.shape[:-1], 2), (3, 10))
    >>> made.states.shape[1:], bool((made.gain[0] > 5).all())
    (torch.Size([3, 10, 4]), True)
    """
    state = start(shape, generator=generator)
    up = torch.ones(shape, dtype=torch.bool)
    states, actions, ups = [], [], []
    for _ in range(limit):
        right = model(state).softmax(-1)[..., 1]
        action = (torch.rand(shape, generator=generator) < right).long()
        states.append(state)
        actions.append(action)
        ups.append(up)
        state = push(state, action)
        up = up & ~fallen(state)
        if not bool(up.any()):
            break
        state = torch.where(up[..., None], state, 0.0)
    gain, gains = torch.zeros(shape), []
    for alive in reversed(ups):
        gain = alive * (1 + discount * gain)
        gains.append(gain)
    return Rollout(*(torch.stack(part) for part in (states, actions, ups, gains[::-1])))


def roll_outs(
    model: Policy, shape: tuple[int, ...], updates: int, **options: object
) -> Iterator[Rollout]:
    """Yield batches for `fit`: episodes played by the model as it is by then.

    Parameters
    ----------
    model, shape, options
        As in `roll_out`.
    updates
        How many batches.

    Examples
    --------
    >>> len(list(roll_outs(lambda s: torch.zeros(*s.shape[:-1], 2), (3, 2), 4)))
    4
    """
    for _ in range(updates):
        yield roll_out(model, shape, **options)  # type: ignore[arg-type]


def advantages(
    gain: Float[Tensor, "steps *nets carts"], up: Bool[Tensor, "steps *nets carts"]
) -> Float[Tensor, "steps *nets carts"]:
    """Return the gain less the mean of the *other* carts that are up at that step; 0 where fallen.

    As the others do not know of the action, this baseline leaves the mean of the gradient alone.

    Parameters
    ----------
    gain, up
        As in `Rollout`.

    Examples
    --------
    >>> advantages(torch.tensor([[5.0, 2, 2]]), torch.tensor([[True, True, True]]))
    tensor([[ 3.0000, -1.5000, -1.5000]])
    """
    total, count = (gain * up).sum(-1, keepdim=True), up.sum(-1, keepdim=True)
    return torch.where(up, gain - (total - gain) / (count - 1).clamp(min=1), 0.0)


def reinforce_loss(model: Policy, batch: Rollout, *, baseline: bool = True) -> Float[Tensor, ""]:
    """Return −Σ ln π(a | s) · advantage over the steps of a batch, the sum over nets.

    The advantages of each net are divided by their root mean square plus 0.01, which changes the
    length of its step and not the direction.

    Parameters
    ----------
    model
        Takes states (*nets, samples, 4) and returns logits (*nets, samples, 2).
    batch
        Episodes that this model has played.
    baseline
        Whether the mean of the other carts is taken off.

    Examples
    --------
    >>> model = torch.nn.Linear(4, 2)
    >>> loss = reinforce_loss(model, roll_out(model, (20,)))
    >>> loss.backward()
    >>> model.weight.grad.shape
    torch.Size([2, 4])
    """
    gain, up = batch.gain, batch.up
    worth = advantages(gain, up) if baseline else gain * up
    over = (0, -1)
    scale = (worth.square().sum(over, keepdim=True) / up.sum(over, keepdim=True)).sqrt()
    worth = worth / (scale + 0.01)  # where all episodes are alike, rounding is no signal
    seen = batch.states.movedim(0, -3).flatten(-3, -2)  # (*nets, steps × carts, 4)
    chosen = batch.actions.movedim(0, -2).flatten(-2)
    logp = model(seen).log_softmax(-1).gather(-1, chosen[..., None])[..., 0]
    weight = worth.movedim(0, -2).flatten(-2)
    alive = up.movedim(0, -2).flatten(-2)
    return -((logp * weight).sum(-1) / alive.sum(-1)).sum()
