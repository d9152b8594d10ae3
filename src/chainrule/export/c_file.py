"""A model as one file of C99: no dependencies, fixed memory, the weights in it, exactly."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from chainrule import ops, tree
from chainrule.export.c_body import Body
from chainrule.export.c_elements import definition
from chainrule.export.c_loops import copy, sizes_of, write
from chainrule.export.c_plan import Plan, plan
from chainrule.export.c_text import TYPES, array, identifier, numbers, remark, string
from chainrule.export.model import Exported, exported
from chainrule.files import write_atomically
from chainrule.graph import Graph
from chainrule.node import Node
from chainrule.types import BATCH
from chainrule.version import __version__


@dataclass(frozen=True)
class Argument:
    """An argument of the function: its type without the star, its name, and elements a row.

    A step of 0 says that it is the same for all rows.
    """

    kind: str
    name: str
    step: int
    shape: str
    is_output: bool = False

    @property
    def declared(self) -> str:
        """As the function declares it."""
        return f"{self.kind}*{self.name}"


def c(model: Any, path: str | os.PathLike[str], *, x: Any = None) -> None:
    """Write a model to `path` as one file of C99, whole or not at all.

    model  a network, a `Graph`, or what `read` gives for a model file
    x      the type of the network's input, or an example; by default what its first dense layer
           takes
    NAME being the name of the file, it defines `NAME_predict` for one row and `NAME_predict_rows`
    for many. A network: `(const float *x, float *out)`. A model of a table: `(const double
    *numbers, const char *const *texts, float *out)`, the columns of numbers (NaN where missing) and
    of text (NULL where missing) in the order that the comment at its head gives; `out` are the
    probabilities of the classes, or the number in the units of the table. It needs <math.h> and
    <string.h> (and <stdint.h> where there are whole numbers), allocates nothing, and computes in
    static memory: one call at a time.
    ValueError, naming the operation or the column, for what has no such form, among it whatever
    needs several rows at once.
    """
    write_atomically(path, c_text(exported(model, x), identifier(Path(path).stem)).encode())


def c_text(model: Exported, name: str) -> str:
    """The content of the file."""
    ready = _of_floats(model) if model.preprocessing else model
    planned = plan(ready)
    body, arguments = _body(ready, planned, name)
    for node in planned.steps:
        write(body, node)
    for node, target in zip(planned.graph.outputs, _targets(arguments), strict=True):
        if body.memory.get(node) != target:
            copy(body, node, target)
    lines = [line for called, values in body.constants.items() for line in numbers(called, values)]
    lines += _texts(ready, name)
    for function, dtype in body.functions:
        lines += definition(body.called(function, dtype), function, dtype)
    lines += [f"void {name}_predict({', '.join(one.declared for one in arguments)})", "{"]
    statements = [*_declarations(ready, planned, name), *body.lines]
    unused = [one.name for one in arguments if not re.search(rf"\b{one.name}\b", str(statements))]
    lines += [*statements, *[f"    (void){word};" for word in unused], "}"]
    if any(one.step for one in arguments if not one.is_output):
        lines += ["", *_of_rows(name, arguments)]
    head = _head(ready, planned, name, arguments, body)
    return "\n".join([*head, *_includes(lines), *lines]) + "\n"


def _of_floats(model: Exported) -> Exported:
    """The same with outputs of float32."""
    graph = model.graph
    outputs = tuple(ops.cast(node, "float32") for node in graph.outputs)
    structure = tree.flatten((0,) * len(graph.inputs))[1]
    return replace(model, graph=Graph(graph.inputs, outputs, structure))


def _body(model: Exported, planned: Plan, name: str) -> tuple[Body, list[Argument]]:
    given = dict(zip(model.graph.inputs, planned.graph.inputs, strict=True))
    memory: dict[Node, tuple[str, str]] = {}
    if model.preprocessing:
        arguments, places = _columns(model)
    else:
        arguments, places = _arrays(model)
    for node, place in places.items():
        memory[given[node]] = place
    outputs = [_output(node, each) for node, each in zip(model.graph.outputs, model.outputs,
                                                         strict=True)]  # fmt: skip
    if len(outputs) == 1:
        outputs = [replace(outputs[0], name="out")]
    for node, slot in planned.slots.items():
        memory[node] = (f"memory_{slot}", "0")
    steps = set(planned.steps)
    for node, one in zip(planned.graph.outputs, outputs, strict=True):
        if node in steps:
            memory.setdefault(node, (one.name, "0"))
    parameters = {given[node]: path for node, (path, _) in model.parameters.items()}
    return Body(name, planned, memory, parameters), [*arguments, *outputs]


def _arrays(model: Exported) -> tuple[list[Argument], dict[Node, tuple[str, str]]]:
    """The arguments of a network or a graph: one array each."""
    arguments, places = [], {}
    for one in model.inputs:
        name = "x" if len(model.inputs) == 1 else f"x_{identifier(one.name)}"
        kind = f"const {TYPES[one.node.type.dtype]} "
        step = _step(one.node) if BATCH in one.node.shape else 0
        arguments.append(Argument(kind, name, step, str(one.node.type)))
        places[one.node] = (name, "0")
    return arguments, places


def _columns(model: Exported) -> tuple[list[Argument], dict[Node, tuple[str, str]]]:
    """The arguments of a model of a table: its numbers, and its texts."""
    kinds = [[one for one in model.inputs if (one.codes is None) == kept] for kept in (True, False)]
    places = {one.node: (word, str(place))
              for word, ones in zip(("numbers", "codes"), kinds, strict=True)
              for place, one in enumerate(ones)}  # fmt: skip
    counts = [len(ones) for ones in kinds]
    return [
        Argument("const double ", "numbers", counts[0], f"[{counts[0]}]"),
        Argument("const char *const ", "texts", counts[1], f"[{counts[1]}]"),
    ], places


def _output(node: Node, name: str) -> Argument:
    kind = f"{TYPES[node.type.dtype]} "
    return Argument(kind, f"out_{identifier(name)}", _step(node), str(node.type), True)


def _step(node: Node) -> int:
    return math.prod(sizes_of(node.shape))


def _targets(arguments: Sequence[Argument]) -> list[tuple[str, str]]:
    return [(one.name, "0") for one in arguments if one.is_output]


# ---- what stands around the statements -------------------------------------------------------


def _head(
    model: Exported, planned: Plan, name: str, arguments: Sequence[Argument], body: Body
) -> list[str]:
    """The comment at the head: arguments, columns, classes, memory."""
    weights = sum(values.nbytes for values in body.constants.values())
    memory = sum(size * np.dtype(dtype).itemsize for size, dtype in planned.sizes)
    declared = ", ".join(one.declared for one in arguments)
    lines = [f"{name}, written by chainrule {__version__}. C99.", ""]
    lines += [f"void {name}_predict({declared});"]
    if any(one.step for one in arguments if not one.is_output):
        lines += [f"void {name}_predict_rows({declared}, size_t rows);"]
    lines += ["", *[f"{one.name}: {one.shape}" for one in arguments], ""]
    for word, is_number in (("numbers", True), ("texts", False)):
        ones = [one for one in model.inputs if (one.codes is None) is is_number]
        if model.preprocessing and ones:
            missing = "NAN" if is_number else "NULL"
            lines += [f"{word}, {missing} where one is missing:"]
            names = [f"{remark(one.name)}{one.unit and ', ' + one.unit}" for one in ones]
            lines += [f"  {place} {name}" for place, name in enumerate(names)] + [""]
    if model.labels:
        lines += [f"out, probabilities of {remark(model.labels.name)}:"]
        lines += [f"  {place} {remark(x)}" for place, x in enumerate(model.labels.values)] + [""]
    elif model.preprocessing:
        lines += [f"out: {remark(model.preprocessing.target.name)}", ""]
    lines += [f"Constants: {weights} bytes. Static memory: {memory} bytes; one call at a time."]
    return ["/*", *[f" * {line}".rstrip() for line in lines], " */", ""]


def _includes(lines: Sequence[str]) -> list[str]:
    has_whole = any(re.search(r"\b(u?int\d+_t|INT64)", line) for line in lines)
    headers = ["math", *(["stdint"] if has_whole else []), "string"]
    return [*[f"#include <{name}.h>" for name in headers], ""]


def _texts(model: Exported, name: str) -> list[str]:
    """The known texts of each column of text and their codes, and the function that finds one."""
    lines: list[str] = []
    ones = [one.codes for one in model.inputs if one.codes is not None]
    for place, codes in enumerate(ones):
        texts = [string(text) for text in codes]
        lines += array("char *const", f"{name}_texts_{place}", texts, len(texts))
        lines += numbers(f"{name}_codes_{place}", np.array(list(codes.values()), np.float32))
    return [*lines, *_CODE.replace("NAME", name).splitlines(), ""] if lines else []


#: The code of a text: 0 where it is missing, `other` where it is not known.
_CODE = """static float NAME_code(
    const char *text, const char *const *known, const float *codes, size_t count, float other)
{
    if (text == NULL || text[0] == 0) {
        return 0;
    }
    for (size_t place = 0; place < count; place++) {
        if (strcmp(text, known[place]) == 0) {
            return codes[place];
        }
    }
    return other;
}
"""


def _declarations(model: Exported, planned: Plan, name: str) -> list[str]:
    lines = [f"    static {TYPES[dtype]} memory_{slot}[{size}];"
             for slot, (size, dtype) in enumerate(planned.sizes)]  # fmt: skip
    if not model.preprocessing:
        return lines
    ones = [one for one in model.inputs if one.codes is not None]
    lines += [f"    float codes[{len(ones)}];"] if ones else []
    for place, one in enumerate(ones):
        known = f"{name}_texts_{place}, {name}_codes_{place}, {len(one.codes or ())}"
        lines.append(f"    codes[{place}] = {name}_code(texts[{place}], {known}, {one.other});")
    return lines


def _of_rows(name: str, arguments: Sequence[Argument]) -> list[str]:
    """The function that takes many rows, one after another."""
    moved = [f"{one.name} + {one.step} * row" if one.step else one.name for one in arguments]
    return [
        f"void {name}_predict_rows({', '.join(one.declared for one in arguments)}, size_t rows)",
        "{",
        "    for (size_t row = 0; row < rows; row++) {",
        f"        {name}_predict({', '.join(moved)});",
        "    }",
        "}",
    ]
