"""Model files: safetensors, with the structure as JSON in the header and a SHA-256 of every byte.

Loading runs no code from the file: layers, activations and dtypes come from closed tables, and a
class of one's own only if the caller passes it. The checksum is that of the whole file with its own
64 digits written as zeros: it finds damage, and vouches for nobody.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.files import write_atomically
from chainrule.lookup import find
from chainrule.nn import ACTIVATIONS, Activation, Dense, Sequential
from chainrule.nn.layers import FLOATS


FORMAT = "chainrule-1"
_ENTRY = "chainrule"  # of the safetensors metadata
_EMPTY_DIGEST = "0" * 64
_LARGEST_HEADER = 1_000_000  # bytes; that of a network with a thousand layers has a fifth of it

#: The classes that a file may name.
LAYERS: dict[str, type] = {"Dense": Dense, "Sequential": Sequential}


class ModelFileError(ValueError):
    """A file that is not a whole, unchanged model file of this format."""


def save(network: Any, path: str | os.PathLike[str]) -> None:
    """Write a network (layers of `nn`, or frozen dataclasses) to `path`, whole or not at all.

    The same network gives the same bytes. TypeError or ValueError, before anything is written, for
    a network that no file holds.
    """
    from safetensors.numpy import save as to_bytes

    leaves = dict(zip(tree.paths(network), tree.leaves(network), strict=True))
    metadata = {
        "format": FORMAT,
        "structure": _describe(network, "", leaves),
        "sha256": _EMPTY_DIGEST,
    }
    arrays = {path: np.asarray(leaf, order="C") for path, leaf in leaves.items()}
    # One entry: safetensors writes several in an order that differs from run to run.
    content = to_bytes(arrays, {_ENTRY: json.dumps(metadata, sort_keys=True)})
    if _end_of_header(content) > _LARGEST_HEADER:
        raise ValueError(f"save: {_end_of_header(content)} bytes beside the arrays are too many")
    digest = hashlib.sha256(content).hexdigest()
    write_atomically(path, content.replace(_EMPTY_DIGEST.encode(), digest.encode(), 1))


def load(path: str | os.PathLike[str], classes: Sequence[type] = ()) -> Any:
    """The network in a file that `save` wrote.

    classes  the dataclasses of one's own that the file may name
    ModelFileError, saying what is wrong, for a damaged or foreign file; nothing of it is used then.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load as from_bytes

    content = Path(path).read_bytes()
    try:
        metadata = _checked_metadata(content)
        arrays = from_bytes(content)
        known = {**LAYERS, **{kind.__name__: kind for kind in classes}}
        network = _rebuild(metadata["structure"], "", arrays, known)
        if not tree.is_container_class(type(network)):
            raise ModelFileError(f"its structure is {type(network).__name__}, not a network")
        paths = set(tree.paths(network))
        if unused := sorted(set(arrays) - paths):
            raise ModelFileError(f"the array {unused[0]!r} has no place in the network")
        if empty := sorted(paths - set(arrays)):
            raise ModelFileError(f"{empty[0]} is no array")
    except ModelFileError as error:
        raise ModelFileError(f"{path}: {error}") from None
    except (*_SIGNS_OF_DAMAGE, SafetensorError) as error:
        raise ModelFileError(f"{path}: not a valid model file: {error!r:.200}") from error
    return network


# ---- writing ---------------------------------------------------------------------------------


def _describe(value: Any, path: str, leaves: Mapping[str, Any]) -> Any:
    """The structure of a network as JSON: arrays are the string "*", their numbers stand apart."""
    if path in leaves:
        if isinstance(value, np.ndarray) and value.dtype.name in FLOATS:
            return "*"
        raise _unstorable(value, path, f"expected an array of {' or '.join(FLOATS)}")
    if isinstance(value, Activation):
        if ACTIVATIONS.get(value.name) == value:
            return {"activation": value.name}
        raise _unstorable(
            value.name,
            path,
            "a function of your own; put it into a frozen dataclass and pass that class to load",
        )
    if tree.is_container_class(type(value)):
        return _describe_class(value, path, leaves)
    if type(value) in (tuple, list):
        items = [_describe(item, f"{path}[{i}]", leaves) for i, item in enumerate(value)]
        return {type(value).__name__: items}
    if isinstance(value, str):
        return {"text": value}
    if value is None or (isinstance(value, (bool, int, float)) and math.isfinite(value)):
        return value
    raise _unstorable(value, path, "a file holds text, finite numbers, None, tuples and lists")


