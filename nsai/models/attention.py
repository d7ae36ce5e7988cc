r"""Scaled dot-product self-attention, its masks, and a cache of keys and values.

Paper: Vaswani et al., "Attention is all you need", NIPS 2017, equation 1 and section 3.2.2:

.. math:: A = \mathrm{softmax}\!\left(\frac{Q K^\top}{\sqrt{d}} + M\right), \qquad
          M_{ts} = \begin{cases} 0 & s \le t \\ -\infty & s > t \end{cases}, \qquad
          \mathrm{attention}(Q, K, V) = A V

Shapes: x (batch, time, width); q, k, v (batch, heads, time, size) with width = heads · size.
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn


def causal_mask(queries: int, keys: int) -> Bool[Tensor, "queries keys"]:
    """Return which keys each query may see; the queries are the last of the keys.

    Examples
    --------
    >>> causal_mask(2, 3).int().tolist()
    [[1, 1, 0], [1, 1, 1]]
    """
    return torch.ones(queries, keys, dtype=torch.bool).tril(keys - queries)


def attention_weights(
    q: Float[Tensor, "batch heads queries size"],
    k: Float[Tensor, "batch heads keys size"],
    *,
    causal: bool = True,
    barred: Bool[Tensor, "*batch #queries keys"] | None = None,
) -> Float[Tensor, "batch heads queries keys"]:
    """Return how much each query attends to each key; every row sums to one.

    Parameters
    ----------
    q
        Queries, (batch, heads, queries, size).
    k
        Keys, (batch, heads, keys, size).
    causal
        Whether a query sees only the keys up to its own place.
    barred
        Further keys that queries may not see, for all sequences or for each.

    Examples
    --------
    >>> attention_weights(torch.zeros(1, 1, 2, 4), torch.zeros(1, 1, 2, 4)).tolist()
    [[[[1.0, 0.0], [0.5, 0.5]]]]
    """
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    mask = _allowed(q, k, causal, barred)
    return (scores if mask is None else scores.masked_fill(~mask, -math.inf)).softmax(-1)


def _allowed(q: Tensor, k: Tensor, causal: bool, barred: Tensor | None) -> Tensor | None:
    """Return which keys each query may see, to be broadcast over heads; None for all of them."""
    mask = causal_mask(q.shape[-2], k.shape[-2]).to(q.device) if causal else None
    if barred is None:
        return mask
    mask = ~barred if mask is None else mask & ~barred
    if barred.ndim == 2 and not mask.any(-1).all():
        raise ValueError("barred leaves a place nothing to look at")
    return mask.unsqueeze(-3)


def rotate(x: Float[Tensor, "batch heads time size"], start: int = 0) -> Tensor:
    r"""Turn pairs of features by an angle that grows with the place (rotary positions).

    .. math:: (x_i, x_{i + d/2}) \mapsto
              \begin{pmatrix} \cos t\theta_i & -\sin t\theta_i \\
              \sin t\theta_i & \cos t\theta_i \end{pmatrix}
              \begin{pmatrix} x_i \\ x_{i + d/2} \end{pmatrix},
              \qquad \theta_i = 10000^{-2i/d}

    so that a query meets a key in a product that depends only on how far apart they are.

    Parameters
    ----------
    x
        Queries or keys, (batch, heads, time, size); size must be even.
    start
        Place of the first of them.

    References
    ----------
    Su et al., "RoFormer", Neurocomputing 568 (2024), 127063, equation 34.

    Examples
    --------
    >>> x = torch.ones(1, 1, 3, 2)
    >>> torch.equal(rotate(x)[..., 0, :], x[..., 0, :])
    True
    """
    time, size = x.shape[-2:]
    if size % 2:
        raise ValueError(f"the size of a head must be even to be rotated, got {size}")
    half = size // 2
    exact = torch.promote_types(x.dtype, torch.float32)
    theta = 10000.0 ** (-torch.arange(half, device=x.device, dtype=exact) / half)
    place = torch.arange(start, start + time, device=x.device, dtype=exact)
    angle = place[:, None] * theta
    cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
    left, right = x[..., :half], x[..., half:]
    return torch.cat((left * cos - right * sin, left * sin + right * cos), -1)


class KeyValues:
    """Keys and values of the places that one layer has already seen.

    Attributes
    ----------
    keys, values
        (batch, heads, places, size), or None while nothing has been seen.
    last
        The last key before smearing and rotation, (batch, heads, 1, size).
    """

    def __init__(self) -> None:
        self.keys: Tensor | None = None
        self.values: Tensor | None = None
        self.last: Tensor | None = None

    def __len__(self) -> int:
        return 0 if self.keys is None else self.keys.shape[-2]

    def extend(
        self,
        keys: Float[Tensor, "batch heads new size"],
        values: Float[Tensor, "batch heads new size"],
    ) -> tuple[Tensor, Tensor]:
        """Append the new places and return all of them."""
        if self.keys is not None and self.values is not None:
            keys = torch.cat((self.keys, keys), -2)
            values = torch.cat((self.values, values), -2)
        self.keys, self.values = keys, values
        return keys, values


class SelfAttention(nn.Module):
    """Self-attention of several heads, with one matrix for queries, keys and values.

    Parameters
    ----------
    width
        Features of the input and of the output.
    heads
        Number of heads; must divide `width`.
    dropout
        Chance to drop an attention weight, and a feature of the output.
    bias
        Whether the two linear maps have a bias.
    causal
        Whether the future is hidden; False is there to show what the mask prevents.
    rotary
        Whether queries and keys are rotated by their place, see `rotate`.
    smeared
        Whether each key takes in a learned part of the one before it,
        ``k_s ← σ(α) k_s + (1 − σ(α)) k_{s−1}`` with one α a head (Olsson et al. 2022, "In-context
        learning and induction heads"): a head can then look for *what came after* a symbol.

    Raises
    ------
    ValueError
        If `heads` does not divide `width`, or a rotated head has an odd size.

    Examples
    --------
    >>> layer = SelfAttention(8, 2)
    >>> layer(torch.zeros(1, 5, 8)).shape
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
        if heads < 1 or width % heads:
            raise ValueError(f"heads must divide width = {width}, got {heads}")
        if rotary and width // heads % 2:
            raise ValueError(f"width / heads must be even with rotary, got {width // heads}")
        self.heads = heads
        self.dropout = dropout
        self.causal = causal
        self.rotary = rotary
        self.project_in = nn.Linear(width, 3 * width, bias=bias)
        self.project_out = nn.Linear(width, width, bias=bias)
        self.alpha = nn.Parameter(torch.zeros(heads)) if smeared else None

    def forward(
        self,
        x: Float[Tensor, "batch time width"],
        past: KeyValues | None = None,
        barred: Bool[Tensor, "*batch #time seen"] | None = None,
    ) -> Float[Tensor, "batch time width"]:
        """Return what each place gathers.

        Parameters
        ----------
        x
            Features of each place.
        past
            Given, x continues what it has seen.
        barred
            Looks that no head may take, from a place (row) at another (column), in all sequences
            or in each; their weight goes to the others.

        Raises
        ------
        ValueError
            If looks barred in all sequences leave a place nothing to look at; where they are
            barred in each, that is for the caller to see to.
        """
        q, k, v = self._split(x, past)
        if past is not None:
            k, v = past.extend(k, v)
        plain = self.causal and barred is None and q.shape[-2] == k.shape[-2]  # has a faster kernel
        mask = None if plain else _allowed(q, k, self.causal, barred)
        dropped = self.dropout if self.training else 0.0
        gathered = F.scaled_dot_product_attention(
            q, k, v, attn_mask=mask, dropout_p=dropped, is_causal=plain
        )
        y = self.project_out(gathered.transpose(1, 2).flatten(2))
        return F.dropout(y, self.dropout, self.training)

    def weights(
        self,
        x: Float[Tensor, "batch time width"],
        barred: Bool[Tensor, "*batch #time time"] | None = None,
    ) -> Float[Tensor, "batch heads time time"]:
        """Return the attention weights for an input, one map a head; `barred` as above."""
        q, k, _ = self._split(x, None)
        return attention_weights(q, k, causal=self.causal, barred=barred)

    def _split(self, x: Tensor, past: KeyValues | None) -> tuple[Tensor, Tensor, Tensor]:
        q, k, v = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for part in self.project_in(x).chunk(3, -1)
        )
        if self.alpha is not None:
            before = None if past is None else past.last
            before = torch.zeros_like(k[..., :1, :]) if before is None else before
            if past is not None:
                past.last = k[..., -1:, :]
            own = self.alpha.sigmoid().to(k.dtype)[:, None, None]
            k = own * k + (1 - own) * torch.cat((before, k[..., :-1, :]), -2)
        if self.rotary:
            start = 0 if past is None else len(past)
            q, k = rotate(q, start), rotate(k, start)
        return q, k, v
