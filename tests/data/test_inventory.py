import hashlib
from types import SimpleNamespace

import pytest

from nsai import data
from nsai.data import inventory
from nsai.data.catalogue import DataSet, File
from nsai.data.download import Patience

QUICK = Patience(connect=2.0, stall=0.5, rounds=2, pause=0.01)


def toy(*files, name="toy"):
    words = dict.fromkeys(("title", "licence", "citation", "shape"), "words")
    return DataSet(name=name, splits=("all",), homepage="https://host/home", files=files, **words)


@pytest.fixture
def behave(faults):
    return SimpleNamespace(**faults)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "data" / "toy").mkdir(parents=True)
    monkeypatch.setenv("NSAI_DATA", str(tmp_path / "data"))
    return tmp_path / "data" / "toy"


@pytest.fixture
def listed(server, behave, monkeypatch):
    """A catalogue of one set with two files, one of them in a subfolder."""
    checksum = hashlib.sha256(server.body).hexdigest()
    files = [
        File(name, checksum, len(server.body), (server.serve(f"/{name}", behave.whole),))
        for name in ("a.bin", "deep/b.bin")
    ]
    monkeypatch.setattr(inventory, "catalogue", lambda: {"toy": toy(*files)})
    return files


def fetch():
    return data.fetch("toy", progress=False, patience=QUICK)


def test_fetched_set_is_found_in_the_cache(server, listed, folder, cache):
    before = data.find("toy")
    assert (before.available, before.source) == (False, "")
    assert before.detail == "run `nsai data fetch toy` (0.4 MB)"
    paths = fetch()
    assert paths == [cache / "toy" / "a.bin", cache / "toy" / "deep" / "b.bin"]
    assert all(path.read_bytes() == server.body for path in paths)
    assert data.find("toy") == data.Status("toy", True, "cache", str(cache / "toy"), "")


def test_only_what_is_missing_is_fetched(server, listed, folder, cache):
    (folder / "a.bin").write_bytes(server.body)
    assert data.find("toy").detail.startswith("1 of 2 files missing; run `nsai data fetch toy`")
    assert fetch() == [folder / "a.bin", cache / "toy" / "deep" / "b.bin"]
    assert [path for path, _ in server.requests] == ["/deep/b.bin"]


def test_wrong_file_in_the_cache_is_replaced(server, listed, folder, cache):
    fetch()
    (cache / "toy" / "a.bin").write_bytes(server.body[:-1])
    assert not data.find("toy").available
    assert "a.bin is not of the published size" in data.find("toy").detail
    fetch()
    assert (cache / "toy" / "a.bin").read_bytes() == server.body
    assert data.find("toy").available


def test_wrong_file_in_a_folder_is_told_and_left_alone(server, listed, folder):
    (folder / "a.bin").write_bytes(b"mine")
    with pytest.raises(data.CorruptDataError, match=r"a\.bin"):
        fetch()
    assert (folder / "a.bin").read_bytes() == b"mine"
    assert server.requests == []


def test_set_without_address_is_not_half_fetched(server, listed, folder, monkeypatch):
    nowhere = File("c.bin", "0" * 64, 5)
    monkeypatch.setattr(inventory, "catalogue", lambda: {"toy": toy(listed[0], nowhere)})
    with pytest.raises(data.MissingDataError, match="https://host/home"):
        fetch()
    assert server.requests == []
    assert "https://host/home" in data.find("toy").detail


def test_failed_download_is_a_data_error(server, listed, folder, behave):
    server.serve("/a.bin", behave.status(404))
    with pytest.raises(data.DataError, match="HTTP 404"):
        fetch()
    assert not data.find("toy").available


@pytest.mark.parametrize("function", [data.find, data.fetch])
def test_unknown_set_is_told_with_the_known_ones(function):
    with pytest.raises(ValueError, match=r"'mnits', expected one of .*mnist"):
        function("mnits")


def test_package_sets_need_no_fetching():
    assert data.fetch("wine") == []
    assert data.find("wine").where.startswith("scikit-learn ")


def test_set_of_an_absent_distribution_is_not_available(monkeypatch):
    monkeypatch.setattr(inventory.store, "package_version", lambda distribution: None)
    found = data.find("wine")
    assert not found.available
    assert found.detail == "run `pip install scikit-learn`"


def test_all_sets_have_a_status(monkeypatch):
    monkeypatch.setenv("NSAI_DATA", "")
    found = {status.name: status for status in data.find_all()}
    assert list(found) == list(data.catalogue())
    assert not found["mnist"].available
    assert found["mnist5k"].available


def test_catalogue_is_collected_from_constants_by_name():
    file = File("a", "0" * 64, 1)
    second, first = toy(file, name="b"), toy(file, name="a")
    assert list(inventory.collect([second, "no set", first, second])) == ["a", "b"]


def test_two_sets_of_one_name_are_refused():
    pair = [toy(File("a", "0" * 64, 1)), toy(File("b", "0" * 64, 1))]
    with pytest.raises(ValueError, match="'toy'"):
        inventory.collect(pair)