def _describe_class(value: Any, path: str, leaves: Mapping[str, Any]) -> Any:
    kind = type(value)
    if LAYERS.get(kind.__name__, kind) is not kind:
        raise _unstorable(value, path, f"{kind.__name__} is a layer of nn; rename your class")
    names = [field.name for field in dataclasses.fields(value) if field.init]
    return {
        "class": kind.__name__,
        "fields": {x: _describe(getattr(value, x), _step(path, x), leaves) for x in names},
    }


def _unstorable(value: Any, path: str, reason: str) -> TypeError:
    place = _step("network", path) if path else "network"
    return TypeError(f"save: {place} is {type(value).__name__} {value!r:.60}; {reason}")


def _step(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


# ---- reading ---------------------------------------------------------------------------------

#: What Python raises where the content of a file is not what it should be.
_SIGNS_OF_DAMAGE = (ValueError, TypeError, LookupError, AttributeError, RecursionError)


def _end_of_header(content: bytes) -> int:
    return 8 + int.from_bytes(content[:8], "little")


def _rebuild(
    described: Any, path: str, arrays: Mapping[str, Any], known: Mapping[str, type]
) -> Any:
    """What `_describe` described."""

    def items(inside: Sequence[Any]) -> list[Any]:
        return [_rebuild(item, f"{path}[{i}]", arrays, known) for i, item in enumerate(inside)]

    match described:
        case "*":
            return _array(path, arrays)
        case None | bool() | int() | float():
            return described
        case {"text": str(text)}:
            return text
        case {"activation": str(name)}:
            return find(ACTIVATIONS, "activation", name)
        case {"tuple": list(inside)}:
            return tuple(items(inside))
        case {"list": list(inside)}:
            return items(inside)
        case {"class": str(name), "fields": dict(fields)}:
            kind = _known_class(name, known)
            built = kind(
                **{x: _rebuild(item, _step(path, x), arrays, known) for x, item in fields.items()}
            )
            if isinstance(built, (Dense, Sequential)):
                built.check()
            return built
    raise ModelFileError(f"{path or 'its structure'} is {described!r:.60}, which means nothing")


def _array(path: str, arrays: Mapping[str, Any]) -> Any:
    if path not in arrays:
        raise ModelFileError(f"the array {path!r} is missing")
    if arrays[path].dtype.name not in FLOATS:
        raise ModelFileError(f"the array {path!r} has dtype {arrays[path].dtype}")
    return arrays[path]


def _known_class(name: str, known: Mapping[str, type]) -> Any:
    if name not in known:
        raise ModelFileError(
            f"the file names the class {name!r}; pass it as load(path, classes=[{name}]) "
            "if you trust the file"
        )
    return known[name]


def _checked_metadata(content: bytes) -> dict[str, Any]:
    """The header's metadata, after the checksum over the whole file was found right."""
    end = _end_of_header(content)
    if len(content) < 8 or end > min(len(content), _LARGEST_HEADER):
        raise ModelFileError(
            f"not a model file, or cut short: {len(content)} bytes, with a header of {end - 8}"
        )
    metadata = _parsed(_parsed(content[8:end].decode()).get("__metadata__", {}).get(_ENTRY, "{}"))
    if metadata.get("format") != FORMAT:
        raise ModelFileError(
            f"its format is {metadata.get('format')!r}, expected {FORMAT!r}; "
            "it was not written by this version of chainrule"
        )
    stated = metadata["sha256"].encode()
    digest = hashlib.sha256(content[:end].replace(stated, _EMPTY_DIGEST.encode(), 1))
    digest.update(memoryview(content)[end:])
    if digest.hexdigest().encode() != stated:
        raise ModelFileError("the checksum is wrong: the file was damaged or changed")
    return metadata


def _parsed(text: str) -> dict[str, Any]:
    """A JSON object without what JSON leaves open: a key that is there twice, NaN, infinities."""
    found = json.loads(text, object_pairs_hook=_distinct, parse_constant=_refuse_constant)
    if not isinstance(found, dict):
        raise ModelFileError(f"not a model file: its header holds a {type(found).__name__}")
    return found


def _distinct(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ModelFileError("a key stands twice in its header")
    return found


def _refuse_constant(name: str) -> Any:
    raise ModelFileError(f"its header holds {name}, which is no number of JSON")
