"""What was loaded, one line a load, for whoever decides if a result is still valid."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

LOG_VARIABLE = "NSAI_DATA_LOG"


def record_load(
    name: str,
    source: str,
    *,
    files: Sequence[dict[str, Any]] = (),
    version: str | None = None,
) -> None:
    """Append a JSON line to the file that ``NSAI_DATA_LOG`` names, if it names one.

    Parameters
    ----------
    name
        The data set.
    source
        ``"package"``, ``"folder"``, ``"cache"`` or ``"generated"``.
    files
        For each file read: path, sha256 and size of the bytes on disk, mtime_ns.
    version
        Of the distribution that ships or makes the set.
    """
    log = os.environ.get(LOG_VARIABLE)
    if not log:
        return
    entry: dict[str, Any] = {"name": name, "source": source, "files": list(files)}
    if version is not None:
        entry["version"] = version
    line = json.dumps(entry, ensure_ascii=False) + "\n"
    # One write to an append-only descriptor: parallel processes cannot mix their lines.
    descriptor = os.open(Path(log), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)
