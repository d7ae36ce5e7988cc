import html
import json
import math
import operator
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nsai.workbench.claims import Claim, claim, metric, metric_from_json
from nsai.workbench.display import CLAIM_MIME, METRIC_MIME

COMPARISONS = {
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
}
finite = st.floats(-1e300, 1e300)
claims = st.tuples(
    st.text(min_size=1),
    st.floats(),
    st.sampled_from(sorted(COMPARISONS)),
    st.floats(),
    st.floats(min_value=0, allow_infinity=False),
    st.text(min_size=1),
    st.text(),
)


@given(claims)
def test_a_claim_survives_json(fields):
    made = Claim(*fields)
    stored = json.dumps(made.to_json(), allow_nan=False)
    read = Claim.from_json(json.loads(stored))
    assert repr(read) == repr(made)  # NaN, too
    assert read.holds is made.holds
    assert json.loads(stored)["holds"] is made.holds


@given(st.floats(allow_nan=False), st.sampled_from(sorted(COMPARISONS)), st.floats(allow_nan=False))
def test_without_tolerance_a_claim_holds_where_the_comparison_does(measured, comparison, reference):
    made = Claim("a", measured, comparison, reference, 0.0, "s")
    assert made.holds is COMPARISONS[comparison](measured, reference)


@pytest.mark.parametrize("comparison", COMPARISONS)
def test_tolerance_widens_on_the_wrong_side(comparison):
    for measured, reference, tolerance in product(range(-3, 4), range(-3, 4), range(1, 4)):
        made = Claim("a", float(measured), comparison, float(reference), float(tolerance), "s")
        slack = tolerance if "<" in comparison else -tolerance
        expected = COMPARISONS[comparison](measured, reference + slack)
        if comparison == "==":
            expected = reference - tolerance <= measured <= reference + tolerance
        assert made.holds is expected


@given(st.sampled_from(sorted(COMPARISONS)), st.floats(), st.floats(min_value=0))
def test_a_claim_about_nan_never_holds(comparison, other, tolerance):
    assert not Claim("a", math.nan, comparison, other, tolerance, "s").holds
    assert not Claim("a", other, comparison, math.nan, tolerance, "s").holds


def test_claims_read_aloud_say_verdict_numbers_and_source(capsys):
    claim("test error", 0.034, "<=", 0.047, source="LeCun 1998", unit="%")
    claim("gap", 1.5, ">", 2, source="Rosenblatt 1958", tolerance=0.25)
    assert capsys.readouterr().out.splitlines() == [
        "claim holds: test error: 0.034 <= 0.047 % [LeCun 1998]",
        "claim FAILS: gap: 1.5 > 2 (tolerance 0.25) [Rosenblatt 1958]",
    ]


def test_numbers_that_four_digits_do_not_tell_apart_are_written_out():
    assert "0.99999 >= 1.0 [" in str(Claim("a", 0.99999, ">=", 1.0, 0.0, "s"))
    assert "1 >= 1 [" in str(Claim("a", 1.0, ">=", 1.0, 0.0, "s"))


@pytest.mark.parametrize(
    "value",
    [
        0.5,
        np.float32(0.5),
        np.array(0.5),
        np.array([[0.5]]),
        torch.tensor(0.5),
        torch.tensor([0.5], requires_grad=True),
        Fraction(1, 2),
    ],
)
def test_numpy_and_torch_scalars_are_numbers(value):
    made = claim("a", value, "==", value, source="s")
    assert (made.measured, made.reference) == (0.5, 0.5)
    assert {type(made.measured), type(made.reference)} == {float}


