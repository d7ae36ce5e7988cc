r"""Finite Markov decision processes, solved exactly in three ways, and their exact gradients.

Papers: Bellman, "Dynamic Programming", Princeton 1957. Howard, "Dynamic Programming and Markov
Processes", MIT Press 1960. d'Epenoux, "A probabilistic production and inventory problem",
Management Science 10 (1963) 98–108. Sutton, McAllester, Singh and Mansour, "Policy gradient
methods for reinforcement learning with function approximation", NIPS 1999.

.. math:: V^*(s) = \max_a \Bigl[ r(s, a) + \gamma \sum_{s'} P(s' | s, a) V^*(s') \Bigr]

Value iteration repeats this equation, policy iteration solves it for one policy after the other,
and the linear programme asks for the smallest V that is nowhere below its right-hand side.

Shapes: P (states, actions, states), r (states, actions), V (states,), Q and π (states, actions).
"""

import itertools
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from scipy.optimize import linprog
from torch import Tensor


@dataclass(frozen=True)
class DecisionProcess:
    """States, actions, where they lead, and what they pay.

    Parameters
    ----------
    transitions
        Probabilities P(s' | s, a), (states, actions, states).
    rewards
        Mean reward of an action, (states, actions).
    discount
        What a reward is worth one step later, in (0, 1]. With 1, some policy must reach a state
        that it does not leave and that pays nothing.

    Raises
    ------
    ValueError
        If the shapes disagree, a row is no distribution, or the discount is not in (0, 1].

    Examples
    --------
    >>> P = torch.tensor([[[1.0, 0], [0, 1]], [[0, 1], [0, 1]]])  # stay or go; then stay
    >>> policy_iteration(DecisionProcess(P, torch.tensor([[1.0, 0], [2, 2]]), 0.5))
    tensor([2., 4.])
    """

    transitions: Float[Tensor, "states actions states"]
    rewards: Float[Tensor, "states actions"]
    discount: float

    def __post_init__(self) -> None:
        P, r = self.transitions, self.rewards
        if P.ndim != 3 or P.shape[0] != P.shape[2] or r.shape != P.shape[:2]:
            raise ValueError(
                "expected transitions (states, actions, states) and rewards (states, actions), "
                f"got {tuple(P.shape)} and {tuple(r.shape)}"
            )
        if bool((P < 0).any()) or not torch.allclose(P.sum(-1), torch.ones_like(r)):
            raise ValueError("every row of transitions must be a distribution over states")
        if not 0 < self.discount <= 1:
            raise ValueError(f"discount must be in (0, 1], got {self.discount}")

    @property
    def over(self) -> Bool[Tensor, " states"]:
        """Which states are never left and pay nothing: there an episode is over."""
        here = torch.eye(len(self.rewards)).to(self.transitions)[:, None]
        return (self.transitions == here).all((1, 2)) & (self.rewards == 0).all(1)

    def actions_worth(self, V: Float[Tensor, " states"]) -> Float[Tensor, "states actions"]:
        """Return Q(s, a) = r(s, a) + γ Σ P(s' | s, a) V(s')."""
        return self.rewards + self.discount * self.transitions @ V


def grid_world(
    rows: list[str], *, slip: float = 0.2, living: float = -0.04, discount: float = 1.0
) -> DecisionProcess:
    """Return a grid in which moves may slip sideways.

    Cells are numbered row after row, walls left out; a last state, which is never left, comes
    after the cells that end an episode. Actions are up, right, down and left; a move against a
    wall or the edge stays.

    Parameters
    ----------
    rows
        The map: ``.`` free, ``#`` wall, ``+`` and ``-`` end the episode with +1 and −1.
    slip
        Chance that a move goes off at a right angle, half to either side.
    living
        Reward of each step from a free cell.
    discount
        As in `DecisionProcess`.

    Raises
    ------
    ValueError
        If the rows differ in length or hold another sign.

    References
    ----------
    Russell and Norvig, Artificial Intelligence: A Modern Approach (1995), figure 17.1.

    Examples
    --------
    >>> grid_world(["..+"]).rewards[:, 0]
    tensor([-0.0400, -0.0400,  1.0000,  0.0000], dtype=torch.float64)
    """
    if len({len(row) for row in rows}) != 1 or set("".join(rows)) - set(".#+-"):
        raise ValueError(
            f"rows must be of one length and made of '.', '#', '+' and '-', got {rows}"
        )
    places = [(i, j) for i, row in enumerate(rows) for j, sign in enumerate(row) if sign != "#"]
    number = {place: k for k, place in enumerate(places)}
    end = len(places)
    P = torch.zeros(end + 1, 4, end + 1, dtype=torch.float64)
    r = torch.zeros(end + 1, 4, dtype=torch.float64)
    P[end, :, end] = 1
    moves = [(-1, 0), (0, 1), (1, 0), (0, -1)]
    for (i, j), state in number.items():
        sign = rows[i][j]
        r[state] = {".": living, "+": 1.0, "-": -1.0}[sign]
        for action in range(4):
            if sign != ".":
                P[state, action, end] = 1
                continue
            for turn, chance in ((0, 1 - slip), (1, slip / 2), (3, slip / 2)):
                down, right = moves[(action + turn) % 4]
                P[state, action, number.get((i + down, j + right), state)] += chance
    return DecisionProcess(P, r, discount)


