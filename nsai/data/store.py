"""Where the files of a set lie on this machine, and reading them without trusting them.

Nothing here uses the network: an experiment that needs absent data stops and says what to do.
"""

import gzip
import hashlib
import io
import os
import platform
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Literal, get_args

from nsai.data.catalogue import DataSet, File
from nsai.data.errors import CorruptDataError, MissingDataError
from nsai.data.journal import record_load

FOLDER_VARIABLE = "NSAI_DATA"
CACHE_VARIABLE = "NSAI_CACHE"

Place = Literal["package", "folder", "cache"]


@dataclass(frozen=True)
class Found:
    """A file of a set on this machine.

    Attributes
    ----------
    path
        The file, as published or gzip-compressed.
    place
        ``"package"``, ``"folder"`` or ``"cache"``.
    packed
        Whether it must be unpacked to be the published file.
    """

    path: Path
    place: Place
    packed: bool


def folders() -> list[Path]:
    """Return the folders searched before the cache, existing or not.

    ``NSAI_DATA`` names them, separated like PATH; where it is unset, ``shared/data`` and
    ``shared/golden`` beside the checkout are those. Set to nothing, it leaves only packages and the
    cache.
    """
    named = os.environ.get(FOLDER_VARIABLE)
    if named is not None:
        return [Path(entry).expanduser() for entry in named.split(os.pathsep) if entry]
    checkout = Path(__file__).resolve().parents[2]
    if not (checkout / "pyproject.toml").is_file():
        return []
    return [checkout.parent / "shared" / part for part in ("data", "golden")]


def cache_folder() -> Path:
    """Return where fetched files lie.

    ``data`` below ``NSAI_CACHE``, else below ``nsai`` in ``XDG_CACHE_HOME`` or ``~/.cache``.
    """
    own = os.environ.get(CACHE_VARIABLE)
    if own:
        return Path(own).expanduser() / "data"
    base = Path(os.environ.get("XDG_CACHE_HOME") or "")
    # A relative XDG_CACHE_HOME is to be ignored (XDG base directory specification 0.8).
    return (base if base.is_absolute() else Path.home() / ".cache") / "nsai" / "data"


def places(dataset: DataSet) -> list[tuple[Path, Place]]:
    """Return where a set may lie, in the order of search: its distribution, folders, the cache."""
    inside: list[tuple[Path, Place]] = []
    if dataset.inside and package_version(dataset.needs) is not None:
        root = metadata.distribution(dataset.needs).locate_file(dataset.inside)
        inside = [(Path(str(root)), "package")]
    named: list[tuple[Path, Place]] = [(root / dataset.name, "folder") for root in folders()]
    return [*inside, *named, (cache_folder() / dataset.name, "cache")]


def locate(dataset: DataSet, file: File) -> Found | None:
    """Return the first copy of a file, unread and unchecked."""
    for folder, place in places(dataset):
        for packed in (False, True):
            path = folder / (file.name + (".gz" if packed else ""))
            if path.is_file():
                return Found(path, place, packed)
    return None


def read(dataset: DataSet, *names: str) -> list[bytes]:
    """Return the published bytes of some files of a set, all of them checked.

    Parameters
    ----------
    dataset
        The set.
    names
        Names of its files.

    Returns
    -------
    list of bytes
        One entry a name, unpacked where the copy on disk is compressed.

    Raises
    ------
    MissingDataError
        If a file is in no folder that is searched.
    CorruptDataError
        If a file is not the published one.
    """
    files = [dataset.file(name) for name in names]
    found = [locate(dataset, file) for file in files]
    missing = [file for file, copy in zip(files, found, strict=True) if copy is None]
    if missing:
        raise MissingDataError(missing_message(dataset, missing))
    copies = [copy for copy in found if copy is not None]
    checked = [check(dataset, file, copy) for file, copy in zip(files, copies, strict=True)]
    farthest = max((copy.place for copy in copies), key=get_args(Place).index)
    record_load(dataset.name, farthest, files=[entry for _, entry in checked])
    return [content for content, _ in checked]


