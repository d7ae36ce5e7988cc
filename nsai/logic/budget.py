"""A time limit for a solver that works outside of Python."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Timer
from typing import Protocol, runtime_checkable


@runtime_checkable
class Interruptible(Protocol):
    """A solver of python-sat."""

    def interrupt(self) -> None:
        """Make the running call return."""


@contextmanager
def interrupted_after(seconds: float, solver: Interruptible) -> Iterator[Event]:
    """Interrupt a solver, that was called with ``expect_interrupt``, when time is up.

    Parameters
    ----------
    seconds
        From now.
    solver
        Must outlive the context.

    Yields
    ------
    Event
        Set once time is up.
    """
    late = Event()

    def stop() -> None:
        late.set()
        solver.interrupt()

    timer = Timer(seconds, stop)
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()
        timer.join()  # it may be about to interrupt a solver that is gone
