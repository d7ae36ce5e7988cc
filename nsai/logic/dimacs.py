r"""DIMACS: the file format of clauses that solvers and model counters share.

.. code-block:: text

    c 1 rain
    c 2 'light blue'
    c p show 1 2 0
    p cnf 3 2
    1 -2 3 0
    2 0

A comment ``c <variable> <name>`` keeps the name of a variable. ``c p show … 0``, as in the model
counting competition, says which variables are symbols where others are auxiliary.
"""

import re
from pathlib import Path

from sympy import Symbol

from nsai.logic.cnf import CNF
from nsai.logic.errors import FormulaError
from nsai.logic.tokens import name_text, tokens_of

_HEADER = re.compile(r"p\s+cnf\s+(\d+)\s+(\d+)\s*")
_NAME = re.compile(r"c\s+(\d+)\s+(?:('(?:[^'\\]|\\.)*')|(\S+))\s*")
_SHOW = re.compile(r"c\s+p\s+show\s+(.*)")


class DimacsError(FormulaError):
    """A text that is not DIMACS; the message says which line and why.

    Attributes
    ----------
    line
        Number of the line, from 1.
    """

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")
        self.line = line


def to_dimacs(cnf: CNF) -> str:
    """Return clauses as DIMACS text with the names of the symbols.

    Raises
    ------
    FormulaError
        If a name has a line break.

    Examples
    --------
    >>> from sympy.abc import a, b
    >>> print(to_dimacs(CNF(((-1, 2),), (a, b))), end="")
    c 1 a
    c 2 b
    p cnf 2 1
    -1 2 0
    """
    lines = []
    for variable, symbol in enumerate(cnf.symbols, 1):
        if len(symbol.name.splitlines()) > 1 or symbol.name.endswith(("\n", "\r")):
            raise FormulaError(f"a name in DIMACS has no line break, got {symbol.name!r}")
        lines.append(f"c {variable} {name_text(symbol.name)}")
    if cnf.auxiliaries:
        shown = "".join(f"{v} " for v in range(1, len(cnf.symbols) + 1))
        lines.append(f"c p show {shown}0")
    lines.append(f"p cnf {cnf.variables} {len(cnf)}")
    lines += [" ".join(map(str, (*clause, 0))) for clause in cnf]
    return "\n".join(lines) + "\n"


def from_dimacs(text: str) -> CNF:
    r"""Return the clauses of a DIMACS text.

    Clauses may span lines; comments and blank lines may stand anywhere; a line ``%`` ends the
    clauses, as in SATLIB's files. A symbol without a name is called ``x<variable>``. Where the
    symbols that are shown are not the first variables, the variables are renumbered.

    Raises
    ------
    DimacsError
        With the number of the line, if the header is missing or wrong, the number of clauses is
        not that of the header, a 0 is missing, a variable is out of range or named twice.

    Examples
    --------
    >>> from_dimacs("c 2 wet\np cnf 2 1\n-1 2 0")
    CNF(clauses=((-1, 2),), symbols=(x1, wet), auxiliaries=0)
    """
    return _Reader(text).cnf()


def write_dimacs(cnf: CNF, path: Path | str) -> None:
    """Write clauses to a DIMACS file, in UTF-8."""
    Path(path).write_text(to_dimacs(cnf), encoding="utf-8")


def read_dimacs(path: Path | str) -> CNF:
    """Read clauses from a DIMACS file, in UTF-8; see `from_dimacs`."""
    return from_dimacs(Path(path).read_text(encoding="utf-8"))


class _Reader:
    def __init__(self, text: str) -> None:
        self.size: tuple[int, int] | None = None
        self.header = 0
        self.names: dict[int, tuple[int, str]] = {}
        self.show: list[tuple[int, int]] = []
        self.shows = False
        self.clauses: list[tuple[int, ...]] = []
        self.open: list[int] = []
        self.line = 0
        for line in re.split(r"\r\n|\n|\r", text):
            self.line += 1
            content = line.strip()
            if content == "%":
                break
            if content.startswith("c"):
                self._comment(content)
            elif content.startswith("p"):
                self._head(content)
            elif content:
                self._literals(content)

    def _comment(self, content: str) -> None:
        if show := _SHOW.fullmatch(content):
            self.shows = True
            words = [word for word in show[1].split() if word != "0"]
            self.show += [(self.line, self._integer(word)) for word in words]
        elif name := _NAME.fullmatch(content):
            said = tokens_of(name[2])[0].text if name[2] else name[3]
            self.names.setdefault(int(name[1]), (self.line, said))

    def _head(self, content: str) -> None:
        found = _HEADER.fullmatch(content)
        if self.size is not None:
            raise DimacsError(self.line, f"a second header, the first is in line {self.header}")
        if found is None:
            expected = "expected 'p cnf <variables> <clauses>'"
            raise DimacsError(self.line, f"{expected}, found {content[:60]!r}")
        self.size, self.header = (int(found[1]), int(found[2])), self.line

    def _literals(self, content: str) -> None:
        if self.size is None:
            expected = "expected the header 'p cnf <variables> <clauses>' before clauses"
            raise DimacsError(self.line, f"{expected}, found {content[:60]!r}")
        for word in content.split():
            literal = self._integer(word)
            if literal:
                self._in_range(abs(literal), self.line)
                self.open.append(literal)
            else:
                self.clauses.append(tuple(self.open))
                self.open = []

    def _integer(self, word: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]+", word):
            raise DimacsError(self.line, f"expected an integer, found {word[:60]!r}")
        return int(word)

    def _in_range(self, variable: int, line: int) -> None:
        most = self.size[0] if self.size else 0
        if not 1 <= variable <= most:
            message = f"variable {variable} is out of range, the header declares {most}"
            raise DimacsError(line, message)

    def cnf(self) -> CNF:
        if self.size is None:
            raise DimacsError(self.line, "the header 'p cnf <variables> <clauses>' is missing")
        if self.open:
            raise DimacsError(self.line, f"the last clause {self.open} does not end in 0")
        variables, declared = self.size
        if len(self.clauses) != declared:
            found = f"found {len(self.clauses)}"
            raise DimacsError(self.header, f"the header declares {declared} clauses, {found}")
        for line, variable in self.show:
            self._in_range(variable, line)
        every = range(1, variables + 1)
        chosen = sorted({v for _, v in self.show}) if self.shows else list(every)
        symbols = self._symbols(chosen)
        hidden = sorted(set(every) - set(chosen))
        number = {v: i for i, v in enumerate((*chosen, *hidden), 1)}
        clauses = tuple(
            tuple(number[v] if v > 0 else -number[-v] for v in clause) for clause in self.clauses
        )
        return CNF(clauses, symbols, len(hidden))

    def _symbols(self, chosen: list[int]) -> tuple[Symbol, ...]:
        owner: dict[str, int] = {}
        for variable in chosen:
            line, name = self.names.get(variable, (self.header, f"x{variable}"))
            if name in owner:
                message = f"variables {owner[name]} and {variable} are both named {name!r}"
                raise DimacsError(line, message)
            owner[name] = variable
        return tuple(map(Symbol, owner))
