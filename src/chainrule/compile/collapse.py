"""When several loops may be run as one."""

from __future__ import annotations

from chainrule.compile.affine import Place, elements, times
from chainrule.compile.nests import Nest
from chainrule.compile.views import reads_anywhere
from chainrule.compile.writer import Writer, is_row


def can_flatten(writer: Writer) -> bool:
    """Whether the loops of a nest can be run as one: all it reads and writes lies in one order."""
    nest = writer.nest
    members = [node for node in nest.members if node is not nest.contract]
    if nest.sinks or nest.finishes or any(is_row(node, nest) for node in members):
        return False
    if any(reads_anywhere(node) for node in members):
        return False
    places = [place for node in members for _, place in writer.stores(node)]
    for node in members:
        places += [x.place for x in writer.operands(node) if not writer.is_here(x.node)]
    return all(_is_line(place, nest) for place in places)


def _is_line(place: Place, nest: Nest) -> bool:
    last = len(nest.space) - 1
    step = place.step(last)
    return all(
        place.step(axis) == times(step, elements(nest.space[axis + 1 :])) for axis in range(last)
    )
