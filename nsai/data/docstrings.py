"""Labelled English that every Python carries: what its docstrings are about, one of two topics."""

import ast
import hashlib
import sysconfig
from pathlib import Path

import torch

from nsai.data.catalogue import DataSet
from nsai.data.errors import MissingDataError
from nsai.data.samples import Sentences
from nsai.data.splits import known_split
from nsai.data.store import use_package

DOCSTRINGS = DataSet(
    name="docstrings",
    title="Docstrings of Python's standard library, about networks or about programs",
    licence="PSF-2.0",
    citation="Python Software Foundation, The Python Standard Library",
    shape="text: list of n str, y int64 (n,): 0 networks, 1 programs; about 500 train and 500 "
    "test, depending on the Python version",
    splits=("train", "test"),
    homepage="https://docs.python.org/3/library/",
    source="package",
    needs="python",
)

_TOPICS = (
    "asyncio email ftplib http imaplib mailbox smtplib socketserver ssl urllib wsgiref xmlrpc",
    "ast bdb dis doctest inspect logging pdb pydoc traceback typing unittest",
)
_FEWEST, _MOST = 5, 40  # words of a text


def docstrings(split: str = "train") -> Sentences:
    """Load the beginnings of docstrings in the modules of two topics.

    A text is the first paragraph of the docstring of a class or function, at most 40 words of it,
    and at least five. A text that stands twice is kept once, one that both topics have not at all.
    A hash of the text decides whether it is for training or for the test.

    Parameters
    ----------
    split
        ``"train"`` or ``"test"``, about half of the texts each.

    Returns
    -------
    Sentences
        Texts, and 0 for those about networks and messages, 1 for those about programs.

    Raises
    ------
    MissingDataError
        If this Python came without the source of its standard library.

    Examples
    --------
    >>> text, y = docstrings("test")
    >>> len(text) == len(y), y.unique().tolist()
    (True, [0, 1])
    """
    known_split(DOCSTRINGS, split)
    root = Path(sysconfig.get_path("stdlib"))
    found = [
        {text: None for name in topic.split() for text in _texts(root, name)} for topic in _TOPICS
    ]
    fewest = min(len(texts) for texts in found)
    if fewest < 200:
        raise MissingDataError(
            f"docstrings needs the source of the standard library, and this Python shows {fewest} "
            "texts of a topic: install the distribution's full standard library"
        )
    use_package(DOCSTRINGS)
    wanted = split == "test"
    rows = [
        (text, label)
        for label, (own, other) in enumerate((found, found[::-1]))
        for text in own
        if text not in other and _held_out(text) == wanted
    ]
    return Sentences([text for text, _ in rows], torch.tensor([label for _, label in rows]))


def summaries(source: str | bytes) -> list[str]:
    r"""Return the first paragraphs of the docstrings of the classes and functions in a source.

    Examples
    --------
    >>> summaries('def f():\n  "One line."\nclass A:\n  "Two\\n  lines.\\n\\n  And more."')
    ['One line.', 'Two lines.']
    """
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    documented = [node for node in ast.walk(ast.parse(source)) if isinstance(node, kinds)]
    notes = (ast.get_docstring(node) or "" for node in documented)
    return [" ".join(note.split("\n\n")[0].split()) for note in notes if note]


def _texts(root: Path, module: str) -> list[str]:
    files = [root / f"{module}.py", *sorted((root / module).rglob("*.py"))]
    words = [
        text.split() for file in files if file.is_file() for text in summaries(file.read_bytes())
    ]
    return [" ".join(each[:_MOST]) for each in words if len(each) >= _FEWEST]


def _held_out(text: str) -> bool:
    return hashlib.sha256(text.encode()).digest()[0] % 2 == 1
