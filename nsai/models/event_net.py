r"""Kleene's theorem as a construction: regular events recognised by nerve nets with circles.

Paper: Kleene, "Representation of events in nerve nets and finite automata", Automata Studies,
Princeton 1956, 3–41; with a unit for each letter as in Glushkov, "The abstract theory of
automata", Russian Mathematical Surveys 16 (1961) 1–53.

.. math:: y_p(t+1) = s_{a(p)}(t) \wedge \Big(\mathit{start}(t)\,[p \in \mathit{first}]
          \vee \bigvee_{q \in \mathit{before}(p)} y_q(t)\Big)

with p a place in the expression and a(p) its letter. The conjunction is absolute inhibition by
all symbols but a(p), of which exactly one is active at a time.

Shapes: lines x (words, time, symbols + 1), the last one being the start line.
"""

from collections.abc import Iterable, Sequence

import torch
from jaxtyping import Bool
from torch import Tensor

from nsai.models.logical_net import LogicalNet, LogicalUnits


class EventNet(LogicalNet):
    """A net that fires when a regular event has occurred.

    There is a unit for each letter of the expression. It is excited by the units whose letter
    may come before, and by a start line that is active with the first symbol of the word; it is
    inhibited by all symbols but its own. All thresholds are 1. The last unit is the answer: it
    fires one moment later if the symbols so far make a word of the event.

    Parameters
    ----------
    expression
        Letters of the alphabet, ``|`` for either, ``*`` for any number, and brackets.
    alphabet
        The symbols, one input line each; the start line comes after them.

    Raises
    ------
    ValueError
        If the expression cannot be read.

    Examples
    --------
    >>> net = EventNet("(0|1)*1", "01")  # an odd number in binary
    >>> net.accepts(["101", "110", ""]).tolist()
    [True, False, False]
    """

    def __init__(self, expression: str, alphabet: str = "01") -> None:
        event = _Event(expression, alphabet)
        letters, lines = event.letters, len(alphabet) + 1
        size = len(letters) + 1
        excitatory = torch.zeros(size, lines + size, dtype=torch.int64)
        inhibitory = torch.zeros(size, lines + size, dtype=torch.bool)
        for place, letter in enumerate(letters):
            excitatory[place, lines - 1] = int(place in event.first)
            for before in event.before[place]:
                excitatory[place, lines + before] = 1
            for line, symbol in enumerate(alphabet):
                inhibitory[place, line] = symbol != letter
        for place in event.last:
            excitatory[-1, lines + place] = 1
        excitatory[-1, lines - 1] = int(event.nullable)
        super().__init__(LogicalUnits(excitatory, inhibitory, torch.ones(size, dtype=torch.int64)))
        self.expression, self.alphabet, self.letters = expression, alphabet, "".join(letters)

    def write(self, words: Sequence[str]) -> Bool[Tensor, "words time lines"]:
        """Put words of one length on the input lines, with the start line and a last pause."""
        if len({len(word) for word in words}) > 1:
            raise ValueError("words must be of one length, or go through `accepts`")
        if foreign := set("".join(words)) - set(self.alphabet):
            raise ValueError(f"words must have letters of {self.alphabet!r}, got {sorted(foreign)}")
        length = len(words[0]) if words else 0
        x = torch.zeros(len(words), length + 1, len(self.alphabet) + 1, dtype=torch.bool)
        if length:
            symbols = [[self.alphabet.index(letter) for letter in word] for word in words]
            x[:, :length].scatter_(2, torch.tensor(symbols)[:, :, None], True)
        x[:, 0, -1] = True
        return x

    def accepts(self, words: Iterable[str]) -> Bool[Tensor, " words"]:
        """Return for each word, of whatever length, whether it belongs to the event."""
        words = list(words)
        answers = torch.zeros(len(words), dtype=torch.bool)
        for length in {len(word) for word in words}:
            chosen = [i for i, word in enumerate(words) if len(word) == length]
            lines = self.write([words[i] for i in chosen]).to(self.units.threshold.device)
            answers[torch.tensor(chosen)] = self(lines)[:, -1, -1].cpu()
        return answers

    def automaton(self) -> tuple[list[list[int]], list[bool]]:
        """Return the smallest finite automaton that gives the net's answers.

        Every firing pattern that the net can reach is a state; states that no continuation
        tells apart are then merged (Moore 1956).

        Returns
        -------
        tuple
            The next state for each state and symbol, and which states accept. State 0 is first.

        Examples
        --------
        >>> EventNet("(0|1)*1").automaton()  # all that matters is the last symbol
        ([[0, 1], [0, 1]], [False, True])
        """
        lines = len(self.alphabet) + 1
        silent = (False,) * len(self.units.threshold)
        start = (True, silent)
        seen, moves, accepting = {start: 0}, [], []
        waiting = [start]
        for begins, state in waiting:  # grows while it is walked through
            x = torch.zeros(lines, lines, dtype=torch.bool)
            x[: lines - 1, : lines - 1] = torch.eye(lines - 1, dtype=torch.bool)
            x[:, -1] = begins  # the last row is the pause
            after = self.step(x, torch.tensor([state]).expand(lines, -1)).tolist()
            accepting.append(bool(after[-1][-1]))
            row = []
            for fired in after[:-1]:
                following = (False, (*fired[:-1], False))  # the answer excites nobody
                if following not in seen:
                    seen[following] = len(seen)
                    waiting.append(following)
                row.append(seen[following])
            moves.append(row)
        return _merged(moves, accepting)


