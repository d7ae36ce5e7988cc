import random

import numpy as np
import pytest
import torch

from nsai.training.device import resolve_device, seed_everything


def draws(seed: int) -> tuple[float, float, float, float]:
    generator = seed_everything(seed)
    return (
        random.random(),
        float(np.random.random()),
        float(torch.rand(())),
        float(torch.rand((), generator=generator)),
    )


def test_one_seed_fixes_python_numpy_torch_and_the_returned_generator():
    first, second = draws(11), draws(11)
    assert first == second
    assert all(a != b for a, b in zip(first, draws(12), strict=True))


def test_returned_generator_is_separate_from_the_global_one():
    generator = seed_everything(0)
    torch.rand(100)
    expected = torch.rand((), generator=torch.Generator().manual_seed(0))
    assert float(torch.rand((), generator=generator)) == float(expected)


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_seeds_out_of_range_are_named(seed):
    with pytest.raises(ValueError, match=f"got {seed}"):
        seed_everything(seed)


@pytest.mark.parametrize(
    ("device", "there", "expected"),
    [
        ("cpu", True, "cpu"),
        ("cpu", False, "cpu"),
        ("auto", False, "cpu"),
        ("auto", True, "cuda"),
        ("cuda", True, "cuda"),
    ],
)
def test_device_follows_the_name_and_what_is_there(monkeypatch, device, there, expected):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    assert resolve_device(device).type == expected


def test_missing_gpu_is_an_error_with_a_remedy(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match="try 'auto'"):
        resolve_device("cuda")


def test_unknown_device_is_named():
    with pytest.raises(ValueError, match="got 'tpu'"):
        resolve_device("tpu")
