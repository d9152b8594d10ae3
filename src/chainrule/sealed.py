"""Arrays and a record in one file, sealed: whatever changes a byte of it is noticed.

The layout is that of safetensors: eight bytes with the length of a JSON header, the header, the
numbers. One entry of the header's metadata holds what the file is, a record of JSON, and the
SHA-256 of the whole file with its own 64 digits written as zeros. That finds damage, and vouches
for nobody: a reader trusts nothing in the file, and reserves no memory on its word.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from chainrule.files import write_atomically
from chainrule.version import __version__


#: The longest header, in bytes; that of a network with a thousand layers has two thirds.
LARGEST_HEADER = 1_000_000

_ENTRY = "chainrule"  # of the metadata
_NO_DIGEST = "0" * 64
_MOST_ARRAYS = 10_000
_MOST_AXES = 8
_LARGEST_SIZE = 2**40
_DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "I64": "<i8",
    "I32": "<i4",
    "U32": "<u4",
    "U8": "u1",
    "BOOL": "?",
}
_DTYPE_NAMES = [np.dtype(code).name for code in _DTYPES.values()]


class SealError(ValueError):
    """A file that is not a whole, unchanged file of the expected format."""


def seal(
    arrays: Mapping[str, Any],
    record: Mapping[str, Any],
    format: str,
    largest_header: int = LARGEST_HEADER,
) -> bytes:
    """The content of a file that holds these arrays and this record. Equal ones, equal bytes.

    arrays  of any shape with up to 8 axes
    record  what JSON holds: text, finite numbers, True, False, None, lists, dictionaries
    format  the name and version of what the file is
    TypeError or ValueError for what `unseal` would not give back.
    """
    from safetensors.numpy import save

    ready = {name: _storable(name, array) for name, array in arrays.items()}
    if len(ready) > _MOST_ARRAYS:
        raise ValueError(f"seal: {len(ready)} arrays; a file holds {_MOST_ARRAYS}")
    # The digits come first, before anything that may look like them.
    entry = {"sha256": _NO_DIGEST, "format": format, "version": __version__, "record": record}
    text = json.dumps(entry, allow_nan=False, separators=(",", ":"), default=_plain)
    # One entry: safetensors writes several in an order that differs from run to run.
    content = save(ready, {_ENTRY: text})
    length = int.from_bytes(content[:8], "little")
    if length > largest_header:
        raise ValueError(f"seal: {length} bytes beside the arrays are too many ({largest_header})")
    digest = hashlib.sha256(content).hexdigest()
    return content.replace(_NO_DIGEST.encode(), digest.encode(), 1)


def unseal(
    content: bytes, format: str, largest_header: int = LARGEST_HEADER
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The arrays and the record in what `seal` gave. SealError, saying what is wrong, otherwise."""
    return _unsealed(io.BytesIO(content), format, largest_header)


def write(
    path: str | os.PathLike[str],
    arrays: Mapping[str, Any],
    record: Mapping[str, Any],
    format: str,
    largest_header: int = LARGEST_HEADER,
) -> None:
    """Write what `seal` gives to `path`, whole or not at all. Its errors, and OSError."""
    write_atomically(path, seal(arrays, record, format, largest_header))


