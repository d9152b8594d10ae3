"""Memory for compiled code: a table of addresses for each thread, and what they lead to."""

from __future__ import annotations

import functools
import sys
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.compile.memory import Plan, buffer_bytes
from chainrule.compile.nests import Buffer
from chainrule.node import Node


_ALIGN = 64
_UNUSED = 3  # references to a block of which there is no view
_WORDS = 64  # of the memory by which threads meet, and of flags


@dataclass(eq=False)
class Tables:
    """The memory of one compiled function, for at most so many rows and so many threads.

    tables  int64 `(threads, 2, addresses)`: the second serves every other step of an epoch
    flags   int64: flags[0] tells of an error
    begun   int64 `(2 * threads * 8,)`: how many samples of each share are begun, a cache line for
            each; as of `tables`, the second half serves every other step of an epoch
    """

    plan: Plan
    rows: int
    threads: int
    private_bytes: int
    tables: Any = field(init=False)
    flags: Any = field(init=False)
    begun: Any = field(init=False)
    memory: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        plan = self.plan
        self.tables = np.zeros((self.threads, 2, plan.size), np.int64)
        for node in plan.arrays:
            self.put(node, node.value)
        for room in plan.rooms:
            block = self.room(room.bytes(self.rows))
            for buffer in room.buffers:
                self.put(buffer, block)
        for thread in range(self.threads):
            for buffer in plan.alike:
                block = self.room(buffer_bytes(buffer, self.rows))
                self.tables[thread, :, plan.slots[buffer]] = address(block)
            private = self.room(self.private_bytes)
            self.tables[thread, :, plan.private] = address(private)
        meeting = self.room(8 * _WORDS)
        meeting[:] = 0
        self.tables[:, :, plan.barrier] = address(meeting)
        self.flags = self.room(8 * _WORDS).view(np.int64)
        self.flags[:] = 0
        self.tables[:, :, plan.flags] = address(self.flags)
        self.begun = self.room(2 * self.threads * _ALIGN).view(np.int64)
        self.tables[:, :, plan.begun] = address(self.begun)

    @functools.cached_property
    def starts(self) -> list[int]:
        """Where the table of each thread begins."""
        return [address(table) for table in self.tables]

    def put(self, thing: Node | Buffer, array: Any) -> None:
        """Let the place of an input, a constant, an output or a buffer lead to an array."""
        self.tables[:, :, self.plan.slots[thing]] = address(array)

    def check(self) -> None:
        """IndexError if the code that ran last met an index that is out of range."""
        if self.flags[0]:
            self.flags[0] = 0
            raise IndexError("take: an index is out of range; expected one below the axis's size")

    def room(self, size: int) -> Any:
        """New memory of so many bytes, at the beginning of a cache line; uint8."""
        block = aligned(size)
        self.memory.append(block)
        return block


@dataclass(eq=False)
class Pool:
    """Memory for results that come again and again, used anew when nobody refers to it any more.

    New memory of 100 MB costs as much as several steps: every page of it has to be filled with 0.
    """

    blocks: list[Any] = field(default_factory=list)

    def copy(self, array: Any) -> Any:
        """A copy that begins with a cache line: so threads that share out columns share no line."""
        array = np.asarray(array)
        own = self._block(array.nbytes).view(array.dtype).reshape(array.shape)
        own[...] = array
        return own

    def _block(self, size: int) -> Any:
        for place in range(len(self.blocks)):
            block = self.blocks[place]
            # Every view of a block refers to it; the list, `block` and the call do so here.
            if len(block) == size + _ALIGN and sys.getrefcount(block) <= _UNUSED:
                return _from_line(block, size)
        self.blocks.append(np.empty(size + _ALIGN, np.uint8))
        return _from_line(self.blocks[-1], size)


def aligned(size: int) -> Any:
    """New memory of so many bytes, at the beginning of a cache line; uint8 `(size,)`."""
    return _from_line(np.empty(size + _ALIGN, np.uint8), size)


def _from_line(block: Any, size: int) -> Any:
    start = -address(block) % _ALIGN
    return block[start : start + size]


def address(array: Any) -> int:
    """Where the numbers of an array lie."""
    return array.__array_interface__["data"][0]
