r"""GPT: a stack of causal Transformer blocks that predicts the next symbol.

Papers: Vaswani et al., "Attention is all you need", NIPS 2017; Radford et al., "Language models
are unsupervised multitask learners", 2019 (normalisation before each sublayer, scaled
initialisation); Karpathy, nanoGPT, 2022 (the sizes and the recipe).

.. math:: x_t = E_{c_t} + P_t, \qquad
          x \leftarrow x + \mathrm{attention}(\mathrm{norm}(x)), \qquad
          x \leftarrow x + W_2\, \phi(W_1\, \mathrm{norm}(x)), \qquad
          p(c_{t+1} \mid c_{\le t}) = \mathrm{softmax}(E\, \mathrm{norm}(x_t))

Shapes: tokens (batch, time), x (batch, time, width), logits (batch, time, symbols).
"""

import math
from collections.abc import Mapping
from typing import Literal

import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from nsai.models.attention import KeyValues, SelfAttention

Positions = Literal["learned", "rotary"]


class Cache:
    """What a GPT remembers of the symbols that it has read: keys and values of every layer.

    Examples
    --------
    >>> import torch
    >>> model = GPT(5, block=8, layers=1, heads=2, width=4)
    >>> cache = model.cache()
    >>> _ = model(torch.tensor([[0, 1, 2]]), cache)
    >>> len(cache)
    3
    """

    def __init__(self, layers: int) -> None:
        self.layers = [KeyValues() for _ in range(layers)]

    def __len__(self) -> int:
        return len(self.layers[0])


class Block(nn.Module):
    """Attention and a small network at each place, each on a normalised input and added to it.

    Parameters
    ----------
    width
        Features of the input and of the output.
    heads
        Number of attention heads; must divide `width`.
    dropout
        Chance to drop a feature before it is added.
    bias
        Whether linear maps and norms have a bias.
    causal, rotary, smeared
        As in `SelfAttention`.

    Examples
    --------
    >>> import torch
    >>> Block(8, 2)(torch.zeros(1, 5, 8)).shape
    torch.Size([1, 5, 8])
    """

    def __init__(
        self,
        width: int,
        heads: int,
        *,
        dropout: float = 0.0,
        bias: bool = True,
        causal: bool = True,
        rotary: bool = False,
        smeared: bool = False,
    ) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, bias=bias)
        self.attention = SelfAttention(
            width,
            heads,
            dropout=dropout,
            bias=bias,
            causal=causal,
            rotary=rotary,
            smeared=smeared,
        )
        self.norm2 = nn.LayerNorm(width, bias=bias)
        self.expand = nn.Linear(width, 4 * width, bias=bias)
        self.contract = nn.Linear(4 * width, width, bias=bias)
        self.dropout = dropout

    def forward(
        self,
        x: Float[Tensor, "batch time width"],
        past: KeyValues | None = None,
        barred: Bool[Tensor, "time seen"] | None = None,
    ) -> Float[Tensor, "batch time width"]:
        """Return the refined features; `past` and `barred` as in `SelfAttention`."""
        x = x + self.attention(self.norm1(x), past, barred)
        refined = self.contract(F.gelu(self.expand(self.norm2(x))))
        return x + F.dropout(refined, self.dropout, self.training)


