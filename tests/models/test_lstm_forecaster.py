"""The LSTM forecaster: by hand, in parts, as large as published."""

import pytest
import torch
from torch.nn.functional import layer_norm

from nsai.models import LSTMForecaster


def test_it_is_an_lstm_over_normalised_windows():
    torch.manual_seed(0)
    model = LSTMForecaster(6, window=4).double()
    x = torch.randn(9, 2, 1, dtype=torch.float64)
    padded = torch.cat((torch.zeros(3, 2, 1, dtype=torch.float64), x))
    W, U = model.lstm.weight_ih_l0, model.lstm.weight_hh_l0
    b = model.lstm.bias_ih_l0 + model.lstm.bias_hh_l0
    h = c = torch.zeros(2, 6, dtype=torch.float64)
    said, _ = model(x)
    for t in range(9):
        seen = layer_norm(padded[t : t + 4, :, 0].T, (4,))
        i, f, g, o = (seen @ W.T + h @ U.T + b).chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        expected = h.relu() @ model.out.weight.T + model.out.bias
        assert torch.allclose(said[t], expected)


def test_a_series_in_two_parts_gives_the_same():
    model = LSTMForecaster(5, window=7)
    x = torch.randn(30, 3, 1)
    first, state = model(x[:4])  # shorter than the window
    second, _ = model(x[4:], state)
    assert torch.allclose(torch.cat((first, second)), model(x)[0], atol=1e-6)


def test_its_size_is_that_of_neurobenchs_leaderboard():
    # 490 kB of float64: weights, a window of 50, hidden state and cell
    model = LSTMForecaster()
    numbers = sum(p.numel() for p in model.parameters()) + 50 + 2 * 100
    assert round(8 * numbers / 1000) == 490


def test_impossible_sizes_are_refused():
    with pytest.raises(ValueError, match="window of 2, got 3, 1"):
        LSTMForecaster(3, window=1)
