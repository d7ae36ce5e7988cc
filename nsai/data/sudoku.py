"""Sudoku: puzzles with their solutions."""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

from nsai.data.catalogue import DataSet, listed
from nsai.data.formats import npz
from nsai.data.splits import known_split, stratified
from nsai.data.store import read

CHECKSUMS = """
a4710c8b5043cc9cb3ee1cddb33a2fb8247f7bad8a907c6581ff4ecc606361f5 1253831 sudoku_20k.npz
"""

SUDOKU = DataSet(
    name="sudoku",
    title="20,000 sudoku puzzles of 29 to 37 givens",
    licence="unclear: none in the source; the first rows of a set published as CC0 (not checked)",
    citation="Park 2016, 1 million Sudoku games, Kaggle; by way of xx005fs/AI-Sudoku",
    shape="puzzle and solution int64 (n, 9, 9), 0 for an empty cell; 18,000 train, 2,000 test",
    splits=("train", "test", "all"),
    homepage="https://github.com/xx005fs/AI-Sudoku",
    files=listed(CHECKSUMS),
)


class Puzzles(NamedTuple):
    """Puzzles.

    Attributes
    ----------
    puzzle
        Digits 1 … 9, 0 for an empty cell, int64, shape (n, 9, 9).
    solution
        Digits 1 … 9, int64, shape (n, 9, 9).
    """

    puzzle: Int[Tensor, "n 9 9"]
    solution: Int[Tensor, "n 9 9"]


def sudoku(split: str = "train", seed: int = 0) -> Puzzles:
    """Load the puzzles, all distinct; the split is ours.

    Parameters
    ----------
    split
        ``"train"`` (18,000), ``"test"`` (2,000) or ``"all"`` (the file's order).
    seed
        Which split.

    Returns
    -------
    Puzzles
        Puzzles and solutions.

    Raises
    ------
    MissingDataError, CorruptDataError
        If the file is not on this machine, or not the right one.
    """
    known_split(SUDOKU, split)
    (content,) = read(SUDOKU, "sudoku_20k.npz")
    arrays = npz(content)
    one_class = np.zeros(len(arrays["puzzle"]), int)
    rows = stratified(one_class, split, test_fraction=0.1, seed=seed)
    return Puzzles(
        torch.from_numpy(arrays["puzzle"][rows].astype(np.int64)),
        torch.from_numpy(arrays["solution"][rows].astype(np.int64)),
    )
