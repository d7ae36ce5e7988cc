r"""SCAN without a file: its grammar writes the 20,910 commands, its semantics the actions.

Paper: Lake and Baroni, "Generalization without systematicity", ICML 2018, figures 6 and 7:

.. math:: C &\to S\ \text{and}\ S \mid S\ \text{after}\ S \mid S &
          [x\ \text{and}\ y] &= [x]\,[y] \qquad [x\ \text{after}\ y] = [y]\,[x] \\
          S &\to V\ \text{twice} \mid V\ \text{thrice} \mid V &
          [x\ \text{twice}] &= [x]\,[x] \\
          V &\to D \mid U \mid X\ \text{opposite}\ d \mid X\ \text{around}\ d &
          [x\ \text{opposite}\ d] &= [d]\,[d]\,[x] \qquad
          [x\ \text{around}\ d] = ([d]\,[x])^4 \\
          D &\to X\ d & [x\ d] &= [d]\,[x]

with U a verb, X a verb or "turn", which means nothing by itself, and d "left" or "right".
"""

from collections.abc import Mapping
from itertools import product

import torch

from nsai.data.samples import Pairs
from nsai.data.scan import TASKS

VERBS = {"walk": "I_WALK", "look": "I_LOOK", "run": "I_RUN", "jump": "I_JUMP"}
TURNS = {"left": "I_TURN_LEFT", "right": "I_TURN_RIGHT"}
TIMES = {"twice": 2, "thrice": 3}
LONGEST = 22  # actions in the training part of the length split
SHARE = 0.8  # of the commands in the training part of the simple split
REPEATED = 10  # the new word alone is every tenth line of the training part


def scan_commands() -> list[str]:
    """Return every command of the grammar, the short ones first.

    Examples
    --------
    >>> commands = scan_commands()
    >>> len(commands), commands[0], commands[-1]
    (20910, 'walk', 'turn around right thrice after turn around right thrice')
    """
    turned = [" ".join(v) for v in product([*VERBS, "turn"], TURNS)]
    wide = [" ".join(v) for v in product([*VERBS, "turn"], ("opposite", "around"), TURNS)]
    phrases = [*VERBS, *turned, *wide]
    simple = [*phrases, *(" ".join(s) for s in product(phrases, TIMES))]
    joined = product(("and", "after"), simple, simple)
    return [*simple, *(f"{first} {word} {second}" for word, first, second in joined)]


def interpret(command: str, verbs: Mapping[str, str] = VERBS) -> list[str]:
    """Return what a command means: SCAN's semantics, by recursion on the grammar.

    Parameters
    ----------
    command
        Words separated by single spaces.
    verbs
        The verbs and their actions; one entry more is a verb that can be used everywhere.

    Returns
    -------
    list of str
        The actions.

    Raises
    ------
    ValueError
        If the grammar does not have the command.

    Examples
    --------
    >>> interpret("jump left after walk twice")
    ['I_WALK', 'I_WALK', 'I_TURN_LEFT', 'I_JUMP']
    >>> interpret("dax opposite right", {"dax": "I_DAX"})
    ['I_TURN_RIGHT', 'I_TURN_RIGHT', 'I_DAX']
    """
    return _command(command.split(" "), verbs)


def _command(words: list[str], verbs: Mapping[str, str]) -> list[str]:
    for i, word in enumerate(words):
        if word in ("and", "after"):
            parts = _sentence(words[:i], verbs), _sentence(words[i + 1 :], verbs)
            return parts[0] + parts[1] if word == "and" else parts[1] + parts[0]
    return _sentence(words, verbs)


def _sentence(words: list[str], verbs: Mapping[str, str]) -> list[str]:
    if words and words[-1] in TIMES:
        return _phrase(words[:-1], verbs) * TIMES[words[-1]]
    return _phrase(words, verbs)


def _phrase(words: list[str], verbs: Mapping[str, str]) -> list[str]:
    match words:
        case [verb] if verb in verbs:
            return [verbs[verb]]
        case [verb, *manner, side] if (verb in verbs or verb == "turn") and side in TURNS:
            act, turn = [verbs[verb]] if verb in verbs else [], [TURNS[side]]
            meanings = {
                (): turn + act,
                ("opposite",): turn * 2 + act,
                ("around",): (turn + act) * 4,
            }
            if tuple(manner) in meanings:
                return meanings[tuple(manner)]
    raise ValueError(f"the grammar of SCAN does not have {' '.join(words)!r} as a phrase")


def scan_split(task: str, generator: torch.Generator) -> tuple[Pairs, Pairs]:
    """Split the commands as the published files do, and draw the order.

    Parameters
    ----------
    task
        ``"simple"``: four fifths at random, another draw than the published one. ``"length"``: at
        most 22 actions in the training part, more in the test. ``"addprim_jump"`` and
        ``"addprim_turn_left"``: in the training part the new phrase comes only alone, in one line
        of ten.
    generator
        Source of the order, on the CPU.

    Returns
    -------
    tuple of Pairs
        Training and test part, as large as those of `nsai.data.scan`, the last three with the
        same lines.

    Raises
    ------
    ValueError
        If the task is unknown.

    Examples
    --------
    >>> train, test = scan_split("addprim_jump", torch.Generator().manual_seed(0))
    >>> len(train.source), len(test.source), {c for c in train.source if "jump" in c}
    (14670, 7706, {'jump'})
    """
    if task not in TASKS:
        raise ValueError(f"task must be one of {', '.join(TASKS)}; got {task!r}")
    commands = scan_commands()
    if task == "simple":
        order = torch.randperm(len(commands), generator=generator).tolist()
        cut = round(SHARE * len(commands))
        chosen = [[commands[i] for i in part] for part in (order[:cut], order[cut:])]
        return _pairs(chosen[0]), _pairs(chosen[1])
    if task == "length":
        learnt = [c for c in commands if len(interpret(c)) <= LONGEST]
    else:
        new = task.removeprefix("addprim_").replace("_", " ")
        without = [c for c in commands if new not in c]
        learnt = without + [new] * round(len(without) / (REPEATED - 1))
    held = set(commands).difference(learnt)
    order = torch.randperm(len(learnt), generator=generator).tolist()
    return _pairs([learnt[i] for i in order]), _pairs([c for c in commands if c in held])


def _pairs(commands: list[str]) -> Pairs:
    return Pairs(commands, [" ".join(interpret(c)) for c in commands])
