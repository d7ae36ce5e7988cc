import gzip
import io
import pickle
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nsai.data import formats

CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}


@settings(deadline=None)
@given(
    st.data(),
    st.sampled_from(sorted(CODES)),
    hnp.array_shapes(max_dims=4, max_side=5),
    st.booleans(),
)
def test_idx_round_trip(drawn, kind, shape, packed):
    array = drawn.draw(hnp.arrays(np.dtype(f">{kind}"), shape))
    content = struct.pack(f">HBB{len(shape)}I", 0, CODES[kind], len(shape), *shape)
    content += array.tobytes()
    read = formats.idx(gzip.compress(content) if packed else content)
    assert read.shape == shape
    assert read.tobytes() == array.tobytes()


@pytest.mark.parametrize(
    "content",
    [b"", b"\0\0\x08", b"PK\x03\x04aaaa", b"\0\0\x07\x01\0\0\0\x01a", b"\0\0\x08\x02\0\0\0\x01"],
)
def test_no_idx_header_is_told(content):
    with pytest.raises(ValueError, match="expected an IDX header"):
        formats.idx(content)


@pytest.mark.parametrize("rest", [b"ab", b"abcd"])
def test_idx_of_another_length_is_told(rest):
    with pytest.raises(ValueError, match=rf"needs 11 bytes, got {8 + len(rest)}"):
        formats.idx(b"\0\0\x08\x01\0\0\0\x03" + rest)


def saved(write, *arguments, **named):
    buffer = io.BytesIO()
    write(buffer, *arguments, **named)
    return buffer.getvalue()


def test_archives_and_arrays_are_read():
    array = np.arange(6).reshape(2, 3)
    assert formats.npz(saved(np.savez_compressed, a=array))["a"].tolist() == array.tolist()
    assert formats.npy(saved(np.save, array)).tolist() == array.tolist()


class Trap:
    def __reduce__(self):
        return (print, ("executed",))


def test_pickles_in_arrays_are_not_executed(capsys):
    trap = np.array([Trap()], dtype=object)
    with pytest.raises(ValueError, match="pickle"):
        formats.npz(saved(np.savez, a=trap))
    with pytest.raises(ValueError, match="pickle"):
        formats.npy(saved(np.save, trap))
    with pytest.raises(ValueError, match=r"pickle|magic"):
        formats.npy(pickle.dumps(Trap()))
    assert capsys.readouterr().out == ""


def test_rows_of_unequal_width_are_told():
    with pytest.raises(ValueError, match=r"\[2, 3\]"):
        formats.rows(b"a,b\nc,d,e\n")


def test_quoted_cells_may_hold_commas_and_line_ends():
    assert formats.rows(b'"a, b",1\r\n"c\nd", 2\r\n') == [["a, b", "1"], ["c\nd", "2"]]


def test_first_of_equal_titles_counts():
    assert formats.columns(b"a,b,a\n1,2,3\n4,5,6\n") == {"a": ["1", "4"], "b": ["2", "5"]}
