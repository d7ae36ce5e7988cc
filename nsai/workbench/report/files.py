"""Pages on disk: written whole or not at all, and stamped with what they were made from."""

import contextlib
import hashlib
import os
import re
import secrets
import time
from collections.abc import Collection
from importlib import metadata
from pathlib import Path

_STAMP = re.compile(rb'<meta name="nsai-stamp" content="([0-9a-f]{64})">')
_HEAD = 4096  # bytes; the stamp stands in the first lines of a page
_LEFTOVER_AGE = 3600.0  # s; a younger temporary file may belong to a batch at work
_RENDERERS = ("beautifulsoup4", "jinja2", "latex2mathml", "mistune", "nbconvert", "nh3", "pygments")


def digest(*parts: bytes | str) -> str:
    """Return the SHA-256 of the parts, each kept apart from the next.

    Examples
    --------
    >>> digest("ab", "c") == digest("a", "bc")
    False
    """
    total = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "big"))
        total.update(data)
    return total.hexdigest()


def code_digest() -> str:
    """Return the digest of everything a page is made with: this package and the renderers."""
    here = Path(__file__).parent
    sources = [here.parent / "display.py", *sorted(p for p in here.rglob("*") if p.is_file())]
    contents = [
        part
        for path in sources
        if path.suffix in {".py", ".j2", ".css"}
        for part in (path.name, path.read_bytes())
    ]
    versions = [f"{name} {metadata.version(name)}" for name in _RENDERERS]
    return digest(*contents, *versions)


def stamp_of(page: Path) -> str | None:
    """Return the stamp of a page, or None where there is no page of ours."""
    try:
        with page.open("rb") as stream:
            head = stream.read(_HEAD)
    except FileNotFoundError:
        return None
    found = _STAMP.search(head)
    return found[1].decode() if found else None


def write_page(path: Path, text: str) -> None:
    """Write a page so that a kill at any moment leaves the old one or the new one."""
    data = text.encode("utf-8", "replace")
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    try:
        with temporary.open("xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def remove_stale(folder: Path, keep: Collection[str]) -> None:
    """Remove our pages whose name is not kept."""
    for page in folder.glob("*.html"):
        if page.name not in keep and stamp_of(page) is not None:
            page.unlink(missing_ok=True)


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files of builds that were killed some time ago."""
    for leftover in folder.glob(".*.html.*.tmp"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - leftover.stat().st_mtime > _LEFTOVER_AGE:
                leftover.unlink()


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":  # folders cannot be opened there
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
