"""Fetching one file over http(s), such that only the right bytes ever carry its name.

Bytes go to a hidden partial file beside the target, are hashed on the way, and take the target's
name in one step when size and checksum agree. A kill leaves the partial file; the next attempt,
in this process or another, continues it.
"""

import hashlib
import http.client
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock
from tqdm import tqdm

from nsai.data.catalogue import File
from nsai.data.connection import opener
from nsai.data.errors import DownloadError

CHUNK = 1 << 16
TEMPORARY = (408, 416, 425, 429)  # client errors that another attempt may not meet


@dataclass(frozen=True)
class Patience:
    """How long to try.

    Attributes
    ----------
    connect
        Seconds to reach a server.
    stall
        Seconds in which at least `trickle` bytes must arrive.
    trickle
        Bytes; less than this in `stall` seconds is a stalled transfer.
    rounds
        How often the addresses are tried in turn.
    pause
        Seconds before the second round, doubled before each further one.
    """

    connect: float = 15.0
    stall: float = 30.0
    trickle: int = 1024
    rounds: int = 4
    pause: float = 1.0


DEFAULT_PATIENCE = Patience()


class _FinalError(Exception):
    """An address will not give the file, however often it is asked."""


class _PassingError(Exception):
    """An attempt failed; another may not."""


def download(
    file: File,
    target: Path,
    *,
    patience: Patience = DEFAULT_PATIENCE,
    progress: bool = True,
) -> Path:
    """Fetch a file from its addresses in turn, unless it lies there already.

    Parameters
    ----------
    file
        What is wanted; at most its size and one byte are accepted.
    target
        Where it shall lie; its folder is made. One process at a time fetches it.
    patience
        Time-outs and repetitions.
    progress
        Whether to show a bar, if standard error is a terminal.

    Returns
    -------
    Path
        The target.

    Raises
    ------
    DownloadError
        If no address gave the file, with what each did, or the folder cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(target.parent / f".{target.name}.lock"):
            if not _is(target, file):
                _try_all(file, target, patience, progress)
    except OSError as error:
        raise DownloadError(
            f"cannot store {file.name} ({file.size:,} bytes) in {target.parent}: {error}; "
            "free space there, or set NSAI_CACHE to another folder"
        ) from error
    return target


def _try_all(file: File, target: Path, patience: Patience, progress: bool) -> None:
    part = target.parent / f".{target.name}.part"
    failures: dict[str, str] = {}
    urls = list(file.urls)
    for turn in range(patience.rounds):
        if turn and urls:
            time.sleep(patience.pause * 2 ** (turn - 1))
        for url in list(urls):
            try:
                with tqdm(
                    total=file.size,
                    desc=file.name,
                    unit="B",
                    unit_scale=True,
                    leave=False,
                    disable=None if progress else True,
                ) as bar:
                    _transfer(url, part, file, patience, bar.update)
            except _FinalError as error:
                failures[url] = str(error)
                urls.remove(url)
            except _PassingError as error:
                failures[url] = f"{error} ({turn + 1} attempts)"
            else:
                part.replace(target)
                _sync_folder(target.parent)
                return
    told = "".join(f"\n  {url}: {why}" for url, why in failures.items()) or " it has no address"
    raise DownloadError(f"could not fetch {file.name} ({file.size:,} bytes):{told}")


def _transfer(
    url: str, part: Path, file: File, patience: Patience, advance: Callable[[int], Any]
) -> None:
    """Complete the partial file from one address, or raise."""
    have = part.stat().st_size if part.is_file() else 0
    if have and _is(part, file):  # a kill came between the last byte and the renaming
        return
    if have >= file.size:
        have = 0
    headers = {"User-Agent": "nsai", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    request = urllib.request.Request(url, headers=headers)
    with _answer(request, patience, part) as response:
        # Should it be another part than asked for, its length or the checksum tells.
        resumed = have > 0 and response.status == 206
        have = have if resumed else 0
        announced = response.headers.get("Content-Length", "")
        if announced.isdigit() and int(announced) != file.size - have:
            got = f"announces {have + int(announced):,} bytes, expected {file.size:,}"
            if resumed:
                part.unlink()
                raise _PassingError(got)
            raise _FinalError(got)
        digest = hashlib.sha256()
        with part.open("r+b" if resumed else "wb") as out:
            if resumed:
                while before := out.read(CHUNK):
                    digest.update(before)
            advance(have)
            for chunk in _chunks(response, patience):
                have += len(chunk)
                if have > file.size:
                    break
                out.write(chunk)
                digest.update(chunk)
                advance(len(chunk))
            out.flush()
            os.fsync(out.fileno())
    if have < file.size:
        raise _PassingError(f"ended after {have:,} of {file.size:,} bytes")
    if have > file.size:
        wrong = f"sends more than the {file.size:,} bytes expected"
    elif digest.hexdigest() != file.sha256:
        wrong = f"sent sha256 {digest.hexdigest()}, expected {file.sha256}"
    else:
        return
    part.unlink()
    # The wrong bytes may be those kept from an earlier attempt: then a fresh one may succeed.
    raise _PassingError(wrong) if resumed else _FinalError(wrong)


def _chunks(response: http.client.HTTPResponse, patience: Patience) -> Iterator[bytes]:
    """Yield what arrives until the end; a silent or trickling server is an interruption."""
    since, arrived = time.monotonic(), 0
    while True:
        try:
            chunk = response.read1(CHUNK)
        except (OSError, http.client.HTTPException) as error:
            raise _PassingError(_told(error)) from error
        if not chunk:
            return
        yield chunk
        arrived += len(chunk)
        if time.monotonic() - since > patience.stall:
            if arrived < patience.trickle:
                raise _PassingError(f"stalled: {arrived} bytes in {patience.stall:g} s")
            since, arrived = time.monotonic(), 0


def _answer(request: urllib.request.Request, patience: Patience, part: Path) -> Any:
    """Open an address, sorting failures into final ones and passing ones."""
    try:
        return opener(patience.stall).open(request, timeout=patience.connect)
    except urllib.error.HTTPError as error:
        with error:
            told = f"HTTP {error.code} {error.reason}".replace("\n", " ")
            if error.code == 416:  # it cannot continue what we have: start anew
                part.unlink(missing_ok=True)
            lasting = error.code < 500 and error.code not in TEMPORARY
            raise (_FinalError if lasting else _PassingError)(told) from error
    except (OSError, http.client.HTTPException) as error:
        raise _PassingError(_told(error)) from error
    except ValueError as error:
        raise _FinalError(_told(error)) from error


def _is(path: Path, file: File) -> bool:
    """Whether a path holds exactly the file."""
    if not path.is_file() or path.stat().st_size != file.size:
        return False
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == file.sha256


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a power cut, where a folder can be opened."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