class GPT(nn.Module):
    """A decoder-only Transformer over a small set of symbols.

    Parameters
    ----------
    symbols
        Size of the vocabulary.
    block
        Longest sequence that it reads at once.
    layers, heads, width
        Number of blocks, heads in each, and features of a place.
    dropout
        Chance to drop, in the embedding, the attention and both sublayers.
    bias
        Whether linear maps and norms have a bias.
    positions
        ``"learned"`` adds one vector a place; ``"rotary"`` rotates queries and keys.
    smeared, causal
        As in `SelfAttention`.

    Raises
    ------
    ValueError
        If a size is below 1, `heads` does not divide `width`, or a choice is unknown.

    Examples
    --------
    >>> import torch
    >>> model = GPT(65, block=64, layers=2, heads=4, width=32)
    >>> model(torch.zeros(3, 10, dtype=torch.long)).shape
    torch.Size([3, 10, 65])
    """

    def __init__(
        self,
        symbols: int,
        *,
        block: int,
        layers: int,
        heads: int,
        width: int,
        dropout: float = 0.0,
        bias: bool = False,
        positions: Positions = "learned",
        smeared: bool = False,
        causal: bool = True,
    ) -> None:
        super().__init__()
        for name, size in {"symbols": symbols, "block": block, "layers": layers}.items():
            if size < 1:
                raise ValueError(f"{name} must be at least 1, got {size}")
        if positions not in ("learned", "rotary"):
            raise ValueError(f"positions must be 'learned' or 'rotary', got {positions!r}")
        self.symbols, self.block, self.dropout = symbols, block, dropout
        self.token = nn.Embedding(symbols, width)
        self.place = nn.Embedding(block, width) if positions == "learned" else None
        self.blocks = nn.ModuleList(
            Block(
                width,
                heads,
                dropout=dropout,
                bias=bias,
                causal=causal,
                rotary=positions == "rotary",
                smeared=smeared,
            )
            for _ in range(layers)
        )
        self.norm = nn.LayerNorm(width, bias=bias)
        self.head = nn.Linear(width, symbols, bias=False)
        self.head.weight = self.token.weight
        self._initialise()

    def _initialise(self) -> None:
        """Draw weights as GPT-2 does: N(0, 0.02²), smaller where a sublayer adds to the stream."""
        residual = 0.02 / math.sqrt(2 * len(self.blocks))
        for name, parameter in self.named_parameters():
            if parameter.ndim == 2:
                added = name.endswith(("project_out.weight", "contract.weight"))
                nn.init.normal_(parameter, std=residual if added else 0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    def cache(self) -> Cache:
        """Return an empty cache for this model."""
        return Cache(len(self.blocks))

    def forward(
        self,
        tokens: Int[Tensor, "batch time"],
        cache: Cache | None = None,
        *,
        barred: Mapping[int, Bool[Tensor, "time seen"]] | None = None,
    ) -> Float[Tensor, "batch time symbols"]:
        """Return the logits of the next symbol after each place.

        Parameters
        ----------
        tokens
            Symbols, int64 (batch, time); with `cache`, those that follow what it has read.
        cache
            Filled in place.
        barred
            Looks that are forbidden, by layer, to see what they are needed for; as in
            `SelfAttention`.
        """
        return self.decode(self.embed(tokens, cache), cache, barred)

    def embed(
        self, tokens: Int[Tensor, "batch time"], cache: Cache | None = None
    ) -> Float[Tensor, "batch time width"]:
        """Return the features of each place before the first block."""
        start = 0 if cache is None else len(cache)
        time = tokens.shape[1]
        if start + time > self.block:
            raise ValueError(f"a sequence may have {self.block} places, got {start + time}")
        if tokens.device.type == "cpu":  # on a GPU asking would wait for it at every step
            low, high = int(tokens.min()), int(tokens.max())
            if low < 0 or high >= self.symbols:
                raise ValueError(f"tokens must lie in [0, {self.symbols}), got {low} to {high}")
        x = self.token(tokens)
        if self.place is not None:
            x = x + self.place.weight[start : start + time]
        return F.dropout(x, self.dropout, self.training)

    def decode(
        self,
        x: Float[Tensor, "batch time width"],
        cache: Cache | None = None,
        barred: Mapping[int, Bool[Tensor, "time seen"]] | None = None,
    ) -> Float[Tensor, "batch time symbols"]:
        """Return the logits for features that `embed` made."""
        barred = barred or {}
        if not barred.keys() <= set(range(len(self.blocks))):
            raise ValueError(f"barred: layers are 0 to {len(self.blocks) - 1}, got {list(barred)}")
        for i, block in enumerate(self.blocks):
            x = block(x, None if cache is None else cache.layers[i], barred.get(i))
        return self.head(self.norm(x))

    def attention_maps(
        self, tokens: Int[Tensor, "batch time"]
    ) -> list[Float[Tensor, "batch heads time time"]]:
        """Return the attention weights of every layer."""
        x = self.embed(tokens)
        maps = []
        for block in self.blocks:
            assert isinstance(block, Block)
            maps.append(block.attention.weights(block.norm1(x)))
            x = block(x)
        return maps
