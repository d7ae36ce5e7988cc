"""A run that tries to get a script or a request onto its pages, in every text that it has."""

from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Browser

from nsai.workbench.report import build_site

EVIL = (
    '"><script>window.hacked=1</script><img src=x onerror="window.hacked=1">'
    "<svg onload=window.hacked=1></svg><a href='javascript:window.hacked=1'>go</a>"
)
OUTSIDE = "https://outside.test"
LOADS = (
    f'<img src="{OUTSIDE}/a.png"><link rel="stylesheet" href="{OUTSIDE}/a.css">'
    f'<p style="background:url({OUTSIDE}/b.png)" onclick="window.hacked=1">styled</p>'
    f'<iframe src="{OUTSIDE}/c"></iframe><object data="{OUTSIDE}/d"></object>'
    f'<meta http-equiv="refresh" content="0;url={OUTSIDE}/e"><video src="{OUTSIDE}/f"></video>'
)
PAGES = ["index.html", "ledger.html", "environment.html", "pages/evil--quick.html"]


@pytest.fixture
def site(tmp_path: Path, add_run: Callable[..., Path], make: SimpleNamespace) -> Path:
    """A site of one ordinary and one hostile run."""
    folder = add_run(*hostile_cells(make), **hostile_result(make.claim_fields))
    (folder / "log.txt").write_text(EVIL, encoding="utf-8")
    return build_site([folder, add_run()], tmp_path / "site").parent


def hostile_cells(make: SimpleNamespace) -> list[Any]:
    show, metric = make.display, {"name": EVIL, "value": EVIL, "unit": EVIL}
    outputs = [
        show({"text/html": EVIL + LOADS}),
        show({"image/svg+xml": f"<svg xmlns='http://www.w3.org/2000/svg'>{EVIL}{LOADS}</svg>"}),
        show({"image/png": EVIL, "text/plain": EVIL}),
        show({"image/png": "QUJD"}, {"image/png": {"alt": EVIL}}),
        show({"text/latex": EVIL}),
        show({"text/markdown": EVIL + LOADS}),
        show({"application/javascript": "window.hacked=1", "text/plain": EVIL}),
        show({"application/vnd.jupyter.widget-view+json": {"model_id": EVIL}}),
        show({"application/vnd.nsai.metric+json": metric}),
        make.claim(name=EVIL, source=EVIL, unit=EVIL, measured=EVIL, comparison=EVIL),
        make.figure(alt=EVIL.replace('"', "&quot;")),
        make.output("stream", name="stdout", text=EVIL),
        make.output("error", ename=EVIL, evalue=EVIL, traceback=[EVIL]),
    ]
    return [
        make.text(f"# Title\n\n{EVIL}\n\n[a](javascript:window.hacked=1) ![b]({OUTSIDE}/g.png)"),
        make.text(
            rf"$\href{{javascript:window.hacked=1}}{{x}}$ $\text{{{EVIL}}}$ $\bad{{{EVIL}}}$"
        ),
        make.text(f"## {EVIL}\n\n```{EVIL}\n{EVIL}\n```\n\n- [ ] {EVIL}\n\n{LOADS}"),
        make.cell(f"# {EVIL}", *outputs),
    ]


def hostile_result(claim: dict[str, Any]) -> dict[str, Any]:
    plain = "title summary part preset device device_name command run_id started finished"
    fields: dict[str, Any] = dict.fromkeys(plain.split(), EVIL)
    said = dict.fromkeys(("name", "source", "unit", "measured", "comparison"), EVIL)
    file = {"path": EVIL, "sha256": EVIL, "size": 1}
    machine: dict[str, Any] = dict.fromkeys(("python", "platform", "processor", "commit"), EVIL)
    return fields | {
        "run": "evil--quick",
        "notebook": "evil",
        "path": f"notebooks/{EVIL}.ipynb",
        "status": "error",
        "error": {"kind": EVIL, "cell": 3, "name": EVIL, "message": EVIL, "traceback": EVIL},
        "parameters": {EVIL: EVIL, "list": [EVIL]},
        "overrides": {EVIL: EVIL},
        "claims": [claim | said],
        "metrics": [{"name": EVIL, "value": EVIL, "unit": EVIL}],
        "data": [{"name": EVIL, "source": EVIL, "files": [file]}],
        "environment": machine | {"cores": 2, "packages": {EVIL: EVIL}, "dirty": True},
    }


class Reader(HTMLParser):
    """Lists what could run or load something, as the standard library reads the page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.dangers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "iframe", "object", "embed", "svg", "form", "base", "video", "audio"}:
            self.dangers.append(f"<{tag}>")
        for name, value in attrs:
            target = "".join((value or "").split()).lower()
            loads = name == "src" or (name == "href" and tag == "link")
            if (
                name.startswith("on")
                or name in {"style", "srcset", "srcdoc", "formaction", "background"}
                or (loads and not target.startswith("data:image/"))
                or target.startswith(("javascript:", "data:text", "vbscript:", "//"))
            ):
                self.dangers.append(f"{tag} {name}={value}")


@pytest.mark.parametrize("name", PAGES)
def test_hostile_run_gets_nothing_onto_a_page(name: str, site: Path) -> None:
    page = (site / name).read_text("utf-8")
    reader = Reader()
    reader.feed(page)
    assert reader.dangers == []
    assert "window.hacked" in page  # it is there, as text
    assert page.rstrip().endswith("</html>")


@pytest.mark.browser
@pytest.mark.parametrize("guarded", [True, False], ids=["policy", "no-policy"])
def test_hostile_run_runs_nothing_and_loads_nothing(
    guarded: bool, site: Path, browser: Browser
) -> None:
    context = browser.new_context(bypass_csp=not guarded)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for name in PAGES:
        page.goto((site / name).as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        page.mouse.wheel(0, 20_000)
        page.wait_for_timeout(100)
        assert page.evaluate("window.hacked") is None
    context.close()
    assert [url for url in asked if not url.startswith("data:")] == [
        (site / name).as_uri() for name in PAGES
    ]
