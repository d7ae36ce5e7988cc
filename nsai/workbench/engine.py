"""A papermill engine for unattended runs: guarded kernel, one deadline, bounded output.

What differs from papermill's own: the kernel is ours (see `nsai.workbench.kernel`) and talks over
ipc, so that parallel kernels never race for a port; the notebook is saved on a timer and not
twice a cell; the output kept of a cell is bounded; and the deadline is that of the notebook.
"""

import os
import time
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner
from nbformat.v4 import new_output
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NotebookExecutionManager

from nsai.workbench import kernel
from nsai.workbench.kernel import ForkedKernel
from nsai.workbench.verdict import RUNNING

OUTPUT_LIMIT = 10_000_000  # bytes of output kept a cell
SAVE_INTERVAL = 15.0  # seconds between saves of a notebook that is still running


class ForkedKernelSpecManager(KernelSpecManager):
    """Knows one kernel: the process that was forked to become it."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return our kernel whatever the name, for a notebook runs in this environment."""
        argv = [kernel.__file__, "-f", "{connection_file}"]  # what the kernel has as sys.argv
        return KernelSpec(argv=argv, display_name="Python 3", language="python")


class ForkedProvisioner(LocalProvisioner):
    """Gives a kernel's connection to a process that was forked to become it."""

    forked: ForkedKernel

    async def launch_kernel(self, cmd: list[str], **options: Any) -> KernelConnectionInfo:
        """Tell the process to begin."""
        environment = {**options["env"], "JPY_PARENT_PID": str(os.getpid())}
        self.forked.launch(cmd, environment, options["cwd"])
        self.process = self.forked  # type: ignore[assignment]  # has what is used of a Popen
        self.pid = self.pgid = self.forked.pid
        return self.connection_info


class BoundedClient(PapermillNotebookClient):
    """A notebook client with a deadline for the notebook and a bound on each cell's output."""

    def __init__(
        self,
        manager: "TimedManager",
        *,
        deadline: float,
        ipc: Path,
        forked: ForkedKernel,
        **options: Any,
    ):
        super().__init__(manager, timeout_func=self._left, **options)
        self.forked = forked
        self.deadline = deadline
        self.ipc = ipc
        self._kept: dict[int, int] = {}

    def _left(self, _cell: Any) -> float:
        return max(0.1, self.deadline - time.monotonic())

    def create_kernel_manager(self) -> AsyncKernelManager:
        """Make the manager of our kernel, with its sockets as files in a folder of their own."""
        self.km = AsyncKernelManager(
            kernel_name="python3",
            kernel_spec_manager=ForkedKernelSpecManager(),
            transport="ipc",
            ip=str(self.ipc / "kernel"),
            connection_file=str(self.ipc / "connection.json"),
        )
        self.km.provisioner = ForkedProvisioner(parent=self.km, kernel_spec=self.km.kernel_spec)
        self.km.provisioner.forked = self.forked
        return self.km

    def output(
        self, outs: list[Any], msg: Mapping[str, Any], display_id: str | None, cell_index: int
    ) -> Any:
        """Keep an output while its cell is below the bound; say so once when it is not."""
        size = sum(map(len, map(str, _payloads(msg["content"]))))
        before = self._kept.get(cell_index, 0)
        self._kept[cell_index] = before + size
        if before + size <= OUTPUT_LIMIT:
            return super().output(outs, msg, display_id, cell_index)
        note = f"\n[output of this cell cut at {OUTPUT_LIMIT // 1_000_000} MB; "
        if before <= OUTPUT_LIMIT:
            outs.append(new_output("stream", name="stderr", text=""))
        cut = next(out for out in reversed(outs) if out.get("name") == "stderr")
        cut["text"] = f"{note}{self._kept[cell_index] / 1e6:.1f} MB were written]\n"
        return None


def _payloads(content: Mapping[str, Any]) -> list[Any]:
    """Return what an output message holds, whatever its kind."""
    return [content.get("text", ""), *content.get("data", {}).values()]


class TimedManager(NotebookExecutionManager):
    """Saves a running notebook on a timer, and always at the end; notes the cell that runs."""

    def cell_start(self, cell: Any, cell_index: int | None = None, **changes: Any) -> None:
        """Note the cell in the notebook's metadata, where `judge` looks for it."""
        self.nb.metadata["nsai"] = {RUNNING: cell_index}
        super().cell_start(cell, cell_index, **changes)

    def notebook_complete(self, **changes: Any) -> None:
        """Join the pieces in which streams arrived; not before, for displays are kept by index."""
        for cell in self.nb.cells:
            if cell.cell_type == "code":
                cell.outputs = merge_streams(cell.outputs)
        super().notebook_complete(**changes)

    def save(self, **changes: Any) -> None:
        """Save when the last save is long enough ago or the run is over."""
        due = (self.now() - self.last_save_time).total_seconds() >= SAVE_INTERVAL
        if due or self.end_time is not None:
            super().save(**changes)


def merge_streams(outputs: Sequence[Any]) -> list[Any]:
    r"""Join neighbouring pieces of one stream and apply its carriage returns.

    nbclient's own ``coalesce_streams`` matches a pattern that takes time quadratic in the length
    of a line: a minute for one of 10 MB.

    Examples
    --------
    >>> pieces = [new_output("stream", name="stdout", text=t) for t in ("1 %", "\r2 %", "\nok")]
    >>> [piece.text for piece in merge_streams(pieces)]
    ['2 %\nok']
    """
    merged: list[Any] = []
    for stream, group in groupby(outputs, key=lambda out: out.get("name")):
        pieces = list(group)
        if stream is None:
            merged += pieces
            continue
        lines = "".join(piece["text"] for piece in pieces).replace("\r\n", "\n").split("\n")
        text = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)
        merged.append(new_output("stream", name=stream, text=text))
    return merged


def execute(
    notebook: Any,
    *,
    output_path: Path | None,
    deadline: float,
    ipc: Path,
    cwd: Path,
    env: Mapping[str, str],
    forked: ForkedKernel,
) -> None:
    """Execute a notebook in place, in a guarded kernel.

    Parameters
    ----------
    notebook
        The notebook, its parameters already in it.
    output_path
        Where the notebook is saved from time to time; None for nowhere.
    deadline
        On the clock of `time.monotonic`, in seconds.
    ipc
        Folder for the sockets; its path must be short.
    cwd, env
        Working directory and environment of the kernel.
    forked
        The process that becomes the kernel.

    Raises
    ------
    CellTimeoutError
        If the deadline passes.
    DeadKernelError
        If the kernel dies.
    OSError
        If the notebook cannot be saved.
    """
    path = str(output_path) if output_path else None
    manager = TimedManager(notebook, output_path=path, progress_bar=False)
    manager.notebook_start()
    try:
        client = BoundedClient(
            manager,
            deadline=deadline,
            ipc=ipc,
            forked=forked,
            kernel_name="python3",
            shutdown_kernel="immediate",
            startup_timeout=120,
        )
        client.execute(cwd=str(cwd), env=dict(env))
    finally:
        forked.close()
        manager.notebook_complete()
