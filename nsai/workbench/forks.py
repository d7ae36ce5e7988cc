"""Fork a process into a function: it becomes the leader of a group and never returns."""

import gc
import os
import sys
import traceback
from collections.abc import Callable


def fork(become: Callable[[], None]) -> int:
    """Fork; the child calls a function and ends with it.

    The child leads a session and a process group of its own. What the function raises is printed
    on stderr; `SystemExit` sets the exit code. Nothing that this process registered with `atexit`
    runs in the child. Call before this process starts any thread.

    Parameters
    ----------
    become
        What the child does.

    Returns
    -------
    int
        The child's process id.

    Examples
    --------
    >>> pid = fork(lambda: sys.exit(3))
    >>> os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    3
    """
    sys.stdout.flush()
    sys.stderr.flush()
    gc.freeze()  # what is here already is not looked at again, so its memory stays shared
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.setsid()
        become()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else bool(end.code)
    except BaseException:  # whatever it is: the child must not go on as its parent
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