def check(dataset: DataSet, file: File, found: Found) -> tuple[bytes, dict[str, Any]]:
    """Read a copy once and return its published bytes and its entry for the journal.

    Raises
    ------
    CorruptDataError
        If size or checksum differ from the catalogue's.
    """
    with found.path.open("rb") as stream:
        status = os.fstat(stream.fileno())
        raw = stream.read()
    on_disk = hashlib.sha256(raw).hexdigest()
    entry = {
        "path": str(found.path.absolute()),
        "sha256": on_disk,
        "size": len(raw),
        "mtime_ns": status.st_mtime_ns,
    }
    content, checksum = raw, on_disk
    if found.packed:
        try:
            # One byte more than expected shows a file that is too long; the rest is not unpacked.
            content = gzip.GzipFile(fileobj=io.BytesIO(raw)).read(file.size + 1)
        except (OSError, EOFError, zlib.error) as error:
            state = f"no intact gzip file ({error}); on disk sha256 {on_disk} ({len(raw):,} bytes)"
            raise CorruptDataError(_corrupt(dataset, file, found, state)) from error
        checksum = hashlib.sha256(content).hexdigest()
    if len(content) != file.size or checksum != file.sha256:
        more = " or more" if found.packed and len(content) > file.size else ""
        state = f"sha256 {checksum} ({len(content):,} bytes{more})"
        raise CorruptDataError(_corrupt(dataset, file, found, state))
    return content, entry


def has_size(dataset: DataSet, file: File, found: Found) -> bool:
    """Whether a copy has the published size, by its file system entry or its gzip trailer."""
    if not found.packed:
        return found.path.stat().st_size == file.size
    with found.path.open("rb") as stream:
        stream.seek(max(stream.seek(0, os.SEEK_END) - 4, 0))
        trailer = stream.read()
    if int.from_bytes(trailer, "little") == file.size % 2**32:
        return True
    try:  # of several gzip members the trailer tells only the last one's size
        check(dataset, file, found)
    except CorruptDataError:
        return False
    return True


def use_package(dataset: DataSet) -> str:
    """Record that a set is taken from its distribution, and return that one's version.

    Raises
    ------
    MissingDataError
        If the distribution is not installed.
    """
    version = package_version(dataset.needs)
    if version is None:
        raise MissingDataError(
            f"{dataset.name} ({dataset.title}) is part of the distribution {dataset.needs!r}, "
            f"which is not installed: run `pip install {dataset.needs}`"
        )
    record_load(dataset.name, dataset.source, version=version)
    return version


def package_version(distribution: str) -> str | None:
    """Return the installed version of a distribution, None where it is absent."""
    if distribution == "python":
        return platform.python_version()
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def missing_message(dataset: DataSet, missing: Sequence[File]) -> str:
    """Say which files are missing, where they were sought and what to do."""
    searched = [
        f"{folder}{'' if folder.is_dir() else ' (no such folder)'}" for folder, _ in places(dataset)
    ]
    names = ", ".join(file.name for file in missing[:4]) + (", …" if len(missing) > 4 else "")
    folder_remedy = f"set {FOLDER_VARIABLE} to a folder that holds {dataset.name}/{missing[0].name}"
    if dataset.source == "package" and package_version(dataset.needs) is None:
        remedy = f"run `pip install {dataset.needs}`, which ships it, or {folder_remedy}"
    elif dataset.fetchable:
        size = f"{dataset.size / 1e6:.1f} MB"
        remedy = f"run `nsai data fetch {dataset.name}` ({size}), or {folder_remedy}"
    else:
        remedy = (
            f"{folder_remedy}; no address serves exactly these files, so they cannot be fetched "
            f"(the set comes from {dataset.homepage})"
        )
    return (
        f"{dataset.name} ({dataset.title}) is not on this machine: {names} not found.\n"
        f"searched: {', '.join(searched)}\nremedy: {remedy}"
    )


def _corrupt(dataset: DataSet, file: File, found: Found, state: str) -> str:
    if not (file.urls or found.place == "package"):
        remedy = f"replace it by an intact copy (the set comes from {dataset.homepage})"
    elif found.place == "package":
        remedy = f"run `pip install --force-reinstall --no-deps {dataset.needs}`"
    elif found.place == "cache":
        remedy = f"run `nsai data fetch {dataset.name}`, which replaces it"
    else:
        remedy = f"delete it and run `nsai data fetch {dataset.name}`, or put an intact copy there"
    return (
        f"{dataset.name}: {found.path} is not the published {file.name}.\n"
        f"expected sha256 {file.sha256} ({file.size:,} bytes)\nfound    {state}\nremedy: {remedy}"
    )
