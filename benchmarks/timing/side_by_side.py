"""What every benchmark shares: ours and a peer in turn, medians, a table, rows as JSON.

A benchmark measures after it has checked that both give the same answer. It takes `--quick` for
fewer repeats and `--json` for a list of rows on the last line.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Row:
    """One comparison: median seconds of ours and of a peer, and how much longer the peer takes.

    The ratio is the median of the ratios of pairs, each measured in one go: when other work slows
    the machine down, it slows both of a pair down.
    """

    case: str
    peer: str
    ours_s: float
    peer_s: float
    ratio: float


def seconds(run: Callable[[], object]) -> float:
    """Return the wall time of one call."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def timed(run: Callable[[], object], least: float = 0.05) -> float:
    """Return seconds a call, of as many calls as fill some time."""
    calls, spent = 0, 0.0
    while spent < least:
        spent += seconds(run)
        calls += 1
    return spent / calls


def alternate(
    ours: Callable[[], float], peer: Callable[[], float], *, repeats: int
) -> tuple[float, float, float]:
    """Measure two contestants in turn; return the median of each, and of peer ÷ ours.

    Each is called `repeats` times and returns the seconds that count, so that it can prepare and
    clean up outside of them. Who goes first changes from pair to pair: a machine that gets
    busier or warmer favours neither.
    """
    times: dict[str, list[float]] = {"ours": [], "peer": []}
    for i in range(repeats):
        pair = [("ours", ours), ("peer", peer)]
        for name, contestant in pair if i % 2 == 0 else reversed(pair):
            times[name].append(contestant())
    ratios = [b / a for a, b in zip(times["ours"], times["peer"], strict=True)]
    return tuple(map(statistics.median, (times["ours"], times["peer"], ratios)))


def arguments(description: str, *, repeats: int, quick: int = 1) -> argparse.Namespace:
    """Read the command line of a benchmark: `repeats` and `json`."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help=f"{quick} repeats, not {repeats}")
    parser.add_argument("--json", action="store_true", help="rows as JSON on the last line")
    given = parser.parse_args()
    return argparse.Namespace(repeats=quick if given.quick else repeats, json=given.json)


def lines(rows: Iterable[Row]) -> list[str]:
    """Return the rows as the lines of a Markdown table."""
    table: list[Sequence[str]] = [("case", "peer", "ours, s", "peer, s", "peer ÷ ours")]
    table += [
        (row.case, row.peer, f"{row.ours_s:.3g}", f"{row.peer_s:.3g}", f"{row.ratio:.2f}")
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    texts = ["| " + " | ".join(map(str.ljust, cells, widths)) + " |" for cells in table]
    return [texts[0], "| " + " | ".join("-" * width for width in widths) + " |", *texts[1:]]


def report(rows: Sequence[Row], *, as_json: bool) -> None:
    """Print the table, and the rows as JSON on the last line if asked."""
    print("\n".join(lines(rows)))
    if as_json:
        print(json.dumps([asdict(row) for row in rows]))
