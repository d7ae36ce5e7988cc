"""Splits that are ours: fixed by a seed, class by class, the same on every machine."""

import numpy as np
from numpy.typing import NDArray

from nsai.data.catalogue import DataSet


def known_split(dataset: DataSet, split: str) -> str:
    """Return `split` if the set has it.

    Raises
    ------
    ValueError
        If it does not.
    """
    if split not in dataset.splits:
        known = ", ".join(map(repr, dataset.splits))
        raise ValueError(f"split of {dataset.name} must be one of {known}; got {split!r}")
    return split


def stratified(
    labels: NDArray[np.integer], split: str, *, test_fraction: float, seed: int
) -> NDArray[np.intp]:
    """Return the rows of a split in which every class keeps its share.

    Of each class ``round(test_fraction * count)`` rows, at least one and never all, are test.

    Parameters
    ----------
    labels
        Class of each row, shape (n,).
    split
        ``"train"``, ``"test"``, or ``"all"`` for every row in its given order.
    test_fraction
        Share of the test rows, between 0 and 1.
    seed
        Which of the possible splits.

    Returns
    -------
    array of int
        Row numbers, shuffled.

    Raises
    ------
    ValueError
        If the split is unknown, the fraction is not between 0 and 1 or a class has one row.

    Examples
    --------
    >>> labels = np.repeat([0, 1], 5)
    >>> rows = stratified(labels, "test", test_fraction=0.2, seed=0)
    >>> sorted(int(label) for label in labels[rows])
    [0, 1]
    """
    if split == "all":
        return np.arange(len(labels))
    if split not in ("train", "test"):
        raise ValueError(f"split must be 'train', 'test' or 'all', got {split!r}")
    if not 0 < test_fraction < 1:
        raise ValueError(f"test_fraction must be between 0 and 1, got {test_fraction}")
    # RandomState's stream is frozen across numpy releases; default_rng's is not.
    random = np.random.RandomState(seed)
    chosen = []
    for label in np.unique(labels):
        rows = random.permutation(np.flatnonzero(labels == label))
        if len(rows) < 2:
            raise ValueError(f"class {label} needs at least 2 rows to be split, got {len(rows)}")
        cut = min(max(round(test_fraction * len(rows)), 1), len(rows) - 1)
        chosen.append(rows[:cut] if split == "test" else rows[cut:])
    return np.asarray(random.permutation(np.concatenate(chosen)))


def leading_part(text: str, split: str) -> str:
    """Cut a text as nanoGPT does: the first 90 % to train on, the rest to validate.

    Parameters
    ----------
    text
        The whole text.
    split
        ``"train"``, ``"validation"``, or ``"all"``.

    Examples
    --------
    >>> leading_part("0123456789", "validation")
    '9'
    """
    cut = int(0.9 * len(text))
    return {"train": text[:cut], "validation": text[cut:], "all": text}[split]
