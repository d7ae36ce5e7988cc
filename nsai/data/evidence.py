"""Evidence to be remembered: cues on the left or right, a delay, and a question, as spikes."""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor


class Evidence(NamedTuple):
    """Trials of the evidence accumulation task.

    Attributes
    ----------
    x
        Spikes, (time, trials, inputs). Four groups of neurons: left cues, right cues, the question,
        noise.
    y
        1 where most cues were right, 0 otherwise, (trials,).
    asked
        1 in the steps in which the answer is wanted, 0 elsewhere, (time,).
    """

    x: Float[Tensor, "time trials inputs"]
    y: Int[Tensor, " trials"]
    asked: Float[Tensor, " time"]


def evidence(
    trials: int,
    generator: torch.Generator,
    *,
    cues: int = 7,
    delay: int = 1050,
    shown: int = 100,
    pause: int = 50,
    question: int = 150,
    group: int = 10,
    rate: float = 0.04,
    unlikely: float = 0.3,
) -> Evidence:
    """Draw trials of the evidence accumulation task.

    A mouse runs along a corridor with cues on its left and right, and after a while without any has
    to turn to the side that had more. Each cue makes a group of neurons fire; another group fires
    with the question at the end; a last one fires at random throughout. With one cue it is a store
    and recall task.

    Parameters
    ----------
    trials
        Their number.
    generator
        Source of all draws.
    cues
        Their number, odd.
    delay
        Steps between the last cue and the question.
    shown, pause
        Steps of a cue, and before each.
    question
        Steps of the question.
    group
        Neurons of each of the four groups.
    rate
        Probability of a spike in a step of an active neuron; a quarter of it for noise.
    unlikely
        Probability of a cue on the side that is the less likely in its trial.

    Returns
    -------
    Evidence
        Spikes, answers and when they are asked for.

    Raises
    ------
    ValueError
        If a number is out of range.

    References
    ----------
    Morcos and Harvey, "History-dependent variability in population dynamics during evidence
    accumulation in cortex", Nature Neuroscience 19, 2016. Bellec et al., "A solution to the
    learning dilemma for recurrent networks of spiking neurons", Nature Communications 11, 2020,
    figure 3; defaults are those of the authors' program, with steps of 1 ms.

    Examples
    --------
    >>> trials = evidence(5, torch.Generator().manual_seed(0), cues=1, delay=300)
    >>> trials.x.shape, int(trials.asked.sum())
    (torch.Size([600, 5, 40]), 150)
    """
    if trials < 1 or cues < 1 or cues % 2 == 0:
        raise ValueError(f"trials must be positive and cues odd, got {trials} and {cues}")
    if min(delay, pause) < 0 or min(shown, question, group) < 1:
        raise ValueError(
            "delay and pause must not be negative, shown, question and group positive, got "
            f"{delay}, {pause}, {shown}, {question}, {group}"
        )
    if not (0 <= rate <= 1 and 0 <= unlikely <= 1):
        raise ValueError(f"rate and unlikely must be in [0, 1], got {rate} and {unlikely}")
    steps = cues * (pause + shown) + delay + question
    likely = torch.rand(trials, 1, generator=generator) < 0.5
    right = (torch.rand(trials, cues, generator=generator) < unlikely) ^ likely
    share = torch.zeros(steps, trials, 4)
    for k in range(cues):
        first = k * (pause + shown) + pause
        share[first : first + shown, :, 0] = rate * (~right[:, k]).float()
        share[first : first + shown, :, 1] = rate * right[:, k].float()
    share[-question:, :, 2] = rate
    share[..., 3] = rate / 4
    drawn = torch.rand(steps, trials, 4 * group, generator=generator)
    asked = torch.zeros(steps)
    asked[-question:] = 1
    x = (drawn < share.repeat_interleave(group, -1)).float()
    return Evidence(x, (right.sum(1) > cues // 2).long(), asked)
