import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nsai.workbench.report import build_site, files
from nsai.workbench.report.files import stamp_of


def stamps(site: Path) -> dict[str, int]:
    return {p.relative_to(site).as_posix(): p.stat().st_ino for p in site.rglob("*") if p.is_file()}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return tmp_path / "site"


def test_site_is_four_kinds_of_pages(add_run: Callable[..., Path], site: Path) -> None:
    assert build_site([add_run()], site) == site / "index.html"
    assert set(stamps(site)) == {
        "index.html",
        "ledger.html",
        "environment.html",
        "pages/perceptron--quick.html",
    }
    assert all(stamp_of(page) for page in site.rglob("*.html"))


def test_site_of_no_runs_says_how_to_make_one(site: Path) -> None:
    build_site([], site)
    assert "nsai run NAME" in (site / "index.html").read_text("utf-8")


def test_second_build_writes_nothing(add_run: Callable[..., Path], site: Path) -> None:
    runs = [add_run(), add_run(run="mlp--quick", notebook="mlp", number=3)]
    build_site(runs, site)
    before = stamps(site)
    build_site(list(reversed(runs)), site)
    assert stamps(site) == before


def test_second_build_imports_no_renderer(add_run: Callable[..., Path], site: Path) -> None:
    folder = add_run()
    program = (
        "import sys; from pathlib import Path; from nsai.workbench.report import build_site;"
        "build_site([Path(sys.argv[1])], Path(sys.argv[2]));"
        "print(*sorted({'nbconvert', 'nbformat', 'nh3', 'jinja2', 'torch'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", program, str(folder), str(site)]
    first, second = (
        subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        for _ in range(2)
    )
    assert first == ["jinja2", "nbconvert", "nbformat", "nh3"]
    assert second == []


def test_changed_run_is_rendered_again_and_others_are_not(
    add_run: Callable[..., Path], site: Path
) -> None:
    runs = [add_run(), add_run(run="mlp--quick", notebook="mlp", number=3)]
    build_site(runs, site)
    before = stamps(site)
    add_run(run="mlp--quick", notebook="mlp", number=3, wall_s=99.0)
    build_site(runs, site)
    changed = {name for name, node in stamps(site).items() if before[name] != node}
    assert changed == {
        "index.html",
        "ledger.html",
        "environment.html",
        "pages/mlp--quick.html",
    }
    assert "99.0 s" in (site / "pages" / "mlp--quick.html").read_text("utf-8")


def test_new_neighbour_reaches_the_pages_beside_it(
    add_run: Callable[..., Path], site: Path
) -> None:
    first = add_run()
    build_site([first], site)
    page = site / "pages" / "perceptron--quick.html"
    assert "mlp--quick.html" not in page.read_text("utf-8")
    build_site([first, add_run(run="mlp--quick", notebook="mlp", number=3)], site)
    assert 'rel="next" href="mlp--quick.html"' in page.read_text("utf-8")


def test_changed_code_renders_all_again(
    add_run: Callable[..., Path], site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = [add_run()]
    build_site(runs, site)
    before = stamps(site)
    monkeypatch.setattr("nsai.workbench.report.build.code_digest", lambda: "other")
    build_site(runs, site)
    assert not set(before.items()) & set(stamps(site).items())


def test_changed_reference_rewrites_the_ledger_only(
    add_run: Callable[..., Path], site: Path, tmp_path: Path
) -> None:
    runs = [add_run()]
    build_site(runs, site)
    before = stamps(site)
    path = tmp_path / "reference.json"
    entry = {"commit": None, "device_name": "GPU", "claims": {"gap": 0.5}}
    document = {"schema": "nsai.reference/1", "runs": {"perceptron--quick": entry}}
    path.write_text(json.dumps(document), encoding="utf-8")
    build_site(runs, site, reference=path)
    changed = {name for name, node in stamps(site).items() if before[name] != node}
    assert changed == {"ledger.html"}


def test_page_of_a_run_that_is_gone_is_removed(add_run: Callable[..., Path], site: Path) -> None:
    kept, gone = add_run(), add_run(run="mlp--quick", notebook="mlp", number=3)
    build_site([kept, gone], site)
    foreign = site / "pages" / "notes.html"
    foreign.write_text("<p>not ours</p>", encoding="utf-8")
    build_site([kept], site)
    assert {p.name for p in (site / "pages").iterdir()} == {"perceptron--quick.html", "notes.html"}


def test_nothing_is_written_outside_of_the_site(
    add_run: Callable[..., Path], site: Path, tmp_path: Path
) -> None:
    folder = add_run(run="../../evil")
    with pytest.raises(ValueError, match="lower-case letters"):
        build_site([folder], site)
    assert {p.name for p in tmp_path.iterdir()} == {"runs"}


def test_two_folders_of_one_run_are_refused(
    add_run: Callable[..., Path], site: Path, tmp_path: Path
) -> None:
    first = add_run()
    second = first.rename(tmp_path / "copy")
    with pytest.raises(
        ValueError, match=r"runs must differ in their names, got 'perceptron--quick'"
    ):
        build_site([second, add_run()], site)


def test_failed_write_leaves_the_old_page_and_no_other_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "index.html"
    files.write_page(page, "old")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        files.write_page(page, "new")
    assert page.read_text("utf-8") == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["index.html"]


def test_old_leftovers_of_killed_builds_are_removed(tmp_path: Path) -> None:
    old, young = tmp_path / ".a.html.0123.tmp", tmp_path / ".b.html.0123.tmp"
    for path in (old, young):
        path.write_text("half", encoding="utf-8")
    os.utime(old, (0, 0))
    files.remove_leftovers(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == [young.name]


def test_every_file_that_makes_a_page_is_in_the_code_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = Path(files.__file__).parent
    suffixes = {p.suffix for p in package.rglob("*") if p.is_file()}
    assert suffixes - {".pyc"} == {".py", ".j2", ".css"}
    copied = tmp_path / "report"
    copied.mkdir()
    (tmp_path / "display.py").write_text("", encoding="utf-8")
    monkeypatch.setattr(files, "__file__", str(copied / "files.py"))
    (copied / "style.css").write_text("a", encoding="utf-8")
    before = files.code_digest()
    (copied / "style.css").write_text("b", encoding="utf-8")
    assert files.code_digest() != before
