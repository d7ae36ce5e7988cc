"""Tiles of a batch on as many threads as torch uses."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from typing import TypeVar

import torch

Result = TypeVar("Result")

WORTH = 1 << 18  # lines times gates that are worth a thread, about half a millisecond


def on_threads(work: Callable[[range], Result], tiles: int, each: int) -> list[Result]:
    """Do ``work(tiles)`` for parts of all tiles; kernels let go of Python's lock.

    Parameters
    ----------
    work
        Takes a range of tiles.
    tiles
        Their number.
    each
        Lines of a tile times gates.
    """
    count = max(1, min(torch.get_num_threads(), tiles, tiles * each // WORTH))
    cuts = [tiles * i // count for i in range(count + 1)]
    parts = [range(a, b) for a, b in pairwise(cuts)]
    if count == 1:
        return [work(parts[0])]
    others = _others(count - 1, os.getpid())
    waiting = [others.submit(work, part) for part in parts[1:]]
    return [work(parts[0]), *(done.result() for done in waiting)]


@cache
def _others(count: int, process: int) -> ThreadPoolExecutor:
    """Return threads that are kept; a forked process, in which they do not run, has its own."""
    return ThreadPoolExecutor(count, f"quantum-{process}")
