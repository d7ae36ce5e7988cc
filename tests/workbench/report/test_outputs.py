import base64
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag

from nsai.workbench.report.maths import Formulas
from nsai.workbench.report.outputs import Outputs
from nsai.workbench.report.prose import Prose

SVG = "<svg xmlns='http://www.w3.org/2000/svg'><script>window.hacked=1</script></svg>"
CLAIM: dict[str, Any] = {
    "name": "gap",
    "measured": 3e-9,
    "comparison": "<=",
    "reference": "inf",
    "tolerance": 0.5,
    "source": "theorem 1",
    "unit": "nats",
    "holds": True,
}


def shown(*outputs: dict[str, Any], claims: tuple[str, ...] = ()) -> BeautifulSoup:
    formulas = Formulas()
    render = Outputs(formulas, Prose(formulas, {}), claims)
    return BeautifulSoup(formulas.fill(render(outputs)), "html.parser")


def data(metadata: dict[str, Any] | None = None, **bundle: Any) -> dict[str, Any]:
    kinds = {key.replace("__", "/").replace("_", "+"): value for key, value in bundle.items()}
    return {"output_type": "display_data", "data": kinds, "metadata": metadata or {}}


def stream(text: str, name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


def claim(**changes: Any) -> dict[str, Any]:
    made = {"application/vnd.nsai.claim+json": CLAIM | changes, "text/html": "<p>plain</p>"}
    return {"output_type": "display_data", "data": made, "metadata": {}}


def the(soup: BeautifulSoup, selector: str) -> Tag:
    [found] = soup.select(selector)
    return found


def test_claim_is_a_line_with_its_verdict_in_words() -> None:
    line = the(shown(claim(), claims=("other", "gap")), "p.claim")
    assert line["id"] == "claim-2"
    assert " ".join(line.get_text().split()) == (
        "holds gap 3 × 10−9 ≤ ∞ nats (tolerance 0.5) theorem 1"
    )


def test_claim_that_fails_says_so() -> None:
    assert the(shown(claim(holds=False)), ".badge").get_text() == "fails"
    assert the(shown(claim(holds="true")), ".badge").get_text() == "fails"


def test_claim_that_is_malformed_falls_back_to_its_html() -> None:
    output = claim()
    del output["data"]["application/vnd.nsai.claim+json"]["source"]
    assert shown(output).get_text(strip=True) == "plain"


def test_anchor_of_a_claim_stands_once() -> None:
    soup = shown(claim(), claim(), claims=("gap",))
    assert [line.get("id") for line in soup.select("p.claim")] == ["claim-1", None]


def test_streams_that_follow_each_other_are_one_block() -> None:
    soup = shown(stream("a\n"), stream("b\n"), stream("c\n", "stderr"), stream("d\n"))
    assert [pre.get_text() for pre in soup.find_all("pre")] == ["a\nb", "c", "d"]


def test_stream_loses_escapes_and_overwritten_progress() -> None:
    soup = shown(
        stream("\x1b[1;31mred\x1b[0m \x1b]8;;https://x.test\x07link\x1b]8;;\x07\n10%\r99%\r\n")
    )
    assert soup.get_text() == "red link\n99%"


def test_richest_form_that_can_be_shown_wins() -> None:
    assert shown(data(text__html="<b>x</b>", text__plain="y")).get_text() == "x"
    assert shown(data(text__html="<script>1</script>", text__plain="y")).get_text() == "y"
    assert shown(data(application__javascript="1", text__plain="y")).get_text() == "y"
    assert shown(data(image__png="not base 64!", text__plain="y")).get_text() == "y"
    assert shown(data(application__javascript="1")).get_text() == ""


def test_svg_becomes_a_picture_in_which_no_script_runs() -> None:
    soup = shown(data(image__svg_xml=SVG))
    source = str(the(soup, "img")["src"])
    kind, _, encoded = source.partition(";base64,")
    assert kind == "data:image/svg+xml"
    assert base64.b64decode(encoded).decode() == SVG
    assert soup.find("script") is None


def test_picture_takes_its_description_from_the_metadata() -> None:
    soup = shown(data({"image/png": {"alt": 'a "dot"'}}, image__png="QUJD\n"))
    assert the(soup, "img")["alt"] == 'a "dot"'
    assert the(soup, "img")["src"] == "data:image/png;base64,QUJD"


@pytest.mark.parametrize("latex", ["$x^2$", "$$x^2$$", r"\[x^2\]", r"$\displaystyle x^2$", "x^2"])
def test_latex_output_is_a_displayed_formula(latex: str) -> None:
    formula = the(shown(data(text__latex=latex)), "math")
    assert formula["display"] == "block"
    assert formula.get_text() == "x2"


def test_headings_of_an_output_stay_out_of_the_outline() -> None:
    soup = shown(data(text__html="<h1>Big</h1>"), data(text__markdown="# Big"))
    assert soup.find(["h1", "h2"]) is None
    assert [strong.get_text() for strong in soup.find_all("strong")] == ["Big", "Big"]


def test_error_shows_its_traceback_as_text() -> None:
    output = {
        "output_type": "error",
        "ename": "ValueError",
        "evalue": "<b>",
        "traceback": ["\x1b[31mTraceback\x1b[0m", "ValueError: <b>"],
    }
    assert the(shown(output), "pre").get_text() == "Traceback\nValueError: <b>"
    assert the(shown(output | {"traceback": []}), "pre").get_text() == "ValueError: <b>"
