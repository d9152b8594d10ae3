"""What is made of known classes, as JSON, and back: networks without their arrays, preprocessing.

    {"class": "Dense", "fields": {"weight": "*", "bias": "*", "activation": {"activation": "relu"}}}

"*" is an array, which stands apart under its path. Text is {"text": ...}, a tuple {"tuple": [...]},
a list {"list": [...]}; numbers, true, false and null are themselves.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

from chainrule import tree
from chainrule.nn.activations import Activation, PReLU, activation
from chainrule.nn.embeddings import Embedding, PeriodicEmbedding
from chainrule.nn.ensembles import Heads, Members
from chainrule.nn.layers import FLOATS, Dense
from chainrule.nn.network import Sequential
from chainrule.nn.ntp import Gain, NtpDense, ParametricActivation
from chainrule.nn.training_layers import BatchNorm


#: Classes whose objects can tell whether their fields fit.
_CHECKED = (BatchNorm, Dense, Embedding, Gain, Heads, Members, NtpDense, PReLU)
_CHECKED += (ParametricActivation, PeriodicEmbedding, Sequential)


class UnknownClassError(ValueError):
    """A class is named that is not in the table."""


def to_json(
    value: Any, table: Mapping[str, type], arrays: Mapping[str, Any], root: str, path: str = ""
) -> Any:
    """The structure of `value` as JSON.

    table   our own classes by name; others are named too, but none may have the name of one of them
    arrays  the arrays in it, by their paths
    root    what `value` is called in errors
    path    where it stands in what is called so
    TypeError, naming the place, for what has no such form: functions of one's own, dictionaries.
    """
    if path in arrays:
        return "*"
    if isinstance(value, Activation):
        return {"activation": _text_of(value, _step(root, path))}
    if tree.is_container_class(type(value)):
        kind = type(value)
        if table.get(kind.__name__, kind) is not kind:
            reason = f"{kind.__name__} is a layer of nn; rename your class"
            raise unstorable(value, _step(root, path), reason)
        names = [field.name for field in dataclasses.fields(value) if field.init]
        fields = {x: to_json(getattr(value, x), table, arrays, root, _step(path, x)) for x in names}
        return {"class": kind.__name__, "fields": fields}
    if type(value) in (tuple, list):
        places = [(item, f"{path}[{i}]") for i, item in enumerate(value)]
        items = [to_json(item, table, arrays, root, place) for item, place in places]
        return {type(value).__name__: items}
    if isinstance(value, str):
        return {"text": value}
    if value is None or (isinstance(value, (bool, int, float)) and math.isfinite(value)):
        return value
    reason = "a file holds text, finite numbers, None, tuples and lists"
    raise unstorable(value, _step(root, path), reason)


def from_json(
    described: Any, table: Mapping[str, type], arrays: Mapping[str, Any], path: str = ""
) -> Any:
    """What `to_json` described, made of classes in `table`.

    UnknownClassError for a class that is not there, another ValueError, TypeError or LookupError
    for what `to_json` does not write, or what the classes refuse.
    """

    def items(inside: Sequence[Any]) -> list[Any]:
        return [from_json(item, table, arrays, f"{path}[{i}]") for i, item in enumerate(inside)]

    match described:
        case "*":
            return _array(path, arrays)
        case None | bool() | int() | float():
            return described
        case {"text": str(text)}:
            return text
        case {"activation": str(text)}:
            return activation(text)
        case {"tuple": list(inside)}:
            return tuple(items(inside))
        case {"list": list(inside)}:
            return items(inside)
        case {"class": str(name), "fields": dict(fields)}:
            if name not in table:
                raise UnknownClassError(f"the file names the class {name!r:.80}")
            parts = {
                x: from_json(item, table, arrays, _step(path, x)) for x, item in fields.items()
            }
            built = table[name](**parts)
            if isinstance(built, _CHECKED):
                built.check()
            return built
    raise ValueError(f"{path or 'its structure'} is {described!r:.60}, which means nothing")


def unstorable(value: Any, place: str, reason: str) -> TypeError:
    """The error for what a file cannot hold."""
    return TypeError(f"save: {place} is {type(value).__name__} {value!r:.60}; {reason}")


def _text_of(value: Activation, place: str) -> str:
    """The text that chooses an activation of the table."""
    inside = ", ".join(f"{key}={number!r}" for key, number in value.settings)
    text = f"{value.name}({inside})" if inside else value.name
    try:
        found = activation(text)
    except ValueError:
        found = None
    if found != value:
        reason = "a function of your own; with x=, an example of the input, it is saved as a graph"
        raise unstorable(value.name, place, reason)
    return text


def _array(path: str, arrays: Mapping[str, Any]) -> Any:
    if path not in arrays:
        raise ValueError(f"the array {path!r:.80} is missing")
    if arrays[path].dtype.name not in FLOATS:
        raise ValueError(f"the array {path!r:.80} has dtype {arrays[path].dtype}")
    return arrays[path]


def _step(path: str, name: str) -> str:
    return f"{path}.{name}" if path and name and name[0] != "[" else path + name