def value_iteration(
    process: DecisionProcess, *, tolerance: float = 1e-13, most: int = 100_000
) -> Float[Tensor, " states"]:
    """Repeat Bellman's equation until no value changes by more than the tolerance.

    Parameters
    ----------
    process
        What is to be solved.
    tolerance
        Largest change of a value at the end.
    most
        Rounds at most.

    Raises
    ------
    ValueError
        If the values still change after that many rounds.

    Examples
    --------
    >>> value_iteration(grid_world(["..+"], slip=0.0))
    tensor([0.9200, 0.9600, 1.0000, 0.0000], dtype=torch.float64)
    """
    V = torch.zeros_like(process.rewards[:, 0])
    for _ in range(most):
        before, V = V, process.actions_worth(V).amax(-1)
        if float((V - before).abs().max()) <= tolerance:
            return V
    raise ValueError(f"values still change by more than {tolerance} after {most} rounds")


def evaluate_policy(
    process: DecisionProcess, policy: Float[Tensor, "states actions"]
) -> Float[Tensor, " states"]:
    """Return the value of a policy, the solution of V = r_π + γ P_π V; differentiable in it.

    States that a policy never leaves and that pay nothing are worth 0; this makes the equation
    solvable for a discount of 1.

    Parameters
    ----------
    process
        Where the policy acts.
    policy
        Probabilities of the actions, (states, actions).

    Examples
    --------
    >>> always_right = torch.tensor([[0.0, 1, 0, 0]]).double().expand(4, 4)
    >>> evaluate_policy(grid_world(["..+"], slip=0.0), always_right)
    tensor([0.9200, 0.9600, 1.0000, 0.0000], dtype=torch.float64)
    """
    P = torch.einsum("sa,sat->st", policy, process.transitions)
    r = (policy * process.rewards).sum(-1)
    P = torch.where(process.over[:, None], torch.zeros_like(P), P)
    return torch.linalg.solve(torch.eye(len(P)).to(P) - process.discount * P, r)


def greedy(process: DecisionProcess, V: Float[Tensor, " states"]) -> Int[Tensor, " states"]:
    """Return the best action of each state when the next ones are worth V.

    Examples
    --------
    >>> greedy(grid_world(["..+"]), torch.tensor([0.0, 0, 1, 0]).double()).tolist()
    [0, 1, 0, 0]
    """
    return process.actions_worth(V).argmax(-1)


def policy_iteration(process: DecisionProcess, *, most: int = 1000) -> Float[Tensor, " states"]:
    """Evaluate a policy, act greedily on its values, and repeat until nothing is gained.

    Parameters
    ----------
    process
        What is to be solved; the first policy draws actions at random.
    most
        Policies at most.

    Raises
    ------
    ValueError
        If that many policies were not enough.

    References
    ----------
    Howard 1960.

    Examples
    --------
    >>> policy_iteration(grid_world(["..+"], slip=0.0))
    tensor([0.9200, 0.9600, 1.0000, 0.0000], dtype=torch.float64)
    """
    r = process.rewards
    V = evaluate_policy(process, torch.full_like(r, 1 / r.shape[1]))
    for _ in range(most):
        pick = torch.nn.functional.one_hot(greedy(process, V), r.shape[1]).to(r)
        before, V = V, evaluate_policy(process, pick)
        if float((V - before).max()) <= 1e-12:  # round-off; a real gain is larger
            return V
    raise ValueError(f"still improving after {most} policies")


