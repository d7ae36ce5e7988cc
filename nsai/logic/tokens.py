"""The words and symbols that a formula in text is made of."""

import re
from dataclasses import dataclass

from nsai.logic.errors import ParseError

SPELLINGS = {
    "not": ("not", "~", "!", "¬"),
    "and": ("and", "&", "&&", "∧"),
    "xor": ("xor", "^", "⊕"),
    "or": ("or", "|", "||", "∨"),
    "implies": ("implies", "->", "=>", "→"),
    "iff": ("iff", "<->", "<=>", "↔"),
    "true": ("true", "⊤"),
    "false": ("false", "⊥"),
    "(": ("(",),
    ")": (")",),
    ",": (",",),
}
KIND = {spelling: kind for kind, spellings in SPELLINGS.items() for spelling in spellings}
WORDS = frozenset(spelling for spelling in KIND if spelling.isalpha())

IDENTIFIER = r"[^\W\d]\w*"
_SIGNS = "|".join(map(re.escape, sorted(set(KIND) - WORDS, key=len, reverse=True)))
_TOKEN = re.compile(
    rf"(?P<name>{IDENTIFIER})|(?P<number>\d+)|(?P<quoted>'(?:[^'\\]|\\.)*')|(?P<sign>{_SIGNS})",
    re.DOTALL,
)
_SPACE = re.compile(r"\s*")


@dataclass(frozen=True)
class Token:
    """A word or symbol of a text.

    Parameters
    ----------
    kind
        One of `SPELLINGS`, or ``"name"``, ``"number"`` or ``"end"``.
    text
        What it says: of a quoted name, the name.
    position
        Where it starts, in characters from 0.
    quoted
        Whether it is a quoted name.
    """

    kind: str
    text: str
    position: int
    quoted: bool = False

    def __str__(self) -> str:
        if self.kind == "end":
            return "the end of the text"
        if self.kind in ("name", "number"):
            return f"{self.kind} {self.text!r}"
        return f"{self.text!r}"


def tokens_of(text: str) -> list[Token]:
    """Return the tokens of a text, one of the kind ``"end"`` last.

    Words count in lower case, capitals, or with a capital first letter.

    Raises
    ------
    ParseError
        At a character that starts no token.

    Examples
    --------
    >>> [token.kind for token in tokens_of("a AND ~'b c'")]
    ['name', 'and', 'not', 'name', 'end']
    """
    made: list[Token] = []
    position = _SPACE.match(text).end()  # type: ignore[union-attr]
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            if text[position] == "'":
                message = "a quoted name that does not end, expected another '"
                raise ParseError(text, position, message)
            expected = "expected a name, an operator or a parenthesis"
            raise ParseError(text, position, f"found {text[position]!r}, {expected}")
        made.append(_token(found))
        position = _SPACE.match(text, found.end()).end()  # type: ignore[union-attr]
    return [*made, Token("end", "", len(text))]


def _token(found: re.Match[str]) -> Token:
    said, start, group = found.group(), found.start(), found.lastgroup
    if group == "quoted":
        name = re.sub(r"\\(.)", r"\1", said[1:-1], flags=re.DOTALL)
        return Token("name", name, start, quoted=True)
    if group == "sign":
        return Token(KIND[said], said, start)
    if group == "name" and is_word(said):
        return Token(KIND[said.lower()], said, start)
    return Token("number" if group == "number" else "name", said, start)


def is_word(text: str) -> bool:
    """Return whether a name is read as an operator or a constant."""
    known = text.lower() in WORDS
    return known and text in (text.lower(), text.upper(), text.capitalize())


def name_text(name: str) -> str:
    r"""Return a name as `parse` reads it: in quotes where it is no identifier.

    Examples
    --------
    >>> print(name_text("rain"), name_text("colour=red"), name_text("it's"), name_text("and"))
    rain 'colour=red' 'it\'s' 'and'
    """
    if re.fullmatch(IDENTIFIER, name) and not is_word(name):
        return name
    escaped = name.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
