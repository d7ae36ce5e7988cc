"""Work on several threads: all of it, in order, also after a fork."""

import multiprocessing

import pytest

from spiking.operations.threads import on_threads, parts


def test_every_part_is_done_and_returned_in_order():
    split = [(i, i + 1, 0, 1) for i in range(5)]
    assert on_threads(lambda i, part: (i, part), split) == list(enumerate(split))


def test_an_error_in_a_thread_comes_out():
    def work(i, part):
        if i == 2:
            raise ValueError("of part 2")

    with pytest.raises(ValueError, match="of part 2"):
        on_threads(work, [(0, 1, 0, 1)] * 3)


def _work_in_child(queue):
    queue.put(on_threads(lambda i, part: i, [(0, 1, 0, 1)] * 3))


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_has_threads_of_its_own():
    on_threads(lambda i, part: i, [(0, 1, 0, 1)] * 3)  # threads that the child will not have
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_work_in_child, args=(queue,))
    child.start()
    try:
        assert queue.get(timeout=30) == [0, 1, 2]
    finally:
        child.join(30)


def test_parts_cover_everything_once():
    for batch, neurons in ((1, 5), (3, 4000), (64, 512)):
        seen = [
            (b, n)
            for b0, b1, n0, n1 in parts(batch, neurons, 1000)
            for b in range(b0, b1)
            for n in range(n0, n1)
        ]
        assert len(seen) == len(set(seen)) == batch * neurons
