"""What a data set is, in words and checksums: no tensor, no path of any machine."""

from dataclasses import dataclass
from typing import Literal

Source = Literal["package", "folder", "generated"]


@dataclass(frozen=True)
class File:
    """One published file of a set, identified by its content.

    On disk it may lie as published or, if that is smaller, gzip-compressed as ``name + ".gz"``:
    two compressors give two files, so a packed copy is judged by what it unpacks to.

    Attributes
    ----------
    name
        Path below the set's folder, with ``/``.
    sha256
        Hexadecimal checksum of the published bytes.
    size
        Their number.
    urls
        Addresses that serve exactly these bytes, the official one first; empty where none is known.

    Raises
    ------
    ValueError
        If the checksum is no SHA-256, the size negative, the name leaves the folder or an
        address is neither http nor https.

    Examples
    --------
    >>> File("names.txt", "e3b0c442" * 8, 0).urls
    ()
    """

    name: str
    sha256: str
    size: int
    urls: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.sha256) != 64 or not set(self.sha256) <= set("0123456789abcdef"):
            raise ValueError(
                f"sha256 of {self.name!r} must be 64 lower-case hex digits, got {self.sha256!r}"
            )
        if self.size < 0:
            raise ValueError(f"size of {self.name!r} must be >= 0 bytes, got {self.size}")
        if not self.name or {"", ".", ".."} & set(self.name.split("/")) or "\\" in self.name:
            raise ValueError(f"name must be a path below the set's folder, got {self.name!r}")
        for url in self.urls:
            if not url.startswith(("https://", "http://")):
                raise ValueError(f"url of {self.name!r} must be http or https, got {url!r}")


@dataclass(frozen=True)
class DataSet:
    """One entry of the catalogue.

    Attributes
    ----------
    name
        Identifier; the name of its loader and of its folder.
    title
        What it is, in a line.
    files
        Its files; empty if a function of a package brings or makes it.
    licence
        As the source states it, "unclear" where it states none.
    citation
        Whom to cite.
    shape
        The tensors that the loader gives, in words.
    splits
        The splits that the loader knows, the usual one for learning first.
    source
        ``"package"``: shipped inside a dependency; ``"folder"``: files in a folder or fetched to
        the cache; ``"generated"``: computed by a dependency.
    needs
        The distribution that ships or makes it (``"python"`` for the standard library).
    inside
        Folder of that distribution in which `files` lie, where it ships them as files.
    homepage
        Where the set comes from.

    Raises
    ------
    ValueError
        If a "folder" set lists no file, or another one names no distribution.
    """

    name: str
    title: str
    licence: str
    citation: str
    shape: str
    splits: tuple[str, ...]
    homepage: str
    source: Source = "folder"
    files: tuple[File, ...] = ()
    needs: str = ""
    inside: str = ""

    def __post_init__(self) -> None:
        if self.source == "folder" and not self.files:
            raise ValueError(
                f"data set {self.name!r} comes from a folder, expected files, got none"
            )
        if self.source != "folder" and not self.needs:
            raise ValueError(
                f"data set {self.name!r}: expected the distribution it needs, got none"
            )

    @property
    def size(self) -> int:
        """Bytes of all its files as published."""
        return sum(file.size for file in self.files)

    @property
    def fetchable(self) -> bool:
        """Whether every file has an address."""
        return bool(self.files) and all(file.urls for file in self.files)

    def file(self, name: str) -> File:
        """Return the file of that name.

        Raises
        ------
        KeyError
            If the set has no such file.
        """
        for file in self.files:
            if file.name == name:
                return file
        raise KeyError(f"data set {self.name!r} has no file {name!r}")


def listed(checksums: str, address: str = "") -> tuple[File, ...]:
    """Read a table of files: checksum, size and name a line.

    Parameters
    ----------
    checksums
        The lines.
    address
        What stands before each name in its URL; empty if the files have none.

    Examples
    --------
    >>> listed("e3b0c442" * 8 + " 0 a.txt", "https://example.org/")[0].urls
    ('https://example.org/a.txt',)
    """
    files = []
    for line in checksums.strip().splitlines():
        sha256, size, name = line.split()
        files.append(File(name, sha256, int(size), (address + name,) if address else ()))
    return tuple(files)


def raw_github(repository: str, commit: str, path: str) -> str:
    """Address of a file at a fixed commit, so that its bytes cannot change.

    Examples
    --------
    >>> raw_github("karpathy/makemore", "988aa59", "names.txt")
    'https://raw.githubusercontent.com/karpathy/makemore/988aa59/names.txt'
    """
    return f"https://raw.githubusercontent.com/{repository}/{commit}/{path}"
