"""The rows of a batch, or the neurons of a row, on as many threads as torch uses."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from typing import TypeVar

import torch

Result = TypeVar("Result")
Part = tuple[int, int, int, int]

THREAD_OPERATIONS = 1 << 20  # worth a thread of its own, about a millisecond


def parts(batch: int, neurons: int, steps: int, *, whole_rows: bool = False) -> list[Part]:
    """Return ranges (b0, b1, n0, n1) that cover (batch, neurons), one for each thread.

    Little work stays in one part: to wait for another thread can take longer than the work. A row
    is split only where there are fewer rows than threads, and where that is wanted.
    """
    most = min(torch.get_num_threads(), batch * neurons * steps // THREAD_OPERATIONS)
    most = min(most, batch) if whole_rows else most
    if most < 2:
        return [(0, batch, 0, neurons)]
    if batch >= most:
        cuts = [batch * i // most for i in range(most + 1)]
        return [(a, b, 0, neurons) for a, b in pairwise(cuts)]
    most = min(most, max(1, neurons // 16))  # a cache line of float32
    cuts = [neurons * i // (16 * most) * 16 for i in range(most)] + [neurons]
    return [(0, batch, a, b) for a, b in pairwise(cuts)]


def on_threads(work: Callable[[int, Part], Result], split: list[Part]) -> list[Result]:
    """Do ``work(i, part)`` for each part; kernels let go of Python's lock."""
    if len(split) == 1:
        return [work(0, split[0])]
    others = _others(len(split) - 1, os.getpid())
    waiting = [others.submit(work, i, part) for i, part in enumerate(split) if i]
    return [work(0, split[0]), *(done.result() for done in waiting)]


@cache
def _others(count: int, process: int) -> ThreadPoolExecutor:
    """Return threads that are kept: to start one takes longer than a small layer.

    A forked process, in which they do not run, has threads of its own.
    """
    return ThreadPoolExecutor(count, f"spiking-{process}")
