"""Several seeds: which were asked for, and what each claim comes to with them."""

import re
from collections.abc import Iterable, Iterator

from nsai.workbench.claims import Claim
from nsai.workbench.display import number
from nsai.workbench.errors import ParameterError
from nsai.workbench.supervise import Outcome

MOST = 1000


def parse_seeds(text: str) -> list[int]:
    """Read seeds as a person writes them: a range, numbers, or both.

    Parameters
    ----------
    text
        Such as ``0-4``, ``0,3,7`` or ``0-2,9``.

    Raises
    ------
    ParameterError
        If it is not of that form, falls, names a seed twice, or names more than a thousand.

    Examples
    --------
    >>> parse_seeds("0-2,9")
    [0, 1, 2, 9]
    """
    expected = "--seeds expects numbers or ranges, such as 0-4 or 0,3,7"
    seeds: list[int] = []
    for part in text.split(","):
        found = re.fullmatch(r"\s*(\d{1,18})\s*(?:-\s*(\d{1,18})\s*)?", part)
        if not found:
            raise ParameterError(f"{expected}; got {text!r}")
        first, last = int(found[1]), int(found[2] or found[1])
        if last < first:
            raise ParameterError(f"{expected}; {part.strip()!r} falls")
        if last - first + len(seeds) >= MOST:
            raise ParameterError(f"--seeds takes {MOST:,} seeds at most; got {text!r}")
        seeds += range(first, last + 1)
    if len(set(seeds)) < len(seeds):
        raise ParameterError(f"--seeds names a seed twice: {text!r}")
    return seeds


def by_seed(outcomes: Iterable[Outcome]) -> Iterator[tuple[str, list[str], list[list[str]]]]:
    """Yield for each experiment its name, and headers and rows of a table of claims by seed.

    A claim whose bound is the same for all seeds has it in a column of its own; where it is that
    of a rival of the run, it follows each value. A value that misses its bound is marked ✗.

    Parameters
    ----------
    outcomes
        Runs that differ in experiment and seed only.
    """
    runs: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        runs.setdefault(str(outcome.result["notebook"]), []).append(outcome)
    for name, found in runs.items():
        claims = [_claims(outcome) for outcome in found]
        rows = []
        for title in dict.fromkeys(title for some in claims for title in some):
            column = [some.get(title) for some in claims]
            bounds = {_bound(claim) for claim in column if claim}
            same = bounds.pop() if len(bounds) == 1 else ""
            rows.append([title, same, *(_value(claim, bound=not same) for claim in column)])
        held = [f"{sum(claim.holds for claim in some.values())}/{len(some)}" for some in claims]
        errors = [", error" if outcome.status == "error" else "" for outcome in found]
        rows.append(["claims that hold", "", *map("".join, zip(held, errors, strict=True))])
        yield name, ["claim", "bound", *(f"seed {o.result['seed']}" for o in found)], rows


def _claims(outcome: Outcome) -> dict[str, Claim]:
    claims = map(Claim.from_json, outcome.result["claims"])
    return {claim.name: claim for claim in claims}


def _bound(claim: Claim) -> str:
    tolerance = f" ± {number(claim.tolerance)}" if claim.tolerance else ""
    return f"{claim.comparison} {number(claim.reference)}{tolerance}"


def _value(claim: Claim | None, *, bound: bool) -> str:
    if claim is None:
        return "–"
    against = f" {_bound(claim)}" if bound else ""
    return number(claim.measured) + against + ("" if claim.holds else " ✗")
