import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nsai.training.batches import minibatches, windows


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@given(st.integers(1, 40), st.integers(1, 50), st.integers(0, 4))
def test_every_epoch_covers_every_sample_once(samples, batch_size, epochs):
    batches = minibatches(
        torch.arange(samples), batch_size=batch_size, epochs=epochs, generator=generator()
    )
    seen = [int(v) for (batch,) in batches for v in batch]
    assert len(seen) == samples * epochs
    for k in range(epochs):
        assert sorted(seen[k * samples : (k + 1) * samples]) == list(range(samples))


def test_tensors_stay_aligned_and_only_the_last_batch_is_smaller():
    x = torch.arange(10)
    batches = list(minibatches(x, x * x, batch_size=4, epochs=2, generator=generator()))
    assert [len(a) for a, _ in batches] == [4, 4, 2, 4, 4, 2]
    assert all(torch.equal(b, a * a) for a, b in batches)


def test_epochs_are_shuffled_differently_and_reproducibly():
    def epochs(seed):
        return [
            batch.tolist()
            for (batch,) in minibatches(
                torch.arange(100), batch_size=100, epochs=2, generator=generator(seed)
            )
        ]

    assert epochs(3) == epochs(3)
    assert epochs(3) != epochs(4)
    first, second = epochs(3)
    assert first != second
    assert first != sorted(first)


def test_drawing_batches_leaves_the_global_generator_alone():
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    list(minibatches(torch.arange(9), batch_size=2, epochs=3, generator=generator()))
    list(windows(torch.arange(9), length=2, batch_size=2, steps=3, generator=generator()))
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0, "epochs": 1}, "got 0, 1"),
        ({"batch_size": 1, "epochs": -1}, "got 1, -1"),
    ],
)
def test_bad_sizes_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        next(minibatches(torch.arange(3), generator=generator(), **options))


def test_misaligned_tensors_are_named():
    pair = torch.arange(3), torch.arange(4)
    with pytest.raises(ValueError, match=r"same length, got \[3, 4\]"):
        minibatches(*pair, batch_size=1, epochs=1, generator=generator())


@given(st.integers(1, 12), st.integers(0, 30), st.integers(1, 5))
def test_windows_are_contiguous_and_their_targets_one_later(length, extra, batch_size):
    tokens = torch.arange(length + 1 + extra)
    drawn = list(
        windows(tokens, length=length, batch_size=batch_size, steps=3, generator=generator())
    )
    assert len(drawn) == 3
    for x, y in drawn:
        assert x.shape == y.shape == (batch_size, length)
        assert torch.equal(y, x + 1)
        assert bool((x[:, 1:] == x[:, :-1] + 1).all())


def test_windows_reach_both_ends_of_the_sequence():
    ((x, y),) = windows(torch.arange(6), length=3, batch_size=200, steps=1, generator=generator())
    assert sorted(set(x[:, 0].tolist())) == [0, 1, 2]
    assert int(y.max()) == 5


def test_same_seed_same_windows():
    first, second = (
        next(windows(torch.arange(500), length=8, batch_size=4, steps=1, generator=generator(2)))
        for _ in range(2)
    )
    assert torch.equal(first[0], second[0])


@pytest.mark.parametrize("tokens", [torch.arange(3), torch.zeros(2, 9, dtype=torch.int64)])
def test_sequences_that_hold_no_window_are_named(tokens):
    with pytest.raises(ValueError, match="n > length = 3"):
        next(windows(tokens, length=3, batch_size=1, steps=1, generator=generator()))
