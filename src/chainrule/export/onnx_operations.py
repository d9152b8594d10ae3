"""Every primitive in ONNX: one row each, plain operators only (the domain `ai.onnx`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from chainrule.export.onnx_graph import OnnxGraph
from chainrule.node import Node
from chainrule.types import BATCH


#: (what is written so far, the node, the names of its operands) -> the name of its value.
Row: TypeAlias = Callable[[OnnxGraph, Node, Sequence[str]], str]

_FROM_THE_END = np.iinfo(np.int64).min  # where a slice backwards ends that takes the first element


def _plain(operator: str) -> Row:
    return lambda into, node, operands: into.apply(operator, operands)


def _cast(into: OnnxGraph, value: str, dtype: Any) -> str:
    from onnx.helper import np_dtype_to_tensor_dtype

    return into.apply("Cast", [value], {"to": int(np_dtype_to_tensor_dtype(np.dtype(dtype)))})


# ---- elementwise -----------------------------------------------------------------------------


def _at_zero(into: OnnxGraph, node: Node, x: str, elsewhere: str) -> str:
    """`elsewhere`, but the param `at_zero` where x is 0."""
    value = dict(node.params)["at_zero"]
    if value == 0:
        return elsewhere
    is_zero = into.apply("Equal", [x, into.number(0, node.dtype)])
    return into.apply("Where", [is_zero, into.number(value, node.dtype), elsewhere])


def _sign(into: OnnxGraph, node: Node, operands: Sequence[str]) -> str:
    return _at_zero(into, node, operands[0], into.apply("Sign", operands))


def _step(into: OnnxGraph, node: Node, operands: Sequence[str]) -> str:
    is_positive = into.apply("Greater", [operands[0], into.number(0, node.dtype)])
    return _at_zero(into, node, operands[0], _cast(into, is_positive, node.dtype))


def _not_equal(into: OnnxGraph, node: Node, operands: Sequence[str]) -> str:
    return into.apply("Not", [into.apply("Equal", operands)])


def _logical(operator: str) -> Row:
    def row(into: OnnxGraph, node: Node, operands: Sequence[str]) -> str:
        pairs = zip(operands, node.inputs, strict=True)
        truths = [x if source.dtype == bool else _cast(into, x, bool) for x, source in pairs]
        return into.apply(operator, truths)

    return row


def _stop_gradient(into: OnnxGraph, node: Node, operands: Sequence[str]) -> str:
    if not dict(node.params)["finite"] or not node.type.is_float:
        return operands[0]
    is_infinite = into.apply("IsInf", operands)
    return into.apply("Where", [is_infinite, into.number(0, node.dtype), operands[0]])


def _to_dtype(into: OnnxGraph, node: Node, operands: Sequence[str]) -> str:
    return _cast(into, operands[0], node.dtype)


def _square(into: OnnxGraph, node: Node, operands: Sequence[str]) -> str:
    return into.apply("Mul", [operands[0], operands[0]])


def _fixed_power(into: OnnxGraph, node: Node, operands: Sequence[str]) -> str:
    exponent = into.number(dict(node.params)["exponent"], node.dtype)
    return into.apply("Pow", [operands[0], exponent])


def _expm1(into: OnnxGraph, node: Node, operands: Sequence[str]) -> str:
    # exp(x) - 1 = tanh(x/2) (exp(x) + 1): no digits are lost where x is small.
    half = into.apply("Mul", [operands[0], into.number(0.5, node.dtype)])
    above = into.apply("Add", [into.apply("Exp", operands), into.number(1, node.dtype)])
    return into.apply("Mul", [into.apply("Tanh", [half]), above])


def _log1p(into: OnnxGraph, node: Node, operands: Sequence[str]) -> str:
    # log(u) x / (u - 1) with u = 1 + x rounded: the error of u cancels. D. Goldberg, "What every
    # computer scientist should know about floating-point arithmetic", 1991, theorem 4.
    (x,) = operands
    one = into.number(1, node.dtype)
    u = into.apply("Add", [x, one])
    less = into.apply("Sub", [u, one])
    log = into.apply("Log", [u])
    exact = into.apply("Mul", [log, into.apply("Div", [x, less])])
    is_large = into.apply("Greater", [x, into.number(1, node.dtype)])
    right = into.apply("Where", [is_large, log, exact])
    is_tiny = into.apply("Equal", [less, into.number(0, node.dtype)])
    return into.apply("Where", [is_tiny, x, right])


def _softplus(into: OnnxGraph, node: Node, operands: Sequence[str]) -> str:
    if node.dtype == np.float32:
        return into.apply("Softplus", operands)
    # onnxruntime has it for float32 alone: max(x, 0) + log1p(exp(-|x|)).
    far = into.apply("Neg", [into.apply("Abs", operands)])
    near = _log1p(into, node, [into.apply("Exp", [far])])
    return into.apply("Add", [into.apply("Relu", operands), near])


# ---- views -----------------------------------------------------------------------------------


def _transpose(into: OnnxGraph, node: Node, operands: Sequence[str]) -> str:
    return into.apply("Transpose", operands, {"perm": dict(node.params)["axes"]})


def _reshape(into: OnnxGraph, node: Node, operands: Sequence[str]) -> str:
    if node.shape.count(BATCH) > 1 or 0 in node.shape:
        shape = into.shape(node.shape)
        return into.apply("Reshape", [operands[0], shape], {"allowzero": 1})
    sizes = [size if isinstance(size, int) else -1 for size in node.shape]
    return into.apply("Reshape", [operands[0], into.whole(sizes)])


def _broadcast_to(into: OnnxGraph, node: Node, operands: Sequence[str]) -> str:
    return into.apply("Expand", [operands[0], into.shape(node.shape)])


def _batch_size(into: OnnxGraph, node: Node, operands: Sequence[str]) -> str:
    size = into.apply("Reshape", [into.size(), into.whole([])])
    return size if node.dtype == np.int64 else _cast(into, size, node.dtype)


def _concatenate(into: OnnxGraph, node: Node, operands: Sequence[str]) -> str:
    return into.apply("Concat", operands, {"axis": dict(node.params)["axis"]})


def _slice(into: OnnxGraph, node: Node, operands: Sequence[str]) -> str:
    params = dict(node.params)
    bounds = zip(params["start"], params["stop"], params["stride"], strict=True)
    cut = [(a, b, e, s) for a, (b, e, s) in enumerate(bounds) if e is not BATCH]
    axes, start, stop, stride = zip(*cut, strict=True) if cut else ((), (), (), ())
    stop = [e if e >= 0 else _FROM_THE_END for e in stop]
    return into.apply("Slice", [operands[0], *map(into.whole, (start, stop, axes, stride))])


def _place(into: OnnxGraph, node: Node, operands: Sequence[str]) -> str:
    # Along each axis: a zero is put after the end, and taken wherever nothing else goes.
    params, value = dict(node.params), operands[0]
    for axis, size in enumerate(node.shape):
        bounds = tuple(params[key][axis] for key in ("start", "stop", "stride"))
        if size is BATCH or bounds == (0, size, 1):
            continue
        filled = range(*bounds)
        sources = np.full(size, len(filled))
        sources[list(filled)] = np.arange(len(filled))
        ends = [into.whole([0, 1]), into.number(0, node.dtype), into.whole([axis])]
        padded = into.apply("Pad", [value, *ends])
        value = into.apply("Gather", [padded, into.whole(sources.tolist())], {"axis": axis})
    return value


# ---- the rest --------------------------------------------------------------------------------


def _reduce(operator: str) -> Row:
    def row(into: OnnxGraph, node: Node, operands: Sequence[str]) -> str:
        params = dict(node.params)
        if not params["axis"]:  # ONNX would take no axes for all
            return operands[0]
        given = [operands[0], into.whole(params["axis"])]
        return into.apply(operator, given, {"keepdims": int(params["keepdims"])})

    return row


def _argmax(into: OnnxGraph, node: Node, operands: Sequence[str]) -> str:
    return into.apply("ArgMax", operands, {"axis": dict(node.params)["axis"], "keepdims": 0})


def _indices(into: OnnxGraph, node: Node, name: str) -> str:
    return name if node.dtype in (np.int64, np.int32) else _cast(into, name, np.int64)


def _take(into: OnnxGraph, node: Node, operands: Sequence[str]) -> str:
    places = _indices(into, node.inputs[1], operands[1])
    return into.apply("Gather", [operands[0], places], {"axis": dict(node.params)["axis"]})


def _scatter_add(into: OnnxGraph, node: Node, operands: Sequence[str]) -> str:
    (x, indices), axis = node.inputs, dict(node.params)["axis"]
    end = axis + indices.ndim
    first = (*range(axis, end), *range(axis), *range(end, x.ndim))
    back = (*range(1, axis + 1), 0, *range(axis + 1, node.ndim))
    sizes = (node.shape[axis], *node.shape[:axis], *node.shape[axis + 1 :])
    zeros = into.apply("Expand", [into.number(0, node.dtype), into.shape(sizes)])
    places = _indices(into, indices, operands[1])
    if indices.dtype != np.int64:
        places = _cast(into, places, np.int64)
    places = into.apply("Unsqueeze", [places, into.whole([indices.ndim])])
    updates = into.apply("Transpose", [operands[0]], {"perm": first})
    found = into.apply("ScatterND", [zeros, places, updates], {"reduction": "add"})
    return into.apply("Transpose", [found], {"perm": back})


#: Every primitive that has a form in plain operators, by name. Of random numbers only those that
#: are the same in every run have one: they are constants.
OPERATIONS: dict[str, Row] = {
    "abs": _plain("Abs"),
    "sign": _sign,
    "relu": _plain("Relu"),
    "step": _step,
    "maximum": _plain("Max"),
    "minimum": _plain("Min"),
    "equal": _plain("Equal"),
    "not_equal": _not_equal,
    "less": _plain("Less"),
    "less_equal": _plain("LessOrEqual"),
    "greater": _plain("Greater"),
    "greater_equal": _plain("GreaterOrEqual"),
    "logical_and": _logical("And"),
    "logical_or": _logical("Or"),
    "logical_not": _logical("Not"),
    "stop_gradient": _stop_gradient,
    "cast": _to_dtype,
    "where": _plain("Where"),
    "add": _plain("Add"),
    "subtract": _plain("Sub"),
    "multiply": _plain("Mul"),
    "divide": _plain("Div"),
    "negative": _plain("Neg"),
    "power": _plain("Pow"),
    "fixed_power": _fixed_power,
    "square": _square,
    "sqrt": _plain("Sqrt"),
    "reciprocal": _plain("Reciprocal"),
    "exp": _plain("Exp"),
    "expm1": _expm1,
    "log": _plain("Log"),
    "log1p": _log1p,
    "sin": _plain("Sin"),
    "cos": _plain("Cos"),
    "tanh": _plain("Tanh"),
    "sigmoid": _plain("Sigmoid"),
    "softplus": _softplus,
    "erf": _plain("Erf"),
    "matmul": _plain("MatMul"),
    "transpose": _transpose,
    "reshape": _reshape,
    "broadcast_to": _broadcast_to,
    "sum": _reduce("ReduceSum"),
    "batch_size": _batch_size,
    "max": _reduce("ReduceMax"),
    "min": _reduce("ReduceMin"),
    "argmax": _argmax,
    "take": _take,
    "scatter_add": _scatter_add,
    "concatenate": _concatenate,
    "slice": _slice,
    "place": _place,
}
