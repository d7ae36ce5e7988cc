import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nsai.workbench.claims import Claim
from nsai.workbench.display import CLAIM_MIME, METRIC_MIME
from nsai.workbench.verdict import RUNNING, Failure, judge

OK = Claim("one is one", 1.0, "==", 1.0, 0.0, "arithmetic").to_json()
WRONG = Claim("one is two", 1.0, "==", 2.0, 0.0, "arithmetic").to_json()


def cell(count, *outputs, source="x = 1", tags=()):
    return {
        "cell_type": "code",
        "execution_count": count,
        "metadata": {"tags": list(tags)},
        "outputs": list(outputs),
        "source": source,
    }


def shown(payload, mime=CLAIM_MIME):
    return {"output_type": "display_data", "data": {mime: payload, "text/plain": "…"}}


def raised(name, message="went wrong"):
    text = [f"\x1b[31m{name}\x1b[0m", f"Traceback: {message}"]
    return {"output_type": "error", "ename": name, "evalue": message, "traceback": text}


def notebook(*cells):
    return {"cells": [{"cell_type": "markdown", "source": "# Title"}, *cells]}


def test_a_run_passes_when_every_cell_ran_and_every_claim_holds():
    verdict = judge(notebook(cell(1), cell(2, shown(OK)), cell(5)))
    assert (verdict.status, verdict.failure) == ("passed", None)
    assert verdict.claims == [OK | {"cell": 2}]


def test_a_claim_that_does_not_hold_fails_the_run_and_is_kept():
    verdict = judge(notebook(cell(1, shown(WRONG)), cell(2, shown(OK))))
    assert (verdict.status, verdict.failure) == ("claim_failed", None)
    assert [claim["holds"] for claim in verdict.claims] == [False, True]


def test_a_claim_is_judged_from_its_numbers_and_not_by_what_it_says():
    verdict = judge(notebook(cell(1, shown(WRONG | {"holds": True}))))
    assert verdict.status == "claim_failed"
    nan = OK | {"measured": "nan"}
    assert judge(notebook(cell(1, shown(nan)))).status == "claim_failed"


def test_an_exception_is_the_failure_whatever_came_before():
    verdict = judge(notebook(cell(1, shown(OK)), cell(2, raised("ValueError")), cell(None)))
    assert verdict.status == "error"
    failure = verdict.failure
    assert (failure.kind, failure.name, failure.message) == (
        "exception",
        "ValueError",
        "went wrong",
    )
    assert failure.cell == 2
    assert failure.traceback == "ValueError\nTraceback: went wrong"
    assert len(verdict.claims) == 1


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("MissingDataError", "data_missing"),
        ("CorruptDataError", "data_corrupt"),
        ("CellTimeoutError", "timeout"),
        ("DeadKernelError", "kernel_died"),
        ("SystemExit", "exception"),
        ("", "exception"),
    ],
)
def test_the_kind_of_a_failure_follows_from_the_exception(name, kind):
    assert judge(notebook(cell(1, raised(name)))).failure.kind == kind


def test_an_exception_that_a_cell_may_raise_is_none():
    allowed = cell(1, raised("ValueError"), shown(OK), tags=["raises-exception"])
    assert judge(notebook(allowed, cell(2))).status == "passed"
    assert judge(notebook(allowed, cell(2, raised("KeyError")))).failure.cell == 2


@pytest.mark.parametrize(
    ("counts", "missed"),
    [
        ([None], 1),
        ([1, None], 2),
        ([1, None, 2], 2),
        ([1, 2, 2], 3),
        ([3, 2, 4], 2),
        ([0], 1),
        (["1"], 1),
    ],
)
def test_a_cell_that_was_not_run_in_its_turn_is_found(counts, missed):
    verdict = judge(notebook(*map(cell, counts)))
    assert verdict.status == "error"
    assert (verdict.failure.kind, verdict.failure.cell) == ("incomplete", missed)


def test_empty_cells_prose_and_raw_cells_need_not_run():
    cells = [cell(1), cell(None, source=" \n"), cell(None, source=[]), {"cell_type": "raw"}]
    assert judge(notebook(*cells, cell(2))).status == "passed"
    assert judge({"cells": []}).status == "passed"


def test_what_the_runner_met_counts_and_an_exception_says_more():
    met = Failure("timeout", "CellTimeoutError", "not done after 1 s")
    begun = notebook(cell(1), cell(None)) | {"metadata": {"nsai": {RUNNING: 2}}}
    verdict = judge(begun, met)
    assert verdict.failure == replace(met, cell=2)
    assert judge(notebook(cell(1, raised("KeyError"))), met).failure.kind == "exception"
    placed = Failure("kernel_died", "DeadKernelError", "gone", 7)
    assert judge(notebook(cell(None)), placed).failure is placed


def test_two_claims_of_one_name_are_an_error_that_names_both_kept():
    verdict = judge(notebook(cell(1, shown(OK)), cell(2, shown(WRONG | {"name": OK["name"]}))))
    assert (verdict.failure.kind, verdict.failure.cell) == ("duplicate_claim", 2)
    assert "'one is one'" in verdict.failure.message
    assert len(verdict.claims) == 2


def test_an_exception_is_not_hidden_by_a_claim_stated_twice():
    verdict = judge(notebook(cell(1, shown(OK), shown(OK)), cell(2, raised("KeyError"))))
    assert verdict.failure.name == "KeyError"


@pytest.mark.parametrize("mime", [CLAIM_MIME, METRIC_MIME])
@pytest.mark.parametrize(
    "payload", [{}, {"name": "a"}, {"name": "a", "value": "<b>", "measured": [], "unit": ""}]
)
def test_what_is_shown_as_a_claim_and_is_none_is_an_error_in_its_cell(mime, payload):
    verdict = judge(notebook(cell(1, shown(payload, mime)), cell(2, shown(OK))))
    assert (verdict.status, verdict.failure.name) == ("error", "InvalidClaimError")
    assert verdict.failure.cell == 1
    assert (verdict.claims, verdict.metrics) == ([OK | {"cell": 2}], [])


def test_metrics_are_collected_in_their_order():
    metrics = [
        {"name": n, "value": v, "unit": ""} for n, v in (("b", 1.5), ("a", "inf"), ("a", 2.0))
    ]
    verdict = judge(notebook(cell(1, *(shown(metric, METRIC_MIME) for metric in metrics))))
    assert verdict.status == "passed"
    assert verdict.metrics == metrics


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
fields = st.sampled_from([*OK, "value", "other"])


@given(
    scalars | st.lists(scalars, max_size=2) | st.dictionaries(fields, scalars | st.lists(scalars))
)
def test_whatever_a_notebook_shows_there_is_a_verdict_in_json(payload):
    verdict = judge(notebook(cell(1, shown(payload), shown(payload, METRIC_MIME))))
    failure = verdict.failure.to_json() if verdict.failure else None
    json.dumps([verdict.claims, verdict.metrics, failure], allow_nan=False)
    assert verdict.status in ("passed", "claim_failed", "error")


def test_a_long_message_is_cut_and_terminal_colours_are_dropped():
    failure = Failure.of("KeyError", "\x1b[1;31mlong\x1b[0m" + "g" * 10_000, 3, "\x1b[0mtext")
    assert failure.message.startswith("longggg")
    assert len(failure.message) == 2_000
    assert failure.to_json() == {
        "kind": "exception",
        "name": "KeyError",
        "message": failure.message,
        "cell": 3,
        "traceback": "text",
    }
