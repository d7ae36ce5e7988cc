import pytest

from nsai import data
from nsai.data.catalogue import DataSet, File, listed, raw_github

SHA = "0123456789abcdef" * 4


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../up", "a/../b", "a//b", "./a", "a\\b"])
def test_file_names_stay_below_the_folder(name):
    with pytest.raises(ValueError, match="path below the set's folder"):
        File(name, SHA, 1)


@pytest.mark.parametrize("sha256", ["", "abc", SHA.upper(), SHA[:-1] + "g"])
def test_checksum_must_be_a_sha256(sha256):
    with pytest.raises(ValueError, match="64 lower-case hex digits"):
        File("a", sha256, 1)


def test_negative_size_is_refused():
    with pytest.raises(ValueError, match="got -1"):
        File("a", SHA, -1)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://host/a", "host/a"])
def test_addresses_are_http(url):
    with pytest.raises(ValueError, match="http or https"):
        File("a", SHA, 1, (url,))


def described(**changes):
    words = dict.fromkeys(("title", "licence", "citation", "shape", "homepage"), "words")
    return DataSet(**{"name": "toy", "splits": ("train",), **words, **changes})


def test_folder_set_without_files_is_refused():
    with pytest.raises(ValueError, match="expected files"):
        described()


def test_package_set_without_distribution_is_refused():
    with pytest.raises(ValueError, match="expected the distribution"):
        described(source="package")


def test_set_is_fetchable_only_if_every_file_has_an_address():
    there, nowhere = File("a", SHA, 2, ("https://host/a",)), File("b", SHA, 3)
    assert described(files=(there,)).fetchable
    assert not described(files=(there, nowhere)).fetchable
    assert described(files=(there, nowhere)).size == 5
    assert described(files=(there, nowhere)).file("b") is nowhere


def test_unknown_file_is_named():
    with pytest.raises(KeyError, match=r"'toy' has no file 'c'"):
        described(files=(File("a", SHA, 2),)).file("c")


def test_table_of_files_is_read_line_by_line():
    files = listed(f"\n{SHA} 12 a/b.txt\n{SHA} 0 c\n", "https://host/")
    assert files == (
        File("a/b.txt", SHA, 12, ("https://host/a/b.txt",)),
        File("c", SHA, 0, ("https://host/c",)),
    )


@pytest.mark.parametrize("dataset", data.catalogue().values(), ids=lambda entry: entry.name)
def test_every_entry_is_complete(dataset):
    for text in (dataset.title, dataset.licence, dataset.citation, dataset.shape):
        assert len(text) > 2
        assert text == text.strip()
    assert dataset.name.isidentifier()
    assert dataset.splits
    assert dataset.homepage.startswith("http")
    names = [file.name for file in dataset.files]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("dataset", data.catalogue().values(), ids=lambda entry: entry.name)
def test_repository_addresses_are_pinned_to_a_commit(dataset):
    for file in dataset.files:
        for url in file.urls:
            if "githubusercontent" in url:
                commit = url.split("/")[5]
                assert len(commit) == 40
                assert int(commit, 16)


def test_pinned_address_has_the_raw_form():
    assert raw_github("a/b", "c0ffee", "d/e.txt") == (
        "https://raw.githubusercontent.com/a/b/c0ffee/d/e.txt"
    )


def test_catalogue_cannot_be_changed():
    with pytest.raises(TypeError):
        data.catalogue()["toy"] = described(files=(File("a", SHA, 1),))
