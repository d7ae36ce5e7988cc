r"""BERT: a stack of Transformer blocks that look both ways, and its head for masked symbols.

Papers: Devlin, Chang, Lee and Toutanova, "BERT: pre-training of deep bidirectional transformers for
language understanding", NAACL 2019; Vaswani et al., "Attention is all you need", NIPS 2017 (the
block, normalised after each sublayer).

.. math:: x_t = \mathrm{norm}(E_{c_t} + P_t + S_{s_t}), \qquad
          x \leftarrow \mathrm{norm}(x + \mathrm{attention}(x)), \qquad
          x \leftarrow \mathrm{norm}(x + W_2\, \phi(W_1\, x)),

.. math:: p(c_t \mid \text{the rest}) =
          \mathrm{softmax}\bigl(E\, \mathrm{norm}(\phi(W x_t + b)) + a\bigr)_{c_t}

with φ the exact GELU. A place that is padding is hidden from all places, and nothing else is.

Shapes: tokens (batch, time), real (batch, time), features x (batch, time, width), logits
(batch, time, symbols).
"""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from nsai.models.attention import SelfAttention


class BertBlock(nn.Module):
    """Attention over all real places, then a small network at each place, each added and normed.

    Parameters
    ----------
    width
        Features of the input and of the output.
    heads
        Number of attention heads; must divide `width`.
    hidden
        Units of the small network; None takes ``4 * width``.
    dropout
        Chance to drop an attention weight, and a feature before it is added.
    eps
        Added to the variance by the norms.
    causal
        Whether a place sees only those up to itself; True is there to show what it costs.

    Raises
    ------
    ValueError
        If `heads` does not divide `width`.

    Examples
    --------
    >>> import torch
    >>> BertBlock(8, 2)(torch.zeros(1, 5, 8)).shape
    torch.Size([1, 5, 8])
    """

    def __init__(
        self,
        width: int,
        heads: int,
        *,
        hidden: int | None = None,
        dropout: float = 0.0,
        eps: float = 1e-12,
        causal: bool = False,
    ) -> None:
        super().__init__()
        hidden = 4 * width if hidden is None else hidden
        self.dropout = dropout
        self.attention = SelfAttention(width, heads, dropout=dropout, causal=causal)
        self.expand = nn.Linear(width, hidden)
        self.contract = nn.Linear(hidden, width)
        self.norm1, self.norm2 = nn.LayerNorm(width, eps=eps), nn.LayerNorm(width, eps=eps)

    def forward(
        self,
        x: Float[Tensor, "batch time width"],
        real: Bool[Tensor, "batch time"] | None = None,
    ) -> Float[Tensor, "batch time width"]:
        """Return the refined features; places where `real` is False are seen by none."""
        x = self.norm1(x + self.attention(x, barred=_padding(real)))
        refined = self.contract(F.gelu(self.expand(x)))
        return self.norm2(x + F.dropout(refined, self.dropout, self.training))

    def weights(
        self,
        x: Float[Tensor, "batch time width"],
        real: Bool[Tensor, "batch time"] | None = None,
    ) -> Float[Tensor, "batch heads time time"]:
        """Return how much each place attends to each; every row sums to one."""
        return self.attention.weights(x, _padding(real))


