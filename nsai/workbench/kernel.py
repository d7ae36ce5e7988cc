"""The kernel of a batch run: an ordinary ipykernel that cannot outlive its runner.

It is forked from the runner, so what that has imported is there already. The runner holds the
write end of a pipe, the lifeline; a watchdog waits for its end and then kills the kernel's whole
process group. That covers a kernel that hangs in C code, what a cell started in the background,
and a runner that was killed with SIGKILL and could clean up nothing.
"""

import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from nsai.workbench.forks import fork

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)


def settings(threads: int, device: str) -> dict[str, str]:
    """Return the environment variables of a kernel that modules read when they are imported.

    Parameters
    ----------
    threads
        Threads it may use.
    device
        ``"cpu"`` or ``"cuda"``.
    """
    # Whoever asks the driver before a fork leaves no GPU to the fork; NVML may be asked.
    gpu = (
        {"CUDA_VISIBLE_DEVICES": ""} if device == "cpu" else {"PYTORCH_NVML_BASED_CUDA_CHECK": "1"}
    )
    here = str(Path(__file__).parents[2])
    path = filter(None, [os.environ.get("PYTHONPATH")])
    return {
        **dict.fromkeys(THREAD_VARIABLES, str(threads)),
        "PYTHONPATH": os.pathsep.join(dict.fromkeys([here, *path])),
        "OMP_WAIT_POLICY": os.environ.get("OMP_WAIT_POLICY", "passive"),  # who spins starves others
        "PYTHONHASHSEED": "0",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        **gpu,
    }


class ForkedKernel:
    """A process that becomes a kernel when it is told its connection; as a `subprocess.Popen`.

    Forked when this is made, so before there are threads and an event loop. The pipe on which it
    is told is its lifeline after.

    Attributes
    ----------
    pid
        Its process id, and that of its group.
    """

    stdin = stdout = stderr = None

    def __init__(self) -> None:
        told, self._held = os.pipe()

        def become_kernel() -> None:
            os.close(self._held)
            _become_kernel(told)

        self.pid = fork(become_kernel)
        os.close(told)
        self._code: int | None = None

    def launch(self, argv: list[str], environment: Mapping[str, str], cwd: str) -> None:
        """Tell it to begin.

        Parameters
        ----------
        argv
            Program and arguments, as the kernel shows them in ``sys.argv``.
        environment, cwd
            Environment variables and working directory.
        """
        order = json.dumps({"argv": argv, "environment": dict(environment), "cwd": cwd})
        with os.fdopen(os.dup(self._held), "w") as pipe:
            pipe.write(order + "\n")

    def poll(self) -> int | None:
        """Return the exit code, or minus the signal that ended it; None while it runs."""
        return self._reap(os.WNOHANG)

    def wait(self) -> int | None:
        """Wait for its end."""
        return self._reap(0)

    def send_signal(self, number: int) -> None:
        """Signal it, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it, unless it has ended."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def close(self) -> None:
        """Let go of the lifeline and wait; it ends if it has not."""
        os.close(self._held)
        self.wait()

    def _reap(self, options: int) -> int | None:
        if self._code is None:
            pid, status = os.waitpid(self.pid, options)
            self._code = os.waitstatus_to_exitcode(status) if pid else None
        return self._code


def _become_kernel(told: int) -> None:
    text = b""
    while not text.endswith(b"\n"):
        piece = os.read(told, 65_536)
        if not piece:
            return  # the runner has ended
        text += piece
    order = json.loads(text)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["cwd"])
    sys.argv = order["argv"]
    guard(told)
    from ipykernel.kernelapp import launch_new_instance

    launch_new_instance()


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