@pytest.mark.parametrize(
    "value",
    ["0.5", b"0.5", np.str_("0.5"), np.array("0.5"), None, [0.5], {}, 1j, np.complex128(1),
     torch.ones(2), np.ones(2), 10**400, object()],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_what_is_no_single_number_is_refused(value):
    with pytest.raises(TypeError, match="measured value of claim 'a' must be a single number, got"):
        claim("a", value, "==", 1, source="s")
    with pytest.raises(TypeError, match="reference of claim 'a' must be a single number, got"):
        claim("a", 1, "==", value, source="s")
    with pytest.raises(TypeError, match="value of metric 'a' must be a single number, got"):
        metric("a", value)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"name": " \n"}, "name of a claim must be a non-empty string"),
        ({"source": ""}, "source of a claim must be a non-empty string"),
        ({"tolerance": -0.1}, "tolerance of claim 'a' must be finite and >= 0, got -0.1"),
        ({"tolerance": math.nan}, "tolerance of claim 'a' must be finite"),
        ({"tolerance": math.inf}, "tolerance of claim 'a' must be finite"),
        ({"comparison": "=<"}, "comparison.*=<"),
        ({"comparison": "!="}, "comparison.*!="),
    ],
)
def test_a_claim_that_says_nothing_is_refused(changed, message):
    fields = {"name": "a", "measured": 1, "comparison": "<", "reference": 2, "source": "s"}
    with pytest.raises((ValueError, TypeError), match=f"(?s){message}"):
        claim(**(fields | changed))


@pytest.mark.parametrize(
    "changed",
    [
        {"measured": None},
        {"measured": "one"},
        {"measured": 10**400},
        {"comparison": "~"},
        {"comparison": []},
        {"tolerance": -1},
        {"tolerance": "nan"},
        {"name": ...},
    ],
    ids=lambda fields: str(fields)[:40],
)
def test_json_that_is_no_claim_is_refused(changed):
    fields = Claim("a", 1.0, "<", 2.0, 0.0, "s").to_json() | changed
    with pytest.raises(ValueError, match="no claim: "):
        Claim.from_json({key: value for key, value in fields.items() if value is not ...})


def test_a_claim_leaves_its_numbers_for_the_runner_and_a_line_for_the_reader(displayed):
    hostile = "<script>alert('a')</script> & more\nlines"
    made = claim(hostile, math.nan, "<", math.inf, source="<b>", unit="<i>")
    ((data, metadata),) = displayed
    json.dumps(data, allow_nan=False)
    assert Claim.from_json(data[CLAIM_MIME]).name == made.name
    assert made.name == " ".join(hostile.split())
    assert data["text/plain"] == str(made)
    assert "fails" in data["text/html"]
    assert "<script>" not in data["text/html"]
    assert html.escape(made.name) in data["text/html"]
    assert metadata == {}


def test_a_claim_as_the_last_value_of_a_cell_is_not_shown_twice(displayed):
    claim("a", 1, "<", 2, source="s")._ipython_display_()
    assert len(displayed) == 1


def test_a_metric_is_recorded_with_its_unit(displayed, capsys):
    metric(" rate\nof learning ", np.float32(0.5), unit="1/s")
    metric("none", math.inf)
    assert [data[METRIC_MIME] for data, _ in displayed] == [
        {"name": "rate of learning", "value": 0.5, "unit": "1/s"},
        {"name": "none", "value": "inf", "unit": ""},
    ]
    assert displayed[0][0]["text/plain"] == "rate of learning: 0.5 1/s"
    assert capsys.readouterr().out == ""


@given(st.text(min_size=1), st.floats(), st.text())
def test_a_metric_survives_json(name, value, unit):
    made = metric_from_json({"name": name, "value": value, "unit": unit})
    assert metric_from_json(json.loads(json.dumps(made, allow_nan=False))) == made
    assert repr(float(made["value"])) == repr(value)


def test_a_metric_without_a_name_or_value_is_refused():
    with pytest.raises(ValueError, match="name of a metric must be a non-empty string"):
        metric(" ", 1)
    with pytest.raises(ValueError, match="no metric: KeyError"):
        metric_from_json({"name": "a", "unit": ""})
