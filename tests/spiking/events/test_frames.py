"""Structured events: by brute force, and as tonic makes frames of them."""

import numpy as np
import pytest
import torch

from spiking.events.frames import events_of_arrays, frames_of_events

KIND = np.dtype([("x", "<i2"), ("y", "<i2"), ("t", "<i8"), ("p", "i1")])


def recordings(count=3, size=(5, 4, 2), seed=0):
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        events = np.zeros(rng.integers(1, 60), KIND)
        for name, most in zip("xyp", size, strict=True):
            events[name] = rng.integers(0, most, len(events))
        events["t"] = rng.integers(0, 20_000, len(events))  # in no order
        found.append(events)
    return found


def test_frames_count_the_events_of_each_place_and_step():
    arrays = recordings()
    frames = frames_of_events(arrays, (5, 4, 2), dt=2e-3, steps=8)
    expected = torch.zeros(8, 3, 2, 4, 5)
    for b, events in enumerate(arrays):
        for x, y, t, p in events.tolist():
            if t < 16_000:
                expected[t // 2000, b, p, y, x] += 1
    assert torch.equal(frames, expected)


def test_lists_are_sorted_and_hold_every_event():
    arrays = recordings(4)
    events = events_of_arrays(arrays, (5, 4, 2))
    assert events.offsets.diff().tolist() == [len(part) for part in arrays]
    for b, part in enumerate(arrays):
        own = events[[b]]
        assert (own.times.diff() >= 0).all()
        mine = sorted(
            zip((own.times * 1e6).round().long().tolist(), own.indices.tolist(), strict=True)
        )
        places = (part["p"].astype(int) * 4 + part["y"]) * 5 + part["x"]
        assert mine == sorted(zip(part["t"].tolist(), places.tolist(), strict=True))


def test_a_cochleas_events_have_no_height_and_no_polarity():
    events = np.array([(7, 2_500), (1, 0)], dtype=[("x", "i8"), ("t", "i8")])
    frames = frames_of_events([events], (10, 1, 1), dt=1e-3)
    assert frames.shape == (3, 1, 1, 1, 10)
    assert frames.flatten(1).nonzero().tolist() == [[0, 1], [2, 7]]


def test_times_may_come_in_seconds():
    events = np.array([(1, 0.5)], dtype=[("x", "i8"), ("t", "f8")])
    assert events_of_arrays([events], (2, 1, 1), unit=1.0).times.tolist() == [0.5]


def test_empty_recordings_stay_rows():
    frames = frames_of_events([np.zeros(0, KIND), recordings(1)[0]], (5, 4, 2), dt=1e-3)
    assert frames.shape[1] == 2
    assert frames[:, 0].sum() == 0
    assert frames_of_events([np.zeros(0, KIND)], (5, 4, 2), dt=1e-3).shape == (1, 1, 2, 4, 5)


def test_tonic_makes_the_same_frames():
    transforms = pytest.importorskip("tonic.transforms")
    events = recordings(1)[0]
    events.sort(order="t")
    events["t"] -= events["t"][0]  # tonic's bins begin with the first event
    events = np.append(events, np.array([(0, 0, 40_000, 0)], KIND))  # its last bin is left out
    theirs = transforms.ToFrame(sensor_size=(5, 4, 2), time_window=2000)(events)
    mine = frames_of_events([events], (5, 4, 2), dt=2e-3, steps=len(theirs))
    assert np.array_equal(mine[:, 0].numpy(), theirs)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"x": 5}, "x must be 0 to 4, recording 0 has 5 to 5"),
        ({"p": -1}, "p must be 0 to 1, recording 0 has -1 to -1"),
        ({"t": -3}, "times must be numbers from 0 on"),
    ],
)
def test_events_out_of_range_are_refused(fields, message):
    events = np.zeros(1, KIND)
    for name, value in fields.items():
        events[name] = value
    with pytest.raises(ValueError, match=message):
        events_of_arrays([events], (5, 4, 2))


def test_missing_fields_are_refused():
    with pytest.raises(ValueError, match="needs the field p"):
        events_of_arrays([np.zeros(1, [("x", "i2"), ("y", "i2"), ("t", "i8")])], (5, 4, 2))
    with pytest.raises(ValueError, match="expected fields x, y, t, p, recording 0 has none"):
        events_of_arrays([np.zeros(3)], (5, 4, 2))
    with pytest.raises(ValueError, match="expected one or more recordings, got none"):
        events_of_arrays([], (5, 4, 2))
    with pytest.raises(ValueError, match="dt must be a positive number"):
        frames_of_events(recordings(1), (5, 4, 2), dt=0.0)
