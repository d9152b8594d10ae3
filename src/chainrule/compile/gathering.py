"""Values that are chosen by an index, or drawn at random, wherever the loops stand."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.compile.affine import Index, Place, Step, count, flat
from chainrule.compile.lanes import Lanes
from chainrule.compile.views import Source, index_in
from chainrule.compile.writer import Point, Writer
from chainrule.node import Node
from chainrule.ops.random import threefry


#: What a flag in memory says.
INDEX_ERROR = 1


def gathered(writer: Writer, node: Node, point: Point) -> Lanes:
    """The value of an element of `take` or of random numbers."""
    index = index_in(node.shape)
    if node.primitive is not None and node.primitive.code == "take":
        return _taken(writer, node, index, point)
    return _uniform(writer, node, index, point)


def _taken(writer: Writer, node: Node, index: Index, point: Point) -> Lanes:
    array, indices = writer.operands(node)
    axis = dict(node.params)["axis"]
    many = len(node.inputs[1].shape)
    chosen = _read(writer, indices, index[axis : axis + many], point)
    size = node.inputs[0].shape[axis]
    width = chosen.width
    limit = Lanes(writer.code, str(writer.count(count(size))), "int64", 1).splat(width)
    chosen = (chosen < 0).where(chosen + limit, chosen)
    inside = (chosen >= 0) & (chosen < limit)
    flag_outside(writer, inside, point)
    chosen = inside.where(chosen, 0)
    place, by_index = _split(array.place, axis, (*index[:axis], Place(), *index[axis + many :]))
    dtype = node.inputs[0].type.dtype
    pointer = writer.pointer(writer.where(array.node))
    step = Lanes(writer.code, str(writer.count(by_index)), "int64", 1)
    along = place.step(len(writer.nest.space) - 1) if point.width > 1 else 0
    at = writer.place(place, point.counters)
    if width == 1:
        start = writer.code.add(at, (chosen * step).value)
        if along == 1:
            return writer.load_lanes(pointer, dtype, start, point)
        if along == 0:
            return writer.load_number(pointer, dtype, start).splat(point.width)
        return writer.load_apart(pointer, dtype, writer.along(start, along, point.width), point)
    places = writer.along(at, along, point.width) + chosen * step.splat(width)
    return writer.load_apart(pointer, dtype, places, point)


def _read(writer: Writer, indices: Source, index: Index, point: Point) -> Lanes:
    """The chosen index as int64: one number, or one for each lane."""
    place = composed(indices.place, index)
    found = writer.load(Source(indices.node, None, place), _alone(writer, place, point))
    return found.cast("int64")


def _alone(writer: Writer, place: Place, point: Point) -> Point:
    is_one = not place.step(len(writer.nest.space) - 1)
    return Point(point.counters) if is_one else point


def composed(place: Place, index: Sequence[Place]) -> Place:
    """A place whose counters are themselves places."""
    total = Place(place.start)
    for axis, step in place.steps:
        total = total + index[axis].scaled(step)
    return total


def _split(place: Place, axis: int, index: Sequence[Place]) -> tuple[Place, Step]:
    """A place without the share of one counter, and what that counter is multiplied by."""
    rest = Place(place.start, tuple((a, step) for a, step in place.steps if a != axis))
    return composed(rest, index), place.step(axis)


def flag_outside(writer: Writer, inside: Lanes, point: Point) -> None:
    """Leave word of an index that is out of range."""
    bad = ~inside
    if point.mask is not None and inside.width > 1:
        bad = bad & Lanes(writer.code, point.mask, "bool", inside.width)
    with writer.code.when(bad.any()):
        flags = writer.pointer(writer.plan.flags)
        writer.code.store("i64", str(INDEX_ERROR), flags, 8)


def _uniform(writer: Writer, node: Node, index: Index, point: Point) -> Lanes:
    """As `uniform` of `chainrule.ops`: the counters are the row and the place within it."""
    (key,) = writer.operands(node)
    words = tuple(
        writer.load(Source(key.node, None, Place(word)), Point(point.counters)) for word in (0, 1)
    )
    row = index[0] if index else Place()
    column = flat(index[1:], node.shape[1:])
    lanes = [_counter(writer, one, point) for one in (row, column)]
    words = [word.splat(point.width) for word in words]
    high, low = threefry(words, *lanes)
    if node.type.dtype == "float32":
        return (high >> 8).cast("float32") * 2.0**-24
    whole = (high >> 5).cast("float64") * 2.0**26 + (low >> 6).cast("float64")
    return whole * 2.0**-53


def _counter(writer: Writer, place: Place, point: Point) -> Lanes:
    """A place as uint32, one for each lane."""
    last = len(writer.nest.space) - 1
    step = place.step(last) if point.width > 1 else 0
    at = writer.place(place, point.counters)
    if step == 0:
        return Lanes(writer.code, str(at), "int64", 1).cast("uint32").splat(point.width)
    first = Lanes(writer.code, str(at), "int64", 1).cast("uint32").splat(point.width)
    apart = Lanes(writer.code, str(writer.count(step)), "int64", 1).cast("uint32")
    return first + writer.numbered("uint32", point.width) * apart.splat(point.width)
