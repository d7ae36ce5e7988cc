"""Forecasts from windows of a series: how it is cut, and a linear rival."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from nsai.training.fit import fit
from nsai.training.history import History


class Windows(NamedTuple):
    """Pieces of a series, and what follows each.

    Attributes
    ----------
    x
        Shape (windows, past).
    y
        Shape (windows, ahead).
    """

    x: Float[Tensor, "windows past"]
    y: Float[Tensor, "windows ahead"]


def split_windows(
    series: Float[Tensor, "time ..."],
    *,
    past: int,
    ahead: int,
    cuts: Sequence[int],
    anchored: bool = False,
) -> list[Windows]:
    """Cut a series into parts, and each part into windows, one a step.

    All is scaled by mean and standard deviation of the first part, each channel by its own. What is
    to be forecast lies in the part itself; its past may reach into the part before.

    Parameters
    ----------
    series
        Values, in time.
    past, ahead
        Values that are seen, and values to be forecast.
    cuts
        Where each part ends.
    anchored
        Whether the last value seen is taken from each window, as in NLinear (Zeng et al. 2023).

    Returns
    -------
    list of Windows
        One a part; channels are windows of their own.

    Raises
    ------
    ValueError
        If a part is too short for a window, or a cut is beyond the end.

    Examples
    --------
    >>> train, test = split_windows(torch.arange(10.0), past=2, ahead=1, cuts=(6, 10))
    >>> len(train.x), len(test.x), bool((test.x[:, 0] < test.y[:, 0]).all())
    (4, 4, True)
    """
    starts = [0, *(max(0, cut - past) for cut in cuts[:-1])]
    short = [cut for start, cut in zip(starts, cuts, strict=True) if cut - start < past + ahead]
    if short or cuts[-1] > len(series):
        raise ValueError(
            f"expected parts of {past + ahead} values or more that end by {len(series)}, got cuts "
            f"{list(cuts)}"
        )
    learnt = series[: cuts[0]]
    z = (series - learnt.mean(0)) / learnt.std(0, correction=0)
    parts = []
    for start, stop in zip(starts, cuts, strict=True):
        whole = z[start:stop].unfold(0, past + ahead, 1).reshape(-1, past + ahead)
        if anchored:
            whole = whole - whole[:, past - 1 : past]
        parts.append(Windows(whole[:, :past], whole[:, past:]))
    return parts


def ridge_forecast(
    train: Windows,
    validation: Windows,
    x: Float[Tensor, "asked past"],
    penalties: Sequence[float] = (1e-3, 0.1, 10.0, 1000.0),
) -> Float[Tensor, "asked ahead"]:
    """Forecast by the linear map with an intercept that does best on the validation windows.

    Parameters
    ----------
    train, validation
        Windows to fit by, and windows to choose the penalty by.
    x
        Windows to forecast from.
    penalties
        Of the squared coefficients, positive.

    Examples
    --------
    >>> line = split_windows(torch.arange(40.0), past=3, ahead=2, cuts=(20, 30, 40))
    >>> said = ridge_forecast(*line[:2], line[2].x)
    >>> torch.allclose(said, line[2].y, atol=1e-2)
    True
    """
    centre, mean = train.x.mean(0), train.y.mean(0)
    known, wanted = train.x - centre, train.y - mean
    products, moments = known.T @ known, known.T @ wanted
    eye = torch.eye(len(products)).to(products)
    maps = [torch.linalg.solve(products + penalty * eye, moments) for penalty in penalties]
    errors = [mse_loss((validation.x - centre) @ w + mean, validation.y).item() for w in maps]
    return (x - centre) @ maps[errors.index(min(errors))] + mean


def train_on_windows(
    model: nn.Module,
    windows: Windows,
    *,
    steps: int,
    rate: float,
    generator: torch.Generator,
    noise: float = 0.0,
) -> History:
    """Train in place with Adam under a one-cycle schedule, on all windows at once.

    For short series. Noise on what is seen, fresh at each step, keeps a network from learning a few
    hundred numbers by heart (Bishop 1995, Neural Computation 7, 108–116).

    Parameters
    ----------
    model
        Takes (windows, past, 1) and returns (windows, ahead); on the device of the windows.
    windows
        What to learn from.
    steps
        Training steps.
    rate
        Highest learning rate.
    generator
        Source of the noise, on the CPU.
    noise
        Standard deviation of what is added to every value seen.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> g = torch.Generator().manual_seed(0)
    >>> (wave,) = split_windows(torch.arange(60.0).sin(), past=2, ahead=1, cuts=(60,))
    >>> net = nn.Sequential(nn.Flatten(), nn.Linear(2, 1))
    >>> train_on_windows(net, wave, steps=200, rate=0.1, generator=g).loss[-1] < 1e-3
    True
    """
    optimizer = torch.optim.Adam(model.parameters(), rate, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps)
    x, y = windows

    def heard() -> Windows:
        jitter = noise * torch.randn(x.shape, generator=generator).to(x)
        return Windows((x + jitter)[..., None], y)

    def loss(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
        return mse_loss(model(batch[0]), batch[1])

    batches = (heard() for _ in range(steps))
    return fit(model, batches, loss, optimizer, schedule=schedule, clip=1.0)
