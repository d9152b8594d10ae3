"""Graphs as native code: loop nests, LLVM IR, machine code. Every stage can be printed.

The compiler itself is imported when something is compiled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from chainrule.graph import Graph
from chainrule.transforms.trace import trace


if TYPE_CHECKING:
    from chainrule.compile.program import Compiled


def compile(function: Callable[..., Any] | Graph, *args: Any, threads: int | None = 1) -> Compiled:
    """`function` as native code.

    function  of arrays or pytrees of arrays, traced with arguments like `args`; or a graph
    args      arrays, or `ArrayType`s with `BATCH` where the number of rows is open: one compiled
              function then serves every number of rows
    threads   how many work together; None: as many as this process may use
    The first call for a graph takes a moment; machine code is kept on disk (see `compile.cache`).
    TypeError for an operation that has no code, ValueError for a number of threads below 1.
    """
    from chainrule.compile.program import Compiled, Program
    from chainrule.compile.target import host
    from chainrule.compile.threads import available

    graph = function if isinstance(function, Graph) else trace(function, *args)

    count = available() if threads is None else threads
    if count < 1:
        raise ValueError(f"compile: threads is {threads}; expected a whole number from 1 or None")
    return Compiled(Program(graph, host()), count)
