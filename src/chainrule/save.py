"""Model files: safetensors, with the structure as JSON in the header and a SHA-256 of every byte.

Loading runs no code from the file: layers, activations and dtypes come from closed tables, and a
class of one's own only if the caller passes it. The checksum is that of the whole file with its own
64 digits written as zeros.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.lookup import find
from chainrule.nn import ACTIVATIONS, Activation, Dense, Sequential


FORMAT = "chainrule-1"
_EMPTY_DIGEST = "0" * 64
_LARGEST_HEADER = 1_000_000  # bytes; that of a network with a thousand layers has a fifth of it
_DTYPES = ("float32", "float64")

#: The classes that a file may name.
LAYERS: dict[str, type] = {"Dense": Dense, "Sequential": Sequential}


class ModelFileError(ValueError):
    """A file that is not a whole, unchanged model file of this format."""


def save(network: Any, path: str | os.PathLike[str]) -> None:
    """Write a network (layers of `nn`, or frozen dataclasses) to `path`, whole or not at all.

    TypeError, before anything is written, for a field that a file cannot hold.
    """
    from safetensors.numpy import save as to_bytes

    metadata = {
        "format": FORMAT,
        "structure": json.dumps(_describe(network, "network"), sort_keys=True),
        "sha256": _EMPTY_DIGEST,
    }
    arrays = dict(
        zip(tree.paths(network), map(np.ascontiguousarray, tree.leaves(network)), strict=True)
    )
    content = to_bytes(arrays, metadata)
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
        network = _rebuild(json.loads(metadata["structure"]), "", arrays, known)
        unused = sorted(set(arrays) - set(tree.paths(network)))
        if unused:
            raise ModelFileError(f"the array {unused[0]!r} has no place in the network")
    except ModelFileError as error:
        raise ModelFileError(f"{path}: {error}") from None
    except (SafetensorError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise ModelFileError(f"{path}: not a valid model file: {error!r:.200}") from None
    return network


def write_atomically(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file so that at any moment `path` holds all of the old content or all of the new."""
    target = Path(path)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _describe(value: Any, place: str) -> Any:
    """The structure of a network as JSON: arrays are the string "*", their numbers stand apart."""
    if isinstance(value, Activation):
        if ACTIVATIONS.get(value.name) != value:
            raise TypeError(
                f"save: {place} is a function of your own, {value.name}, which no file holds; "
                "put it into a frozen dataclass and pass that class to load"
            )
        return {"activation": value.name}
    if tree.is_container_class(type(value)):
        fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value) if f.init}
        described = {name: _describe(item, f"{place}.{name}") for name, item in fields.items()}
        return {"class": type(value).__name__, "fields": described}
    if isinstance(value, (tuple, list)):
        items = [_describe(item, f"{place}[{i}]") for i, item in enumerate(value)]
        return {type(value).__name__: items}
    if isinstance(value, np.ndarray) and value.dtype.name in _DTYPES:
        return "*"
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return {"text": value}
    raise TypeError(
        f"save: {place} is {type(value).__name__} {value!r:.60}, which a file cannot hold"
    )


def _rebuild(
    described: Any, path: str, arrays: Mapping[str, Any], known: Mapping[str, type]
) -> Any:
    if described == "*":
        if path not in arrays:
            raise ModelFileError(f"the array {path!r} is missing")
        if arrays[path].dtype.name not in _DTYPES:
            raise ModelFileError(f"the array {path!r} has dtype {arrays[path].dtype}")
        return arrays[path]
    if not isinstance(described, dict):
        return described
    if "text" in described:
        return described["text"]
    if "activation" in described:
        return find(ACTIVATIONS, "activation", described["activation"])
    if "class" in described:
        kind = _known_class(described["class"], known)
        return kind(
            **{
                name: _rebuild(item, f"{path}.{name}" if path else name, arrays, known)
                for name, item in described["fields"].items()
            }
        )
    ((container, items),) = described.items()
    built = [_rebuild(item, f"{path}[{i}]", arrays, known) for i, item in enumerate(items)]
    return {"tuple": tuple, "list": list}[container](built)


def _known_class(name: str, known: Mapping[str, type]) -> Any:
    if name not in known:
        raise ModelFileError(
            f"the file names the class {name!r}; pass it as load(path, classes=[{name}]) "
            "if you trust the file"
        )
    return known[name]


def _checked_metadata(content: bytes) -> dict[str, str]:
    """The header's metadata, after the checksum over the whole file was found right."""
    size = int.from_bytes(content[:8], "little")
    if len(content) < 8 or size > min(len(content) - 8, _LARGEST_HEADER):
        raise ModelFileError(
            f"not a model file, or cut short: {len(content)} bytes, with a header of {size}"
        )
    header = json.loads(content[8 : 8 + size])
    metadata = header.get("__metadata__", {}) if isinstance(header, dict) else {}
    if metadata.get("format") != FORMAT:
        raise ModelFileError(
            f"its format is {metadata.get('format')!r}, expected {FORMAT!r}; "
            "it was not written by this version of chainrule"
        )
    stated = str(metadata.get("sha256")).encode()
    blank = content[: 8 + size].replace(stated, _EMPTY_DIGEST.encode(), 1) + content[8 + size :]
    if hashlib.sha256(blank).hexdigest().encode() != stated:
        raise ModelFileError("the checksum is wrong: the file was damaged or changed")
    return metadata
