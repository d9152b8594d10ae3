"""A worked solution: every step of the forward and the backward pass, numbers filled in.

The formulas come from the operations' own declarations: a step forward is written by the notation
of its primitive, a step backward by applying the primitive's derivative rule to the graph's nodes
and writing what comes out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.explanation import Explanation, Step
from chainrule.expression import (
    LATEX,
    TEXT,
    Style,
    counts_truth,
    expand,
    is_one_number,
    is_transparent,
    parenthesized,
    write,
)
from chainrule.graph import Graph, run
from chainrule.node import Emit, Node, constant, placeholder
from chainrule.ops import PRIMITIVES
from chainrule.transforms.simplify import times_one
from chainrule.transforms.trace import trace


_MOST_STEPS = 200


def explain(function: Callable[..., Any], *args: Any, digits: int = 6) -> Explanation:
    """Work out a function (or a graph) and, if its result is one floating number, its gradient.

    args    numbers and small arrays, as the function takes them
    digits  how many significant digits are written; values are kept in full
    Intermediate results are called as `chainrule.label` names them, else v1, v2, ...; the result f.
    ValueError for more than 200 nodes, for fewer than 1 digit, and for a graph that needs an input
    of another one.
    """
    if digits < 1:
        raise ValueError(f"explain: digits = {digits}; expected 1 or more")
    graph = function if isinstance(function, Graph) else trace(function, *args)
    if len(graph.nodes) > _MOST_STEPS:
        raise ValueError(
            f"explain: {len(graph.nodes)} nodes, at most {_MOST_STEPS}; explain a smaller part"
        )
    result = graph(*args)
    solution = _Solution(graph, args, digits)
    steps = [node for node in graph.nodes if _is_step(graph, node)]
    forward = tuple(solution.forward(node) for node in steps)
    backward = solution.backward() if _is_objective(graph) else ()
    gradients = {
        solution.names[node]: solution.cotangents.get(
            node, np.zeros(np.shape(solution.arrays[node]))
        )
        for node in graph.inputs
        if backward and node.type.is_float
    }
    return Explanation(
        tuple(solution.given(node) for node in graph.inputs),
        forward,
        backward,
        gradients,
        result,
    )


def _names(graph: Graph) -> dict[Node, str]:
    """Labels where they are unique, `f` for the result, v1, v2, ... for all other steps."""
    names: dict[Node, str] = {}
    taken: set[str] = set()
    numbered = 0
    for node in graph.nodes:
        if not (node.is_input or _is_step(graph, node)):
            continue
        name = node.label
        if name is None and len(graph.outputs) == 1 and node is graph.outputs[0]:
            name = "f"
        while name is None or name in taken:
            numbered += 1
            name = f"v{numbered}"
        names[node] = name
        taken.add(name)
    return names


def _is_step(graph: Graph, node: Node) -> bool:
    if node in set(graph.outputs):
        return not node.is_input
    if node.primitive is None:
        return False
    return not is_transparent(node) or node.label is not None


def _is_objective(graph: Graph) -> bool:
    return len(graph.outputs) == 1 and graph.outputs[0].type.is_float and not graph.outputs[0].shape


@dataclass(frozen=True)
class _Reader:
    """A step that reads a node as its operand `place`, perhaps seen through transparent nodes."""

    step: Node
    place: int
    through: tuple[Node, ...]


class _Solution:
    """The arrays of one evaluation, and how they are written."""

    def __init__(self, graph: Graph, args: Sequence[Any], digits: int) -> None:
        values, self.batch = graph.bind(args)
        arrays = run(graph.nodes, values, self.batch)
        self.graph = graph
        self.arrays = dict(zip(graph.nodes, arrays, strict=True))
        self.names = _names(graph)
        self.digits = digits
        self.cotangents: dict[Node, Any] = {}
        # For each step a node that stands for the cotangent of its result in formulas.
        self.upstream = {node: placeholder(node.type) for node in self.names if node.type.is_float}

    def given(self, node: Node) -> Step:
        """The line of an input."""
        return self._step(node, _no_form, self.arrays[node])

    def forward(self, node: Node) -> Step:
        """The line of an application."""

        def form(style: Style, numeric: bool) -> str:
            return expand(node, self._written(style, numeric), style, self.digits)

        return self._step(node, form, self.arrays[node])

    def backward(self) -> tuple[Step, ...]:
        """The lines of the derivatives with respect to every step and input, from the result on."""
        (output,) = self.graph.outputs
        readers = self._readers()
        self.cotangents[output] = np.ones((), output.dtype)
        steps = [self._step(output, _no_form, self.cotangents[output], of=output)]
        wanted = [node for node in self.names if node.type.is_float and node is not output]
        steps.extend(self._pulled(node, readers.get(node, [])) for node in reversed(wanted))
        return tuple(steps)

    def _pulled(self, node: Node, readers: Sequence[_Reader]) -> Step:
        """The step that adds up what each reader sends back to `node`."""
        parts: list[tuple[Node, Node | None, _Reader]] = []
        for reader in readers:
            part = self._part(reader)
            if part is not None and reader.step in self.cotangents:
                parts.append((part, self._local(reader, readers), reader))
        arrays = [self._evaluate(part) for part, _, _ in parts]
        with np.errstate(all="ignore"):
            value = np.asarray(sum(arrays)) if arrays else np.zeros(np.shape(self.arrays[node]))
        if arrays:  # else the derivative is zero whatever the numbers, and so is all behind it
            self.cotangents[node] = value

        def form(style: Style, numeric: bool) -> str:
            terms = [self._term(node, part, style, numeric) for part in parts]
            joined = terms[0] if terms else "0"
            for term in terms[1:]:
                joined += f" + {parenthesized(term, style) if term.startswith('-') else term}"
            return joined

        because = tuple(
            self._local_step(node, local, reader)
            for _, local, reader in parts
            if local is not None and not self._is_plain(local)
        )
        (output,) = self.graph.outputs
        return self._step(node, form, value, of=output, because=because)

    def _readers(self) -> dict[Node, list[_Reader]]:
        found: dict[Node, list[_Reader]] = {}
        for step in self.names:
            for place, source in enumerate(step.inputs):
                through: list[Node] = []
                while source not in self.names and is_transparent(source):
                    through.append(source)
                    source = source.inputs[0]
                found.setdefault(source, []).append(_Reader(step, place, tuple(through)))
        return found

    def _part(self, reader: _Reader) -> Node | None:
        """What a reader sends back, as a formula in its upstream cotangent."""
        step = reader.step
        if step not in self.upstream:
            return None
        ct = _rule(step, self.upstream[step], reader.place)
        for node in reader.through:
            ct = None if ct is None else _rule(node, ct, 0)
        return ct

    def _local(self, reader: _Reader, readers: Sequence[_Reader]) -> Node | None:
        """The partial derivative of an elementwise reader, where the chain rule is a product.

        None too where ∂step/∂node would name two things: a step that reads the node twice has two
        such partials, and for the result it is the whole derivative.
        """
        local = self._partial(reader)
        if local is None or self._is_plain(local):
            return local
        times_read = sum(other.step is reader.step for other in readers)
        is_result = reader.step is self.graph.outputs[0]
        return None if is_result or times_read > 1 else local

    def _partial(self, reader: _Reader) -> Node | None:
        step = reader.step
        if step.primitive is None or step.primitive.emit is not Emit.ELEMENTWISE:
            return None
        if reader.through or is_transparent(step):
            return None
        one = PRIMITIVES["broadcast_to"](constant(1, step.dtype), shape=step.shape)
        local = _rule(step, one if step.shape else constant(1, step.dtype), reader.place)
        if local is not None and local.primitive is PRIMITIVES["multiply"]:
            shorter = times_one(local)
            return local if shorter is None else shorter
        return local

    def _term(
        self,
        node: Node,
        part: tuple[Node, Node | None, _Reader],
        style: Style,
        numeric: bool,
    ) -> str:
        """One path of the chain rule: upstream · local, or the rule written out."""
        whole, local, reader = part
        named = self._written(style, numeric)
        if local is None:
            return write(whole, named, style, self.digits)
        upstream = named[self.upstream[reader.step]]
        factor = write(local, named, style, self.digits)
        if factor == "1":
            return upstream
        if factor == "-1":
            return f"-{parenthesized(upstream, style) if upstream.startswith('-') else upstream}"
        if not self._is_plain(local):
            value = style.number(self._evaluate(local), self.digits)
            factor = value if numeric else self._derivative(reader.step, node, style)
        if factor.startswith("-"):
            factor = parenthesized(factor, style)
        return f"{upstream}{style.times}{factor}"

    def _local_step(self, node: Node, local: Node, reader: _Reader) -> Step:
        def form(style: Style, numeric: bool) -> str:
            return write(local, self._written(style, numeric), style, self.digits)

        return self._step(node, form, self._evaluate(local), of=reader.step)

    def _is_plain(self, node: Node) -> bool:
        """Whether a factor is a name or a number already, so that it needs no line of its own."""
        while node not in self.names and (
            is_transparent(node) or node.primitive is PRIMITIVES["negative"]
        ):
            node = node.inputs[0]
        return node in self.names or node.primitive is None

    def _evaluate(self, node: Node) -> Any:
        known = {self.upstream[step]: ct for step, ct in self.cotangents.items()}
        return np.asarray(run([node], {**self.arrays, **known}, self.batch)[0])

    def _step(
        self,
        node: Node,
        form: Callable[[Style, bool], str],
        value: Any,
        *,
        of: Node | None = None,
        because: tuple[Step, ...] = (),
    ) -> Step:
        """The line `name = formula = formula with numbers = value`, in both styles."""
        lines: list[str] = []
        names: list[str] = []
        for style in (TEXT, LATEX):
            name = style.name(self.names[node]) if of is None else self._derivative(of, node, style)
            forms = [form(style, False), form(style, True)]
            if np.ndim(value) and is_one_number(forms[1]):
                forms.pop()  # one number for an array of them: a broadcast, not an equality
            shown = [name, *[text for text in forms if text], style.number(value, self.digits)]
            lines.append(" = ".join(dict.fromkeys(shown)))
            names.append(name)
        return Step(names[0], lines[0], lines[1], value, because)

    def _derivative(self, of: Node, node: Node, style: Style) -> str:
        return style.derivative(style.name(self.names[of]), style.name(self.names[node]))

    def _written(self, style: Style, numeric: bool) -> dict[Node, str]:
        """How steps, inputs and upstream cotangents are written: by name, or by number."""
        if numeric:
            counted = [node for node in self.arrays if node in self.names or counts_truth(node)]
            written = {node: style.number(self.arrays[node], self.digits) for node in counted}
            for step, ct in self.cotangents.items():
                written[self.upstream[step]] = style.number(ct, self.digits)
            return written
        written = {node: style.name(name) for node, name in self.names.items()}
        if _is_objective(self.graph):
            (output,) = self.graph.outputs
            for step, ct in self.upstream.items():
                written[ct] = self._derivative(output, step, style)
        return written


def _no_form(style: Style, numeric: bool) -> str:
    """For quantities that are given."""
    return ""


def _rule(step: Node, ct: Node, place: int) -> Node | None:
    """What the derivative rule of a step sends to its operand `place`, as a node."""
    assert step.primitive is not None
    return step.primitive.vjp(ct, step, *step.inputs, **dict(step.params))[place]
