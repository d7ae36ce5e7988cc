"""ARC-AGI-1: find the rule behind a few coloured grids, and apply it."""

import json
from typing import NamedTuple

import torch
from jaxtyping import Int
from torch import Tensor

from nsai.data.catalogue import DataSet, listed
from nsai.data.splits import known_split
from nsai.data.store import read

CHECKSUMS = """
77e06af5e6c68304054f07c12945786f8618b6b471299279a6cc4ecf0f7f6f36 1627533 evaluation.json
21875aec0e05135a9bd38b3f29a8e6ac8184a7b3eec6a5ac4cfbd27ec2bbafc1 1005075 training.json
"""

ARC_AGI_1 = DataSet(
    name="arc_agi_1",
    title="ARC-AGI-1: 400 training and 400 evaluation tasks",
    licence="Apache-2.0",
    citation="Chollet 2019, On the measure of intelligence, arXiv:1911.01547",
    shape="list of tasks; a grid is int64 (height, width), colours 0 … 9, sides of 1 to 30",
    splits=("training", "evaluation"),
    homepage="https://github.com/fchollet/ARC-AGI",
    files=listed(CHECKSUMS),
)


class Example(NamedTuple):
    """A grid and what the rule makes of it.

    Attributes
    ----------
    input, output
        Colours 0 … 9, int64, shape (height, width); the shapes may differ.
    """

    input: Int[Tensor, "height width"]
    output: Int[Tensor, "height2 width2"]


class ArcTask(NamedTuple):
    """A task.

    Attributes
    ----------
    name
        Its eight hexadecimal digits.
    train
        Examples of the rule, 2 to 10.
    test
        Examples whose outputs are to be found, 1 to 3.
    """

    name: str
    train: tuple[Example, ...]
    test: tuple[Example, ...]


def arc_agi_1(split: str = "training") -> list[ArcTask]:
    """Load the tasks, ordered by name.

    Parameters
    ----------
    split
        ``"training"`` or ``"evaluation"`` (400 each).

    Returns
    -------
    list of ArcTask
        The tasks.

    Raises
    ------
    MissingDataError, CorruptDataError
        If the file is not on this machine, or not the right one.
    """
    known_split(ARC_AGI_1, split)
    (content,) = read(ARC_AGI_1, f"{split}.json")
    tasks = json.loads(content)
    return [
        ArcTask(name, _examples(tasks[name]["train"]), _examples(tasks[name]["test"]))
        for name in sorted(tasks)
    ]


def _examples(pairs: list[dict[str, list[list[int]]]]) -> tuple[Example, ...]:
    return tuple(
        Example(torch.tensor(pair["input"]), torch.tensor(pair["output"])) for pair in pairs
    )
