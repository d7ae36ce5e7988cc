"""First names: the data of makemore."""

import random

from nsai.data.catalogue import DataSet, File, raw_github
from nsai.data.splits import known_split
from nsai.data.store import read

COMMIT = "988aa59e4d8fefa526d06f3b453ad116258398d4"

NAMES = DataSet(
    name="names",
    title="32,033 first names",
    licence="MIT",
    citation="Karpathy 2022, makemore; the names from ssa.gov for 2018",
    shape="list of str in a-z; 80 % train, 10 % validation, 10 % test",
    splits=("train", "validation", "test", "all"),
    homepage="https://github.com/karpathy/makemore",
    files=(
        File(
            "names.txt",
            "0a30b5557f192f32ab962680889aac5f6fda0f4cecf40a6d0b5694f58ea8cc4d",
            228_145,
            (raw_github("karpathy/makemore", COMMIT, "names.txt"),),
        ),
    ),
)


def names(split: str = "train") -> list[str]:
    """Load the names, split as in makemore's lectures, so that losses can be compared.

    They are shuffled by ``random.seed(42)`` and cut at 80 % and 90 %. 2,539 names occur more than
    once in the file, so a few of the test names are training names too.

    Parameters
    ----------
    split
        ``"train"`` (25,626), ``"validation"`` (3,203), ``"test"`` (3,204), or ``"all"`` in the
        order of the file, most frequent first.

    Returns
    -------
    list of str
        Lower-case names of 2 to 15 letters.

    Raises
    ------
    MissingDataError, CorruptDataError
        If the file is not on this machine, or not the published one.
    """
    known_split(NAMES, split)
    (content,) = read(NAMES, "names.txt")
    words = content.decode().split()
    if split == "all":
        return words
    random.Random(42).shuffle(words)
    first, second = int(0.8 * len(words)), int(0.9 * len(words))
    parts = {"train": words[:first], "validation": words[first:second], "test": words[second:]}
    return parts[split]
