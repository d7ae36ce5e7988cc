"""Where a long training keeps what a stopped run goes on from."""

import os
import shutil
from pathlib import Path

FOLDER = "NSAI_CHECKPOINTS"


def checkpoint(name: str) -> Path | None:
    """Return the file for a training of this run, or None outside of `nsai run`.

    A run that was stopped finds the same file when it is repeated with the same notebook, modules
    and parameters; when all cells have run, it is removed. For `nsai.training.fit`.

    Parameters
    ----------
    name
        Name of the training in its notebook: letters, digits, ``-`` and ``_``.

    Raises
    ------
    ValueError
        If the name has other characters or none.

    Examples
    --------
    >>> checkpoint("lenet") is None
    True
    """
    if not name.replace("-", "").replace("_", "").isalnum() or not name.isascii():
        raise ValueError(f"name must be letters, digits, '-' and '_', got {name!r}")
    folder = os.environ.get(FOLDER)
    return Path(folder) / f"{name}.pt" if folder else None


def folder_of(reports: Path, slug: str, key: str) -> Path:
    """Return the folder of a run's checkpoints, and remove those of other versions of the run."""
    folder = reports / ".checkpoints" / slug / key
    for other in folder.parent.glob("*"):
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
    return folder
