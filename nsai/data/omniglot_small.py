"""Omniglot: twenty people draw the characters of many alphabets."""

import io
import zipfile
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor

from nsai.data.catalogue import DataSet, File, listed, raw_github
from nsai.data.splits import known_split
from nsai.data.store import read

COMMIT = "057f034baf2ecb8530bc5710e5a23584d2a519cc"
CHECKSUMS = """
f38eb80f801274ac2b4dff5b24289016bfaba4a7d5bb50deebf27104ad6cb8a4 1319022 images_background_small1.zip
3ccaa407515a8778e5d0861875af38b17e418f301ad5bb3b5a6b65d901a41c7f 1580917 images_background_small2.zip
437c1eeab0af8484112e1b4cc0f3d541ec727f7c47b9b202da738af9dfd6c325 352787 one_shot_all_runs.zip
8cb3960fb6cf4ccf5f064ad83169f828c36c36782a0f6e7faacb7ecfae4468a2 3056274 strokes_background_small1.zip
"""  # noqa: E501


def _file(file: File) -> File:
    path = file.name.replace("one_shot_all_runs", "one-shot-classification/all_runs")
    address = raw_github("brendenlake/omniglot", COMMIT, f"python/{path}")
    return File(file.name, file.sha256, file.size, (address,))


OMNIGLOT_SMALL = DataSet(
    name="omniglot_small",
    title="Omniglot: two small background sets, strokes, and the 20 one-shot runs",
    licence="MIT",
    citation="Lake, Salakhutdinov and Tenenbaum 2015, Human-level concept learning through "
    "probabilistic program induction, Science 350",
    shape="x float32 (n, 1, 105, 105), 1 is ink, y and alphabet int64 (n,); small1 2,720, "
    "small2 3,120",
    splits=("small1", "small2"),
    homepage="https://github.com/brendenlake/omniglot",
    files=tuple(map(_file, listed(CHECKSUMS))),
)


class Characters(NamedTuple):
    """Drawn characters, twenty drawings each, character after character.

    Attributes
    ----------
    x
        float32, shape (n, 1, 105, 105), 1 is ink.
    y
        Number of the character, int64, shape (n,).
    alphabet
        Number of its alphabet, int64, shape (n,).
    alphabets
        Their names, alphabetical.
    """

    x: Float[Tensor, "n 1 105 105"]
    y: Int[Tensor, " n"]
    alphabet: Int[Tensor, " n"]
    alphabets: tuple[str, ...]


class OneShot(NamedTuple):
    """A run of the one-shot task: twenty characters, each seen once.

    Attributes
    ----------
    train
        One drawing of each class, float32, shape (20, 1, 105, 105).
    test
        Drawings by another person, float32, shape (20, 1, 105, 105).
    y
        Which of `train` each test drawing shows, int64, shape (20,).
    """

    train: Float[Tensor, "20 1 105 105"]
    test: Float[Tensor, "20 1 105 105"]
    y: Int[Tensor, "20"]


def omniglot_small(split: str = "small1") -> Characters:
    """Load a background set.

    Parameters
    ----------
    split
        ``"small1"`` (5 alphabets, 136 characters) or ``"small2"`` (5 and 156). They share Greek
        and Latin: for a test on new alphabets leave these out of one of them.

    Returns
    -------
    Characters
        All drawings.

    Raises
    ------
    MissingDataError, CorruptDataError
        If the file is not on this machine, or not the published one.
    """
    known_split(OMNIGLOT_SMALL, split)
    (content,) = read(OMNIGLOT_SMALL, f"images_background_{split}.zip")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        paths = sorted(name for name in archive.namelist() if name.endswith(".png"))
        x = torch.from_numpy(np.stack([_ink(archive.read(path)) for path in paths]))
    folders = [path.rsplit("/", 1)[0] for path in paths]
    alphabets = [folder.split("/")[1] for folder in folders]
    names, alphabet = np.unique(alphabets, return_inverse=True)
    y = np.unique(folders, return_inverse=True)[1]
    return Characters(x, torch.from_numpy(y), torch.from_numpy(alphabet), tuple(names.tolist()))


def omniglot_one_shot(run: int = 1) -> OneShot:
    """Load a run of the one-shot classification task.

    Parameters
    ----------
    run
        1 … 20.

    Returns
    -------
    OneShot
        Chance is 5 %; people err in 4.5 % (Lake et al. 2015).

    Raises
    ------
    ValueError
        If there is no such run.
    MissingDataError, CorruptDataError
        If the file is not on this machine, or not the published one.
    """
    if not 1 <= run <= 20:
        raise ValueError(f"run must be 1 … 20, got {run!r}")
    (content,) = read(OMNIGLOT_SMALL, "one_shot_all_runs.zip")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        lines = archive.read(f"run{run:02d}/class_labels.txt").decode().split()
        tests, shown = lines[::2], lines[1::2]
        classes = sorted(shown)
        return OneShot(
            torch.from_numpy(np.stack([_ink(archive.read(path)) for path in classes])),
            torch.from_numpy(np.stack([_ink(archive.read(path)) for path in tests])),
            torch.tensor([classes.index(path) for path in shown]),
        )


def omniglot_strokes() -> list[list[Float[Tensor, "points 3"]]]:
    """Load how the drawings of ``"small1"`` were made, in the order of `omniglot_small`.

    Returns
    -------
    list of list of Tensor
        For each of the 2,720 drawings its strokes; for each stroke its points, float32, shape
        (points, 3): x and y in pixels (y is negative downwards) and milliseconds.

    Raises
    ------
    MissingDataError, CorruptDataError
        If the file is not on this machine, or not the published one.
    """
    (content,) = read(OMNIGLOT_SMALL, "strokes_background_small1.zip")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [name for name in archive.namelist() if name.endswith(".txt")]
        paths = sorted(name for name in names if not name.startswith("__MACOSX"))
        return [strokes(archive.read(path).decode()) for path in paths]


def strokes(text: str) -> list[Float[Tensor, "points 3"]]:
    r"""Parse a drawing: points a line, strokes between START and BREAK.

    Examples
    --------
    >>> [stroke.tolist() for stroke in strokes("START\n1,-2,0\n2,-2,8\nBREAK\n5,-5,90\nBREAK\n")]
    [[[1.0, -2.0, 0.0], [2.0, -2.0, 8.0]], [[5.0, -5.0, 90.0]]]
    """
    drawn = text.replace("START", "").split("BREAK")
    points = [[list(map(float, line.split(","))) for line in stroke.split()] for stroke in drawn]
    return [torch.tensor(stroke) for stroke in points if stroke]


def _ink(png: bytes) -> NDArray[np.float32]:
    from PIL import Image

    with Image.open(io.BytesIO(png)) as image:
        return 1 - np.asarray(image, np.float32)[None]
