"""A process that has imported what notebooks need, and forks the worker of each run.

Imports take a run two to five seconds, and all runs of a batch import much the same: torch, the
notebook client, the kernel. The server imports them once. It runs nothing else and starts no
thread, so that a fork of it is as good as new; of our packages it holds the workbench only.

`multiprocessing` has such a server, too, but not where Dask's workers run (a daemon may have no
children), and it imports the program that asks for a process anew.
"""

import atexit
import contextlib
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO

from nsai.workbench import worker
from nsai.workbench.forks import fork
from nsai.workbench.quick_import import allow_iri_grammar, skip_iri_grammar

AVAILABLE = sys.platform == "linux"  # macOS's own libraries do not survive a fork
ALWAYS = (
    "nbformat",
    "papermill.iorw",
    "papermill.parameterize",
    "nsai.workbench.engine",
    "ipykernel.kernelapp",
)
MESSAGE = 200_000  # bytes of a request at most; Linux's own limit is a little higher


class ForkedWorker:
    """A worker that a server has forked; what is used of `subprocess.Popen`.

    Attributes
    ----------
    stdin
        The write end of its standard input.
    """

    def __init__(self, server: "ForkServer", stdin: BinaryIO, status: socket.socket) -> None:
        self.stdin = stdin
        self._server = server
        self._status = status
        self._code: int | None = None
        self._pid = self._told()
        if self._pid < 0:
            stdin.close()
            raise OSError("the fork server ended before it had started the worker")

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and return the exit code, or minus the signal that ended it.

        Raises
        ------
        subprocess.TimeoutExpired
            If it has not ended after `timeout` seconds.
        """
        if self._code is None:
            self._status.settimeout(timeout)
            try:
                self._code = self._told()
            except TimeoutError:
                raise subprocess.TimeoutExpired("worker", timeout or 0) from None
            self._status.close()
        return self._code

    def kill(self) -> None:
        """Kill it, unless it has ended."""
        if self._code is None:
            self._server.kill(self._pid)

    def _told(self) -> int:
        return int(self._status.recv(32) or -signal.SIGKILL)  # nothing if the server was killed


class ForkServer:
    """A server of this process.

    Parameters
    ----------
    environment
        The server's environment: that of its workers as far as imports read it.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._lock = threading.Lock()
        self._requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "nsai.workbench.forkserver", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                env=dict(environment),
            )

    @property
    def lives(self) -> bool:
        """Whether the server runs."""
        return self._process.poll() is None

    def start(
        self, imports: Iterable[str], environment: Mapping[str, str], log: BinaryIO
    ) -> ForkedWorker:
        """Fork a worker.

        Parameters
        ----------
        imports
            Modules that the run will need and that are slow to import.
        environment
            The worker's environment.
        log
            A file for its output.

        Raises
        ------
        OSError
            If the server has ended.
        """
        asked = {"imports": list(imports), "environment": dict(environment)}
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        read, write = os.pipe()
        try:
            self._send(asked, [read, log.fileno(), theirs.fileno()])
        except OSError:
            os.close(write)
            ours.close()
            raise
        finally:
            os.close(read)
            theirs.close()
        return ForkedWorker(self, os.fdopen(write, "wb"), ours)

    def kill(self, pid: int) -> None:
        """Kill a worker, unless it has ended."""
        with contextlib.suppress(OSError):
            self._send({"kill": pid}, [])

    def close(self) -> None:
        """End the server; workers that run go on."""
        self._requests.close()
        self._process.wait()

    def _send(self, message: Mapping[str, Any], passed: list[int]) -> None:
        with self._lock:
            socket.send_fds(self._requests, [json.dumps(message).encode()], passed)


def start_worker(
    imports: Iterable[str], settings: Mapping[str, str], log: BinaryIO
) -> "ForkedWorker | subprocess.Popen[bytes]":
    """Start a worker, forked where that is possible.

    Parameters
    ----------
    imports
        Modules that the run will need and that are slow to import.
    settings
        Environment variables that imports read, on top of this process's environment.
    log
        A file for its output.
    """
    environment = {**os.environ, **settings}
    if AVAILABLE:
        with contextlib.suppress(OSError):  # the server may just have been killed
            return server(settings).start(imports, environment, log)
    return subprocess.Popen(
        [sys.executable, "-m", "nsai.workbench.worker"],
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        env=environment,
    )


_servers: dict[tuple[int, frozenset[tuple[str, str]]], ForkServer] = {}
_starting = threading.Lock()


def server(settings: Mapping[str, str]) -> ForkServer:
    """Return this process's server for some settings, started if there is none that lives.

    Parameters
    ----------
    settings
        Environment variables that imports read: numbers of threads, the device.
    """
    key = os.getpid(), frozenset(settings.items())  # a fork of this process needs its own
    with _starting:
        found = _servers.get(key)
        if found is None or not found.lives:
            found = _servers[key] = ForkServer({**os.environ, **settings})
            atexit.register(found.close)
        return found


def serve(requests: socket.socket) -> None:
    """Fork a worker a request, and tell those who asked how it ended, until requests end.

    Parameters
    ----------
    requests
        Messages of JSON: to kill a worker, or to start one, with its standard input, its log and
        a socket for its process id and exit code.
    """
    woken, wake = socket.socketpair()
    woken.setblocking(False)
    wake.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake.fileno())
    skip_iri_grammar()
    load(ALWAYS)
    allow_iri_grammar()  # kernels are forked from here
    workers: dict[int, socket.socket] = {}

    def start(asked: Mapping[str, Any], stdin: int, log: int, status: socket.socket) -> None:
        for number in (1, 2):
            os.dup2(log, number)  # what imports have to say, too
        load(asked["imports"])

        def become_worker() -> None:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.dup2(stdin, 0)
            for other in (requests, woken, wake, status, *workers.values()):
                other.close()
            for number in (stdin, log):
                os.close(number)
            os.environ.clear()
            os.environ.update(asked["environment"])
            tempfile.tempdir = None  # TMPDIR may be another
            worker.main()

        pid = fork(become_worker)
        workers[pid] = status
        _tell(status, pid)

    while True:
        ready, _, _ = select.select([requests, woken], [], [])
        if woken in ready:
            woken.recv(4096)
            for pid in list(workers):
                ended, how = os.waitpid(pid, os.WNOHANG)
                if ended:
                    with workers.pop(pid) as status:
                        _tell(status, os.waitstatus_to_exitcode(how))
        if requests in ready:
            message, passed, _, _ = socket.recv_fds(requests, MESSAGE, 3)
            if not message:
                return
            asked = json.loads(message)
            if "kill" not in asked:
                stdin, log, end = passed
                start(asked, stdin, log, socket.socket(fileno=end))
                os.close(stdin)
                os.close(log)
            elif asked["kill"] in workers:  # so it has not been waited for: the id is still its own
                os.kill(asked["kill"], signal.SIGKILL)


def load(modules: Iterable[str]) -> None:
    """Import modules; one that cannot be imported is the notebook's to complain about."""
    for name in modules:
        with contextlib.suppress(Exception):
            importlib.import_module(name)


def _tell(status: socket.socket, number: int) -> None:
    with contextlib.suppress(OSError):  # nobody waits any more
        status.send(str(number).encode())


def main() -> None:
    """Serve the socket whose descriptor is the argument."""
    serve(socket.socket(fileno=int(sys.argv[1])))


if __name__ == "__main__":
    main()
