"""Arrays that are handed out again, and never while somebody holds them."""

import numpy as np
import pytest
import torch

from spiking.operations.memory import Shelf

FLOAT = np.dtype(np.float32)
SHAPE = (600, 1000)


def test_an_array_comes_back_only_when_its_last_view_is_gone():
    shelf = Shelf()
    first = shelf.empty(SHAPE, FLOAT)
    address, view = first.data_ptr(), first[3:].T
    del first
    second = shelf.empty(SHAPE, FLOAT)
    assert second.data_ptr() != address
    view.fill_(1.0)
    second.fill_(2.0)
    assert (view == 1).all()
    del view
    assert shelf.empty(SHAPE, FLOAT).data_ptr() == address


def test_graphs_hold_what_they_saved():
    shelf = Shelf()
    x = shelf.empty(SHAPE, FLOAT).fill_(3.0).requires_grad_()
    y = x.square().sum()
    del x
    shelf.empty(SHAPE, FLOAT).fill_(7.0)
    (leaf,) = (f for f, _ in y.grad_fn.next_functions[0][0].next_functions)
    y.backward()
    assert (leaf.variable.grad == 6).all()


def test_no_more_is_kept_than_allowed():
    shelf = Shelf(most=5_000_000)
    arrays = [shelf.empty(SHAPE, FLOAT) for _ in range(4)]
    del arrays
    assert sum(buffer.size for buffer in shelf.free) <= 5_000_000


@pytest.mark.parametrize("shape", [(600, 1000), (3,), (0, 5), (1_000_001,)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_shapes_and_types_are_those_asked_for(shape, dtype):
    shelf = Shelf()
    for _ in range(3):  # anew, and from the shelf
        found = shelf.empty(shape, np.dtype(dtype))
        assert found.shape == shape
        assert found.dtype == getattr(torch, dtype)
        assert found.is_contiguous()
        assert found.numel() * found.itemsize < 1 << 20 or found.data_ptr() % 64 == 0


def test_a_much_larger_buffer_is_left_for_others():
    shelf = Shelf()
    shelf.empty((4_000_000,), FLOAT)
    shelf.empty((300_000,), FLOAT)
    assert len(shelf.free) == 2
