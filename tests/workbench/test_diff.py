import json
from pathlib import Path

from nsai.workbench.diff import Row, compare
from nsai.workbench.store import Run

RESULT = {
    "run": "a--quick",
    "status": "passed",
    "preset": "quick",
    "device_name": "a processor",
    "wall_s": 1.5,
    "cpu_s": 1.0,
    "environment": {"commit": "0123456789abcdef"},
    "parameters": {"seed": 0, "rate": "nan", "widths": [1, 2]},
    "claims": [{"name": "error", "measured": 0.1, "holds": True}],
    "metrics": [{"name": "steps", "value": 10, "unit": ""}],
}


def run(**changes):
    return Run(Path("runs/a--quick/1"), RESULT | changes)


def test_a_run_does_not_differ_from_itself():
    rows = compare(run(), run())
    assert not any(row.differs for row in rows)
    assert {row.group for row in rows} == {"run", "parameter", "claim", "metric"}
    assert Row("run", "commit", "0123456789", "0123456789") in rows
    assert Row("parameter", "widths", [1, 2], [1, 2]) in rows


def test_what_differs_is_marked_with_both_values():
    other = run(
        status="claim_failed",
        parameters={"seed": 1, "rate": "nan", "widths": [1]},
        claims=[{"name": "error", "measured": "inf", "holds": False}],
        metrics=[],
    )
    found = {(r.group, r.name): (r.left, r.right) for r in compare(run(), other) if r.differs}
    assert found == {
        ("run", "status"): ("passed", "claim_failed"),
        ("parameter", "seed"): (0, 1),
        ("parameter", "widths"): ([1, 2], [1]),
        ("claim", "error"): (0.1, "inf"),
        ("metric", "steps"): (10, None),
    }


def test_what_either_has_is_listed_once_in_the_order_of_the_left():
    claims = [{"name": name, "measured": 1.0} for name in ("new", "error")]
    rows = [row for row in compare(run(), run(claims=claims)) if row.group == "claim"]
    assert rows == [Row("claim", "error", 0.1, 1.0), Row("claim", "new", None, 1.0)]
    back = [r.name for r in compare(run(claims=claims), run()) if r.group == "claim"]
    assert back == ["new", "error"]


def test_runs_without_commit_claims_or_parameters_are_compared():
    bare = Run(Path("b"), {"run": "b--quick", "environment": {"commit": None}})
    rows = compare(bare, Run(Path("c"), {"run": "c--quick"}))
    assert [row.name for row in rows][-1] == "commit"
    assert not any(row.differs for row in rows)


def test_rows_are_json():
    rows = [row.to_json() for row in compare(run(), run(parameters={"seed": 1}))]
    stored = json.loads(json.dumps(rows, allow_nan=False))
    assert stored == rows
    assert {"group": "parameter", "name": "seed", "left": 0, "right": 1, "differs": True} in stored
