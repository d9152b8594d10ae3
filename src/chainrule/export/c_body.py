"""The statements of a file of C while they are written, and how each element is read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.export.c_elements import FUNCTIONS, expression, function_name
from chainrule.export.c_plan import Plan, is_view, same_core
from chainrule.export.c_text import TYPES, flat, identifier, literal, plus, times
from chainrule.node import Node
from chainrule.ops import PRIMITIVES


_RESHAPE = PRIMITIVES["reshape"]

#: What else has a name in the file that begins with that of the model.
_OTHERS = [function_name(function, dtype) for function in FUNCTIONS for dtype in TYPES]
_RESERVED = re.compile(
    "|".join(["predict", "predict_rows", "code", r"(texts|codes)_\d+", *_OTHERS])
)


@dataclass(frozen=True)
class Place:
    """A place of an array whose element is asked for: what views do arithmetic with."""

    text: str

    def scaled(self, factor: int) -> Place:
        """This place times a number."""
        if factor >= 0 or self.text == "0":
            return Place(times(self.text, factor))
        product = times(self.text, -factor)
        return Place(f"-{product}" if product.isidentifier() else f"-({product})")

    def __add__(self, shift: int) -> Place:
        if self.text.startswith("-"):
            return Place(f"{shift} - {self.text[1:]}")
        return Place(plus(self.text, str(shift)))


@dataclass(frozen=True)
class Body:
    """The statements while they are written.

    name       what all names of the file begin with
    plan       what is computed
    memory     the array and the first place in it where a node lies
    paths      of those nodes that are parameters
    lines      so far
    constants  arrays of numbers that are needed, by name
    functions  those of `c_elements` that are needed: (name, dtype)
    named      the name of each constant by dtype and content
    depth      of the loops that are open, and one
    """

    name: str
    plan: Plan
    memory: dict[Node, tuple[str, str]]
    paths: Mapping[Node, str]
    lines: list[str] = field(default_factory=list)
    constants: dict[str, Any] = field(default_factory=dict)
    functions: dict[tuple[str, str], None] = field(default_factory=dict)
    named: dict[Any, str] = field(default_factory=dict)
    depth: list[int] = field(default_factory=lambda: [1])

    def say(self, line: str) -> None:
        """Write a line."""
        self.lines.append("    " * self.depth[0] + line)

    @contextmanager
    def loops(self, sizes: Sequence[int], first: int = 0) -> Iterator[tuple[str, ...]]:
        """Loops over axes of these sizes; gives the places. An axis of size 1 needs none."""
        places: list[str] = []
        opened = 0
        for number, size in enumerate(sizes, first):
            places.append("0" if size == 1 else f"i{number}")
            if size != 1:
                self.say(f"for (size_t i{number} = 0; i{number} < {size}; i{number}++) {{")
                self.depth[0] += 1
                opened += 1
        yield tuple(places)
        for _ in range(opened):
            self.depth[0] -= 1
            self.say("}")

    def called(self, function: str, dtype: str) -> str:
        """What a function of `c_elements` is called here; it becomes part of the file."""
        self.functions[function, dtype] = None
        return f"{self.name}_{function_name(function, dtype)}"

    def element(self, node: Node, index: Sequence[str]) -> str:
        """The expression of one element of a node."""
        if node in self.memory:
            array, first = self.memory[node]
            return f"{array}[{plus(first, flat(index, node.shape))}]"
        if node not in self.plan.known:
            return self.computed(node, index)
        value = np.asarray(self.plan.known[node])
        number = value.reshape(-1)[:1]
        if value.tobytes() == number.tobytes() * value.size:
            return literal(number[0])
        if is_view(node):
            return self.computed(node, index)
        return f"{self._constant(node)}[{flat(index, node.shape)}]"

    def computed(self, node: Node, index: Sequence[str]) -> str:
        """The expression that computes one element of an elementwise node or a view."""
        if not is_view(node):
            return expression(node, [self.element(x, index) for x in node.inputs], self.called)
        source, params = node.inputs[0], dict(node.params)
        if node.primitive is _RESHAPE:
            return self._reshaped(node, source, index)
        code = node.primitive.code if node.primitive else None
        inner = code(tuple(map(Place, index)), source.type, **params)  # pyright: ignore[reportOptionalCall]
        return self.element(source, [place.text for place in inner])

    def _reshaped(self, node: Node, source: Node, index: Sequence[str]) -> str:
        if same_core(node):
            places = iter([one for one, size in zip(index, node.shape, strict=True) if size != 1])
            inner = ["0" if size == 1 else next(places) for size in source.shape]
            return self.element(source, inner)
        place = flat(index, node.shape)
        while source.primitive is _RESHAPE and source not in self.memory:
            source = source.inputs[0]
        if source in self.memory:
            array, first = self.memory[source]
            return f"{array}[{plus(first, place)}]"
        return f"{self._constant(source)}[{place}]"

    def _constant(self, node: Node) -> str:
        """The name of the array that holds a node that is known."""
        value = np.ascontiguousarray(self.plan.known[node])
        key = (value.dtype, value.tobytes())
        if key not in self.named:
            name = identifier(self.paths.get(node, f"constant_{len(self.constants)}"))
            while _RESERVED.fullmatch(name) or f"{self.name}_{name}" in self.constants:
                name += "_"
            self.named[key] = f"{self.name}_{name}"
            self.constants[self.named[key]] = value
        return self.named[key]
