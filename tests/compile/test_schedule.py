"""The order of loop nests: what one thread writes for all is read after the threads have met."""

from typing import Any

import pytest

import chainrule as cr
from chainrule.compile.nests import Kind, Schedule
from chainrule.compile.prepare import prepare
from chainrule.compile.schedule import schedule
from chainrule.compile.views import sources
from chainrule.node import Node
from chainrule.types import ArrayType


def too_early(plan: Schedule) -> list[str]:
    """Reads in the phase in which another nest writes what every thread shares."""
    phase = dict(zip(plan.nests, plan.phases, strict=True))
    writers: dict[Any, list[Any]] = {}
    for nest in plan.nests:
        for node in nest.members:
            for target in plan.stored.get(node, ()):
                writers.setdefault(target.buffer, []).append(nest)
    found: list[str] = []
    for nest in plan.nests:
        for node in (*nest.members, *nest.sinks):
            is_zeros = node.primitive is not None and node.primitive.name == "place"
            for read in () if is_zeros else sources(node, plan.kept):
                for buffer in _read_from(plan, read.node):
                    for writer in writers[buffer]:
                        own = buffer.alike and writer.kind is Kind.ALIKE
                        if writer is not nest and not own and phase[writer] >= phase[nest]:
                            found.append(f"{node} reads {read.node}")
    return found


def _read_from(plan: Schedule, node: Node) -> list[Any]:
    stored = () if node.primitive is None else plan.stored.get(node, ())
    return [target.buffer for target in stored if target.into is None][:1]


def joined_of_few(x: Any) -> Any:
    """Pieces that every thread computes for itself, in an array that threads share."""
    total, most = cr.sum(x), cr.max(x)
    pair = cr.concatenate([cr.reshape(total, (1,)), cr.reshape(most, (1,))])
    return pair, x + cr.sum(pair * pair[::-1])


def few_and_an_output(x: Any) -> Any:
    """One of the numbers that every thread computes is an output, too."""
    total = cr.sum(x)
    twice = 2 * total
    return twice, cr.reshape(x, (-1,)) + twice * (total + 1)


def placed_in_one(x: Any) -> Any:
    """The derivative of a slice of a single number, and of none."""

    def value(y: Any) -> Any:
        one = cr.reshape(cr.sum(y), (1,))
        return cr.sum(cr.sin(one[::-1])) + cr.sum(one[:0])

    return cr.grad(value)(x)


@pytest.mark.parametrize("f", [joined_of_few, few_and_an_output, placed_in_one])
def test_what_threads_share_is_read_after_they_have_met(f):
    graph = prepare(cr.trace(f, ArrayType((40, 5), "float64")))
    assert not too_early(schedule(graph))
