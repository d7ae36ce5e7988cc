"""Which files of our packages a notebook reaches, found from its imports without running it.

A package's ``__init__`` that only re-exports names is looked through: ``from nsai.models import
LeNet`` reaches the file of LeNet and not its siblings, so that editing one model re-runs the
notebooks that use it and no others. Any other ``__init__`` counts as a whole. A module that reads
data by `importlib.resources` reaches those beside it, in its folder and in folders that are no
packages. What is imported under a name that is computed when the code runs is not seen.
"""

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path

from nsai.workbench.imports import ANY, LOADED, Import, Module, imports_of
from nsai.workbench.syntax import parse_cell

OWN_PACKAGES = ("nsai", "spiking", "quantum")


@dataclass
class Reach:
    """What a notebook reaches.

    Attributes
    ----------
    files
        Source files of our packages by module name, and their data by "package:path".
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
            Source with what IPython adds to Python; a cell that does not parse is passed over
            (it fails when it is run).
        """
        tree = ast.Module(body=[], type_ignores=[])
        for cell in cells:
            try:
                tree.body += parse_cell(cell).body
            except SyntaxError:
                continue
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
            elif top and top not in sys.stdlib_module_names:
                found.third_party.add(top)
        return found

    def _around(self, module: str) -> list[Import]:
        """Return the packages around a module that do more than re-export, for Python runs them."""
        found = []
        while "." in module:
            module = module.rpartition(".")[0]
            parent = self._find(module)
            if parent is not None and parent.is_package and not parent.is_looked_through:
                found.append(Import(module, uses=LOADED))
        return found

    def _follow(self, wanted: Import, found: Reach) -> list[Import]:
        """Return what a name that is taken from a module leads to next."""
        module = self._find(wanted.module)
        if wanted.name is None or wanted.name == "*":
            return self._use(module, ANY if wanted.name else wanted.uses, found)
        inside = self._find(wanted.inside)
        bound = module.bindings.get(wanted.name, ()) if module else ()
        steps = [
            replace(other, uses=wanted.uses) for other in bound if other.inside != wanted.inside
        ]
        if module is not None and module.is_looked_through and (steps or inside):
            return steps or self._use(inside, wanted.uses, found)
        return [
            *steps,
            *self._use(inside, wanted.uses, found),
            *self._load(module, found),
        ]

    def _use(
        self, module: Module | None, uses: frozenset[tuple[str, ...]], found: Reach
    ) -> list[Import]:
        """Follow what is taken of a module: anything that it offers if that is not known."""
        if module is None:
            return []
        if () in uses:
            offered = [other for names in module.bindings.values() for other in names]
            return self._load(module, found) + offered
        steps = [
            Import(module.name, first, frozenset(use[1:] for use in uses if use[0] == first))
            for first in {use[0] for use in uses}
        ]
        return steps if module.is_looked_through else steps + self._load(module, found)

    def _load(self, module: Module | None, found: Reach) -> list[Import]:
        """Count a module's file in and return what it imports."""
        if module is None:
            return []
        found.files[module.name] = module.path
        if any(other.module == "importlib.resources" for other in module.imports):
            package = module.name if module.is_package else module.name.rpartition(".")[0]
            for path in data_in(module.path.parent):
                inside = path.relative_to(module.path.parent).as_posix()
                found.files[f"{package}:{inside}"] = path
        return list(module.imports)

    def _find(self, name: str) -> Module | None:
        if name not in self._modules:
            top, *rest = name.split(".")
            base = self.roots[top].joinpath(*rest)
            paths = [base / "__init__.py", base.parent / f"{base.name}.py"]
            path = next((p for p in paths if p.is_file()), None)
            self._modules[name] = Module(name, path) if path else None
        return self._modules[name]


def data_in(folder: Path) -> Iterator[Path]:
    """Return the files of a package that are not Python, without those of packages inside."""
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            if path.name != "__pycache__" and not (path / "__init__.py").exists():
                yield from data_in(path)
        elif path.suffix not in (".py", ".pyc") and path.name != "py.typed":
            yield path


def package_roots() -> dict[str, Path]:
    """Find our packages on the path without importing them."""
    specs = {name: find_spec(name) for name in OWN_PACKAGES}
    return {name: Path(s.origin).parent for name, s in specs.items() if s and s.origin}
