"""Which nest computes which node.

Sums of products, reductions and outputs are placed in the order of the graph. Whatever else they
need is placed when it is asked for, as late as possible, in the nest that has its operands at hand,
if the loops agree; so a value is mostly read where it is made.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from chainrule.compile.affine import counter
from chainrule.compile.nests import Kind, Nest
from chainrule.compile.products import is_vector_product
from chainrule.compile.views import (
    Source,
    core,
    index_in,
    is_pure_view,
    reads_anywhere,
    source,
    sources,
    stored_at,
)
from chainrule.graph import Graph
from chainrule.node import Emit, Node
from chainrule.ops import PRIMITIVES
from chainrule.types import Shape


_JOINED = (PRIMITIVES["concatenate"], PRIMITIVES["place"])


@dataclass(eq=False)
class Placement:
    """The nests so far, in order, and the nest of each node that has been placed.

    kept  views, inputs and constants that are copied into arrays of their own
    """

    graph: Graph
    nests: list[Nest] = field(default_factory=list)
    home: dict[Node, Nest] = field(default_factory=dict)
    kept: set[Node] = field(default_factory=set)
    joined: list[Node] = field(default_factory=list)
    positions: dict[Nest, int] = field(default_factory=dict)

    def run(self) -> None:
        """Place everything that the outputs need."""
        for node in self.graph.nodes:
            if node.primitive is not None and _is_anchor(node):
                self._anchor(node)
        for node in self.graph.outputs:
            self._output(node)
        number = {node: place for place, node in enumerate(self.graph.nodes)}
        for nest in self.nests:
            nest.nodes.sort(key=number.__getitem__)

    # ---- anchors --------------------------------------------------------------------------------

    def _anchor(self, node: Node) -> None:
        emit, code = node.primitive.emit, node.primitive.code  # pyright: ignore[reportOptionalMemberAccess]
        if emit is Emit.CONTRACT:
            self._contract(node)
        elif emit is Emit.REDUCE:
            self._reduce(node)
        else:
            after = self._after(node)
            kind = Kind.ALONE if code == "scatter_add" else Kind.ALIKE
            nest = self._insert(Nest(kind, core(node.shape), nodes=[node], closed=True), after)
            self.home[node] = nest

    def _after(self, node: Node) -> int:
        """Place the operands of a node; the position of the last of their nests."""
        for operand in node.inputs:
            self.need(operand)
        return max(map(self.need, node.inputs))  # positions as they are now that all are placed

    def _contract(self, node: Node) -> None:
        after = self._after(node)
        plain = len(node.shape) == 2 and core(node.shape) == node.shape
        is_open = plain or is_vector_product(node, self.kept)
        nest = Nest(Kind.LOOP, core(node.shape), contract=node, closed=not is_open)
        self.home[node] = self._insert(nest, after)

    def _reduce(self, node: Node) -> None:
        (operand,) = node.inputs
        space = core(operand.shape)
        if is_row_reduction(node):
            nest = self._nest_of(operand, space, False)
            nest.nodes.append(node)
            self.home[node] = nest
            return
        nest = self._nest_of(operand, space, not core(node.shape))
        nest.sinks.append(node)
        result = core(node.shape)
        self.home[node] = self._insert(_over(result, finishes=[node]), self.position(nest))

    def _nest_of(self, operand: Node, space: Shape, total: bool) -> Nest:
        """A nest over `space` in which the element of `operand` is at hand.

        total  whether a nest will do in which it is at hand for each row
        """
        found = source(operand, index_in(operand.shape), space, self.kept)
        after = self.need(operand) if not _is_same(found, space) else self._place(found.node)
        nest = self.home.get(found.node)
        is_made = _is_same(found, space) and found.node.primitive not in _JOINED
        is_open = nest is not None and not nest.closed and is_made
        if nest is not None and is_open and len(space) > 0:
            if nest.space == space and (len(space) > 1 or total):
                return nest
            if total and nest.space[:-1] == space:
                return nest
        if len(space) < 2 and not total:  # a place in one row of numbers: one thread looks for it
            return self._insert(Nest(Kind.ALONE, space, closed=True), after)
        return self._insert(Nest(Kind.LOOP, space), after)

    def _output(self, node: Node) -> None:
        """Place an output; a view of something else, an input or a constant is copied."""
        base = node
        while base.primitive is PRIMITIVES["reshape"] and base not in self.kept:
            base = base.inputs[0]
        if base.primitive is None or is_pure_view(base):
            self._copy(base)
        else:
            self._place(base)

    # ---- what is asked for ----------------------------------------------------------------------

    def need(self, node: Node) -> int:
        """Place what `node` is made of, so that any element can be read; after which nest."""
        sizes = node.shape
        whole = tuple(counter(axis) for axis in range(len(sizes)))
        found = source(node, whole, sizes, self.kept)
        if is_pure_view(found.node) and found.node not in self.kept:
            return self._copy(found.node)
        return self._place(found.node)

    def _place(self, node: Node) -> int:
        """Place a node that is no view; the position of its nest, -1 for what is there already."""
        if node in self.home:
            return self.position(self.home[node])
        if node.primitive is None:
            return -1
        if node.primitive in _JOINED:
            return self._join(node)
        return self._cluster(node)

    def _copy(self, node: Node) -> int:
        """Copy a view, an input or a constant into an array of its own."""
        if node in self.home:
            return self.position(self.home[node])
        after = -1 if node.primitive is None else self.need(node.inputs[0])
        self.kept.add(node)
        nest = _over(core(node.shape), nodes=[node], closed=True)
        self.home[node] = self._insert(nest, after)
        return self.position(self.home[node])

    def _join(self, node: Node) -> int:
        """Place the pieces of an array that is put together from others."""
        self.joined.append(node)
        if node.primitive is PRIMITIVES["place"]:
            self._insert(_over(core(node.shape), nodes=[node], closed=True), -1)
        for piece in node.inputs:
            self._piece(piece)
        last = max(map(self._piece, node.inputs))  # where they are now that all are placed
        self.home[node] = self.nests[last]
        return last

    def _piece(self, piece: Node) -> int:
        base = piece
        while base.primitive is PRIMITIVES["reshape"] and base not in self.kept:
            base = base.inputs[0]
        is_made = base.primitive is not None and not is_pure_view(base)
        if is_made and base.primitive not in _JOINED and stored_at(base, piece) is not None:
            position = self._place(base)
            if not self.home[base].closed:
                return position
        return self._copy(piece)

    def _cluster(self, root: Node) -> int:
        """Place an elementwise node, with what it is made of in the same loops."""
        space = core(root.shape)
        members = self._gather(root, space)
        soft: dict[Nest, None] = {}
        after = -1
        for node in members:
            for found, is_same in self._operands(node, space):
                if found.node in members:
                    continue
                home = self.home.get(found.node)
                is_joined = found.node.primitive in _JOINED  # whole after its last piece
                apart = is_joined or found.node in self.kept
                if home is None or not is_same or home.closed or apart:
                    after = max(after, self.need_found(found))
                else:
                    soft[home] = None
        last = max((self.position(nest) for nest in soft), default=-1)
        nest = self.nests[last] if last > after else None
        if nest is None or not self._fits(nest, space):
            nest = self._new(space, max(last, after))
        for node in members:
            self.home[node] = nest
        nest.nodes.extend(members)
        return self.position(nest)

    def need_found(self, found: Source) -> int:
        """As `need`, for an operand that has been looked for."""
        node = found.node
        if is_pure_view(node) and node not in self.kept:
            return self._copy(node)
        return self._place(node)

    def _gather(self, root: Node, space: Shape) -> dict[Node, None]:
        """`root` and all unplaced nodes that the same loops can compute; each before its users."""
        found: dict[Node, None] = {}
        stack = [root]
        while stack:
            node = stack.pop()
            if node in found:
                continue
            found[node] = None
            for operand, is_same in self._operands(node, space):
                inner = operand.node
                if is_same and inner not in self.home and _is_lazy(inner):
                    stack.append(inner)
        # What cannot be in these loops is placed now, so that its position is known.
        for node in list(found):
            for operand, is_same in self._operands(node, space):
                if operand.node not in found or not is_same:
                    self.need_found(operand)
        # Among them may be some of these, if others read them in another order.
        return {node: None for node in found if node not in self.home}

    def _operands(self, node: Node, space: Shape) -> Iterator[tuple[Source, bool]]:
        """Where the operands of a node lie, and whether the same loops may compute them."""
        own = core(node.shape)
        is_random = reads_anywhere(node)
        for found in sources(node, self.kept):
            row = len(own) > 1 and own == space and _is_same(found, own[:-1])
            is_same = (bool(own) and (_is_same(found, own) or row)) or _both_scalar(found, own)
            yield found, is_same and not is_random

    def _fits(self, nest: Nest, space: Shape) -> bool:
        """Whether a nest can compute these as well."""
        if nest.closed:
            return False
        # What has one value a row could join the loops over rows too, but there it would be
        # computed one number at a time.
        return nest.space == space

    def _new(self, space: Shape, after: int) -> Nest:
        if not space:
            following = self.nests[after + 1] if after + 1 < len(self.nests) else None
            if following is not None and not following.space and not following.closed:
                return following
        return self._insert(_over(space), after)

    # ---- order ----------------------------------------------------------------------------------

    def _insert(self, nest: Nest, after: int) -> Nest:
        self.nests.insert(after + 1, nest)
        self.positions.clear()
        return nest

    def position(self, nest: Nest) -> int:
        """Its place in the order, from 0."""
        if not self.positions:
            self.positions.update({one: place for place, one in enumerate(self.nests)})
        return self.positions[nest]


def _over(space: Shape, **contents: Any) -> Nest:
    """A nest shared out to the threads, or of a few numbers."""
    return Nest(Kind.LOOP if space else Kind.ALIKE, space, **contents)


def is_row_reduction(node: Node) -> bool:
    """Whether a reduction runs along the last loop alone, and not over all there is."""
    (operand,) = node.inputs
    if node.primitive is not None and node.primitive.code.position:
        return True
    axes = dict(node.params)["axis"]
    last = [axis for axis, size in enumerate(operand.shape) if size != 1][-1:]
    return len(core(operand.shape)) > 1 and list(axes) == last


def _is_anchor(node: Node) -> bool:
    if node.primitive is None:
        return False
    is_form = node.primitive.code in ("scatter_add", "fold_in")
    return node.primitive.emit in (Emit.CONTRACT, Emit.REDUCE) or is_form


def _is_lazy(node: Node) -> bool:
    """Whether each element is computed by itself, in any loops over its shape."""
    if node.primitive is None or _is_anchor(node):
        return False
    return node.primitive.emit is not Emit.VIEW or node.primitive.code == "batch_size"


def _is_same(found: Source, space: Shape) -> bool:
    """Whether the element of an operand is the one that the counters stand for."""
    shape = found.node.shape
    return core(shape) == space and found.index == index_in(shape)


def _both_scalar(found: Source, own: Shape) -> bool:
    return not own and not core(found.node.shape)
