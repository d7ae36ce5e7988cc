"""The pages as a browser shows them: nothing asked of the network, readable by everyone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from nsai.workbench.report import build_site

pytestmark = pytest.mark.browser

PAGES = {
    "index": "index.html",
    "ledger": "ledger.html",
    "environment": "environment.html",
    "run": "pages/perceptron--quick.html",
    "error": "pages/broken--quick.html",
}


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory,
    add_run_at: Callable[..., Path],
    make: SimpleNamespace,
) -> Path:
    """A site with a run that passed, one whose claim failed and one that broke."""
    folder = tmp_path_factory.mktemp("looked-at")
    fails = make.claim_fields | {"name": "gap", "holds": False, "unit": "nats"}
    claims = [make.claim_fields, fails]
    trace = "Traceback\n" + "x" * 120 + "\nValueError: got 3"
    error = {"kind": "exception", "cell": 1, "name": "ValueError", "message": "3"}
    broken = [make.text("# Title"), make.cell("boom()  # " + "y" * 100)]
    runs = [
        add_run_at(folder, claims=[make.claim_fields], overrides={"epochs": 2}),
        add_run_at(
            folder, run="perceptron--full", preset="full", claims=claims, status="claim_failed"
        ),
        add_run_at(
            folder,
            *broken,
            run="broken--quick",
            notebook="broken",
            number=3,
            status="error",
            error=error | {"traceback": trace},
        ),
    ]
    return build_site(runs, folder / "site").parent


@contextmanager
def opened(browser: Browser, **options: Any) -> Iterator[tuple[Page, list[str], list[str]]]:
    """Open a page; yield it with what it asked for and what it complained about."""
    context = browser.new_context(**options)
    page = context.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page, asked, said
    context.close()


@pytest.mark.parametrize(("scheme", "width"), [("light", 400), ("dark", 1280)])
@pytest.mark.parametrize("name", PAGES)
def test_page_has_no_violation(
    name: str, scheme: Any, width: int, site: Path, browser: Browser
) -> None:
    size: Any = {"width": width, "height": 800}
    with opened(browser, color_scheme=scheme, viewport=size) as (page, _, _):
        page.goto((site / PAGES[name]).as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        results = Axe().run(page)
    assert results.response["violations"] == [], results.generate_report()


@pytest.mark.parametrize("name", PAGES)
def test_page_asks_for_nothing_and_complains_of_nothing(
    name: str, site: Path, browser: Browser
) -> None:
    with opened(browser) as (page, asked, said):
        page.goto((site / PAGES[name]).as_uri(), wait_until="networkidle")
    assert [url for url in asked if not url.startswith("data:")] == [(site / PAGES[name]).as_uri()]
    assert said == []


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [1280, 400])
def test_page_is_never_wider_than_the_window(
    name: str, width: int, site: Path, browser: Browser
) -> None:
    with opened(browser, viewport={"width": width, "height": 800}) as (page, _, _):
        page.goto((site / PAGES[name]).as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_page_is_whole_without_script(site: Path, browser: Browser) -> None:
    with opened(browser, java_script_enabled=False) as (page, _, _):
        page.goto((site / PAGES["run"]).as_uri())
        page.get_by_text("Parameters", exact=False).first.click()
        assert page.get_by_role("cell", name="changed").is_visible()


def test_policy_lets_the_style_through(site: Path, browser: Browser) -> None:
    with opened(browser, color_scheme="dark") as (page, _, _):
        page.goto((site / PAGES["run"]).as_uri())
        colour = "getComputedStyle(document.documentElement).backgroundColor"
        assert page.evaluate(colour) == "rgb(21, 24, 27)"


def test_formula_is_drawn_as_mathematics(site: Path, browser: Browser) -> None:
    with opened(browser) as (page, _, _):
        page.goto((site / PAGES["run"]).as_uri())
        numerator, denominator = (
            page.locator(f"math mfrac > :nth-child({i})").first.bounding_box() for i in (1, 2)
        )
    assert numerator is not None
    assert denominator is not None
    assert numerator["y"] + numerator["height"] <= denominator["y"] + 1


def test_keyboard_skips_to_the_content_and_reaches_wide_tables(
    site: Path, browser: Browser
) -> None:
    with opened(browser) as (page, _, _):
        page.goto((site / PAGES["ledger"]).as_uri())
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
        page.keyboard.press("Enter")
        for _step in range(12):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.getAttribute('role')") == "region":
                break
        else:
            pytest.fail("no table was reached with 12 presses of Tab")


def test_closed_code_is_printed(site: Path, browser: Browser) -> None:
    visible = "document.querySelector('details.code pre').checkVisibility()"
    with opened(browser) as (page, _, _):
        page.goto((site / PAGES["run"]).as_uri())
        assert not page.evaluate(visible)
        page.emulate_media(media="print")
        assert page.evaluate(visible)
