"""Sealed files: arrays and a record come back exactly, and every change of a byte is noticed."""

import hashlib
import json
import re
import struct
import tracemalloc

import numpy as np
import pytest

from chainrule.sealed import SealError, read, seal, unseal, write
from chainrule.version import __version__


FORMAT = "test-1"
NO_DIGEST = "0" * 64


@pytest.mark.parametrize("dtype", ["f8", "f4", "i8", "i4", "u4", "u1", "?"])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 3), (2, 3, 4), (1,) * 8])
def test_every_kind_of_array_comes_back(dtype, shape):
    array = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    (found,) = unseal(seal({"a": array}, {}, FORMAT), FORMAT)[0].values()
    assert (found.dtype, found.shape, found.tobytes()) == (array.dtype, shape, array.tobytes())


def test_many_arrays_come_back_under_their_names():
    arrays = {f"state[{number}].{'µ' * number}": np.full(number, number) for number in range(20)}
    found = unseal(seal(arrays, {}, FORMAT), FORMAT)[0]
    assert {name: array.tolist() for name, array in found.items()} == {
        name: array.tolist() for name, array in arrays.items()
    }


@pytest.mark.parametrize("special", [np.nan, -np.nan, np.inf, -0.0, 5e-324])
def test_every_number_comes_back_bit_for_bit(special):
    assert unseal(seal({"a": [special]}, {}, FORMAT), FORMAT)[0]["a"].tobytes() == (
        np.array([special]).tobytes()
    )


def test_arrays_that_come_back_can_be_written_to():
    found = unseal(seal({"a": np.zeros(3), "b": np.zeros(3)}, {}, FORMAT), FORMAT)[0]
    found["a"] += 1
    assert found["a"].sum() == 3 and found["b"].sum() == 0


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"a": [1, -0.5, 1e308, 2**70, None, True, {"b": []}]},
        {"text": ["", "Ω\n\0\ud800", '"', "\\", NO_DIGEST], "sha256": NO_DIGEST, "format": 3},
    ],
)
def test_record_comes_back(record):
    assert unseal(seal({}, record, FORMAT), FORMAT)[1] == record


def test_numbers_of_numpy_in_a_record_come_back_as_plain_ones():
    record = {"n": np.int64(3), "x": np.float32(0.5), "is": np.bool_(True)}
    assert unseal(seal({}, record, FORMAT), FORMAT)[1] == {"n": 3, "x": 0.5, "is": True}


def test_equal_content_gives_equal_bytes():
    first, second = (seal({"a": np.arange(3), "b": np.ones(2)}, {"x": 1}, FORMAT) for _ in range(2))
    assert first == second


def test_file_is_ordinary_safetensors():
    from safetensors.numpy import load

    assert load(seal({"a": np.arange(3)}, {}, FORMAT))["a"].tolist() == [0, 1, 2]


def test_file_comes_back(tmp_path):
    write(tmp_path / "f", {"a": np.arange(3)}, {"x": 1}, FORMAT)
    arrays, record = read(tmp_path / "f", FORMAT)
    assert arrays["a"].tolist() == [0, 1, 2] and record == {"x": 1}


@pytest.mark.parametrize(
    ("arrays", "record", "message"),
    [
        ({"a": 1j}, {}, "'a' is complex128 with 0 axes; expected up to 8 axes and one of float64"),
        ({"a": np.float16(1)}, {}, "'a' is float16"),
        ({"a": "text"}, {}, "'a' is <U4"),
        ({"a": object()}, {}, "'a' is object"),
        ({"a": np.zeros((1,) * 9)}, {}, "with 9 axes"),
        (dict.fromkeys(map(str, range(10_001)), 1.0), {}, "10001 arrays; a file holds 10000"),
        ({}, {"x": np.nan}, "not JSON compliant"),
        ({}, {"x": np.float32("inf")}, "not JSON compliant"),
        ({}, {"x": 1j}, "the record holds complex"),
        ({}, {"x": "a" * 1_000_000}, "bytes beside the arrays are too many"),
    ],
)
def test_what_would_not_come_back_is_not_sealed(arrays, record, message):
    with pytest.raises((TypeError, ValueError), match=message):
        seal(arrays, record, FORMAT)


def test_longest_header_is_a_choice():
    content = seal({}, {"x": "a" * 5000}, FORMAT, largest_header=10_000)
    assert unseal(content, FORMAT, largest_header=10_000)[1] == {"x": "a" * 5000}
    with pytest.raises(SealError, match="not a test-1 file, or cut short"):
        unseal(content, FORMAT, largest_header=5000)
    with pytest.raises(ValueError, match=r"too many \(5000\)"):
        seal({}, {"x": "a" * 5000}, FORMAT, largest_header=5000)


