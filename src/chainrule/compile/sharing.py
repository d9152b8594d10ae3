"""How work is shared out to threads: by place alone, so that no sum changes its order."""

from __future__ import annotations

from chainrule.compile.code import Code
from chainrule.compile.writer import Number


def share(code: Code, size: Number, unit: int = 1) -> tuple[Number, Number]:
    """From where to where the share of this thread goes, in whole units of so many.

    The one thread of a small network need not divide: a division takes as long as a tiny step.
    """
    before, divide, done = code.block, code.new_label("divide"), code.new_label("shared")
    code.branch(code.get("icmp eq i64 %threads, 1"), done, divide)
    code.begin(divide)
    units = code.div(code.add(size, unit - 1), unit)
    places = share_of(code, "%thread", units)
    bounds = [code.smaller(code.mul(place, unit), size) for place in places]
    code.jump(done)
    code.begin(done)
    start = code.get(f"phi i64 [ 0, %{before} ], [ {bounds[0]}, %{divide} ]")
    stop = code.get(f"phi i64 [ {size}, %{before} ], [ {bounds[1]}, %{divide} ]")
    return start, stop


def share_of(code: Code, thread: Number, units: Number) -> tuple[Number, Number]:
    """From where to where the share of any thread goes."""
    first = code.mul(units, thread)
    return code.div(first, "%threads"), code.div(code.add(first, units), "%threads")
