"""Tiny Shakespeare: the text of char-rnn and nanoGPT."""

from nsai.data.catalogue import DataSet, File, raw_github
from nsai.data.splits import known_split, leading_part
from nsai.data.store import read

COMMIT = "6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e"

TINY_SHAKESPEARE = DataSet(
    name="tiny_shakespeare",
    title="1.1 million characters of Shakespeare's plays",
    licence="public domain (text); MIT (repository)",
    citation="Karpathy 2015, The unreasonable effectiveness of recurrent neural networks",
    shape="str of 1,115,394 characters, 65 distinct; first 90 % train, last 10 % validation",
    splits=("train", "validation", "all"),
    homepage="https://github.com/karpathy/char-rnn",
    files=(
        File(
            "input.txt",
            "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
            1_115_394,
            (raw_github("karpathy/char-rnn", COMMIT, "data/tinyshakespeare/input.txt"),),
        ),
    ),
)


def tiny_shakespeare(split: str = "train") -> str:
    """Load the text, cut as nanoGPT cuts it.

    Parameters
    ----------
    split
        ``"train"`` (1,003,854 characters), ``"validation"`` (111,540) or ``"all"``.

    Returns
    -------
    str
        The text.

    Raises
    ------
    MissingDataError, CorruptDataError
        If the file is not on this machine, or not the published one.
    """
    known_split(TINY_SHAKESPEARE, split)
    (content,) = read(TINY_SHAKESPEARE, "input.txt")
    return leading_part(content.decode(), split)
