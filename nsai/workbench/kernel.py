"""The kernel of a batch run: an ordinary ipykernel that cannot outlive its runner.

Started as ``python -m nsai.workbench.kernel -f CONNECTION_FILE``. The runner holds the write end
of a pipe, the lifeline; a watchdog forked here waits for its end and then kills the kernel's
whole process group. That covers a kernel that hangs in C code, what a cell started in the
background, and a runner that was killed with SIGKILL and could clean up nothing.
"""

import os
import signal

LIFELINE = "NSAI_LIFELINE"


def guard(lifeline: int) -> None:
    """Fork the watchdog of this process group.

    Parameters
    ----------
    lifeline
        File descriptor of the pipe's read end.
    """
    group = os.getpgrp()
    child = os.fork()
    if child:
        os.waitpid(child, 0)  # the grandchild belongs to init: a cell's os.wait never meets it
        os.close(lifeline)
        return
    if os.fork():
        os._exit(0)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while os.read(lifeline, 1):
        pass
    os.killpg(group, signal.SIGKILL)


def main() -> None:
    """Guard the process group, then become an ipykernel."""
    lifeline = os.environ.pop(LIFELINE, None)
    if lifeline is not None:
        guard(int(lifeline))
    from ipykernel.kernelapp import launch_new_instance

    launch_new_instance()


if __name__ == "__main__":
    main()