class Bert(nn.Module):
    """An encoder-only Transformer: features of each place that depend on both sides of it.

    Parameters
    ----------
    symbols
        Size of the vocabulary.
    block
        Longest sequence that it reads.
    layers, heads, width
        Number of blocks, heads in each, and features of a place.
    hidden
        Units of the network at each place; None takes ``4 * width``.
    segments
        Number of parts that a sequence may be made of, such as question and answer.
    dropout
        Chance to drop, in the embedding, the attention and both sublayers.
    eps
        Added to the variance by the norms.
    causal
        As in `BertBlock`.
    spread
        Standard deviation of the first weights, of which none is beyond twice that. BERT's 0.02 is
        for a width of 768; a narrow one learns sooner from ``0.02 * sqrt(768 / width)``.

    Raises
    ------
    ValueError
        If a size is below 1, or `heads` does not divide `width`.

    Examples
    --------
    >>> import torch
    >>> model = Bert(100, block=16, layers=2, heads=4, width=32)
    >>> tokens = torch.tensor([[1, 7, 9, 2, 0, 0]])
    >>> model(tokens, tokens != 0).shape
    torch.Size([1, 6, 32])
    """

    def __init__(
        self,
        symbols: int,
        *,
        block: int,
        layers: int,
        heads: int,
        width: int,
        hidden: int | None = None,
        segments: int = 2,
        dropout: float = 0.0,
        eps: float = 1e-12,
        causal: bool = False,
        spread: float = 0.02,
    ) -> None:
        super().__init__()
        sizes = {"symbols": symbols, "block": block, "layers": layers, "segments": segments}
        for name, size in sizes.items():
            if size < 1:
                raise ValueError(f"{name} must be at least 1, got {size}")
        self.symbols, self.block, self.width, self.dropout = symbols, block, width, dropout
        self.token = nn.Embedding(symbols, width)
        self.place = nn.Embedding(block, width)
        self.segment = nn.Embedding(segments, width)
        self.norm = nn.LayerNorm(width, eps=eps)
        self.blocks = nn.ModuleList(
            BertBlock(width, heads, hidden=hidden, dropout=dropout, eps=eps, causal=causal)
            for _ in range(layers)
        )
        self.spread = spread
        self.apply(lambda module: initialise(module, spread))

    def forward(
        self,
        tokens: Int[Tensor, "batch time"],
        real: Bool[Tensor, "batch time"] | None = None,
        segments: Int[Tensor, "batch time"] | None = None,
    ) -> Float[Tensor, "batch time width"]:
        """Return the features of each place after the last block.

        Parameters
        ----------
        tokens
            Symbols, int64 (batch, time); at padded places any symbol.
        real
            False where a place is padding, (batch, time); None means that none is.
        segments
            The part to which each place belongs; None means the first.

        Raises
        ------
        ValueError
            If a sequence is longer than `block`, has no real place, or has a symbol or a segment
            that is unknown. On a GPU only the length is checked.
        """
        _check_real(real)
        return self.encode(self.embed(tokens, segments), real)

    def embed(
        self,
        tokens: Int[Tensor, "batch time"],
        segments: Int[Tensor, "batch time"] | None = None,
    ) -> Float[Tensor, "batch time width"]:
        """Return the features of each place before the first block."""
        time = tokens.shape[1]
        if time > self.block:
            raise ValueError(f"a sequence may have {self.block} places, got {time}")
        x = _looked_up("tokens", self.token, tokens) + self.place.weight[:time]
        if segments is None:
            x = x + self.segment.weight[0]
        else:
            x = x + _looked_up("segments", self.segment, segments)
        x = self.norm(x)
        return F.dropout(x, self.dropout, self.training)

    def encode(
        self,
        x: Float[Tensor, "batch time width"],
        real: Bool[Tensor, "batch time"] | None = None,
    ) -> Float[Tensor, "batch time width"]:
        """Return the features that the blocks make of those that `embed` made."""
        for block in self.blocks:
            x = block(x, real)
        return x

    def attention_maps(
        self,
        tokens: Int[Tensor, "batch time"],
        real: Bool[Tensor, "batch time"] | None = None,
        segments: Int[Tensor, "batch time"] | None = None,
    ) -> list[Float[Tensor, "batch heads time time"]]:
        """Return the attention weights of every layer."""
        _check_real(real)
        x, maps = self.embed(tokens, segments), []
        for block in self.blocks:
            assert isinstance(block, BertBlock)
            maps.append(block.weights(x, real))
            x = block(x, real)
        return maps


class MaskedBert(nn.Module):
    """A Bert that says for each place which symbol stands there, by the embedding that it reads.

    Parameters
    ----------
    bert
        The encoder; its token embedding is also the matrix of the output.

    Examples
    --------
    >>> import torch
    >>> model = MaskedBert(Bert(100, block=16, layers=2, heads=4, width=32))
    >>> model(torch.zeros(3, 10, dtype=torch.long)).shape
    torch.Size([3, 10, 100])
    """

    def __init__(self, bert: Bert) -> None:
        super().__init__()
        self.bert = bert
        self.transform = nn.Linear(bert.width, bert.width)
        self.norm = nn.LayerNorm(bert.width, eps=bert.norm.eps)
        self.bias = nn.Parameter(torch.zeros(bert.symbols))
        initialise(self.transform, bert.spread)

    def forward(
        self,
        tokens: Int[Tensor, "batch time"],
        real: Bool[Tensor, "batch time"] | None = None,
        segments: Int[Tensor, "batch time"] | None = None,
    ) -> Float[Tensor, "batch time symbols"]:
        """Return the logits of the symbol at each place; arguments as in `Bert`."""
        x = self.norm(F.gelu(self.transform(self.bert(tokens, real, segments))))
        return F.linear(x, self.bert.token.weight, self.bias)


def initialise(module: nn.Module, spread: float) -> None:
    """Draw the weights of a layer as BERT does: normal, cut at two standard deviations.

    Parameters
    ----------
    module
        Only linear maps and embeddings are changed; their biases become 0.
    spread
        Standard deviation before the cut.

    Examples
    --------
    >>> import torch
    >>> layer = nn.Linear(100, 100)
    >>> initialise(layer, 0.02)
    >>> bool((layer.weight.abs() <= 0.04).all() and (layer.bias == 0).all())
    True
    """
    if isinstance(module, (nn.Linear, nn.Embedding)):
        nn.init.trunc_normal_(module.weight, std=spread, a=-2 * spread, b=2 * spread)
    if isinstance(module, nn.Linear):
        nn.init.zeros_(module.bias)


def _looked_up(name: str, table: nn.Embedding, rows: Tensor) -> Tensor:
    try:
        return table(rows)
    except IndexError as error:
        low, high, count = int(rows.min()), int(rows.max()), table.num_embeddings
        raise ValueError(f"{name} must lie in [0, {count}), got {low} to {high}") from error


def _padding(real: Tensor | None) -> Tensor | None:
    """Return the places that no place of the same sequence may look at."""
    return None if real is None else ~real[:, None]


def _check_real(real: Tensor | None) -> None:
    if real is not None and real.device.type == "cpu" and not bool(real.any(1).all()):
        raise ValueError("every sequence must have a real place, got one of nothing but padding")
