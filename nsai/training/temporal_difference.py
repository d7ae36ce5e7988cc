r"""Values learned from steps alone, without the probabilities: TD(0) and Q-learning.

Papers: Sutton, "Learning to predict by the methods of temporal differences", Machine Learning 3
(1988) 9–44. Watkins and Dayan, "Q-learning", Machine Learning 8 (1992) 279–292.

.. math:: V(s) \leftarrow V(s) + \alpha_n\,[r + \gamma V(s') - V(s)], \qquad
          Q(s, a) \leftarrow Q(s, a) + \alpha_n\,[r + \gamma \max_{a'} Q(s', a') - Q(s, a)]

at the n-th visit of s, or of s and a, with α = n^−ω. For ½ < ω ≤ 1 both converge with probability
1; the rate is best between (Even-Dar and Mansour, Journal of Machine Learning Research 5 (2003)
1–25).

Shapes: P (states, actions, states), r, Q and π (states, actions), V (states,).
"""

from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from nsai.models.decision_process import DecisionProcess


def temporal_differences(
    process: DecisionProcess,
    policy: Float[Tensor, "states actions"],
    *,
    steps: int,
    power: float = 0.8,
    generator: torch.Generator | None = None,
) -> Float[Tensor, " states"]:
    """Learn the value of a policy by TD(0).

    Parameters
    ----------
    process
        Used to draw steps from; its probabilities are not looked at.
    policy
        Probabilities of the actions.
    steps
        How many; an episode that is over is followed by one from a state drawn at random.
    power
        The exponent ω of the rates.
    generator
        Source of the draws; None takes torch's global one.

    Raises
    ------
    ValueError
        If `steps` is below 1 or ω not in (½, 1].

    Examples
    --------
    >>> from nsai.models.decision_process import grid_world
    >>> always_right = torch.tensor([[0.0, 1, 0, 0]]).double().expand(4, 4)
    >>> world = grid_world(["..+"], slip=0.0)
    >>> temporal_differences(world, always_right, steps=3000).round(decimals=2)
    tensor([0.9200, 0.9600, 1.0000, 0.0000], dtype=torch.float64)
    """
    return _learn(process, policy, 1, steps=steps, power=power, generator=generator)[:, 0]


def q_learning(process: DecisionProcess, **walk: Any) -> Float[Tensor, "states actions"]:
    """Learn the value of every action under the best policy, while acting at random.

    Parameters
    ----------
    process
        As in `temporal_differences`.
    walk
        Its ``steps``, ``power`` and ``generator``.

    Examples
    --------
    >>> from nsai.models.decision_process import grid_world
    >>> Q = q_learning(grid_world(["..+"], slip=0.0), steps=5000)
    >>> Q.argmax(1)[:2].tolist()
    [1, 1]
    """
    random = torch.full_like(process.rewards, 1 / process.rewards.shape[1])
    return _learn(process, random, random.shape[1], **walk)


def _learn(
    process: DecisionProcess,
    policy: Tensor,
    columns: int,
    *,
    steps: int,
    power: float = 0.8,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Apply Q-learning's rule, which is that of TD(0) for a table of one column."""
    table = [[0.0] * columns for _ in policy]
    seen = [[0] * columns for _ in policy]
    for s, a, r, after in _walk(process, policy, steps, power, generator):
        a %= columns  # all actions share one column
        seen[s][a] += 1
        rate = seen[s][a] ** -power
        table[s][a] += rate * (r + process.discount * max(table[after]) - table[s][a])
    return torch.tensor(table, dtype=torch.float64)


def _walk(
    process: DecisionProcess,
    policy: Tensor,
    steps: int,
    power: float,
    generator: torch.Generator | None,
) -> Iterator[tuple[int, int, float, int]]:
    """Yield state, action, reward and next state."""
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
    if not 0.5 < power <= 1:
        raise ValueError(f"power must be in (0.5, 1], got {power}")
    over, rewards = process.over.tolist(), process.rewards.tolist()
    live = [s for s, ended in enumerate(over) if not ended]
    choice, moves = _cumulative(policy), _cumulative(process.transitions)
    draws = torch.rand(steps, 3, generator=generator, dtype=torch.float64).tolist()
    s = live[0]
    for first, second, third in draws:
        if over[s]:
            s = live[int(third * len(live))]
        a = bisect_right(choice[s], first)
        after = bisect_right(moves[s][a], second)
        yield s, a, rewards[s][a], after
        s = after


def _cumulative(p: Tensor) -> Any:
    """Return distribution functions that end in exactly 1, so that no draw falls off the end."""
    sums = p.double().cumsum(-1)
    return (sums / sums[..., -1:]).tolist()
