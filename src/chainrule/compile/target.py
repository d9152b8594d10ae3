"""What code is made for: a processor, its instructions and the width of its vectors."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Target:
    """A processor, as LLVM names it.

    triple       "x86_64-unknown-linux-gnu"
    cpu          "znver5"; "" for any of its kind
    features     "+avx2,-avx512f,..."
    vector_bits  of one vector register
    registers    how many vector registers there are
    masks        whether loads and stores of some lanes alone are one instruction
    l1, l2       bytes of the two caches of a core
    """

    triple: str
    cpu: str
    features: str
    vector_bits: int
    registers: int
    masks: bool
    l1: int = 32 << 10
    l2: int = 1 << 20

    def lanes(self, dtype: str) -> int:
        """How many numbers of a floating dtype fill a vector."""
        return self.vector_bits // (64 if dtype == "float64" else 32)

    def has(self, feature: str) -> bool:
        """Whether the processor has a feature such as "fma"; AArch64 always has that one."""
        is_arm = self.triple.startswith(("aarch64", "arm64"))
        return f"+{feature}" in self.features.split(",") or (is_arm and feature == "fma")

    def __str__(self) -> str:
        return f"{self.cpu or self.triple}, vectors of {self.vector_bits} bits"


#: What a family of processors offers: (feature, vector_bits, registers, masks), the best first.
_X86: tuple[tuple[Any, ...], ...] = (
    ("avx512f", 512, 32, True),
    ("avx2", 256, 16, True),
    ("sse2", 128, 16, False),
)


@functools.cache
def host() -> Target:
    """The processor of this machine."""
    llvm = binding()
    features = llvm.get_host_cpu_features()
    triple = llvm.get_process_triple()
    is_arm = triple.startswith(("aarch64", "arm64"))
    usual = ("", 128, 32 if is_arm else 16, False)
    _, bits, registers, masks = next((row for row in _X86 if features.get(row[0])), usual)
    return Target(triple, llvm.get_host_cpu_name(), features.flatten(), bits, registers, masks)


@functools.cache
def binding() -> Any:
    """`llvmlite.binding`, ready for use: a heavy import, made when the first code is compiled."""
    import llvmlite.binding as llvm

    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    return llvm
