"""A model as an ONNX file: plain operators, an open number of rows, the same bytes each time."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.export.model import Exported, Input, exported, known_values
from chainrule.export.onnx_graph import OnnxGraph
from chainrule.export.onnx_operations import OPERATIONS, Row
from chainrule.files import write_atomically
from chainrule.graph import Graph
from chainrule.node import Emit, Node
from chainrule.ops import PRIMITIVES
from chainrule.ops.declare import broadcast_shape
from chainrule.types import BATCH, Shape
from chainrule.version import __version__


#: Of ONNX 1.16 and onnxruntime 1.18, both of 2024: the IR version is that of the same release.
OPSET, IR_VERSION = 21, 10

_BROADCAST = PRIMITIVES["broadcast_to"]


def onnx(model: Any, path: str | os.PathLike[str], *, x: Any = None) -> None:
    """Write a model to `path` as ONNX (opset 21), whole or not at all.

    model  a network, a `Graph`, or what `read` gives for a model file
    x      the type of the network's input, or an example; by default what its first dense layer
           takes
    A network takes `x` `(batch, features)`, a graph what its inputs are called. A model of a table
    takes an input `(batch, 1)` for each column: numbers as double, NaN where they are missing;
    text as string, empty where it is missing. The loss that a model file names gives the link: the
    output is `probabilities` `(batch, classes)` or `prediction`; of a table `prediction` is in its
    units, and classes have a `label` `(batch,)` too. The weights keep their names.
    ValueError, naming the operation or the column, for what has no form in plain operators;
    ImportError without the package onnx.
    """
    write_atomically(path, onnx_bytes(exported(model, x)))


def onnx_bytes(model: Exported) -> bytes:
    """The content of the file."""
    try:
        from onnx import checker, helper, numpy_helper
    except ImportError:
        raise ImportError("to write ONNX, onnx is needed: pip install 'chainrule[onnx]'") from None
    batched = [(one.name, one.node.shape) for one in model.inputs if BATCH in one.node.shape]
    into = OnnxGraph(rows=next(((name, shape.index(BATCH)) for name, shape in batched), None))
    into.taken.update(one.name for one in model.inputs)
    outputs = [into.free(name) for name in model.outputs]
    label = into.free("label") if model.labels else ""
    found = written(into, model)
    for output, value in zip(outputs, found, strict=True):
        into.operators.append(("Identity", (value,), output, {}))
    described = [_described(name, node) for name, node in zip(outputs, model.graph.outputs,
                                                              strict=True)]  # fmt: skip
    if model.labels:
        described.insert(0, _labelled(into, model, outputs[0], label))
    graph = helper.make_graph(
        [
            helper.make_node(operator, operands, [result], **attributes)
            for operator, operands, result, attributes in into.operators
        ],
        "chainrule",
        [_described(one.name, one.node, one.codes is not None) for one in model.inputs],
        described,
        [numpy_helper.from_array(array, name) for name, array in into.arrays.items()],
    )
    whole = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="chainrule",
        producer_version=__version__,
    )
    helper.set_model_props(whole, _properties(model))
    checker.check_model(whole, full_check=True)
    return whole.SerializeToString(deterministic=True)


def written(into: OnnxGraph, model: Exported) -> list[str]:
    """Write the operators of the graph; the names of its outputs."""
    graph = model.graph
    known = known_values(graph, {node: array for node, (_, array) in model.parameters.items()})
    names = {
        one.node: one.name if one.codes is None else _code(into, one, one.codes)
        for one in model.inputs
    }

    def name_of(node: Node) -> str:
        """The name of a value. Broadcasting and arrays are written where something needs them."""
        if node in names:
            return names[node]
        if node in model.parameters:
            names[node] = into.array(known[node], model.parameters[node][0])
        elif node in known:
            names[node] = into.constant(known[node])
        else:
            names[node] = _row(node, graph)(into, node, [name_of(x) for x in _operands(node)])
        return names[node]

    for node in graph.nodes:
        if node.primitive is not None and node.primitive is not _BROADCAST and node not in known:
            name_of(node)
    return [name_of(node) for node in graph.outputs]


def _row(node: Node, graph: Graph) -> Row:
    name = node.primitive.name if node.primitive else "input"
    if name not in OPERATIONS:
        raise ValueError(
            f"export: {name} has no form in plain ONNX operators; it stands at "
            f"{graph.line(node)!r:.200}"
        )
    return OPERATIONS[name]


def _operands(node: Node) -> tuple[Node, ...]:
    """What an operator is given: ONNX broadcasts by itself where the shape comes out right."""
    sources = tuple(x.inputs[0] if x.primitive is _BROADCAST else x for x in node.inputs)
    return sources if _broadcasts(node, sources) else node.inputs


def _broadcasts(node: Node, sources: Sequence[Node]) -> bool:
    if node.primitive is None:
        return False
    shapes: list[Shape] = [source.shape for source in sources]
    if node.primitive.emit is Emit.ELEMENTWISE:
        return broadcast_shape("export", shapes) == node.shape
    if node.primitive.emit is Emit.CONTRACT and all(len(shape) > 1 for shape in shapes):
        stacks = broadcast_shape("export", [shape[:-2] for shape in shapes])
        ends = [shape[-2:] for shape in shapes] == [x.shape[-2:] for x in node.inputs]
        return ends and stacks == node.shape[:-2]
    return False


def _code(into: OnnxGraph, one: Input, codes: Mapping[str, int]) -> str:
    """The code of text: float32 `(batch, 1)`."""
    from onnx import TensorProto

    texts = into.array(np.array([list(codes)], object), f"{one.name}.texts")
    is_text = into.apply("Equal", [one.name, texts])
    found = into.apply("Cast", [is_text], {"to": TensorProto.FLOAT})
    numbers = np.array(list(codes.values()), np.float32)[:, None]
    code = into.apply("MatMul", [found, into.constant(numbers)])
    if not one.other:
        return code
    is_known = into.apply("Greater", [code, into.number(0, np.float32)])
    is_missing = into.apply("Equal", [one.name, into.array(np.array("", object), "missing")])
    other = into.apply(
        "Where", [is_missing, into.number(0, np.float32), into.number(one.other, np.float32)]
    )
    return into.apply("Where", [is_known, code, other])


def _labelled(into: OnnxGraph, model: Exported, probabilities: str, label: str) -> Any:
    """Write the class with the largest probability; the description of that output."""
    from onnx import TensorProto, helper

    assert model.labels is not None
    values = model.labels.decode(np.arange(len(model.labels.values)))
    place = into.apply("ArgMax", [probabilities], {"axis": 1, "keepdims": 0})
    classes = into.array(values, "classes")
    into.operators.append(("Gather", (classes, place), label, {"axis": 0}))
    kind = TensorProto.DOUBLE if model.labels.are_numbers else TensorProto.STRING
    return helper.make_tensor_value_info(label, kind, ["batch"])


def _described(name: str, node: Node, is_text: bool = False) -> Any:
    from onnx import TensorProto, helper

    kind = TensorProto.STRING if is_text else helper.np_dtype_to_tensor_dtype(node.dtype)
    sizes = [size if isinstance(size, int) else size.value for size in node.shape]
    return helper.make_tensor_value_info(name, kind, sizes)


def _properties(model: Exported) -> dict[str, str]:
    """What a reader of the file may want to know."""
    if model.preprocessing is None:
        return {}
    found = {"target": model.preprocessing.target.name}
    if model.labels:
        found["classes"] = json.dumps(list(model.labels.values), ensure_ascii=False)
    return found
