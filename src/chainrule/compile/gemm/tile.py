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
    rows     most rows of a tile; across  most vectors in each of many rows
    tall     most rows of a tile with fewer vectors than that
    masks    whether vectors may be loaded and stored in part
    free     whether that is as fast as whole: then all kernels do
    near     most in A, B and C together for which they are multiplied where they lie
    block    most in a block of B, which stays in the second cache
    depth    most steps of k of a block
    shallow  the same where there are few rows, so that a wide panel of B stays in L1
    """

    dtype: str
    width: int
    rows: int
    tall: int
    across: int
    masks: bool
    free: bool
    near: int
    block: int
    depth: int
    shallow: int

    #: Most columns of C for which A and B change roles, and the rows of it that are then made at
    #: once.
    narrow = 3
    stretch = 1024

    #: Up to so many rows, tiles have a power of two of vectors.
    few = 3

    #: Up to `flat` rows of C a copy of B that is far never pays, above `high` rows always; between
    #: it pays where each row of B has a page of its own.
    flat = 3
    high = 128

    #: Fewest steps of k for which zeros in A are looked for, and how many are looked at together: a
    #: power of two.
    sparse_k = 96
    look = 8

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
    def clash(self) -> int:
        """Numbers between rows of which, or of a multiple, the first cache holds few: 512 bytes.

        Every eighth of its 64 sets of lines has a place for them.
        """
        return 512 // self.size

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
        if rows > self.rows:
            return tuple(range(1, self.across))
        if rows > self.few:
            return tuple(range(1, self.across + 1))
        return (1, 2, 4, 8) if rows == 1 else (1, 2, 4)

    @property
    def widest(self) -> int:
        """Most vectors of a tile."""
        return max(self.vectors(1))

    @property
    def sparse_m(self) -> int:
        """Fewest rows of C for which zeros in A are looked for."""
        return 4 * self.rows

    @property
    def sparse_n(self) -> int:
        """Fewest columns of C for that: tiles then have at most `rows` rows."""
        return (self.across + 1) * self.width + 1

    @property
    def sparse_rows(self) -> range:
        """The rows of tiles of so many rows of C: these have kernels that leave steps out."""
        return range((self.sparse_m + 1) // 5, self.rows + 1)

    # ---- the scratch memory: packed B, a tile of A, one of C, a stretch of C, a list of steps ----

    @property
    def a_at(self) -> int:
        """Where the packed tile of A begins."""
        return max(self.block, self.widest * self.width * self.shallow)

    @property
    def edge_at(self) -> int:
        """Where the tile of C begins."""
        return self.a_at + (self.tall + self.width) * (self.depth + 2 * self.line)

    @property
    def stretch_at(self) -> int:
        """Where the stretch of C begins."""
        return self.edge_at + self.tall * self.widest * self.width

    @property
    def list_at(self) -> int:
        """Where the list of steps of k begins."""
        return self.stretch_at + self.narrow * self.stretch

    @property
    def scratch(self) -> int:
        """Bytes of all of it, in whole cache lines."""
        steps = max(self.near // self.sparse_m, self.depth) + 1  # one more is read, and not used
        size = self.list_at * self.size + 4 * steps
        return -(-size // _LINE) * _LINE


def tile(target: Target, dtype: str) -> Tile:
    """The sizes for a target; dtype "float32" or "float64"."""
    size, width = SIZE[dtype], target.lanes(dtype)
    widest = 8 * width
    return Tile(
        dtype=dtype,
        width=width,
        rows=8 if target.registers >= 32 else 6,
        tall=10 if target.registers >= 32 else 8,
        across=3 if target.registers >= 32 else 2,
        masks=target.masks,
        free=target.masks and target.vector_bits >= 512,
        near=target.l2 // size,
        block=target.l2 // 2 // size,
        depth=3072 // size,
        shallow=target.l1 // 2 // size // widest,
    )
