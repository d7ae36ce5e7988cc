"""Fixtures of the workbench's tests."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import settings

from nsai.workbench.closure import Sources

# hypothesis fails an example after 200 ms unless told otherwise, and a busy machine is no defect
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture
def own(tmp_path: Path) -> Callable[[Mapping[str, str | bytes]], Sources]:
    """Write the files of a package `own` and return its sources."""

    def write(files: Mapping[str, str | bytes]) -> Sources:
        root = tmp_path / "own"
        for name, text in {"__init__.py": "", **files}.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return Sources({"own": root})

    return write


@pytest.fixture
def displayed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Pretend to be in a kernel; what is shown lands here as pairs of data and metadata."""
    shown: list[tuple[dict[str, Any], dict[str, Any]]] = []

    def display(data: dict[str, Any], *, metadata: dict[str, Any], raw: bool) -> None:
        assert raw
        shown.append((data, metadata))

    monkeypatch.setattr(
        "IPython.core.getipython.get_ipython", lambda: SimpleNamespace(kernel=object())
    )
    monkeypatch.setattr("IPython.display.display", display)
    return shown
