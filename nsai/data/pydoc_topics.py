"""English that every Python carries: the reference manual's topics, as `help()` shows them."""

import re
from collections.abc import Iterable

from nsai.data.catalogue import DataSet
from nsai.data.errors import MissingDataError
from nsai.data.splits import known_split, leading_part
from nsai.data.store import use_package

PYDOC_TOPICS = DataSet(
    name="pydoc_topics",
    title="Python's own documentation topics as plain English text",
    licence="PSF-2.0",
    citation="Python Software Foundation, The Python Language Reference",
    shape="str of about 0.35 million ASCII characters, depending on the Python version; first "
    "90 % train, last 10 % validation",
    splits=("train", "validation", "all"),
    homepage="https://docs.python.org/3/reference/",
    source="package",
    needs="python",
)

_ASCII = str.maketrans(
    {"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "\t": " "}
)
_RULER = re.compile(r"[\s*=\-~^+|#\"]{3,}")
_TABLE_ROW = re.compile(r"\s*\|.*\|\s*")
_LONG = 60  # characters from which a repeated paragraph is a copy and not a phrase like "See also:"


def pydoc_topics(split: str = "train") -> str:
    """Load the topics of ``pydoc_data`` as one text; it differs between Python versions.

    Topics are joined in alphabetical order. Rulers and tables are dropped and typographic signs
    become ASCII. Many topics quote each other at length: of a repeated paragraph only the first
    copy is kept, or the validation text would be found, word by word, in the training text.

    Parameters
    ----------
    split
        ``"train"`` (first 90 %), ``"validation"`` (last 10 %) or ``"all"``.

    Returns
    -------
    str
        The text, in ASCII.

    Raises
    ------
    MissingDataError
        If this Python was built without ``pydoc_data``.

    Examples
    --------
    >>> pydoc_topics("all")[:22]
    'The "assert" statement'
    """
    known_split(PYDOC_TOPICS, split)
    try:
        from pydoc_data.topics import topics
    except ImportError as error:
        raise MissingDataError(
            "pydoc_topics needs the standard library's pydoc_data, which this Python lacks: "
            "install the distribution's full standard library"
        ) from error
    use_package(PYDOC_TOPICS)
    return leading_part(plain_text(topics[name] for name in sorted(topics)), split)


def plain_text(topics: Iterable[str]) -> str:
    r"""Join topics to ASCII text without rulers, tables and repeated paragraphs.

    Examples
    --------
    >>> plain_text(["Names\n*****\n\nIt’s bound.", "+--+\n| a|\n+--+\n\nAgain."])
    "Names\n\nIt's bound.\n\nAgain.\n"
    """
    seen: set[str] = set()
    kept: list[str] = []
    for topic in topics:
        text = topic.translate(_ASCII).encode("ascii", "ignore").decode()
        for paragraph in re.split(r"\n\s*\n", text):
            lines = [
                line.rstrip()
                for line in paragraph.split("\n")
                if not (_RULER.fullmatch(line) or _TABLE_ROW.fullmatch(line))
            ]
            words = " ".join(" ".join(lines).split())
            if not words or (len(words) >= _LONG and words in seen):
                continue
            seen.add(words)
            kept.append("\n".join(line for line in lines if line))
    return "\n\n".join(kept) + "\n"