def linear_program(process: DecisionProcess) -> Float[Tensor, " states"]:
    """Return the smallest V with V(s) ≥ r(s, a) + γ Σ P(s' | s, a) V(s') everywhere, by HiGHS.

    Parameters
    ----------
    process
        What is to be solved.

    Raises
    ------
    ValueError
        If there is no such V, or it has no lower bound.

    References
    ----------
    d'Epenoux 1963. Manne, Linear programming and sequential decisions, Management Science 6 (1960).

    Examples
    --------
    >>> linear_program(grid_world(["..+"], slip=0.0))[:3]
    tensor([0.9200, 0.9600, 1.0000], dtype=torch.float64)
    """
    states, actions = process.rewards.shape
    P, r = process.transitions.double().numpy(), process.rewards.double().numpy()
    above = process.discount * P - np.eye(states)[:, None]
    bounds = [(0, 0) if ended else (None, None) for ended in process.over.tolist()]
    found = linprog(
        np.ones(states), above.reshape(states * actions, states), -r.ravel(), bounds=bounds
    )
    if not found.success:
        raise ValueError(f"the linear programme has no solution: {found.message}")
    return torch.from_numpy(found.x)


class Episodes(NamedTuple):
    """Every course that an episode of so many steps can take.

    Attributes
    ----------
    states, actions
        What happened at each step, (courses, steps).
    chance
        Probability of the course with its actions given, Π P(s' | s, a), (courses,).
    reward
        Discounted reward γᵗ r of each step, (courses, steps).
    """

    states: Int[Tensor, "courses steps"]
    actions: Int[Tensor, "courses steps"]
    chance: Float[Tensor, " courses"]
    reward: Float[Tensor, "courses steps"]


def all_episodes(process: DecisionProcess, *, first: int, steps: int) -> Episodes:
    """List every course of states and actions of a few steps, (states × actions)^steps at most.

    Parameters
    ----------
    process
        Small: the list is exponential in the steps.
    first
        State in which an episode begins.
    steps
        Length of an episode.

    Raises
    ------
    ValueError
        If `steps` is below 1, or more than a million courses would have to be tried.

    Examples
    --------
    >>> len(all_episodes(grid_world(["..+"], slip=0.0), first=0, steps=2).chance)
    16
    """
    states, actions = process.rewards.shape
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
    if states ** (steps - 1) * actions**steps > 1_000_000:
        raise ValueError(f"too many courses of {steps} steps: {states} states, {actions} actions")
    later = torch.tensor(list(itertools.product(range(states), repeat=steps - 1)))
    s = torch.cat([torch.full((len(later), 1), first), later.long().reshape(len(later), -1)], 1)
    a = torch.tensor(list(itertools.product(range(actions), repeat=steps)))
    s = s.repeat_interleave(len(a), 0)
    a = a.repeat(len(s) // len(a), 1)
    chance = process.transitions[s[:, :-1], a[:, :-1], s[:, 1:]].prod(1)
    s, a, chance = (part[chance > 0] for part in (s, a, chance))
    discounts = process.discount ** torch.arange(steps).to(process.rewards)
    return Episodes(s, a, chance, discounts * process.rewards[s, a])


def finite_value(
    process: DecisionProcess, policy: Float[Tensor, "states actions"], steps: int
) -> Float[Tensor, "steps states"]:
    """Return the value of a policy with ``steps``, ``steps - 1``, … 1 steps to go, by recursion.

    Parameters
    ----------
    process
        Where the policy acts.
    policy
        Probabilities of the actions, (states, actions); the values are differentiable in it.
    steps
        Length of an episode.

    Examples
    --------
    >>> always_right = torch.tensor([[0.0, 1, 0, 0]]).double().expand(4, 4)
    >>> finite_value(grid_world(["..+"], slip=0.0), always_right, 2)[0]
    tensor([-0.0800,  0.9600,  1.0000,  0.0000], dtype=torch.float64)
    """
    V, found = torch.zeros_like(process.rewards[:, 0]), []
    for _ in range(steps):
        V = (policy * process.actions_worth(V)).sum(-1)
        found.append(V)
    return torch.stack(found[::-1])
