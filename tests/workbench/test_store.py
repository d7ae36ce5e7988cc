import json
import os
import shutil
import threading
from pathlib import Path

import pytest
from filelock import FileLock, Timeout
from hypothesis import given
from hypothesis import strategies as st

from nsai.workbench import store as store_module
from nsai.workbench.errors import RunNotFoundError
from nsai.workbench.store import KEEP, LOG, NOTEBOOK, RESULT, Store, read_run, write_atomically


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "reports")


@pytest.fixture
def keep(store):
    """Publish a run of a name, with an id and further fields of its result."""

    def keep(slug, identity, **fields):
        staging = store.stage(slug, identity)
        (staging / RESULT).write_text(json.dumps({"run": slug, **fields}), encoding="utf-8")
        (staging / NOTEBOOK).write_text("{}", encoding="utf-8")
        return store.publish(staging, slug)

    return keep


def test_nothing_is_made_before_something_is_written(store):
    assert store.slugs() == []
    assert store.runs("a--quick") == []
    assert store.latest("a--quick") is None
    assert not store.reports.exists()


def test_a_published_run_is_its_staged_folder_moved_whole(store, keep):
    run = keep("a--quick", "20260101T0", status="passed")
    assert run.path == store.reports / "runs" / "a--quick" / "20260101T0"
    assert {path.name for path in run.path.iterdir()} == {RESULT, NOTEBOOK}
    assert run.result == {"run": "a--quick", "status": "passed"}
    assert run.slug == "a--quick"
    assert store.latest("a--quick") == run
    assert list((store.reports / ".staging").rglob("*")) == []


def test_the_newest_run_counts_and_few_are_kept(store, keep):
    for i in range(KEEP + 3):
        keep("a--quick", f"2026010{i}T0")
    keep("b--quick", "20250101T0")
    runs = store.runs("a--quick")
    assert [run.path.name[7] for run in runs] == ["7", "6", "5", "4", "3"]
    assert store.latest("a--quick") == runs[0]
    assert store.slugs() == ["a--quick", "b--quick"]


def test_a_run_from_before_the_others_is_kept_when_the_clock_was_set_back(store, keep):
    for i in range(KEEP):
        keep("a--quick", f"2026010{i}T0")
    run = keep("a--quick", "20250101T0")
    assert run.path.is_dir()
    assert len(store.runs("a--quick")) == KEEP + 1
    keep("a--quick", "20270101T0")
    assert not run.path.exists()


@pytest.mark.parametrize("content", [b"", b'{"run": "a', b"[]", b"null", b"{}", b"\xff\xfe", None])
def test_a_torn_or_foreign_folder_is_no_run(store, keep, content):
    run = keep("a--quick", "20260101T0")
    torn = run.path.with_name("20270101T0")
    torn.mkdir()
    if content is not None:
        (torn / RESULT).write_bytes(content)
    (run.path.with_name("zz.txt")).write_text("a file", encoding="utf-8")
    assert read_run(torn) is None
    assert store.latest("a--quick") == run
    assert store.slugs() == ["a--quick"]


def test_what_a_dead_run_left_is_removed_and_another_name_is_not(store):
    left = store.stage("a--quick", "1")
    (left / LOG).write_text("half", encoding="utf-8")
    other = store.stage("b--quick", "1")
    assert list(store.stage("a--quick", "2").iterdir()) == []
    assert not left.exists()
    assert other.exists()


def test_a_run_appears_only_after_its_files_are_on_the_disk(store, keep, monkeypatch):
    calls = []
    sync, rename = store_module.sync, Path.rename
    monkeypatch.setattr(store_module, "sync", lambda path: (calls.append(path), sync(path)))
    monkeypatch.setattr(Path, "rename", lambda *args: (calls.append("rename"), rename(*args))[1])
    run = keep("a--quick", "1")
    moved = calls.index("rename")
    assert {path.name for path in calls[:moved]} == {RESULT, NOTEBOOK}
    assert calls[moved + 1 :] == [run.path.parent]


def test_a_run_that_cannot_be_synced_does_not_appear(store, keep, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store_module.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        keep("a--quick", "1")
    assert store.runs("a--quick") == []


def test_a_run_is_found_by_folder_name_or_the_start_of_its_id(store, keep, monkeypatch):
    old, new = keep("a--quick", "20260101T12"), keep("a--quick", "20260202T12")
    full = keep("a--full", "20260101T12")
    assert store.find("a") == store.find("a--quick") == store.find("a--quick/") == new
    assert store.find("a/20260101") == store.find("a--quick/20260101T12") == old
    assert store.find("a--full") == full
    assert store.find(str(old.path)) == old
    monkeypatch.chdir(old.path.parent)
    assert store.find("20260101T12").result == old.result


@pytest.mark.parametrize(
    "wanted", ["", "b", "a/3", "a--full", "../runs/a--quick", "..", "/", ".", "a\0", "a" * 9_999]
)
def test_a_run_that_is_not_there_is_told_with_those_that_are(
    store, keep, wanted, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    keep("a--quick", "1")
    with pytest.raises(RunNotFoundError, match="there are: a--quick"):
        store.find(wanted)
    shutil.rmtree(store.reports)
    with pytest.raises(RunNotFoundError, match="none yet"):
        store.find("a")


def test_one_run_of_a_name_holds_the_lock_and_another_name_is_free(store):
    path = store.reports / ".locks" / "a--quick.lock"
    entered = threading.Event()
    with store.lock("a--quick"), store.lock("b--quick"):
        with pytest.raises(Timeout):
            FileLock(path, timeout=0).acquire()

        def enter():
            with store.lock("a--quick"):
                entered.set()

        rival = threading.Thread(target=enter)
        rival.start()
        assert not entered.wait(0.1)
    assert entered.wait(30)
    rival.join()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("written")


@given(text=st.text(st.characters(codec="utf-8")))
def test_a_text_is_written_as_it_is(folder, text):
    path = folder / "deep" / "file.json"
    write_atomically(path, text)
    assert path.read_bytes() == text.encode()


@pytest.mark.parametrize("fault", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_text_and_nothing_else(tmp_path, monkeypatch, fault):
    path = tmp_path / "file.json"
    write_atomically(path, "old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(*{"fsync": (os, "fsync", fail), "replace": (Path, "replace", fail)}[fault])
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, "new")
    assert path.read_text(encoding="utf-8") == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["file.json"]


def test_a_text_that_cannot_be_encoded_leaves_the_old_one(tmp_path):
    path = tmp_path / "file.json"
    write_atomically(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "\ud800")
    assert path.read_text(encoding="utf-8") == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["file.json"]
