"""Which files of our packages a notebook reaches, found from its imports without running it.

A package's ``__init__`` that only re-exports names is looked through: ``from nsai.models import
LeNet`` reaches the file of LeNet and not its siblings, so that editing one model re-runs the
notebooks that use it and no others. Any other ``__init__`` counts as a whole.
"""

import ast
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

OWN_PACKAGES = ("nsai", "spiking", "quantum")


@dataclass(frozen=True)
class Import:
    """An imported module and the name taken from it.

    Attributes
    ----------
    module
        Dotted name of the module.
    name
        What is taken from it; None for the module as a whole.
    attributes
        If the bound name is only ever used as ``bound.attribute``: those attributes. They say
        what is imported when the bound name turns out to be a package.
    """

    module: str
    name: str | None = None
    attributes: frozenset[str] | None = None

    @property
    def inside(self) -> str:
        """The dotted name of what is bound, should it be a module."""
        return f"{self.module}.{self.name}" if self.name else self.module


@dataclass
class Module:
    """A parsed source file of one of our packages; one that does not parse imports nothing."""

    name: str
    path: Path

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        try:
            return ast.parse(self.path.read_bytes())
        except SyntaxError:
            return ast.Module(body=[], type_ignores=[])

    @cached_property
    def imports(self) -> set[Import]:
        """Every import, wherever in the file it stands."""
        return imports_of(self.tree, self.name, is_package=self.is_package)

    @property
    def is_package(self) -> bool:
        """Whether this is an ``__init__``."""
        return self.path.name == "__init__.py"

    @cached_property
    def exports(self) -> dict[str, Import] | None:
        """What a purely re-exporting ``__init__`` offers; None if it does anything else."""
        if not self.is_package:
            return None
        found = {}
        for line in self.tree.body:
            if isinstance(line, ast.ImportFrom):
                for alias in line.names:
                    source = _absolute(self.name, line, is_package=True)
                    found[alias.asname or alias.name] = Import(source, alias.name)
            elif not _is_literal(line):
                return None
        return found


@dataclass
class Reach:
    """What a notebook reaches.

    Attributes
    ----------
    files
        Source files of our packages by module name.
    third_party
        Top-level names of everything else that is not in the standard library.
    """

    files: dict[str, Path] = field(default_factory=dict)
    third_party: set[str] = field(default_factory=set)


class Sources:
    """The source files of our packages, each parsed once.

    Parameters
    ----------
    roots
        The folder of each package by its name; found on the path unless given.
    """

    def __init__(self, roots: Mapping[str, Path] | None = None) -> None:
        self.roots = dict(package_roots() if roots is None else roots)
        self._modules: dict[str, Module | None] = {}

    def reach(self, cells: Iterable[str]) -> Reach:
        """Follow the imports of code cells to the end.

        Parameters
        ----------
        cells
            Python source; lines of IPython magic and shell are passed over, and so is a cell
            that does not parse (it fails when it is run).
        """
        body: list[ast.stmt] = []
        for cell in cells:
            try:
                body += ast.parse(without_magics(cell)).body
            except SyntaxError:
                continue
        tree = ast.Module(body=body, type_ignores=[])
        pending = list(imports_of(tree, "", is_package=False))
        found, seen = Reach(), set[Import]()
        while pending:
            wanted = pending.pop()
            if wanted in seen:
                continue
            seen.add(wanted)
            top = wanted.module.partition(".")[0]
            if top in self.roots:
                pending += self._around(wanted.inside) + self._follow(wanted, found)
            elif top not in sys.stdlib_module_names:
                found.third_party.add(top)
        return found

    def _around(self, module: str) -> list[Import]:
        """Return the packages around a module that do more than re-export, for Python runs them."""
        found = []
        while "." in module:
            module = module.rpartition(".")[0]
            parent = self._find(module)
            if parent is not None and parent.exports is None and parent.is_package:
                found.append(Import(module))
        return found

    def _follow(self, wanted: Import, found: Reach) -> list[Import]:
        inside = self._find(wanted.inside)
        if inside is not None and inside.exports is not None and wanted.attributes is not None:
            return [Import(inside.name, attribute) for attribute in wanted.attributes]
        if wanted.attributes is not None:
            return [replace(wanted, attributes=None)]
        module = self._find(wanted.module)
        if module is None:
            return []
        if module.exports is not None and wanted.name is not None:
            exported = module.exports.get(wanted.name)
            if exported is not None and exported != wanted:
                return [exported]
        if wanted.name is not None and module.is_package and inside is not None:
            return [Import(wanted.inside)]
        found.files[module.name] = module.path
        return list(module.imports)

    def _find(self, name: str) -> Module | None:
        if name not in self._modules:
            top, *rest = name.split(".")
            base = self.roots[top].joinpath(*rest)
            paths = [base / "__init__.py", base.parent / f"{base.name}.py"]
            path = next((p for p in paths if p.is_file()), None)
            self._modules[name] = Module(name, path) if path else None
        return self._modules[name]


def package_roots() -> dict[str, Path]:
    """Find our packages on the path without importing them."""
    specs = {name: find_spec(name) for name in OWN_PACKAGES}
    return {name: Path(s.origin).parent for name, s in specs.items() if s and s.origin}


def imports_of(tree: ast.Module, module: str, *, is_package: bool) -> set[Import]:
    """Return every import of a syntax tree, wherever in it the import stands."""
    attributes, bare = _uses(tree)
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                bound = alias.asname
                used = attributes.get(bound) if bound and bound not in bare else None
                found.add(Import(alias.name, None, used))
        elif isinstance(node, ast.ImportFrom):
            source = _absolute(module, node, is_package=is_package)
            for alias in node.names:
                bound = alias.asname or alias.name
                used = attributes.get(bound) if bound not in bare else None
                found.add(Import(source, None if alias.name == "*" else alias.name, used))
    return found


def without_magics(source: str) -> str:
    """Replace lines of IPython magic and shell, which Python cannot parse, by nothing."""
    lines = source.splitlines()
    return "\n".join("" if line.lstrip().startswith(("%", "!")) else line for line in lines)


def _uses(tree: ast.Module) -> tuple[dict[str, frozenset[str]], set[str]]:
    """Return the attributes taken of each name, and the names that are used in any other way."""
    attributes: dict[str, set[str]] = {}
    owners = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            attributes.setdefault(node.value.id, set()).add(node.attr)
            owners.add(id(node.value))
    bare = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and id(n) not in owners}
    return {name: frozenset(found) for name, found in attributes.items()}, bare


def _absolute(module: str, node: ast.ImportFrom, *, is_package: bool) -> str:
    """Return the absolute name of the module that a ``from`` import takes from."""
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    base = parts[: len(parts) - node.level + is_package]
    return ".".join([*base, node.module] if node.module else base)


def _is_literal(line: ast.stmt) -> bool:
    """Whether a statement is a docstring or binds a name to a literal."""
    if isinstance(line, (ast.Expr, ast.Assign, ast.AnnAssign)) and line.value is not None:
        try:
            ast.literal_eval(line.value)
        except ValueError:
            return False
        return True
    return False
