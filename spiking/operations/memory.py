"""Large arrays that are handed out again when nobody holds them any more.

A training step makes the same few arrays over all time steps anew. Fresh memory costs more than
what is computed in it: the system clears every page at its first touch. So what a step lets go of
is kept for the next one, up to a limit.
"""

import threading
import weakref

import numpy as np
import torch
from torch import Tensor

ALIGNED = 64  # bytes of a cache line; matrix products are slower on others
LEAST = 1 << 20  # bytes; smaller arrays are the allocator's business
MOST = 1 << 29  # bytes that are kept at most


class Shelf:
    """Buffers that are free, the last one put back on top.

    Examples
    --------
    >>> shelf = Shelf(most=1 << 21)
    >>> first = shelf.empty((1 << 18,), np.dtype(np.float32))
    >>> address = first.data_ptr()
    >>> del first
    >>> shelf.empty((1 << 18,), np.dtype(np.float32)).data_ptr() == address
    True
    """

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self.free: list[np.ndarray] = []
        self._lock = threading.RLock()  # a tensor may die in any thread, at any allocation

    def empty(self, shape: tuple[int, ...], dtype: np.dtype) -> Tensor:
        """Return a tensor on the CPU whose values are not set."""
        size = int(np.prod(shape)) * dtype.itemsize
        if size < LEAST:
            return torch.from_numpy(np.empty(shape, dtype))
        buffer = self._take(size)
        array = buffer[:size].view(dtype).reshape(shape)
        held = np.asarray(array)
        weakref.finalize(held, self._put, buffer).atexit = False
        return torch.from_numpy(held)

    def _take(self, size: int) -> np.ndarray:
        with self._lock:
            for i in reversed(range(len(self.free))):
                if size <= self.free[i].size <= 2 * size:
                    return self.free.pop(i)
        buffer = np.empty(size + ALIGNED, np.uint8)
        first = -buffer.ctypes.data % ALIGNED
        return buffer[first : first + size]

    def _put(self, buffer: np.ndarray) -> None:
        with self._lock:
            self.free.append(buffer)
            while sum(kept.size for kept in self.free) > self.most:
                self.free.pop(0)


_SHELF = Shelf()


def empty(shape: tuple[int, ...], like: Tensor) -> Tensor:
    """Return a tensor on the CPU with the type of another, its values not set."""
    return _SHELF.empty(shape, like.detach().numpy().dtype)


def empty_like(x: Tensor) -> Tensor:
    """Return a tensor on the CPU with the shape and type of another, its values not set."""
    return empty(tuple(x.shape), x)
