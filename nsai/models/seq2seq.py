r"""Sequence to sequence: one network reads, another writes, with and without attention.

Papers: Sutskever, Vinyals and Le, "Sequence to sequence learning with neural networks", NIPS 2014:
the state behind the last word is all that the writer gets. Bahdanau, Cho and Bengio, "Neural
machine translation by jointly learning to align and translate", ICLR 2015, arXiv:1409.0473,
section 3.1 and appendix A: before each word it writes, it looks at all the words read,

.. math:: e_{ij} = v^\top \tanh(W s_{i-1} + U h_j), \qquad
          \alpha_{ij} = \frac{\exp e_{ij}}{\sum_k \exp e_{ik}}, \qquad
          c_i = \sum_j \alpha_{ij} h_j, \qquad
          s_i = \mathrm{GRU}\big(s_{i-1}, [y_{i-1}; c_i]\big)

where h_j are the states of a reader that goes both ways, side by side.

Shapes: source (batch, places), target (batch, time), h (batch, places, 2 · units),
s (batch, units), α (batch, time, places), logits (batch, time, symbols). Sentences end with END and
are filled up with PAD; the writer's first input is START.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from nsai.models.recurrent import LAYERS, GRUCell, Kind, State

PAD, START, END, UNKNOWN = SPECIAL = range(4)  # the first symbols of every vocabulary


class Notes(NamedTuple):
    """What an attentive writer can look at.

    Attributes
    ----------
    h
        States of the reader at each word, both ways, (batch, places, 2 · units).
    keys
        U h, (batch, places, units).
    filler
        Where there is no word, (batch, places).
    """

    h: Float[Tensor, "batch places both"]
    keys: Float[Tensor, "batch places units"]
    filler: Bool[Tensor, "batch places"]


class EncoderDecoder(nn.Module):
    """What every reader and writer share: words, learning from right words, and generating.

    Parameters
    ----------
    source_symbols, target_symbols
        Sizes of the vocabularies, the four special symbols included.
    width
        Features of a word.
    dropout
        Chance to drop a feature of a word, and of what the last layer sees.

    Raises
    ------
    ValueError
        If a vocabulary is too small.
    """

    def __init__(
        self, source_symbols: int, target_symbols: int, *, width: int, dropout: float = 0.0
    ) -> None:
        super().__init__()
        least = len(SPECIAL) + 1
        for name, size in {"source": source_symbols, "target": target_symbols}.items():
            if size < least:
                raise ValueError(f"{name}_symbols must be at least {least}, got {size}")
        self.source = nn.Embedding(source_symbols, width, padding_idx=PAD)
        self.target = nn.Embedding(target_symbols, width, padding_idx=PAD)
        self.drop = nn.Dropout(dropout)

    def read(self, source: Int[Tensor, "batch places"]) -> tuple[State, Notes | None]:
        """Return the state in which the writer begins, and what it can look at.

        Raises
        ------
        ValueError
            If a sentence has no words.
        """
        raise NotImplementedError

    def write(
        self, target: Int[Tensor, "batch time"], state: State, notes: Notes | None = None
    ) -> tuple[
        Float[Tensor, "batch time symbols"], State, Float[Tensor, "batch time places"] | None
    ]:
        """Return the logits of the words behind those given, the state, and where it looked.

        Parameters
        ----------
        target
            The words before: START and what was, or should have been, written.
        state, notes
            From `read`; or, to go on writing, the state that this returned.
        """
        raise NotImplementedError

    def words_read(self, source: Int[Tensor, "batch places"]) -> PackedSequence:
        """Return the features of the words, without the filler."""
        lengths = (source != PAD).sum(1).cpu()
        if not lengths.all():
            row = int(lengths.argmin())
            raise ValueError(f"each sentence needs a symbol besides PAD; row {row} has none")
        x = self.drop(self.source(source))
        return pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)

    def forward(
        self, source: Int[Tensor, "batch places"], target: Int[Tensor, "batch time"]
    ) -> Float[Tensor, "batch time symbols"]:
        """Return the logits of each next word, given the source and the right words before it."""
        return self.write(target, *self.read(source))[0]

    @torch.no_grad()
    def generate(self, source: Int[Tensor, "batch places"], most: int) -> Int[Tensor, "batch time"]:
        """Return what it writes if it takes the likeliest word each time; PAD behind END.

        Parameters
        ----------
        source
            Sentences.
        most
            Symbols after which to stop, END or not.
        """
        state, notes = self.read(source)
        word = source.new_full((len(source), 1), START)
        done = torch.zeros_like(word, dtype=torch.bool)
        written: list[Tensor] = []
        while len(written) < most and not done.all():
            logits, state, _ = self.write(word, state, notes)
            word = logits.argmax(-1).masked_fill(done, PAD)
            done = done | (word == END)
            written.append(word)
        return torch.cat(written, 1) if written else source.new_zeros(len(source), 0)


class Seq2Seq(EncoderDecoder):
    """A reader whose last state is all that the writer gets.

    Parameters
    ----------
    source_symbols, target_symbols, width, dropout
        As in `EncoderDecoder`; features between layers are dropped, too.
    units
        Size of a recurrent layer.
    kind
        ``"rnn"``, ``"lstm"`` or ``"gru"``.
    layers
        Recurrent layers in the reader and in the writer.

    Raises
    ------
    ValueError
        If a size is too small, or the kind is unknown.

    Examples
    --------
    >>> model = Seq2Seq(9, 7, width=8, units=16, layers=2)
    >>> source = torch.tensor([[4, 5, END], [6, END, PAD]])
    >>> model(source, torch.tensor([[START, 4], [START, 5]])).shape
    torch.Size([2, 2, 7])
    >>> model.generate(source, most=5).shape[0]
    2
    """

    def __init__(
        self,
        source_symbols: int,
        target_symbols: int,
        *,
        width: int,
        units: int,
        kind: Kind = "lstm",
        layers: int = 1,
        dropout: float = 0.0,
    ) -> None:
        super().__init__(source_symbols, target_symbols, width=width, dropout=dropout)
        if units < 1 or layers < 1:
            raise ValueError(f"units and layers must be at least 1, got {units} and {layers}")
        if kind not in LAYERS:
            raise ValueError(f"kind must be one of {', '.join(LAYERS)}, got {kind!r}")
        between = dropout if layers > 1 else 0.0
        self.reader, self.writer = (
            LAYERS[kind](width, units, layers, batch_first=True, dropout=between) for _ in range(2)
        )
        self.out = nn.Linear(units, target_symbols)

    def read(self, source: Int[Tensor, "batch places"]) -> tuple[State, None]:
        """Return the states of all layers behind the last word; there are no notes."""
        _, last = self.reader(self.words_read(source))
        return (last if isinstance(last, tuple) else (last,)), None

    def write(
        self, target: Int[Tensor, "batch time"], state: State, notes: Notes | None = None
    ) -> tuple[Float[Tensor, "batch time symbols"], State, None]:
        """Return the logits of the words behind those given, and the state."""
        before = state if len(state) > 1 else state[0]
        s, after = self.writer(self.drop(self.target(target)), before)
        return self.out(self.drop(s)), (after if isinstance(after, tuple) else (after,)), None


class AttentiveSeq2Seq(EncoderDecoder):
    """A writer that looks at every word read, anew for each word it writes.

    As in the paper but for the last layer, where tanh takes the place of maxout:
    logits = V tanh(C [s; c]).

    Parameters
    ----------
    source_symbols, target_symbols, width, dropout
        As in `EncoderDecoder`.
    units
        Size of the writer's state and of the reader's in each direction.

    Examples
    --------
    >>> model = AttentiveSeq2Seq(9, 7, width=8, units=16)
    >>> source = torch.tensor([[4, 5, END], [6, END, PAD]])
    >>> looked = model.attention(source, torch.tensor([[START, 4], [START, 5]]))
    >>> looked.shape, looked[1, :, 2].tolist()
    (torch.Size([2, 2, 3]), [0.0, 0.0])
    """

    def __init__(
        self,
        source_symbols: int,
        target_symbols: int,
        *,
        width: int,
        units: int,
        dropout: float = 0.0,
    ) -> None:
        super().__init__(source_symbols, target_symbols, width=width, dropout=dropout)
        if units < 1:
            raise ValueError(f"units must be at least 1, got {units}")
        self.reader = nn.GRU(width, units, batch_first=True, bidirectional=True)
        for name, weight in self.reader.named_parameters():
            if "weight_hh" in name:
                for block in weight.data.split(units):
                    nn.init.orthogonal_(block)
        self.begin = nn.Linear(units, units)
        self.query = nn.Linear(units, units)
        self.key = nn.Linear(2 * units, units, bias=False)
        self.score = nn.Linear(units, 1, bias=False)
        self.cell = GRUCell(width + 2 * units, units)
        self.combine = nn.Linear(3 * units, units)
        self.out = nn.Linear(units, target_symbols)

    def read(self, source: Int[Tensor, "batch places"]) -> tuple[State, Notes]:
        """Return the first state, from what the backward reader ends with, and the notes."""
        packed, last = self.reader(self.words_read(source))
        h = pad_packed_sequence(packed, batch_first=True, total_length=source.shape[1])[0]
        return (self.begin(last[1]).tanh(),), Notes(h, self.key(h), source == PAD)

    def write(
        self, target: Int[Tensor, "batch time"], state: State, notes: Notes | None = None
    ) -> tuple[Float[Tensor, "batch time symbols"], State, Float[Tensor, "batch time places"]]:
        """Return the logits of the words behind those given, the state, and where it looked."""
        if notes is None:
            raise ValueError("notes are needed: pass what read returned")
        (s,), (h, keys, filler) = state, notes
        words = self.drop(self.target(target))
        width, units = words.shape[-1], s.shape[-1]
        # W [y; c] = W y + Σ α (W h): both products are taken once, before the loop.
        inward = F.linear(words, self.cell.weight_ih[:, :width], self.cell.bias_ih)
        offered = F.linear(h, self.cell.weight_ih[:, width:])
        weight = torch.cat((self.query.weight, self.cell.weight_hh))
        bias = torch.cat((self.query.bias, self.cell.bias_hh))
        unseen = torch.zeros_like(filler, dtype=h.dtype).masked_fill(filler, -torch.inf)
        states, looked = [], []
        for x in inward.unbind(1):
            q, gates_h, n_h = F.linear(s, weight, bias).split((units, 2 * units, units), -1)
            e = self.score((q[:, None] + keys).tanh()).squeeze(-1)
            alpha = (e + unseen).softmax(-1)
            summed = torch.baddbmm(x[:, None], alpha[:, None], offered)[:, 0]
            r, z = (summed[:, : 2 * units] + gates_h).sigmoid().chunk(2, -1)
            s = torch.lerp((summed[:, 2 * units :] + r * n_h).tanh(), s, z)
            states.append(s)
            looked.append(alpha)
        alphas = torch.stack(looked, 1)
        combined = self.combine(torch.cat((torch.stack(states, 1), alphas @ h), -1)).tanh()
        return self.out(self.drop(combined)), (s,), alphas

    @torch.no_grad()
    def attention(
        self, source: Int[Tensor, "batch places"], target: Int[Tensor, "batch time"]
    ) -> Float[Tensor, "batch time places"]:
        """Return where it looks before each word, given the right words before it."""
        return self.write(target, *self.read(source))[2]
