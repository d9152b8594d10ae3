"""Matrix products in LLVM IR: C = A·B for any strides of A and B, on one thread.

Every number of C is one sum over k, in order, with one rounding a step where the target has fused
multiply-add: its bits depend on its row of A and its column of B alone, not on the shape of C, on
where the matrices lie or on how C is cut among threads.
"""

from __future__ import annotations

from chainrule.compile.code import Module
from chainrule.compile.gemm.blocking import write_block
from chainrule.compile.gemm.dispatch import write_product
from chainrule.compile.gemm.packing import write_packing
from chainrule.compile.gemm.sparsity import write_sparsity
from chainrule.compile.gemm.tile import tile
from chainrule.compile.target import Target


def write_gemm(module: Module, target: Target, dtype: str) -> None:
    """Add the function `gemm_float32` or `gemm_float64` to a module.

    void gemm_…(i64 m, i64 n, i64 k, ptr a, i64 a_row, i64 a_col, ptr b, i64 b_row, i64 b_col,
    ptr c, i64 c_row, ptr scratch, i64 sparse) writes C (m, n) = A (m, k) · B (k, n); zeros where k
    is 0. Strides are in elements: from row to row and from column to column of A and B, which may
    be 0; the columns of C touch. C overlaps neither operand. scratch: `scratch_bytes` bytes that no
    other thread uses, at a multiple of 64. sparse: 1 where A may hold many zeros side by side:
    they are looked for and left out.
    """
    sizes = tile(target, dtype)
    write_packing(module, sizes)
    write_sparsity(module, sizes)
    write_block(module, sizes)
    write_product(module, sizes)


def scratch_bytes(target: Target, dtype: str) -> int:
    """The size of the memory that the function of this dtype works in."""
    return tile(target, dtype).scratch
