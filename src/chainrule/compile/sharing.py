"""How work is shared out to threads: by place alone, so that no sum changes its order."""

from __future__ import annotations

from chainrule.compile.writer import Number, Writer


def share(writer: Writer, size: Number, unit: int) -> tuple[Number, Number]:
    """From where to where the share of this thread goes, in whole units of so many."""
    code = writer.code
    units = code.div(code.add(size, unit - 1), unit)
    first = code.get(f"mul nsw i64 {units}, %thread")
    start = code.get(f"udiv i64 {first}, %threads")
    last = code.get(f"udiv i64 {code.add(first, units)}, %threads")
    return code.smaller(code.mul(start, unit), size), code.smaller(code.mul(last, unit), size)