def random_expression(
    depth: int, *, alphabet: str = "01", generator: torch.Generator | None = None
) -> str:
    """Draw a regular expression, with each operation as likely as a single letter.

    Parameters
    ----------
    depth
        How deep operations may be nested.
    alphabet
        The letters.
    generator
        Draws it.

    Examples
    --------
    >>> random_expression(0, alphabet="a")
    'a'
    """
    kind = int(torch.randint(4, (), generator=generator)) if depth else 3
    if kind == 3:
        return alphabet[int(torch.randint(len(alphabet), (), generator=generator))]
    first, second = (
        random_expression(depth - 1, alphabet=alphabet, generator=generator) for _ in range(2)
    )
    return (f"({first}|{second})", f"{first}{second}", f"({first})*")[kind]


class _Event:
    """Which letters of a regular expression may come first, last and after which (Glushkov)."""

    def __init__(self, expression: str, alphabet: str) -> None:
        if set(alphabet) & set("|*()") or len(set(alphabet)) < len(alphabet):
            raise ValueError(f"alphabet must have distinct letters, none of |*(), got {alphabet!r}")
        self.text, self.alphabet, self.at = expression, alphabet, 0
        self.letters: list[str] = []
        self.before: list[set[int]] = []
        self.nullable, self.first, self.last = self._either()
        if self.at < len(expression):
            raise ValueError(f"expression {expression!r} cannot be read at place {self.at}")

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _either(self) -> tuple[bool, set[int], set[int]]:
        nullable, first, last = self._sequence()
        while self._peek() == "|":
            self.at += 1
            other = self._sequence()
            nullable, first, last = nullable or other[0], first | other[1], last | other[2]
        return nullable, first, last

    def _sequence(self) -> tuple[bool, set[int], set[int]]:
        nullable, first, last = True, set[int](), set[int]()
        while (self._peek() or ")") not in "|)":
            can_skip, starts, ends = self._repeated()
            self._join(last, starts)
            first = first | starts if nullable else first
            last = last | ends if can_skip else ends
            nullable = nullable and can_skip
        return nullable, first, last

    def _repeated(self) -> tuple[bool, set[int], set[int]]:
        letter = self._peek()
        self.at += 1
        if letter == "(":
            nullable, first, last = self._either()
            if self._peek() != ")":
                raise ValueError(f"expression {self.text!r} has an open bracket")
            self.at += 1
        elif letter in self.alphabet:
            place = len(self.letters)
            self.letters.append(letter)
            self.before.append(set())
            nullable, first, last = False, {place}, {place}
        else:
            raise ValueError(f"expression {self.text!r} cannot be read at place {self.at - 1}")
        while self._peek() == "*":
            self.at += 1
            self._join(last, first)
            nullable = True
        return nullable, first, last

    def _join(self, ends: set[int], starts: set[int]) -> None:
        for place in starts:
            self.before[place] |= ends


def _merged(moves: list[list[int]], accepting: list[bool]) -> tuple[list[list[int]], list[bool]]:
    """Merge the states that no word tells apart, numbered in order of first appearance."""
    block = [int(a) for a in accepting]
    while True:
        marks = [(block[s], *(block[t] for t in row)) for s, row in enumerate(moves)]
        names: dict[tuple[int, ...], int] = {}
        finer = [names.setdefault(mark, len(names)) for mark in marks]
        if len(names) == len(set(block)):
            break
        block = finer
    states = [finer.index(k) for k in range(len(names))]
    return [[finer[t] for t in moves[s]] for s in states], [accepting[s] for s in states]
