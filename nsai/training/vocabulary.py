"""Words and their numbers."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

from nsai.models.seq2seq import END, PAD, UNKNOWN

SPECIAL = ("<pad>", "<start>", "<end>", "<unknown>")


@dataclass(frozen=True)
class Vocabulary:
    """Words and their numbers; the first four are PAD, START, END and UNKNOWN.

    Parameters
    ----------
    words
        All of them, the special ones first.

    Examples
    --------
    >>> vocabulary = Vocabulary.of(["walk left", "walk"])
    >>> vocabulary.encode(["left", "walk dax left"])
    tensor([[4, 2, 0, 0],
            [5, 3, 4, 2]])
    >>> vocabulary.decode(torch.tensor([[5, 4, 2, 0]]))
    ['walk left']
    """

    words: tuple[str, ...]

    @classmethod
    def of(cls, sentences: Sequence[str], least: int = 1) -> "Vocabulary":
        """Number the words of some sentences, in alphabetical order.

        Parameters
        ----------
        sentences
            Words separated by spaces.
        least
            Times that a word must come to have a number of its own.
        """
        counts = Counter(word for sentence in sentences for word in sentence.split())
        return cls((*SPECIAL, *sorted(w for w, count in counts.items() if count >= least)))

    def __post_init__(self) -> None:
        if self.words[: len(SPECIAL)] != SPECIAL or len(set(self.words)) != len(self.words):
            raise ValueError(f"words must be distinct and begin with {' '.join(SPECIAL)}")

    def __len__(self) -> int:
        return len(self.words)

    def encode(self, sentences: Sequence[str]) -> Int[Tensor, "sentences places"]:
        """Return the numbers of the words, END behind them, filled up with PAD."""
        number = {word: i for i, word in enumerate(self.words)}
        rows = [[number.get(w, UNKNOWN) for w in s.split()] + [END] for s in sentences]
        longest = max(map(len, rows), default=0)
        filled = [row + [PAD] * (longest - len(row)) for row in rows]
        return torch.tensor(filled, dtype=torch.int64).reshape(len(rows), longest)

    def decode(self, tokens: Int[Tensor, "sentences places"]) -> list[str]:
        """Return the words before END, without the filler."""
        rows = []
        for row in tokens.tolist():
            row = row[: row.index(END)] if END in row else row
            rows.append(" ".join(self.words[i] for i in row if i != PAD))
        return rows
