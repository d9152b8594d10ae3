"""Arrays in files, and blocks of them."""

import io
import zipfile

import numpy as np
import pytest

from chainrule.data import Chunks, open_npy, read_npz


X, Y = np.arange(20.0).reshape(10, 2), np.arange(10)


def test_arrays_of_a_file_come_back(tmp_path):
    np.savez(tmp_path / "a.npz", x=X, y=Y)
    found = read_npz(tmp_path / "a.npz")
    np.testing.assert_array_equal(found["x"], X)
    np.testing.assert_array_equal(found["y"], Y)


def packed_zeros():
    out = io.BytesIO()
    np.savez_compressed(out, x=np.zeros((1000, 10_000)), y=np.zeros(1000))
    return out.getvalue()


def npz(**arrays):
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


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
        (packed_zeros(), "x.npy would become 80000128 bytes from"),
    ],
)
def test_file_that_holds_no_samples_is_refused(tmp_path, content, message):
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_npz(tmp_path / "a.npz")


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
    (tmp_path / "y.npy").write_bytes(b"no array")
    with pytest.raises(ValueError, match=r"no readable \.npy file"):
        open_npy(tmp_path / "y.npy")


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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rows": 0}, "0 rows in a block"),
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
