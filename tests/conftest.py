"""Fixtures that several packages' tests use."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import settings

from nsai.workbench.check import canonical
from nsai.workbench.experiments import Project, select
from nsai.workbench.plan import Request, plan
from nsai.workbench.runs import RunSpec

settings.register_profile("nsai", deadline=None)  # a busy machine is no failure
settings.load_profile("nsai")

PARAMETERS = """from typing import Literal
seed: int = 0
device: Literal["auto", "cpu", "cuda"] = "auto"
tag: str = "x"  # a tag
rate: float = 0.1
widths: list[int] = [3, 2]
verbose: bool = False
note: str | None = None"""
PRESETS = 'presets = {"quick": {}, "full": {"rate": 0.5}}'
CLAIM = """from nsai.workbench import claim
claim("one is one", 1, "==", 1, source="arithmetic")"""


def notebook_text(
    code: Sequence[str],
    *,
    parameters: str = PARAMETERS,
    presets: str = PRESETS,
    title: str = "Stub",
) -> str:
    """Return a small experiment as the text of its file."""
    head = f"# {title}\n\nA claim at quick and full."
    cells = [("markdown", head, []), ("code", parameters, ["parameters"])]
    cells += [("code", presets, ["presets"]), *(("code", text, []) for text in code)]
    return canonical(
        {
            "cells": [
                {"cell_type": kind, "id": f"c{i}", "metadata": {"tags": tags}, "source": text}
                for i, (kind, text, tags) in enumerate(cells)
            ]
        }
    )


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty project."""
    (tmp_path / "notebooks" / "1-stubs").mkdir(parents=True)
    return Project(tmp_path)


@pytest.fixture
def add_notebook(project: Project) -> Callable[..., Path]:
    """Write a notebook into the project: name, code cells, other parts by keyword."""

    def add(name: str, *code: str, **parts: str) -> Path:
        path = project.notebooks / "1-stubs" / f"{name}.ipynb"
        path.write_text(notebook_text(code or [CLAIM], **parts), encoding="utf-8")
        return path

    return add


@pytest.fixture
def spec_for(project: Project) -> Callable[..., RunSpec]:
    """Plan one notebook of the project: its name, then the fields of a request."""

    def make(name: str, **request: object) -> RunSpec:
        chosen = select(project.experiments(), [name])
        return plan(project, chosen, Request(**{"timeout": 60.0} | request))[0]

    return make
