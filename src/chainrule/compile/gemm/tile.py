"""The sizes of a matrix product: what fits the registers and caches of a target."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.compile.code import ELEMENT, SIZE
from chainrule.compile.target import Target


_LINE = 64  # bytes of a cache line


@dataclass(frozen=True)
class Tile:
    """The piece of C that stays in registers while one sum over k runs, and what is packed for it.

    Sizes are in numbers of the dtype, not in bytes.
    width    of a vector
    rows     most rows of a tile
    masks    whether vectors may be loaded and stored in part
    free     whether that is as fast as whole: then all kernels do
    near     most in A, B and C together for which they are multiplied where they lie
    block    of A packed at once
    depth    most steps of k for which A and B are packed at once
    shallow  the same where there are few rows, so that a wide panel of B stays in L1
    span     columns of B packed at once
    """

    dtype: str
    width: int
    rows: int
    masks: bool
    free: bool
    near: int
    block: int
    depth: int
    shallow: int
    span: int

    #: Most columns of C for which A and B change roles, and the rows of it that are then made at
    #: once.
    narrow = 3
    stretch = 1024

    #: Up to `flat` rows of C a copy of B that is far never pays, above `high` rows always; between
    #: it pays where each row of B has a page of its own.
    flat = 3
    high = 128

    @property
    def element(self) -> str:
        """The LLVM type of a number."""
        return ELEMENT[self.dtype]

    @property
    def size(self) -> int:
        """Bytes of a number."""
        return SIZE[self.dtype]

    @property
    def line(self) -> int:
        """Numbers in a cache line."""
        return _LINE // self.size

    @property
    def page(self) -> int:
        """Numbers in a page of memory: rows so far apart miss in every cache of addresses."""
        return 4096 // self.size

    @property
    def name(self) -> str:
        """What every function of this product begins with."""
        return f"gemm_{self.dtype}"

    @property
    def kinds(self) -> tuple[bool, ...]:
        """The kernels that there are: without masks, with masks."""
        if self.free:
            return (True,)
        return (False, True) if self.masks else (False,)

    def vectors(self, rows: int) -> tuple[int, ...]:
        """The vectors side by side of the tiles with so many rows, ascending.

        A sum is a chain of additions: few rows need more vectors to keep the adders busy.
        """
        widest = {1: 8, 2: 4, 3: 4}.get(rows, 2)
        return tuple(count for count in (1, 2, 4, 8) if count <= widest)

    @property
    def widest(self) -> int:
        """Most vectors of a tile."""
        return max(self.vectors(1))

    # ---- the scratch memory: packed A, packed B, a tile of C, a stretch of C ---------------------

    @property
    def b_at(self) -> int:
        """Where packed B begins."""
        return self.block + 2 * self.line * self.depth

    @property
    def edge_at(self) -> int:
        """Where the tile of C begins."""
        few = self.widest * self.width * self.shallow
        return self.b_at + max(self.span * self.depth, few)

    @property
    def stretch_at(self) -> int:
        """Where the stretch of C begins."""
        return self.edge_at + self.rows * self.widest * self.width

    @property
    def scratch(self) -> int:
        """Bytes of all of it, in whole cache lines."""
        size = (self.stretch_at + self.narrow * self.stretch) * self.size
        return -(-size // _LINE) * _LINE


def tile(target: Target, dtype: str) -> Tile:
    """The sizes for a target; dtype "float32" or "float64"."""
    size, width = SIZE[dtype], target.lanes(dtype)
    widest = 8 * width
    return Tile(
        dtype=dtype,
        width=width,
        rows=12 if target.registers >= 32 else 6,
        masks=target.masks,
        free=target.masks and target.vector_bits >= 512,
        near=target.l2 // size,
        block=3 * target.l2 // 4 // size,
        depth=3072 // size,
        shallow=target.l1 // 2 // size // widest,
        span=4 * width,
    )
