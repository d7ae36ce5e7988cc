"""LeNet-5, layer by layer as its paper has it.

With ``f(a) = 1.7159 tanh(2a/3)`` and an image padded to 32 x 32 (LeCun et al. 1998, II.B):

====== ========================== ================== ========== ===========
layer  computes                   maps               parameters connections
====== ========================== ================== ========== ===========
C1     f(5 x 5 convolution)       6 at 28 x 28              156     122,304
S2     f(coefficient x sum + b)   6 at 14 x 14               12       5,880
C3     f(5 x 5, sparse: Table I)  16 at 10 x 10           1,516     151,600
S4     f(coefficient x sum + b)   16 at 5 x 5                32       2,000
C5     f(5 x 5 convolution)       120 at 1 x 1           48,120      48,120
F6     f(linear)                  84                     10,164      10,164
output squared distance to a code 10                          0         840
====== ========================== ================== ========== ===========
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

# Table I of the paper: a row is a map of S2, a column a map of C3, an X a connection.
TABLE_I = (
    "X...XXX..XXXX.XX",
    "XX...XXX..XXXX.X",
    "XXX...XXX..X.XXX",
    ".XXX..XXXX..X.XX",
    "..XXX..XXXX.XX.X",
    "...XXX..XXXX.XXX",
)

# Stylised 7 x 12 digits after Fig. 3 of the paper, drawn anew: the codes that F6 is to show.
DIGITS = """
..XXX.. ...X... .XXXXX. .XXXXX. ....XX. XXXXXXX ..XXXX. XXXXXXX .XXXXX. .XXXXX.
.X...X. ..XX... XX...XX XX...XX ...XXX. XX..... .XX.... XX...XX XX...XX XX...XX
XX...XX .XXX... .....XX .....XX ..XXXX. XX..... XX..... .....XX XX...XX XX...XX
XX...XX X.XX... .....XX .....XX .XX.XX. XX..... XX..... ....XX. XX...XX XX...XX
XX...XX ..XX... ....XX. .....XX XX..XX. XX..... XX..... ....XX. .XX.XX. XX...XX
XX...XX ..XX... ...XX.. ..XXXX. XX..XX. XXXXXX. XXXXXX. ...XX.. ..XXX.. .XXXXXX
XX...XX ..XX... ..XX... .....XX XXXXXXX .....XX XX...XX ...XX.. .XX.XX. .....XX
XX...XX ..XX... .XX.... .....XX ....XX. .....XX XX...XX ..XX... XX...XX .....XX
XX...XX ..XX... XX..... .....XX ....XX. .....XX XX...XX ..XX... XX...XX .....XX
XX...XX ..XX... XX..... .....XX ....XX. .....XX XX...XX .XX.... XX...XX .....XX
.X...X. ..XX... XX...XX XX...XX ....XX. XX...XX XX...XX .XX.... XX...XX ....XX.
..XXX.. XXXXXX. XXXXXXX .XXXXX. ....XX. .XXXXX. .XXXXX. .XX.... .XXXXX. .XXXX..
""".strip().splitlines()


def scaled_tanh(a: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Return 1.7159 tanh(2a/3), which maps +1 to +1 and -1 to -1 (LeCun 1998, appendix A).

    Examples
    --------
    >>> scaled_tanh(torch.tensor([-1.0, 0.0, 1.0]))
    tensor([-1.0000,  0.0000,  1.0000])
    """
    return 1.7159 * torch.tanh(a * (2 / 3))


def connection_table() -> Bool[Tensor, "c3=16 s2=6"]:
    """Return Table I of the paper: which maps of S2 each map of C3 sees.

    Examples
    --------
    >>> connection_table()[0].nonzero().ravel().tolist()
    [0, 1, 2]
    """
    return torch.tensor([[mark == "X" for mark in row] for row in TABLE_I]).T.contiguous()


def digit_codes() -> Float[Tensor, "digits=10 code=84"]:
    """Return the target of F6 for each digit: a 7 x 12 bitmap, ink +1 and paper -1.

    Examples
    --------
    >>> digit_codes()[7].view(12, 7)[0].tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    """
    rows = [line.split() for line in DIGITS]
    codes = [[1.0 if mark == "X" else -1.0 for row in rows for mark in row[d]] for d in range(10)]
    return torch.tensor(codes)


