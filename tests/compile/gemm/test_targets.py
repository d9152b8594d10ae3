"""The product is written for processors that are not here."""

import pytest

from chainrule.compile.build import emit_object
from chainrule.compile.gemm import scratch_bytes
from chainrule.compile.target import Target

from .conftest import written


X86, ARM = 62, 183  # of the field e_machine of ELF
TARGETS = {
    "avx512": (Target("x86_64-unknown-linux-gnu", "skylake-avx512", "+fma", 512, 32, True), X86),
    "avx2": (Target("x86_64-unknown-linux-gnu", "haswell", "+avx2,+fma", 256, 16, True), X86),
    "sse2": (Target("x86_64-unknown-linux-gnu", "x86-64", "+sse2", 128, 16, False), X86),
    "neon": (Target("aarch64-unknown-linux-gnu", "", "+neon", 128, 32, False), ARM),
}


@pytest.mark.parametrize("name", TARGETS)
def test_every_family_of_processors_gets_an_object_file(name: str, dtype: str) -> None:
    target, machine = TARGETS[name]
    found = emit_object(written(target, dtype), target)
    assert found[:4] == b"\x7fELF"
    assert int.from_bytes(found[18:20], "little") == machine


@pytest.mark.parametrize("name", TARGETS)
def test_the_scratch_memory_stays_small(name: str, dtype: str) -> None:
    assert scratch_bytes(TARGETS[name][0], dtype) <= 4 << 20


def test_without_fused_multiply_add_none_is_called(dtype: str) -> None:
    assert "llvm.fma" not in written(TARGETS["sse2"][0], dtype)
