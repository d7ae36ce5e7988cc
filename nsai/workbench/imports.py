"""What a piece of Python imports, and what it takes from what it imports."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from nsai.workbench.syntax import parse_file

DYNAMIC = ("import_module", "__import__")
ANY: frozenset[tuple[str, ...]] = frozenset({()})
LOADED: frozenset[tuple[str, ...]] = frozenset()


@dataclass(frozen=True)
class Import:
    """An imported module and the name taken from it.

    Attributes
    ----------
    module
        Dotted name of the module.
    name
        What is taken from it: a name, ``"*"``, or None for the module itself.
    uses
        What is taken of it, should it be a module: ``("nn", "Linear")`` for ``bound.nn.Linear``,
        and ``()`` if it is used in a way that cannot be followed. Empty if it is only loaded.
    """

    module: str
    name: str | None = None
    uses: frozenset[tuple[str, ...]] = ANY

    @property
    def inside(self) -> str:
        """The dotted name of what is bound, should it be a module."""
        return f"{self.module}.{self.name}" if self.name else self.module


@dataclass
class Module:
    """A source file of one of our packages; one that does not parse imports nothing."""

    name: str
    path: Path

    @cached_property
    def tree(self) -> ast.Module | None:
        """The syntax tree; None if the file does not parse."""
        return parse_file(self.path)

    @cached_property
    def imports(self) -> set[Import]:
        """Every import, wherever in the file it stands."""
        return imports_of(self.tree, self.name, is_package=self.is_package) if self.tree else set()

    @cached_property
    def bindings(self) -> dict[str, list[Import]]:
        """What each imported name may stand for, for those who take it from this module."""
        found: dict[str, list[Import]] = {}
        if self.tree is not None:
            nodes = ast.walk(self.tree)
            for bound, made in _bindings(nodes, self.name, is_package=self.is_package):
                found.setdefault(bound, []).append(made)
        return found

    @property
    def is_package(self) -> bool:
        """Whether this is an ``__init__``."""
        return self.path.name == "__init__.py"

    @cached_property
    def is_looked_through(self) -> bool:
        """Whether this is an ``__init__`` that only re-exports names and binds none twice."""
        if not self.is_package or self.tree is None:
            return False
        names: list[str] = []
        for line in self.tree.body:
            bound = _plainly_bound(line)
            if bound is None:
                return False
            names += bound
        return len(set(names)) == len(names) and "*" not in names


def imports_of(tree: ast.Module, module: str, *, is_package: bool) -> set[Import]:
    """Return every import of a syntax tree, wherever in it the import stands.

    Parameters
    ----------
    tree
        The syntax tree.
    module
        Dotted name of the module that it is of, for relative imports; empty for a notebook.
    is_package
        Whether that module is an ``__init__``.
    """
    nodes = list(ast.walk(tree))
    uses = _uses(nodes)
    found = {
        replace(made, uses=frozenset(uses.get(bound, ANY)))
        for bound, made in _bindings(nodes, module, is_package=is_package)
    }
    for node in nodes:
        if isinstance(node, ast.Import):
            for dotted in [alias.name for alias in node.names if not alias.asname]:
                top = dotted.partition(".")[0]
                taken = frozenset(uses.get(top, LOADED))
                found |= {Import(dotted, uses=taken & ANY), Import(top, uses=taken)}
        elif isinstance(node, ast.Call) and node.args and _called(node) in DYNAMIC:
            name = node.args[0]
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                dotted = name.value.lstrip(".")
                level = len(name.value) - len(dotted)
                found.add(Import(_absolute(module, dotted, level, is_package=is_package)))
    return found


def _bindings(
    nodes: Iterable[ast.AST], module: str, *, is_package: bool
) -> Iterator[tuple[str, Import]]:
    """Yield the name that each import binds, and what it then stands for."""
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.asname:
                    yield alias.asname, Import(alias.name)
        elif isinstance(node, ast.ImportFrom):
            source = _absolute(module, node.module or "", node.level, is_package=is_package)
            for alias in node.names:
                yield alias.asname or alias.name, Import(source, alias.name)


def _uses(tree: Iterable[ast.AST]) -> dict[str, set[tuple[str, ...]]]:
    """Return the chains of attributes taken of each name; ``()`` if it stands alone."""
    nodes = [node for node in tree if isinstance(node, (ast.Name, ast.Attribute))]
    owners = {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
    found: dict[str, set[tuple[str, ...]]] = {}
    for node in nodes:
        chain: list[str] = []
        root: ast.expr = node
        while isinstance(root, ast.Attribute):
            chain.insert(0, root.attr)
            root = root.value
        if isinstance(root, ast.Name) and id(node) not in owners:
            found.setdefault(root.id, set()).add(tuple(chain))
    return found


def _called(call: ast.Call) -> str:
    """Return the last part of the name of what is called."""
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def _absolute(module: str, name: str, level: int, *, is_package: bool) -> str:
    """Return the absolute name of a module that may be given relative to another; or nothing."""
    if not level:
        return name
    parts = [part for part in module.split(".") if part]
    kept = len(parts) - level + is_package
    return ".".join([*parts[:kept], *filter(None, [name])]) if kept > 0 else ""


def _plainly_bound(line: ast.stmt) -> list[str] | None:
    """Return the names that a ``from`` import or a literal binds; None for any other statement."""
    if isinstance(line, ast.ImportFrom):
        return [alias.asname or alias.name for alias in line.names]
    if not isinstance(line, (ast.Expr, ast.Assign, ast.AnnAssign)) or line.value is None:
        return None
    targets = line.targets if isinstance(line, ast.Assign) else []
    targets = [line.target] if isinstance(line, ast.AnnAssign) else targets
    try:
        ast.literal_eval(line.value)
    except (ValueError, TypeError):
        return None
    names = [target.id for target in targets if isinstance(target, ast.Name)]
    return names if len(names) == len(targets) else None
