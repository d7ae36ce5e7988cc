"""Circuit evaluation, forward and backward: ours, KLay and a loop over PySDD, on one circuit each.

All contestants get the same circuit: an SDD file, which KLay and PySDD read themselves, or, for
addition, the same nodes (PySDD takes no such circuit and is left out). KLay runs in its log
semiring, both as it is and compiled by torch. Before anything is timed, log Z and its gradient
are compared.
"""

import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path

import klay
import torch
from pysdd.sdd import SddManager, Vtree
from sympy import Symbol, symbols
from sympy.logic.boolalg import Boolean
from timing.side_by_side import Row, alternate, arguments, report, seconds, timed

from nsai.circuits import NNF, Circuit, NNFBuilder, cardinality, read_sdd
from nsai.circuits.nnf import Kind
from nsai.circuits.sdd import instructions
from nsai.circuits.sdd_worker import Compiler
from nsai.logic import exactly_one

BATCHES = (1, 128, 1024)
GOLDEN = Path(__file__).parents[2] / "shared" / "golden" / "circuits"


@dataclass
class Case:
    """One circuit: ours, and the SDD and vtree on disk from which it was read, if it was."""

    name: str
    sdd: Path | None
    vtree: Path | None
    ours: Circuit

    @property
    def variables(self) -> int:
        return len(self.ours.variables)


def from_files(name: str, sdd: Path, vtree: Path) -> Case:
    """Read a case that lies on the disk."""
    nnf = read_sdd(sdd.read_text(), _variables(vtree))
    return Case(name, sdd, vtree, Circuit(nnf, range(nnf.variables)))


def _variables(vtree: Path) -> int:
    return sum(line.startswith("L") for line in vtree.read_text().splitlines())


def from_formula(name: str, formula: Boolean, variables: list[Symbol], folder: Path) -> Case:
    """Compile a formula with PySDD and write the files."""
    manager = SddManager.from_vtree(Vtree(var_count=len(variables), vtree_type="balanced"))
    manager.auto_gc_and_minimize_off()
    node = Compiler(manager).run(instructions(formula, variables))
    sdd, vtree = folder / f"{name}.sdd", folder / f"{name}.vtree"
    node.save(str(sdd).encode())
    manager.vtree().save(str(vtree).encode())
    return from_files(name, sdd, vtree)


def addition(digits: int) -> NNF:
    """Return "two numbers and their sum", in base 10 with a variable for each digit and value."""
    builder = NNFBuilder(10 * (3 * digits + 1))

    def shows(place: int, value: int) -> int:
        """Return "the digit at a place has this value and no other"."""
        signs = ((1 if v == value else -1) * (10 * place + v + 1) for v in range(10))
        return builder.conjoin(map(builder.literal, signs))

    above = [shows(3 * digits, carry) for carry in (0, 1)]
    for i in reversed(range(digits)):
        above = [
            builder.disjoin(
                builder.conjoin(
                    [
                        shows(3 * i, x),
                        shows(3 * i + 1, y),
                        shows(3 * i + 2, (x + y + carry) % 10),
                        above[x + y + carry > 9],
                    ]
                )
                for x, y in product(range(10), repeat=2)
            )
            for carry in (0, 1)
        ]
    return builder.build(above[0])


def cases(folder: Path) -> list[Case]:
    """Return the circuits of the comparison."""
    found = []
    for n in (50, 100):
        names = list(symbols(f"x:{n}"))
        found.append(from_formula(f"exactly-one {n}", exactly_one(names), names, folder))
    for name, file in (
        ("sudoku 4x4", "sudoku_4"),
        ("simple paths 4x4", "4-grid"),
        ("chain, 500 variables", "seq_fun"),
    ):
        path = GOLDEN / f"{file}.sdd"
        if path.is_file():
            found.append(from_files(name, path, path.with_suffix(".vtree")))
        else:
            print(f"{name}: no such file beside the checkout, left out", file=sys.stderr)
    for digits in (1, 2):
        nnf = addition(digits)
        found.append(Case(f"MNIST-add {digits}", None, None, Circuit(nnf, range(nnf.variables))))
    return found


Contestant = Callable[[], tuple[torch.Tensor, torch.Tensor]]


def ours(case: Case, p: torch.Tensor) -> Contestant:
    """Return forward and backward of ours."""
    p = p.clone().requires_grad_()

    def run() -> tuple[torch.Tensor, torch.Tensor]:
        p.grad = None
        log_z = case.ours.log_wmc(p)
        log_z.sum().backward()
        return log_z.detach(), p.grad

    return run