# ---- damage ------------------------------------------------------------------------------------

SMALL = seal({"a": np.arange(2.0), "b": np.array([True])}, {"x": 1}, FORMAT)


def refused(content):
    """The message with which `content` is refused; little memory may be taken for it."""
    tracemalloc.start()
    try:
        with pytest.raises(SealError) as caught:
            unseal(bytes(content), FORMAT)
        assert tracemalloc.get_traced_memory()[1] < 2 * len(content) + 64e6
    finally:
        tracemalloc.stop()
    return str(caught.value)


def test_every_flipped_bit_is_refused():
    for place in range(len(SMALL)):
        for bit in range(8):
            changed = bytearray(SMALL)
            changed[place] ^= 1 << bit
            with pytest.raises(SealError):
                unseal(changed, FORMAT)


@pytest.mark.parametrize("byte", [b"", b"\0"])
def test_every_shorter_and_longer_file_is_refused(byte):
    for length in range(len(SMALL) + len(byte)):
        with pytest.raises(SealError):
            unseal(SMALL[:length] + byte, FORMAT)


def test_numbers_that_change_places_are_refused():
    assert "the checksum is wrong" in refused(
        SMALL[:-17] + SMALL[-9:-1] + SMALL[-17:-9] + SMALL[-1:]
    )


# ---- forgery: the checksum is right --------------------------------------------------------------

ENTRY = {"sha256": NO_DIGEST, "format": FORMAT, "version": "0", "record": {}}


def by_hand(arrays="", data=b"", entry=ENTRY, metadata=None, header=None):
    """A file whose header, or a part of it, is any text."""
    entry = entry if isinstance(entry, str) else json.dumps(entry)
    metadata = metadata or json.dumps({"chainrule": entry})
    comma = "," if arrays else ""
    text = (header or f'{{"__metadata__":{metadata}{comma}{arrays}}}').encode(
        "utf-8", "surrogateescape"
    )
    content = struct.pack("<Q", len(text)) + text + data
    return content.replace(NO_DIGEST.encode(), hashlib.sha256(content).hexdigest().encode(), 1)


def place(shape, begin, end, dtype="F32", name="a"):
    dtype = dtype if dtype.startswith("[") else f'"{dtype}"'
    return f'"{name}":{{"dtype":{dtype},"shape":{shape},"data_offsets":[{begin},{end}]}}'


def two(first, second):
    return by_hand(f"{place(*first)},{place(*second, name='b')}", bytes(12))


