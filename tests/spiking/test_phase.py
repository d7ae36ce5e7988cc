"""Phase code: the binary digits, by Python's own integers."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spiking.phase import decode_phase, encode_phase


@given(st.floats(0, 1), st.integers(1, 20))
def test_spikes_are_the_binary_digits(value, steps):
    spikes = encode_phase(torch.tensor([[value]], dtype=torch.float64), steps)
    digits = min(int(value * 2**steps), 2**steps - 1)
    expected = [int(digit) for digit in format(digits, f"0{steps}b")]
    assert spikes.flatten().tolist() == expected


@given(st.floats(0, 1), st.integers(1, 20))
def test_what_is_decoded_misses_less_than_the_last_digit(value, steps):
    x = torch.tensor([[value]], dtype=torch.float64)
    missing = (x - decode_phase(encode_phase(x, steps))).item()
    assert 0 <= missing < 2.0**-steps or value == 1.0


def test_numbers_out_of_range_are_refused():
    with pytest.raises(ValueError, match=r"must be in \[0, 1\], got 1.5"):
        encode_phase(torch.tensor([[1.5]]), 4)
    with pytest.raises(ValueError, match="steps must be at least 1"):
        encode_phase(torch.tensor([[0.5]]), 0)
