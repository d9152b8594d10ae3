"""A graph as JSON, and back.

Each node stands after those it needs, and is referred to by its place:

    {"input": "x", "type": "f32[batch,4]"}
    {"constant": [0.5], "type": "f32[]"}            up to 16 finite numbers, exactly
    {"array": "constant 7", "type": "f32[3,100]"}   others stand beside the JSON
    {"apply": "matmul", "to": [0, 2], "type": "f32[batch,3]"}
    {"apply": "sum", "to": [3], "params": {"axis": [0], "keepdims": false}, "type": "f32[3]"}

A tuple among the params is a list, `BATCH` is "batch", any other text {"text": "float32"}, and a
number that is not finite {"float": "nan"}. Reading trusts nothing: primitives come from the table,
params are checked, and every type is inferred anew.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from chainrule import tree
from chainrule.graph import Graph
from chainrule.lookup import find
from chainrule.node import Node, build, constant, placeholder
from chainrule.ops import PRIMITIVES
from chainrule.types import BATCH, DTYPES, ArrayType, Shape


#: A graph without its large constants, as JSON.
Record: TypeAlias = dict[str, Any]

_MOST_NODES = 100_000
_MOST_AXES = 8
_MOST_NUMBERS = 2**30  # in one array, or in one row of it
_MOST_INLINE = 16
_STORED_DTYPES = {text: name for name, text in DTYPES.items() if name != "complex128"}

# What a file holds that is not right raises one of these, where it is used.
_SIGNS_OF_DAMAGE = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError)


def to_json(graph: Graph, names: Sequence[str]) -> tuple[Record, dict[str, Any]]:
    """A graph as JSON, and its larger constants by name, which the JSON refers to.

    names  what to call each input
    The structure of the arguments and of the result is not held. ValueError, naming the node, for
    what `from_json` would refuse: an operation of one's own that is not in `PRIMITIVES`, an array
    with more than 8 axes or 2**30 numbers.
    """
    if graph.missing:
        raise ValueError(f"graph: it needs {graph.missing}, inputs of another graph")
    place = {node: number for number, node in enumerate(graph.nodes)}
    called = dict(zip(graph.inputs, names, strict=True))
    arrays: dict[str, Any] = {}
    nodes: list[Record] = []
    for number, node in enumerate(graph.nodes):
        if node.value is None:
            described = _described(node, place, called)
        elif _is_inline(node.value):
            described = {"constant": node.value.reshape(-1).tolist()}
        else:
            name = f"constant {number}"
            arrays[name] = node.value
            described = {"array": name}
        nodes.append({**described, "type": str(node.type)})
    record = {"nodes": nodes, "outputs": [place[node] for node in graph.outputs]}
    from_json(record, arrays)
    return record, arrays


def from_json(record: Any, arrays: Mapping[str, Any]) -> Graph:
    """The graph that `to_json` described; its inputs are labelled by their names.

    It takes an array an argument, and returns one array, or a tuple of them if there are more.
    ValueError, naming the node, for anything that `to_json` would not write.
    """
    match record:
        case {"nodes": list(described), "outputs": list(outputs)}:
            pass
        case _:
            raise ValueError(f"graph: {record!r:.80} has no nodes and outputs")
    if len(described) > _MOST_NODES:
        raise ValueError(f"graph: {len(described)} nodes; a file holds {_MOST_NODES}")
    nodes: list[Node] = []
    for number, fields in enumerate(described):
        try:
            nodes.append(_node(fields, nodes, arrays))
        except _SIGNS_OF_DAMAGE as error:
            raise ValueError(f"graph: node {number}: {error!s:.300}") from error
    inputs = tuple(node for node in nodes if node.is_input)
    arguments = tree.flatten((0,) * len(inputs))[1]
    return Graph(inputs, tuple(_earlier(nodes, outputs)), arguments)


# ---- writing ---------------------------------------------------------------------------------


def _described(node: Node, place: Mapping[Node, int], names: Mapping[Node, str]) -> Record:
    if node.primitive is None:
        return {"input": names[node]}
    if PRIMITIVES.get(node.primitive.name) is not node.primitive:
        raise ValueError(f"graph: a file cannot hold {node.primitive.name}, which is no primitive")
    params = {key: _param_to_json(value) for key, value in node.params}
    called = {"apply": node.primitive.name, "to": [place[source] for source in node.inputs]}
    return {**called, "params": params} if params else called


def _is_inline(value: Any) -> bool:
    # NaNs have bits that no text holds.
    return value.size <= _MOST_INLINE and bool(np.all(np.isfinite(value)))


def _param_to_json(value: Any) -> Any:
    if value is BATCH:
        return BATCH.value
    if isinstance(value, tuple):
        return [_param_to_json(item) for item in value]
    if isinstance(value, str):
        return {"text": value}
    plain = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, float) and not math.isfinite(plain):
        return {"float": str(plain)}
    if plain is None or isinstance(plain, (bool, int, float)):
        return plain
    raise ValueError(f"graph: a file cannot hold the param {value!r:.60}")


# ---- reading ---------------------------------------------------------------------------------


def _node(fields: Any, nodes: Sequence[Node], arrays: Mapping[str, Any]) -> Node:
    match fields:
        case {"input": str(name), "type": str(text)}:
            node = placeholder(_type_from(text), name)
        case {"constant": list(numbers), "type": str(text)} if len(numbers) <= _MOST_INLINE:
            node = _constant(numbers, _type_from(text))
        case {"array": str(name), "type": str(text)}:
            if name not in arrays:
                raise ValueError(f"the array {name!r:.80} is missing")
            node = constant(arrays[name])
        case {"apply": str(name), "to": list(places), "type": str(text)}:
            node = _application(name, _earlier(nodes, places), fields.get("params", {}))
        case _:
            raise ValueError(f"{fields!r:.80} means nothing")
    _check_size(node.type)
    if str(node.type) != text:
        raise ValueError(f"its type is {node.type}, the file says {text:.80}")
    return node


def _earlier(nodes: Sequence[Node], places: Sequence[Any]) -> list[Node]:
    for place in places:
        if type(place) is not int or not 0 <= place < len(nodes):
            raise ValueError(f"{place!r:.40} is no node before this one")
    return [nodes[place] for place in places]


def _type_from(text: str) -> ArrayType:
    match = re.fullmatch(r"(\w+)\[(.*)\]", text)
    if match is None or match[1] not in _STORED_DTYPES:
        raise ValueError(f"{text!r:.80} is no type of an array")
    sizes = match[2].split(",") if match[2] else []
    shape = tuple(BATCH if size == BATCH.value else int(size) for size in sizes)
    return ArrayType(shape, _STORED_DTYPES[match[1]])


def _check_size(type: ArrayType) -> None:
    numbers = math.prod(max(size, 1) for size in type.shape if isinstance(size, int))
    if type.ndim > _MOST_AXES or numbers > _MOST_NUMBERS:
        raise ValueError(f"{type} is too large: a file holds {_MOST_AXES} axes and 2**30 numbers")


def _constant(numbers: Sequence[Any], type: ArrayType) -> Node:
    kind = float if type.is_float else bool if type.dtype == "bool" else int
    with np.errstate(over="ignore"):
        array: Any = np.array(numbers, type.dtype)
    if [*map(_kind, numbers)] != [kind] * array.size or array.tolist() != numbers:
        raise ValueError(f"{numbers!r:.80} are not numbers of {type}")
    return constant(array.reshape(type.shape))


def _kind(value: Any) -> Any:
    return type(value)


def _application(name: str, inputs: list[Node], described: Any) -> Node:
    primitive = find(PRIMITIVES, "primitive", name)
    params = {key: _param_from_json(value) for key, value in described.items()}
    types = [node.type for node in inputs]
    for key, value in params.items():
        if key in _PARAMS and not _PARAMS[key](value, types, params):
            raise ValueError(f"{name}: {key} is {value!r:.80}")
    # What coerce would change is not what tracing writes, and inference need not expect it.
    operands, canonical = primitive.coerce(inputs, dict(params))
    if canonical != params or [*map(id, operands)] != [*map(id, inputs)]:
        raise ValueError(f"{name} of {', '.join(map(str, types))} with {params!r:.80}")
    return build(primitive, tuple(inputs), params)


def _param_from_json(described: Any) -> Any:
    match described:
        case "batch":
            return BATCH
        case None | bool() | int() | float():
            return described
        case list():
            return tuple(_param_from_json(item) for item in described)
        case {"text": str(text)}:
            return text
        case {"float": "nan" | "inf" | "-inf" as text}:
            return float(text)
    raise ValueError(f"the param {described!r:.80} means nothing")


# ---- params: what each name means, wherever it occurs ------------------------------------------

_Types: TypeAlias = Sequence[ArrayType]
_Params: TypeAlias = Mapping[str, Any]


def _is_size(value: Any) -> bool:
    return value is BATCH or (type(value) is int and 0 <= value <= _MOST_NUMBERS)


def _is_shape(value: Any, types: _Types, params: _Params) -> bool:
    return isinstance(value, tuple) and len(value) <= _MOST_AXES and all(map(_is_size, value))


def _is_axis(value: Any, types: _Types, params: _Params) -> bool:
    """One axis, or several; of the array with `shape` if there is one, else of the first."""
    axes = value if isinstance(value, tuple) else (value,)
    count = len(_whole(types, params))
    return all(type(axis) is int and 0 <= axis < count for axis in axes)


def _is_cut(value: Any, types: _Types, params: _Params) -> bool:
    """Whether NumPy cuts what the type says: bounds outside of the array it would shift."""
    bounds = [params[key] for key in ("start", "stop", "stride")]
    whole = _whole(types, params)
    if not all(isinstance(bound, tuple) and len(bound) == len(whole) for bound in bounds):
        return False
    return all(_is_cut_of(size, *bound) for size, *bound in zip(whole, *bounds, strict=True))


def _is_cut_of(size: Any, start: Any, stop: Any, stride: Any) -> bool:
    if size is BATCH:
        return (start, stop, stride) == (0, BATCH, 1)
    if not all(type(bound) is int for bound in (start, stop, stride)):
        return False
    found = range(size)[start : stop if stop >= 0 else None : stride]
    return found == range(start, stop, stride)


def _whole(types: _Types, params: _Params) -> Shape:
    return params["shape"] if "shape" in params else types[0].shape


def _is_flag(value: Any, types: _Types, params: _Params) -> bool:
    return isinstance(value, bool)


_PARAMS: dict[str, Callable[[Any, _Types, _Params], bool]] = {
    "at_zero": lambda value, types, params: type(value) in (int, float),
    "axes": lambda value, types, params: isinstance(value, tuple),
    "axis": _is_axis,
    "dtype": lambda value, types, params: value in _STORED_DTYPES.values(),
    "finite": _is_flag,
    "keepdims": _is_flag,
    "n": lambda value, types, params: _is_size(value),
    "shape": _is_shape,
    "start": _is_cut,
    "stop": _is_cut,
    "stride": _is_cut,
}
