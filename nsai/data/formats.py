"""Readers of the file formats that several sets share: bytes in, arrays out."""

import csv
import gzip
import io
import math

import numpy as np
from numpy.typing import NDArray

IDX_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def idx(content: bytes) -> NDArray:
    """Read an IDX array, the format of MNIST, packed or not.

    Parameters
    ----------
    content
        Magic number (two zero bytes, the element type, the number of axes), the lengths as
        big-endian 32-bit integers, then the elements.

    Returns
    -------
    array
        Of the stated shape, big-endian, read-only.

    Raises
    ------
    ValueError
        If the header is no IDX header or announces another number of bytes than there are.

    Examples
    --------
    >>> idx(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9])).tolist()
    [7, 8, 9]
    """
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in IDX_TYPES:
        raise ValueError(f"expected an IDX header, got {content[:4]!r}")
    dtype = np.dtype(IDX_TYPES[content[2]])
    start = 4 + 4 * content[3]
    if len(content) < start:
        raise ValueError(f"expected an IDX header of {start} bytes, got {len(content)}")
    shape = np.frombuffer(content, ">u4", content[3], offset=4).tolist()
    expected = start + math.prod(shape) * dtype.itemsize
    if len(content) != expected:
        raise ValueError(f"IDX shape {shape} needs {expected} bytes, got {len(content)}")
    return np.frombuffer(content, dtype, offset=start).reshape(shape)


def npz(content: bytes) -> dict[str, NDArray]:
    """Read every array of an npz archive, once; pickled objects are refused.

    Examples
    --------
    >>> buffer = io.BytesIO()
    >>> np.savez(buffer, a=np.arange(3))
    >>> npz(buffer.getvalue())["a"].tolist()
    [0, 1, 2]
    """
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def npy(content: bytes) -> NDArray:
    """Read one array in numpy's format; pickled objects are refused."""
    return np.asarray(np.load(io.BytesIO(content), allow_pickle=False))


def rows(content: bytes) -> list[list[str]]:
    r"""Read comma-separated lines: blank ones dropped, cells stripped.

    Raises
    ------
    ValueError
        If the lines differ in their number of cells.

    Examples
    --------
    >>> rows(b'a, 1\n"b,c", 2\n\n')
    [['a', '1'], ['b,c', '2']]
    """
    lines = csv.reader(io.StringIO(content.decode(), newline=""), skipinitialspace=True)
    cells = [[cell.strip() for cell in line] for line in lines if line]
    widths = sorted({len(line) for line in cells})
    if len(widths) > 1:
        raise ValueError(f"expected lines of equally many cells, got {widths}")
    return cells


def columns(content: bytes) -> dict[str, list[str]]:
    r"""Read comma-separated lines below a line of titles; of equal titles the first counts.

    Examples
    --------
    >>> columns(b"a,b,a\n1,2,3\n")
    {'a': ['1'], 'b': ['2']}
    """
    titles, *lines = rows(content)
    found: dict[str, list[str]] = {}
    for title, *cells in zip(titles, *lines, strict=True):
        found.setdefault(title, cells)
    return found
