"""The catalogue as a whole: what is here, what is not, and fetching by name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from nsai.data import store
from nsai.data.catalogue import DataSet, File
from nsai.data.download import DEFAULT_PATIENCE, Patience, download
from nsai.data.errors import CorruptDataError, MissingDataError


@dataclass(frozen=True)
class Status:
    """Whether a set can be loaded on this machine, as far as sizes tell.

    Attributes
    ----------
    name
        The set.
    available
        Whether every file is there with the right size, or its package installed.
    source
        ``"package"``, ``"generated"``, ``"folder"`` or ``"cache"``; empty where it is absent.
    where
        A path, or the distribution and its version; empty where it is absent.
    detail
        What is wrong, or what to do; empty if nothing.
    """

    name: str
    available: bool
    source: str
    where: str
    detail: str


def collect(members: Iterable[Any]) -> Mapping[str, DataSet]:
    """Build the catalogue of the data sets among some objects, ordered by name.

    Raises
    ------
    ValueError
        If two sets share a name.
    """
    found: dict[str, DataSet] = {}
    for member in members:
        if not isinstance(member, DataSet):
            continue
        if found.setdefault(member.name, member) is not member:
            raise ValueError(f"two data sets are named {member.name!r}, expected one")
    return MappingProxyType(dict(sorted(found.items())))


def catalogue() -> Mapping[str, DataSet]:
    """Return every data set that `nsai.data` exports, by name.

    Examples
    --------
    >>> catalogue()["mnist5k"].source
    'package'
    """
    from nsai import data

    return collect(vars(data).values())


def known(name: str) -> DataSet:
    """Return a set of the catalogue.

    Raises
    ------
    ValueError
        If there is no set of that name.
    """
    sets = catalogue()
    if name not in sets:
        raise ValueError(f"unknown data set {name!r}, expected one of {', '.join(sets)}")
    return sets[name]


def find(name: str) -> Status:
    """Say whether a set is on this machine, from existence and sizes alone.

    Parameters
    ----------
    name
        A name of the catalogue.

    Raises
    ------
    ValueError
        If there is no set of that name.

    Examples
    --------
    >>> find("pydoc_topics").source
    'package'
    """
    return status(known(name))


def find_all() -> list[Status]:
    """Return the status of every set of the catalogue, ordered by name."""
    return [status(dataset) for dataset in catalogue().values()]


def status(dataset: DataSet) -> Status:
    """Return the status of a set, see `find`."""
    name = dataset.name
    if not dataset.files:
        version = store.package_version(dataset.needs)
        if version is None:
            return Status(name, False, "", "", f"run `pip install {dataset.needs}`")
        return Status(name, True, dataset.source, f"{dataset.needs} {version}", "")
    found = [(file, store.locate(dataset, file)) for file in dataset.files]
    copies = [(file, copy) for file, copy in found if copy is not None]
    missing = len(found) - len(copies)
    if missing:
        if dataset.fetchable:
            remedy = f"run `nsai data fetch {name}` ({dataset.size / 1e6:.1f} MB)"
        else:
            remedy = f"set {store.FOLDER_VARIABLE} to a folder that holds it ({dataset.homepage})"
        partly = f"{missing} of {len(found)} files missing; " if copies else ""
        return Status(name, False, "", "", partly + remedy)
    file, first = copies[0]
    where = str(first.path.parents[file.name.count("/")])
    for file, copy in copies:
        if not store.has_size(dataset, file, copy):
            detail = f"{copy.path} is not of the published size: load it to see its checksum"
            return Status(name, False, copy.place, where, detail)
    return Status(name, True, first.place, where, "")


def fetch(
    name: str,
    *,
    progress: bool = True,
    patience: Patience = DEFAULT_PATIENCE,
) -> list[Path]:
    """Make every file of a set lie on this machine, downloading to the cache what does not.

    Copies in a package, a folder or the cache are checked, and kept where they are right. A wrong
    one in the cache is replaced; a folder is never written to.

    Parameters
    ----------
    name
        A name of the catalogue.
    progress
        Whether to show a bar, if standard error is a terminal.
    patience
        Time-outs and repetitions.

    Returns
    -------
    list of Path
        The files; empty for a set that a package brings or makes.

    Raises
    ------
    ValueError
        If there is no set of that name.
    MissingDataError
        If a missing file has no address, or the package is not installed.
    CorruptDataError
        If a folder or a package holds a wrong file.
    DownloadError
        If no address gave a file.

    Examples
    --------
    >>> fetch("iris")
    []
    """
    dataset = known(name)
    if not dataset.files:
        store.use_package(dataset)
        return []
    paths = {file: _intact(dataset, file) for file in dataset.files}
    lost = [file for file, path in paths.items() if path is None and not file.urls]
    if lost:
        raise MissingDataError(store.missing_message(dataset, lost))
    target = store.cache_folder() / dataset.name
    return [
        path or download(file, target / file.name, patience=patience, progress=progress)
        for file, path in paths.items()
    ]


def _intact(dataset: DataSet, file: File) -> Path | None:
    """Return a right copy, None if there is none or only a wrong one in the cache."""
    copy = store.locate(dataset, file)
    if copy is None:
        return None
    try:
        store.check(dataset, file, copy)
    except CorruptDataError:
        if copy.place == "cache":
            return None
        raise
    return copy.path
