"""The canonical form of a notebook: what `nsai check` demands and what `--fix` mends."""

import ast
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nsai.workbench.errors import NotebookFormatError
from nsai.workbench.experiments import cell_source, cell_tags, load_notebook, read_experiment
from nsai.workbench.store import write_atomically
from nsai.workbench.syntax import parse_cell

LONGEST_CELL = 20
REQUIRED = {"seed": "int", "device": "Literal['auto', 'cpu', 'cuda']"}
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class Finding:
    """Something in a notebook that is not as it should be.

    Attributes
    ----------
    path
        The notebook.
    message
        What was expected.
    fixable
        Whether `fix` mends it.
    """

    path: Path
    message: str
    fixable: bool = False


def check(path: Path) -> list[Finding]:
    """Hold a notebook against the conventions.

    Parameters
    ----------
    path
        The notebook file.

    Returns
    -------
    list of Finding
        Empty when all is well.
    """
    try:
        notebook = load_notebook(path)
    except NotebookFormatError as error:
        return [Finding(path, str(error))]
    found = []
    if path.read_text(encoding="utf-8") != canonical(notebook):
        found += [Finding(path, message, fixable=True) for message in _form(notebook)]
    try:
        parameters = read_experiment(path).parameters
    except NotebookFormatError as error:
        return [*found, Finding(path, str(error))]
    for name, expected in REQUIRED.items():
        actual = parameters[name].type_name if name in parameters else "no such parameter"
        if actual != expected:
            message = f"the parameters cell must declare `{name}: {expected}`, found {actual}"
            found.append(Finding(path, message))
    return found + [Finding(path, message) for message in _content(notebook["cells"])]


def fix(path: Path) -> bool:
    """Write a notebook in canonical form; return whether it changed.

    Raises
    ------
    NotebookFormatError
        If the file is no notebook.
    """
    text = canonical(load_notebook(path))
    changed = path.read_text(encoding="utf-8") != text
    if changed:
        write_atomically(path, text)
    return changed


def canonical(notebook: dict[str, Any]) -> str:
    """Return a notebook's text without outputs, counts, foreign metadata or missing ids."""
    seen: set[str] = set()
    cells = [_canonical_cell(cell, i, seen) for i, cell in enumerate(notebook["cells"])]
    whole = {"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def _canonical_cell(cell: dict[str, Any], index: int, seen: set[str]) -> dict[str, Any]:
    source = cell_source(cell)
    identity = str(cell.get("id", ""))
    made = f"{index} {source}"
    while not IDENTIFIER.fullmatch(identity) or identity in seen:
        made = hashlib.sha256(made.encode()).hexdigest()
        identity = made[:8]
    seen.add(identity)
    tags = {"tags": cell_tags(cell)} if cell_tags(cell) else {}
    kind = cell.get("cell_type", "raw")
    text = {"source": source.rstrip().splitlines(keepends=True)}
    if kind == "code":
        whole = {"cell_type": kind, "execution_count": None, "id": identity, "metadata": tags}
        return whole | {"outputs": []} | text
    pasted = {"attachments": cell["attachments"]} if cell.get("attachments") else {}
    return pasted | {"cell_type": kind, "id": identity, "metadata": tags} | text


def _form(notebook: dict[str, Any]) -> Iterator[str]:
    """Say why a notebook is not in canonical form."""
    code = [c for c in notebook["cells"] if c.get("cell_type") == "code"]
    identities = [c.get("id") for c in notebook["cells"]]
    said = False
    for holds, message in (
        (any(c.get("outputs") for c in code), "holds outputs"),
        (any(c.get("execution_count") for c in code), "holds execution counts"),
        (None in identities or len({*identities}) < len(identities), "cell ids are not unique"),
        (notebook.get("metadata") != METADATA, "notebook metadata are not the canonical ones"),
    ):
        if holds:
            said = True
            yield message
    if not said:
        yield "is not in canonical form (cell metadata, order of fields or spacing)"


def _content(cells: list[dict[str, Any]]) -> Iterator[str]:
    """Say what a complete experiment has and this one lacks."""
    first = cell_source(cells[0]).lower()
    for word in ("claim", "quick", "full"):
        if word not in first:
            yield f"the first cell must say what it claims and what quick and full do: no {word!r}"
    if any("injected-parameters" in cell_tags(cell) for cell in cells):
        yield "holds the injected parameters of a run; remove that cell"
    called: list[ast.Call] = []
    for index, cell in enumerate(cells):
        if cell.get("cell_type") != "code":
            continue
        source = cell_source(cell)
        if source.count("\n") >= LONGEST_CELL:
            yield f"cell {index} has over {LONGEST_CELL} lines; the logic belongs in a package"
        try:
            tree = parse_cell(source)
        except SyntaxError as error:
            yield f"cell {index}, line {error.lineno}: {error.msg}"
            continue
        if any(isinstance(node, ast.ClassDef) for node in ast.walk(tree)):
            yield f"cell {index} defines a class; it belongs in a package"
        called += [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    names = [call.func.id for call in called if isinstance(call.func, ast.Name)]
    if "claim" not in names:
        yield "states no claim"
    keys = [w for call in called for w in call.keywords if w.arg == "key" and _true(w.value)]
    if len(keys) != 1:
        yield f"must mark exactly one figure with key=True for the gallery, found {len(keys)}"


def _true(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is True
