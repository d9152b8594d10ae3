"""Arrays in files, and blocks of them."""

import io
import os
import struct
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.data import Chunks, open_npy, read_npz


X, Y = np.arange(20.0).reshape(10, 2), np.arange(10)


def test_arrays_of_a_file_come_back(tmp_path):
    np.savez(tmp_path / "a.npz", x=X, y=Y)
    found = read_npz(tmp_path / "a.npz")
    np.testing.assert_array_equal(found["x"], X)
    np.testing.assert_array_equal(found["y"], Y)


def npz(save=np.savez, **arrays):
    out = io.BytesIO()
    save(out, **arrays)
    return out.getvalue()


def bomb():
    """A file whose directory says that x becomes 2 GiB."""
    content = npz(x=X, y=Y)
    size = struct.pack("<L", zipfile.ZipFile(io.BytesIO(content)).getinfo("x.npy").file_size)
    return content.replace(size, struct.pack("<L", 2 << 30))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no readable .npz file"),
        (npz(x=X, y=Y)[:-30], "no readable .npz file"),
        (npz(x=X), r"no array 'y' \(there are: x\)"),
        (npz(a=X), r"no array 'x' \(there are: a\)"),
        (npz(x=X, y=Y[:3]), r"x has shape \(10, 2\) and y \(3,\); expected equal lengths"),
        (npz(x=X, y=np.array(3)), "expected equal lengths"),
        (npz(x=np.array([{}, {}], object), y=Y[:2]), "no readable .npz file: Object arrays"),
        (bomb(), r"its arrays would become 2147\d{6} bytes from \d{3}$"),
        (npz(x=X, y=Y, z=np.zeros(1))[:-5], "no readable .npz file"),
    ],
)
def test_file_that_holds_no_samples_is_refused(tmp_path, content, message):
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_npz(tmp_path / "a.npz")


def test_file_that_packs_well_is_read(tmp_path):
    y = np.repeat(np.arange(4), 200_000)
    path = tmp_path / "a.npz"
    path.write_bytes(npz(np.savez_compressed, x=np.zeros((len(y), 1)), y=y))
    assert path.stat().st_size * 300 < y.nbytes * 2
    np.testing.assert_array_equal(read_npz(path)["y"], y)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_damaged_file_is_read_as_it_was_or_refused_in_one_line(tmp_path, save):
    whole, path = npz(save, x=X, y=Y), tmp_path / "a.npz"
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(300):
        content = bytearray(whole)
        content[rng.integers(len(whole))] = rng.integers(256)
        path.write_bytes(content)
        try:
            np.testing.assert_array_equal(read_npz(path)["x"], X)
        except ValueError as error:
            refused += 1
            assert str(error).startswith(str(path)) and "\n" not in str(error)
    assert refused > 150


@pytest.mark.parametrize("read", [read_npz, open_npy])
def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path, read):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path):
        with pytest.raises(OSError, match="it is no ordinary file"):
            read(path)


def test_flipped_bit_is_refused(tmp_path):
    content = bytearray(npz(x=X, y=Y))
    content[200] ^= 1
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(ValueError, match=r"no readable \.npz file"):
        read_npz(tmp_path / "a.npz")


def test_missing_file_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_npz(tmp_path / "a.npz")


def test_array_on_disk_is_not_read_as_a_whole(tmp_path):
    np.save(tmp_path / "x.npy", X)
    assert isinstance(open_npy(tmp_path / "x.npy"), np.memmap)


def npy(array):
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no readable .npy file"),
        (b"no array", "no readable .npy file"),
        (npy(X)[:-8], "no readable .npy file"),
        (npy(np.array([{}], object)), "no readable .npy file: .*Python objects"),
        (npz(x=X, y=Y), "no readable .npy file"),
        (npy(np.array(["a"])), "it holds <U1, expected numbers"),
    ],
)
def test_file_without_an_array_of_numbers_is_refused(tmp_path, content, message):
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(ValueError, match=f"a.npy: {message}"):
        open_npy(tmp_path / "a.npy")


def test_chunks_hold_every_row_once_and_in_order_again_and_again(tmp_path):
    np.save(tmp_path / "x.npy", X)
    chunks = Chunks(tmp_path / "x.npy", Y, weights=Y + 1.0, rows=4)
    for _ in range(2):
        blocks = list(chunks)
        assert [len(block[0]) for block in blocks] == [4, 4, 2]
        for column, whole in enumerate((X, Y, Y + 1.0)):
            np.testing.assert_array_equal(np.concatenate([b[column] for b in blocks]), whole)
    assert len(chunks) == 3
    assert not isinstance(blocks[0][0], np.memmap)


@given(st.integers(1, 30), st.integers(1, 40))
def test_chunks_are_as_many_as_they_say_and_hold_everything(samples, rows):
    x = np.asfortranarray(np.arange(2.0 * samples).reshape(samples, 2))
    x.flags.writeable = False
    chunks = Chunks(x, np.arange(samples), rows=rows)
    blocks = list(chunks)
    assert len(blocks) == len(chunks)
    assert all(0 < len(block) <= rows and block.base is None for block, _ in blocks)
    np.testing.assert_array_equal(np.concatenate([block for block, _ in blocks]), x)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rows": 0}, "0 rows in a block"),
        ({"rows": 1.5}, "1.5 rows in a block"),
        ({"x": np.array(3.0), "y": np.array(3)}, r"lengths \[0\]"),
        ({"y": Y[:3]}, r"lengths \[3, 10\]"),
        ({"x": X[:0], "y": Y[:0]}, r"lengths \[0\]"),
    ],
)
def test_chunks_that_cannot_be(arguments, message):
    with pytest.raises(ValueError, match=message):
        Chunks(**{"x": X, "y": Y, **arguments})


def test_zip_that_is_no_npz_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", "no array")
    with pytest.raises(ValueError, match=r"a\.npz: no readable"):
        read_npz(tmp_path / "a.npz")