class Subsampling(nn.Module):
    """Halve each map: sum 2 x 2 pixels, times a trained coefficient, plus a trained bias.

    Parameters
    ----------
    channels
        Number of maps; each has its own coefficient and bias.

    Examples
    --------
    >>> layer = Subsampling(1)
    >>> with torch.no_grad():
    ...     _ = layer.coefficient.fill_(0.5), layer.bias.fill_(1.0)
    >>> layer(torch.ones(1, 1, 2, 2)).item()
    3.0
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.coefficient = nn.Parameter(torch.full((channels,), 0.5))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(
        self, x: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch channels rows columns"]:
        """Return maps of half the height and width."""
        if x.ndim != 4 or x.shape[1] != len(self.bias):
            expected = f"(batch, {len(self.bias)}, height, width)"
            raise ValueError(f"x must have shape {expected}, got {tuple(x.shape)}")
        total = F.avg_pool2d(x, 2, divisor_override=1)
        return total * self.coefficient[:, None, None] + self.bias[:, None, None]


class TableConv2d(nn.Module):
    """A convolution in which each output map sees only some input maps.

    Parameters
    ----------
    table
        Which output map sees which input map, bool (out_channels, in_channels).
    kernel_size
        Side of the square kernels.

    Examples
    --------
    >>> sum(p.numel() for p in TableConv2d(connection_table(), 5).parameters())
    1516
    """

    table: Tensor

    def __init__(self, table: Bool[Tensor, "outputs inputs"], kernel_size: int) -> None:
        super().__init__()
        self.kernels = nn.Parameter(torch.empty(int(table.sum()), kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.empty(len(table)))
        self.register_buffer("table", table)
        nn.init.kaiming_uniform_(self.kernels)
        nn.init.zeros_(self.bias)

    def dense(self) -> Float[Tensor, "outputs inputs side side"]:
        """Return the weight of the ordinary convolution that computes the same."""
        side = self.kernels.shape[-1]
        weight = self.kernels.new_zeros(*self.table.shape, side, side)
        return weight.masked_scatter(self.table[..., None, None], self.kernels)

    def forward(
        self, x: Float[Tensor, "batch inputs height width"]
    ) -> Float[Tensor, "batch outputs rows columns"]:
        """Return the maps, without padding."""
        return F.conv2d(x, self.dense(), self.bias)


class LeNet5(nn.Module):
    """The network of LeCun et al. 1998: 60,000 trained parameters, 340,908 connections.

    The output units are the paper's radial basis functions with fixed codes,
    ``y_i = |F6 - code_i|**2``, and `forward` returns ``-y``: the largest score wins, and
    cross-entropy of the scores is the paper's criterion (eq. 9) without its constant j.

    Parameters
    ----------
    activation
        Applied in C1 to C5. F6 keeps the scaled tanh, since the codes are -1 and +1.

    Raises
    ------
    ValueError
        If an image is not 28 x 28 with one channel.

    References
    ----------
    LeCun, Bottou, Bengio and Haffner 1998, "Gradient-based learning applied to document
    recognition", Proceedings of the IEEE 86, section II.B, Table I, fig. 2, appendix A.

    Examples
    --------
    >>> model = LeNet5()
    >>> model(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    >>> sum(p.numel() for p in model.parameters())
    60000
    """

    codes: Tensor

    def __init__(self, activation: Callable[[Tensor], Tensor] = scaled_tanh) -> None:
        super().__init__()
        self.activation = activation
        self.c1 = nn.Conv2d(1, 6, 5)
        self.s2 = Subsampling(6)
        self.c3 = TableConv2d(connection_table(), 5)
        self.s4 = Subsampling(16)
        self.c5 = nn.Conv2d(16, 120, 5)
        self.f6 = nn.Linear(120, 84)
        self.register_buffer("codes", digit_codes())
        self._initialise()

    @torch.no_grad()
    def _initialise(self) -> None:
        # 1/sqrt(fan-in), as LeCun et al. 1998b advise; a uniform draw within the 2.4/fan-in of
        # appendix A leaves C5 so small that it wants the paper's second-order step sizes.
        fans = self.c3.table.sum(1)
        nn.init.normal_(self.c1.weight, std=25**-0.5)
        nn.init.normal_(self.c5.weight, std=400**-0.5)
        nn.init.normal_(self.f6.weight, std=120**-0.5)
        nn.init.normal_(self.c3.kernels)
        self.c3.kernels.div_((25 * fans.repeat_interleave(fans))[:, None, None].sqrt())
        for layer in (self.c1, self.c3, self.c5, self.f6):
            nn.init.zeros_(layer.get_parameter("bias"))

    def layers(self, x: Float[Tensor, "batch channels height width"]) -> dict[str, Tensor]:
        """Return what every layer computes, from the padded input to F6, by its name."""
        if x.ndim != 4 or tuple(x.shape[1:]) != (1, 28, 28):
            raise ValueError(f"x must have shape (batch, 1, 28, 28), got {tuple(x.shape)}")
        out = {"input": F.pad(1.275 * x - 0.1, (2, 2, 2, 2), value=-0.1)}
        maps = out["input"]
        for name in ("c1", "s2", "c3", "s4", "c5"):
            maps = out[name] = self.activation(getattr(self, name)(maps))
        out["f6"] = scaled_tanh(self.f6(maps.flatten(1)))
        return out

    def forward(self, x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch 10"]:
        """Return minus the squared distance of F6 to each digit's code.

        Parameters
        ----------
        x
            Images in [0, 1], ink high, of shape (batch, 1, 28, 28).
        """
        distance = self.layers(x)["f6"][:, None] - self.codes
        return -distance.square().sum(-1)


def map_criterion(
    scores: Float[Tensor, "batch classes"], target: Int[Tensor, " batch"], j: float
) -> Float[Tensor, ""]:
    """Return the mean of ``y_D + log(exp(-j) + sum_i exp(-y_i))`` with y = -scores (eq. 9).

    Examples
    --------
    >>> map_criterion(torch.zeros(1, 2), torch.tensor([0]), j=100.0)
    tensor(0.6931)
    """
    rubbish = scores.new_full((len(scores), 1), -j)
    return F.cross_entropy(torch.cat([scores, rubbish], 1), target)