def read(
    path: str | os.PathLike[str], format: str, largest_header: int = LARGEST_HEADER
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The arrays and the record in a file. SealError as `unseal`, and OSError."""
    with open(path, "rb") as file:
        return _unsealed(file, format, largest_header)


def _storable(name: str, array: Any) -> Any:
    found = np.asarray(array, order="C")
    if found.dtype.name not in _DTYPE_NAMES or found.ndim > _MOST_AXES:
        raise TypeError(
            f"seal: the array {name!r:.80} is {found.dtype} with {found.ndim} axes; expected up to "
            f"{_MOST_AXES} axes and one of {', '.join(_DTYPE_NAMES)}"
        )
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"seal: the record holds {type(value).__name__} {value!r:.60}")


# ---- reading ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Place:
    """Where an array lies among the numbers of the file, in bytes."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    begin: int
    end: int


def _unsealed(
    file: BinaryIO, format: str, largest_header: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    start = file.read(8)
    length = int.from_bytes(start, "little")
    if len(start) < 8 or length > min(size - 8, largest_header):
        raise SealError(
            f"not a {format} file, or cut short: {size} bytes, with a header of {length}"
        )
    header = file.read(length)
    described = _parsed(header)
    entry = _entry(described.pop("__metadata__", None), format)
    places = _places(described, size - 8 - length)
    numbers = file.read()
    stated = entry["sha256"].encode()
    digest = hashlib.sha256(start + header.replace(stated, _NO_DIGEST.encode(), 1))
    digest.update(numbers)
    if digest.hexdigest().encode() != stated:
        raise SealError("the checksum is wrong: the file was damaged or changed")
    return {name: _array(name, place, numbers) for name, place in places.items()}, entry["record"]


def _entry(metadata: Any, format: str) -> dict[str, Any]:
    """What `seal` says beside the arrays."""
    match metadata:
        case {"chainrule": str(text)}:
            entry = _parsed(text.encode("utf-8", "surrogatepass"))
        case _:
            raise SealError(f"not a {format} file: its metadata is {metadata!r:.60}")
    if entry.get("format") != format:
        raise SealError(
            f"its format is {entry.get('format')!r:.60}, expected {format!r}; it was written by "
            f"chainrule {entry.get('version')!r:.30}, this is {__version__}"
        )
    match entry:
        case {"sha256": str(digest), "record": dict()} if re.fullmatch("[0-9a-f]{64}", digest):
            return entry
    raise SealError("it has no checksum or no record")


def _places(described: Mapping[str, Any], size: int) -> dict[str, _Place]:
    """Where the arrays lie: one after the other, without a hole, in all of the `size` bytes."""
    if len(described) > _MOST_ARRAYS:
        raise SealError(f"{len(described)} arrays; a file holds {_MOST_ARRAYS}")
    places = {name: _place(name, fields) for name, fields in described.items()}
    end = 0
    for name, place in sorted(places.items(), key=lambda item: (item[1].begin, item[1].end)):
        if place.begin != end:
            raise SealError(f"the array {name!r:.80} begins at {place.begin}, expected {end}")
        end = place.end
    if end != size:
        raise SealError(f"its arrays take {end} bytes, but it has {size}")
    return places


def _place(name: str, described: Any) -> _Place:
    match described:
        case {"dtype": str(code), "shape": list(shape), "data_offsets": [begin, end]} if (
            code in _DTYPES
            and len(shape) <= _MOST_AXES
            and all(map(_is_size, [*shape, begin, end]))
        ):
            dtype = np.dtype(_DTYPES[code])
        case _:
            raise SealError(f"the array {name!r:.80} is described by {described!r:.120}")
    # A shape may hold no number and still be larger than NumPy can say: [0, 2**62].
    if math.prod(max(size, 1) for size in shape) > _LARGEST_SIZE:
        raise SealError(f"the array {name!r:.80} is too large: {shape}")
    needed = math.prod(shape) * dtype.itemsize
    if end - begin != needed:
        raise SealError(f"the array {name!r:.80} has {end - begin} bytes, but needs {needed}")
    return _Place(dtype, tuple(shape), begin, end)


def _is_size(value: Any) -> bool:
    return type(value) is int and 0 <= value <= _LARGEST_SIZE


def _array(name: str, place: _Place, numbers: bytes) -> Any:
    found = np.frombuffer(memoryview(numbers)[place.begin : place.end], place.dtype)
    if found.dtype == bool and np.any(found.view("u1") > 1):
        raise SealError(f"the array {name!r:.80} holds bytes that are neither true nor false")
    return found.reshape(place.shape).astype(found.dtype.newbyteorder("="))


def _parsed(content: bytes) -> dict[str, Any]:
    """A JSON object without what JSON leaves open: keys that stand twice, numbers not finite."""
    try:
        if not content.startswith(b"{"):
            raise SealError(f"its header begins with {content[:1]!r}, expected an object of JSON")
        return json.loads(
            content.decode(),
            object_pairs_hook=_distinct,
            parse_constant=_finite,
            parse_float=_finite,
        )
    except SealError:
        raise
    except (ValueError, RecursionError) as error:
        raise SealError(f"its header is not JSON: {error!s:.200}") from None


def _distinct(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise SealError("a key stands twice in its header")
    return found


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise SealError(f"its header holds {text:.60}, which is no finite number")
    return number
