"""What loaders return: named tuples of tensors."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor


class Labelled(NamedTuple):
    """Samples and their classes.

    Attributes
    ----------
    x
        float32, shape (n, ...).
    y
        Class of each sample, int64, shape (n,).
    """

    x: Float[Tensor, "n ..."]
    y: Int[Tensor, " n"]


class Pairs(NamedTuple):
    """Texts and what they are to be turned into, line by line.

    Attributes
    ----------
    source, target
        Equally long lists of sentences, their words separated by spaces.
    """

    source: list[str]
    target: list[str]


class Sentences(NamedTuple):
    """Texts and their classes.

    Attributes
    ----------
    text
        n sentences.
    y
        Class of each, int64, shape (n,).
    """

    text: list[str]
    y: Int[Tensor, " n"]


class Mixed(NamedTuple):
    """A table of numbers and categories.

    Attributes
    ----------
    numeric
        float32, shape (n, len(numeric_names)), unscaled.
    categorical
        int64, shape (n, len(categorical_names)): indices into `categories`.
    y
        Class of each row, int64, shape (n,).
    numeric_names, categorical_names
        The column titles.
    categories
        For each categorical column its values, in alphabetical order.
    """

    numeric: Float[Tensor, "n numeric"]
    categorical: Int[Tensor, "n categorical"]
    y: Int[Tensor, " n"]
    numeric_names: tuple[str, ...]
    categorical_names: tuple[str, ...]
    categories: tuple[tuple[str, ...], ...]


def mixed(
    columns: Mapping[str, Sequence[str]],
    y: NDArray,
    rows: NDArray[np.integer],
    *,
    numeric: Sequence[str],
    categorical: Sequence[str],
) -> Mixed:
    """Take some rows of a table of strings.

    Categories are numbered over the whole table, so that all splits share their numbers.

    Parameters
    ----------
    columns
        The table, a list of n cells a title.
    y
        Class of each row, shape (n,).
    rows
        Numbers of the rows to take.
    numeric, categorical
        Titles of the columns to take.

    Examples
    --------
    >>> table = {"age": ["3", "4"], "pet": ["dog", "cat"]}
    >>> made = mixed(table, np.array([0, 1]), np.array([0]), numeric=["age"], categorical=["pet"])
    >>> made.numeric.tolist(), made.categorical.tolist(), made.categories
    ([[3.0]], [[1]], (('cat', 'dog'),))
    """
    coded = [np.unique(np.array(columns[name]), return_inverse=True) for name in categorical]
    numbers = np.column_stack([np.array(columns[name], np.float32) for name in numeric])
    codes = np.column_stack([code for _, code in coded])
    return Mixed(
        torch.from_numpy(numbers[rows]),
        torch.from_numpy(codes[rows].astype(np.int64)),
        torch.from_numpy(np.array(y[rows], np.int64)),
        tuple(numeric),
        tuple(categorical),
        tuple(tuple(values.tolist()) for values, _ in coded),
    )


def labelled(x: NDArray, y: NDArray) -> Labelled:
    """Copy arrays into tensors of the documented types.

    Parameters
    ----------
    x
        Samples, shape (n, ...).
    y
        Classes, shape (n,).

    Raises
    ------
    ValueError
        If the two differ in length.

    Examples
    --------
    >>> labelled(np.zeros((2, 3)), np.array([0, 1])).x.dtype
    torch.float32
    """
    if len(x) != len(y):
        raise ValueError(f"x and y must be equally long, got {len(x)} and {len(y)}")
    return Labelled(
        torch.from_numpy(np.array(x, dtype=np.float32)), torch.from_numpy(np.array(y, np.int64))
    )


def pixels(x: NDArray[np.uint8], y: NDArray) -> Labelled:
    """Turn grey images with values 0 … 255 into one channel in [0, 1].

    Parameters
    ----------
    x
        Images, shape (n, height, width).
    y
        Classes, shape (n,).

    Returns
    -------
    Labelled
        x of shape (n, 1, height, width).
    """
    made = labelled(x[:, None], y)
    made.x.div_(255)
    return made