@pytest.mark.parametrize(
    "content",
    [
        by_hand(),
        by_hand(place([2, 1], 0, 8), bytes(8)),
        two(([2], 0, 8), ([1], 8, 12)),
        two(([1], 8, 12), ([2], 0, 8)),
        two(([3], 0, 12), ([0, 7], 12, 12)),
        by_hand(place([2], 0, 2, "BOOL"), b"\0\1"),
        by_hand(place([0, 2**40], 0, 0)),
    ],
)
def test_file_made_by_hand_that_is_right_is_read(content):
    """So each of the others is refused for the one thing that is wrong with it."""
    unseal(content, FORMAT)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a test-1 file, or cut short: 0 bytes, with a header of 0"),
        (b"\1" * 7, "cut short: 7 bytes"),
        (b"PK\x03\x04" + bytes(100), "cut short: 104 bytes"),
        (b"\x93NUMPY\x01\x00" + bytes(100), "cut short"),
        (b"\x80\x05" + bytes(98), "with a header of 1408"),
        (struct.pack("<Q", 2**62) + SMALL[8:], f"with a header of {2**62}"),
        (struct.pack("<Q", 2**64 - 1) + SMALL[8:], f"with a header of {2**64 - 1}"),
        (struct.pack("<Q", 1_000_001) + bytes(1_000_001), "with a header of 1000001"),
        (by_hand(header="[]"), r"begins with b'\['"),
        (by_hand(header=' {"a":1}'), "begins with b' '"),
        (by_hand(header="\udcff{}"), "begins with"),
        (by_hand(header='{"\udcff":1}'), "'utf-8' codec can't decode"),
        (by_hand(header="{"), "is not JSON"),
        (by_hand(header='{"a":1}{}'), "Extra data"),
        (by_hand(header="{}"), "its metadata is None"),
        (by_hand(header='{"a":' * 90_000), "recursion|is not JSON"),
        (by_hand(header='{"a":' + "[" * 90_000), "recursion|is not JSON"),
        (by_hand(header='{"a":1,"a":1}'), "a key stands twice"),
        (by_hand(header='{"a":NaN}'), "holds NaN"),
        (by_hand(header='{"a":-Infinity}'), "holds -Infinity"),
        (by_hand(header='{"a":1e999}'), "holds 1e999"),
        (by_hand(header='{"a":' + "9" * 5000 + "}"), "Exceeds the limit"),
        (by_hand(metadata="[]"), r"its metadata is \[\]"),
        (by_hand(metadata='{"chainrule":{}}'), "its metadata is"),
        (by_hand(metadata='{"other":"{}"}'), "its metadata is"),
        (by_hand(entry="[]"), r"begins with b'\['"),
        (by_hand(entry="{" * 90_000), "is not JSON"),
        (by_hand(entry='{"a":' * 90_000), "recursion|is not JSON"),
        (by_hand(entry='{"record":{"x":1e400}}'), "holds 1e400"),
        (by_hand(entry='{"format":"test-1","format":"test-1"}'), "a key stands twice"),
        (by_hand(entry="{}"), "its format is None, expected 'test-1'"),
        (by_hand(entry={**ENTRY, "format": "other-1"}), "its format is 'other-1'"),
        (by_hand(entry={**ENTRY, "record": []}), "no checksum or no record"),
        (by_hand(entry={**ENTRY, "sha256": None}), "no checksum or no record"),
        (by_hand(entry={**ENTRY, "sha256": ""}), "no checksum or no record"),
        (by_hand(entry={**ENTRY, "sha256": "A" * 64}), "no checksum or no record"),
        (by_hand(entry={**ENTRY, "sha256": "1" * 64}), "the checksum is wrong"),
        (by_hand('"a":3'), "'a' is described by 3"),
        (by_hand('"a":{}'), "'a' is described by {}"),
        (by_hand('"a":null'), "'a' is described by None"),
        (by_hand(place([1], 0, 4, "F99"), bytes(4)), "is described by"),
        (by_hand(place([1], 0, 2, "F16"), bytes(2)), "is described by"),
        (by_hand(place([1], 0, 16, "C128"), bytes(16)), "is described by"),
        (by_hand(place([1], 0, 4, '["F32"]'), bytes(4)), "is described by"),
        (by_hand(place("3", 0, 4), bytes(4)), "is described by"),
        (by_hand(place([-1, -1], 0, 4), bytes(4)), "is described by"),
        (by_hand(place([1.0], 0, 4), bytes(4)), "is described by"),
        (by_hand(place("[true]", 0, 4), bytes(4)), "is described by"),
        (by_hand(place("[null]", 0, 4), bytes(4)), "is described by"),
        (by_hand(place([1], "false", 4), bytes(4)), "is described by"),
        (by_hand(place([1], -4, 0), bytes(4)), "is described by"),
        (by_hand(place([1], 0, "4,8"), bytes(4)), "is described by"),
        (by_hand(place([1] * 9, 0, 4), bytes(4)), "is described by"),
        (by_hand(place([0, 2**62], 0, 0)), "is described by"),
        (by_hand(place([0, 2**40, 2**40], 0, 0)), "is too large"),
        (by_hand(place([2**40], 0, 4), bytes(4)), f"has 4 bytes, but needs {2**42}"),
        (by_hand(place([2**31, 2**31, 4], 0, 16), bytes(16)), "is too large"),
        (by_hand(place([2], 0, 4), bytes(4)), "has 4 bytes, but needs 8"),
        (by_hand(place([1], 4, 0), bytes(4)), "has -4 bytes|begins at 4"),
        (by_hand(place([1], 0, 4)), "take 4 bytes, but it has 0"),
        (by_hand(place([1], 0, 4), bytes(5)), "take 4 bytes, but it has 5"),
        (by_hand("", bytes(1)), "take 0 bytes, but it has 1"),
        (by_hand(place([1], 4, 8), bytes(8)), "begins at 4, expected 0"),
        (two(([2], 0, 8), ([1], 4, 8)), "begins at 4, expected 8"),
        (two(([1], 0, 4), ([1], 8, 12)), "begins at 8, expected 4"),
        (two(([3], 0, 12), ([3], 0, 12)), "begins at 0, expected 12"),
        (by_hand(f"{place([1], 0, 4)},{place([1], 4, 8)}", bytes(8)), "a key stands twice"),
        (by_hand(place([2], 0, 2, "BOOL"), b"\0\2"), "neither true nor false"),
        (
            by_hand(",".join(place([0], 0, 0, name=str(i)) for i in range(10_001))),
            "10001 arrays; a file holds 10000",
        ),
    ],
    ids=lambda part: part[:40] if isinstance(part, str) else "",
)
def test_file_made_by_hand_that_is_wrong_is_refused(content, message):
    assert re.search(message, refused(content))


def test_file_of_a_later_format_says_what_wrote_it():
    message = refused(by_hand(entry={**ENTRY, "format": "test-9", "version": "8.1"}))
    assert f"it was written by chainrule '8.1', this is {__version__}" in message
