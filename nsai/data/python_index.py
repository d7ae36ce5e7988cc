"""The index of the standard library: every public name that its source defines, line by line."""

import ast
import hashlib
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

from nsai.data.catalogue import DataSet
from nsai.data.errors import MissingDataError
from nsai.data.splits import known_split, leading_part
from nsai.data.store import use_package

PYTHON_INDEX = DataSet(
    name="python_index",
    title="The dotted names of the functions, classes and methods of Python's standard library",
    licence="PSF-2.0",
    citation="Python Software Foundation, The Python Standard Library",
    shape="str of about 0.25 million ASCII characters, one name a line, depending on the Python "
    "version; first 90 % train, last 10 % validation",
    splits=("train", "validation", "all"),
    homepage="https://docs.python.org/3/library/",
    source="package",
    needs="python",
)

# Generated tables, applications, and copies of other modules' names.
_LEFT_OUT = {"encodings", "ensurepip", "idlelib", "lib2to3", "pydoc_data", "test", "turtledemo"}


def python_index(split: str = "train") -> str:
    """Load the index as one text; it differs between Python versions.

    The source of every module of the standard library is parsed, not imported, and every class,
    function and method whose name and whose owners' names have no leading underscore is listed
    with its module, whatever the platform. Top-level modules follow each other in the order of
    a hash of their names, so that the validation text is a fair sample of modules, none of which
    is in the training text. Within one, names are sorted, and neighbouring lines begin alike: a
    text on which it pays to look back.

    Parameters
    ----------
    split
        ``"train"`` (first 90 %), ``"validation"`` (last 10 %) or ``"all"``.

    Returns
    -------
    str
        The text, in ASCII.

    Raises
    ------
    MissingDataError
        If this Python came without the source of its standard library.

    Examples
    --------
    >>> "argparse.ArgumentParser.parse_args" in python_index("all").splitlines()
    True
    """
    known_split(PYTHON_INDEX, split)
    root = Path(sysconfig.get_path("stdlib"))
    lines = [
        name for top in _hashed(sys.stdlib_module_names - _LEFT_OUT) for name in _walk(root, top)
    ]
    if len(lines) < 1000:
        raise MissingDataError(
            f"python_index needs the source of the standard library, and this Python shows "
            f"{len(lines)} names in it: install the distribution's full standard library"
        )
    use_package(PYTHON_INDEX)
    return leading_part("\n".join(lines) + "\n", split)


def public_names(source: str | bytes, module: str) -> list[str]:
    r"""Return the dotted names of the public classes, functions and methods in a source text.

    Examples
    --------
    >>> public_names("class A:\n  def f(self): ...\n  def _g(self): ...\ndef h(): ...", "m")
    ['m.A', 'm.A.f', 'm.h']
    """
    return list(_defined(ast.parse(source).body, module))


def _defined(body: Iterable[ast.AST], owner: str) -> Iterator[str]:
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            if not node.name.startswith("_") and node.name.isascii():
                yield f"{owner}.{node.name}"
                if isinstance(node, ast.ClassDef):
                    yield from _defined(node.body, f"{owner}.{node.name}")
        elif isinstance(node, (ast.If, ast.Try, ast.ExceptHandler)):
            yield from _defined(ast.iter_child_nodes(node), owner)


def _hashed(names: Iterable[str]) -> list[str]:
    """Return names in an order that does not depend on which others there are."""
    return sorted(names, key=lambda name: hashlib.sha256(name.encode()).digest())


def _walk(root: Path, top: str) -> list[str]:
    """Return the sorted public names of a top-level module and of those below it."""
    found: set[str] = set()
    for path in [root / f"{top}.py", *(root / top).rglob("*.py")]:
        parts = path.relative_to(root).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        hidden = any(part.startswith("_") or part in ("test", "tests") for part in parts)
        if not hidden and path.is_file():
            found |= set(public_names(path.read_bytes(), ".".join(parts)))
    return sorted(found)