def klay_log(case: Case, p: torch.Tensor, *, compiled: bool) -> Contestant:
    """Return forward and backward of KLay's log semiring."""
    circuit = klay.Circuit()
    if case.sdd:
        circuit.add_sdd_from_file(str(case.sdd))
    else:
        nodes = []
        for kind, literal, children in case.ours.nnf.nodes():
            inner = [nodes[child] for child in children]
            if kind is Kind.LITERAL:
                nodes.append(circuit.literal_node(literal))
            else:
                nodes.append((circuit.and_node if kind is Kind.AND else circuit.or_node)(inner))
        circuit.set_root(nodes[-1])
    module = circuit.to_torch_module(semiring="log", compile=compiled)
    p = p.clone().requires_grad_()
    one = len(p) == 1

    def run() -> tuple[torch.Tensor, torch.Tensor]:
        p.grad = None
        x = p[0] if one else p
        log_z = module(x.log(), torch.log1p(-x)).flatten()
        log_z.sum().backward()
        return log_z.detach(), p.grad

    return run


def pysdd_loop(case: Case, p: torch.Tensor) -> Contestant:
    """Return forward and backward of a loop over the batch, by PySDD's own model counter."""
    vtree = Vtree.from_file(str(case.vtree).encode())
    manager = SddManager.from_vtree(vtree)
    node = manager.read_sdd_file(str(case.sdd).encode())
    counter = node.wmc(log_mode=False)
    literals = [manager.literal(k) for v in range(case.variables) for k in (v + 1, -v - 1)]
    rows = p.double().tolist()

    def run() -> tuple[torch.Tensor, torch.Tensor]:
        totals, slopes = [], []
        for row in rows:
            for v, value in enumerate(row):
                counter.set_literal_weight(literals[2 * v], value)
                counter.set_literal_weight(literals[2 * v + 1], 1 - value)
            total = counter.propagate()
            up = [counter.literal_derivative(literal) for literal in literals]
            totals.append(total)
            slopes.append([(a - b) / total for a, b in zip(up[::2], up[1::2], strict=True)])
        return torch.tensor(totals).double().log(), torch.tensor(slopes)

    return run


def main() -> None:
    """Check, measure and report."""
    given = arguments(__doc__ or "", repeats=7, quick=3)
    rows = []
    generator = torch.Generator().manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        for case in cases(Path(folder)):
            for batch in BATCHES:
                p = torch.empty(batch, case.variables).uniform_(0.05, 0.95, generator=generator)
                mine = ours(case, p)
                peers = {
                    "KLay log": klay_log(case, p, compiled=False),
                    "KLay log, torch.compile": klay_log(case, p, compiled=True),
                }
                if case.sdd:
                    peers["PySDD loop"] = pysdd_loop(case, p)
                for name, peer in peers.items():
                    if not agree(mine(), peer(), case.name, name):
                        continue
                    times = alternate(
                        partial(timed, mine), partial(timed, peer), repeats=given.repeats
                    )
                    rows.append(Row(f"{case.name}, batch {batch}", name, *times))
                    print(f"{rows[-1]}, ratio {rows[-1].ratio:.1f}", file=sys.stderr, flush=True)
        alone(given.repeats)
    report(rows, as_json=given.json)


def agree(
    mine: tuple[torch.Tensor, torch.Tensor],
    theirs: tuple[torch.Tensor, torch.Tensor],
    case: str,
    peer: str,
) -> bool:
    """Compare log Z and gradient; a peer that has no finite answer is left out, loudly."""
    if not all(part.isfinite().all() for part in theirs):
        print(f"{case}: {peer} gives a value that is not finite, left out", file=sys.stderr)
        return False
    for name, a, b in zip(("log Z", "gradient"), mine, theirs, strict=True):
        gap = ((a.double() - b.double()).abs() / (1 + a.double().abs())).max()
        if gap > 1e-3:  # float32 logarithms lose that much over many layers
            sys.exit(f"{case}: ours and {peer} disagree on {name} by {gap:.2g}")
    return True


def alone(repeats: int) -> None:
    """Show how our time grows with n on exactly-one."""
    for n in (250, 500, 1000, 2000):
        built = seconds(lambda n=n: Circuit(cardinality(n, 1, 1), range(n)))
        circuit = Circuit(cardinality(n, 1, 1), range(n))
        run = ours(Case("", None, None, circuit), torch.full((128, n), 1 / n))
        run()
        best = sorted(timed(run) for _ in range(repeats))[repeats // 2]
        print(
            f"ours alone, exactly-one {n}: built in {1e3 * built:.0f} ms, "
            f"batch 128 in {1e3 * best:.2f} ms",
            file=sys.stderr,
        )


if __name__ == "__main__":
    main()
