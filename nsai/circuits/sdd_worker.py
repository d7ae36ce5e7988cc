"""The process in which PySDD compiles: a script that imports nothing of ours.

It reads one JSON object from standard input, ``{"variables", "steps", "memory", "path"}``, and
writes an SDD file. Steps are in topological order, operands by their place in the list:
``["literal", v]``, ``["and", [i, …]]``, ``["or", [i, …]]``, ``["not", i]``, ``["xor", [i, …]]``,
``["count", low, high, [i, …]]`` and ``["constant", 0 or 1]``; the last one is the formula.
"""

import json
import resource
import sys
import threading
from typing import Any

FIRST_MINIMIZATION = 1000  # size from which the vtree is improved, and again at every doubling
STACK_BYTES = 1 << 30  # the SDD library recurses as deep as its vtree


class Compiler:
    """Builds SDDs step by step; between steps it collects garbage and improves the vtree.

    The library's automatic mode does that inside any operation and would free a result that is
    not yet referenced. Here it happens only where all that is still needed is referenced.

    Parameters
    ----------
    manager
        A PySDD manager without automatic collection.
    """

    def __init__(self, manager: Any) -> None:
        self.manager = manager
        self.minimize_at = FIRST_MINIMIZATION

    def run(self, steps: list[list[Any]]) -> Any:
        """Return the SDD of the last step; others are released after their last use."""
        last_use: dict[int, int] = {}
        for number, step in enumerate(steps):
            last_use |= dict.fromkeys(operands(step), number)
        made: list[Any] = []
        for number, step in enumerate(steps):
            made.append(self.apply(step, made))
            for used in set(operands(step)):
                if last_use[used] == number:
                    made[used].deref()
        return made[-1]

    def apply(self, step: list[Any], made: list[Any]) -> Any:
        """Return the SDD of one step, referenced."""
        kind = step[0]
        if kind == "literal":
            return self.keep(self.manager.literal(step[1]))
        if kind == "constant":
            return self.keep(self.manager.true() if step[1] else self.manager.false())
        if kind == "not":
            return self.keep(~made[step[1]])
        nodes = sorted((made[i] for i in step[-1]), key=lambda node: node.size())
        if kind == "and":
            return self.fold(self.manager.conjoin, nodes)
        if kind == "or":
            return self.fold(self.manager.disjoin, nodes)
        if kind == "xor":
            return self.fold(self.exclusive, nodes)
        return self.count(nodes, step[1], step[2])

    def keep(self, node: Any) -> Any:
        """Reference a node, then tidy up: nothing unreferenced is needed any more."""
        node.ref()
        if self.manager.dead_size() > self.manager.live_size() + FIRST_MINIMIZATION:
            self.manager.garbage_collect()
        if self.manager.live_size() > self.minimize_at:
            self.manager.minimize_limited()
            self.minimize_at = max(2 * self.manager.live_size(), FIRST_MINIMIZATION)
        return node

    def fold(self, join: Any, nodes: list[Any]) -> Any:
        """Join nodes two by two."""
        result = self.keep(nodes[0])
        for node in nodes[1:]:
            joined = self.keep(join(result, node))
            result.deref()
            result = joined
        return result

    def exclusive(self, a: Any, b: Any) -> Any:
        """Return "one of the two, not both"."""
        return self.choose(a, ~b, b)

    def choose(self, test: Any, then: Any, other: Any) -> Any:
        """Return "then where test holds, else other"; not referenced."""
        return self.manager.disjoin(
            self.manager.conjoin(test, then), self.manager.conjoin(~test, other)
        )

    def count(self, nodes: list[Any], low: int, high: int) -> Any:
        """Return "at least low and at most high of the nodes"."""
        false, true = self.manager.false(), self.manager.true()
        counts = [self.keep(true)] + [self.keep(false) for _ in range(high)]
        for node in nodes:
            below = [false, *counts[:-1]]
            new = [self.keep(self.choose(node, b, c)) for b, c in zip(below, counts, strict=True)]
            for old in counts:
                old.deref()
            counts = new
        result = self.fold(self.manager.disjoin, counts[low : high + 1])
        for old in counts:
            old.deref()
        return result


def operands(step: list[Any]) -> list[int]:
    """Return the places of what a step uses."""
    kind, last = step[0], step[-1]
    if kind in ("literal", "constant"):
        return []
    return [last] if kind == "not" else last


def main() -> None:
    """Compile what standard input asks for."""
    from pysdd.sdd import SddManager, Vtree

    task = json.load(sys.stdin)
    if task["memory"]:
        limit = task["memory"] + STACK_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    vtree = Vtree(var_count=task["variables"], vtree_type="balanced")
    manager = SddManager.from_vtree(vtree)
    manager.auto_gc_and_minimize_off()
    node = Compiler(manager).run(task["steps"])
    manager.minimize_limited()
    node.save(task["path"].encode())


if __name__ == "__main__":
    threading.stack_size(STACK_BYTES)
    failed: list[BaseException] = []

    def run() -> None:
        """Keep what went wrong for the exit status."""
        try:
            main()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failed:
        sys.exit(f"{type(failed[0]).__name__}: {failed[0]}")
