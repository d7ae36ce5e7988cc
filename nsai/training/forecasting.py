"""Forecasting a series by feeding a model its own forecasts, and what is needed to learn it."""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from nsai.models.lstm_forecaster import LSTMForecaster
from nsai.models.readout import Readout, ridge
from nsai.training.fit import fit


def shifted_windows(
    series: Float[Tensor, " time"], count: int = 30, length: int = 1501, shift: float = 37.5
) -> Float[Tensor, "length count 1"]:
    """Return overlapping pieces of a series, side by side.

    The defaults are NeuroBench's: 10 Lyapunov times to learn, 10 to forecast and one value more,
    75 values each, and a shift by half a Lyapunov time.

    Parameters
    ----------
    series
        Values.
    count
        Number of pieces.
    length
        Values in a piece.
    shift
        Values between the starts of two pieces; a half is rounded down.

    Raises
    ------
    ValueError
        If the series is too short.

    Examples
    --------
    >>> shifted_windows(torch.arange(6.0), count=3, length=3, shift=1.5)[0].flatten().tolist()
    [0.0, 1.0, 3.0]
    """
    starts = [int(k * shift) for k in range(count)]
    if count < 1 or starts[-1] + length > len(series):
        raise ValueError(
            f"{count} pieces of {length} values need {starts[-1] + length if starts else 1} or "
            f"more, got {len(series)}"
        )
    return torch.stack([series[start : start + length] for start in starts], 1)[..., None]


def smape(
    forecast: Float[Tensor, "time batch 1"], truth: Float[Tensor, "time batch 1"]
) -> Float[Tensor, " batch"]:
    r"""Return the symmetric mean absolute percentage error of each forecast.

    .. math:: \frac{200}{T} \sum_t \frac{|\hat y_t - y_t|}{|\hat y_t| + |y_t|}

    Parameters
    ----------
    forecast, truth
        Values.

    Returns
    -------
    Tensor
        0 to 200; 200 where a forecast has left the numbers.

    Examples
    --------
    >>> smape(torch.tensor([[[3.0]]]), torch.tensor([[[1.0]]]))
    tensor([100.])
    """
    if forecast.shape != truth.shape:
        raise ValueError(f"expected equal shapes, got {forecast.shape} and {truth.shape}")
    error = (forecast - truth).abs() / (forecast.abs() + truth.abs())
    return 200 * error.mean((0, 2)).nan_to_num(nan=1.0)


@torch.no_grad()
def forecast(
    model: nn.Module,
    history: Float[Tensor, "time batch 1"],
    steps: int,
    *,
    watch: Callable[[Any], None] | None = None,
) -> Float[Tensor, "steps batch 1"]:
    """Return what a model makes of a series after its end.

    The model sees the history first, then its own forecasts.

    Parameters
    ----------
    model
        ``model(x, state)`` gives the next values and the state to go on from.
    history
        Known values.
    steps
        Number of values to forecast.
    watch
        Called with the state after each step of the forecast.

    Examples
    --------
    >>> class Grow(nn.Module):
    ...     def forward(self, x, state=None):
    ...         return 2 * x, state
    >>> forecast(Grow(), torch.ones(5, 1, 1), 3).flatten().tolist()
    [2.0, 4.0, 8.0]
    """
    said, state = model(history, None)
    found = [said[-1:]]
    for _ in range(steps - 1):
        said, state = model(found[-1], state)
        found.append(said)
        if watch is not None:
            watch(state)
    return torch.cat(found)


def forecast_each(
    learn: Callable[[Tensor, int], nn.Module],
    windows: Float[Tensor, "time count 1"],
    history: int = 751,
) -> Float[Tensor, "steps count 1"]:
    """Return the forecast of a model of its own for each window.

    Parameters
    ----------
    learn
        Makes a model from the history of a window, (history, 1, 1), and the window's number.
    windows
        Pieces of a series, see `shifted_windows`.
    history
        Values that are known; all later ones are forecast.

    Examples
    --------
    >>> class Last(nn.Module):
    ...     def forward(self, x, state=None):
    ...         return x, state
    >>> windows = torch.arange(8.0).view(4, 2, 1)
    >>> forecast_each(lambda known, number: Last(), windows, history=2)[..., 0].tolist()
    [[2.0, 3.0], [2.0, 3.0]]
    """
    found = []
    for number in range(windows.shape[1]):
        known = windows[:history, number : number + 1]
        found.append(forecast(learn(known, number), known, len(windows) - history))
    return torch.cat(found, 1)


@torch.no_grad()
def fit_readout(
    reservoir: nn.Module,
    series: Float[Tensor, "time batch 1"],
    penalty: float | Float[Tensor, " features"],
    *,
    washout: int = 45,
    standardise: bool = False,
    increments: bool = False,
) -> Readout:
    """Return a readout that says the next value of a series, in closed form.

    Parameters
    ----------
    reservoir
        As in `Readout`.
    series
        Values to learn from; each series of the batch has a readout of its own.
    penalty
        As in `ridge`.
    washout
        Steps at the start that the readout does not learn from.
    standardise
        Whether each series is first brought to mean 0 and deviation 1.
    increments
        Whether to learn the next step instead of the next value.
    """
    x = series[..., 0]
    centre = x.mean(0) if standardise else torch.zeros_like(x[0])
    scale = x.std(0) if standardise else torch.ones_like(x[0])
    z = (x - centre) / scale
    features = reservoir(z[:-1, :, None], None)[0][washout:].to(x.dtype)
    targets = z[1 + washout :] - z[washout:-1] if increments else z[1 + washout :]
    weights = ridge(features.transpose(0, 1), targets.T, penalty)
    return Readout(reservoir, weights, centre=centre, scale=scale, increments=increments)


def train_forecaster(
    series: Float[Tensor, "time 1 1"],
    *,
    units: int = 100,
    window: int = 50,
    epochs: int = 200,
    rate: float = 0.005,
    decay: float = 0.001,
    seed: int = 0,
) -> LSTMForecaster:
    """Return an LSTM that has learnt to say the next value of a series, as NeuroBench trains it.

    One epoch is one step of Adam on the whole series, from a state of zeros.

    Parameters
    ----------
    series
        Values to learn from.
    units, window
        Size of the model.
    epochs, rate, decay
        Steps of Adam, its learning rate and its decay of the weights.
    seed
        Of the first weights.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LSTMForecaster(units, window).to(series)
    optimizer = torch.optim.Adam(model.parameters(), rate, weight_decay=decay, fused=True)
    x, y = series[:-1], series[1:]
    fit(model, [None] * epochs, lambda net, _: (net(x)[0] - y).square().mean(), optimizer)
    return model


def valid_time(
    forecast: Float[Tensor, "time batch 1"],
    truth: Float[Tensor, "time batch 1"],
    threshold: float = 0.4,
) -> Float[Tensor, " batch"]:
    """Return after how many steps each forecast is first wrong by a share of the deviation.

    Parameters
    ----------
    forecast, truth
        Values.
    threshold
        Share of the standard deviation of the truth.

    Examples
    --------
    >>> truth = torch.tensor([0.0, 1.0, 0.0, 1.0]).view(4, 1, 1)
    >>> valid_time(truth + torch.tensor([0.0, 0.1, 0.5, 0.0]).view(4, 1, 1), truth).item()
    2.0
    """
    wrong = ~((forecast - truth).abs() <= threshold * truth.std(0))
    first = wrong[..., 0].int().argmax(0)
    return torch.where(wrong[..., 0].any(0), first, len(truth)).to(truth.dtype)
