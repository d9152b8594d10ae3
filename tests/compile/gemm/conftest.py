"""The matrix product as machine code, for this machine and for older ones of its family."""

import ctypes
import functools
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import numpy as np
import pytest

from chainrule.compile.build import library
from chainrule.compile.code import Module
from chainrule.compile.gemm import scratch_bytes, write_gemm
from chainrule.compile.target import Target, host


Product: TypeAlias = Callable[..., None]

MACHINES = ["host", "avx2", "sse2"]
OLDER = {
    "avx2": ("haswell", "+avx2,+fma", 256, True),
    "sse2": ("x86-64", "+sse2", 128, False),
}


def written(target: Target, dtype: str) -> str:
    """LLVM IR of the product."""
    module = Module(has_fma=target.has("fma"))
    write_gemm(module, target, dtype)
    return str(module)


def target_of(machine: str) -> Target:
    """This machine, or one that can do less."""
    if machine == "host":
        return host()
    if not host().triple.startswith("x86_64") or (machine == "avx2" and host().vector_bits < 256):
        pytest.skip(f"this machine has no {machine}")
    cpu, features, bits, masks = OLDER[machine]
    return replace(host(), cpu=cpu, features=features, vector_bits=bits, registers=16, masks=masks)


@functools.cache
def product_of(machine: str, dtype: str) -> Product:
    """product(a, b, c) writes the product of a and b, of any strides, into c.

    Zeros are looked for in a, but where `sparse=0`.
    """
    target = target_of(machine)
    code = library(f"gemm {machine} {dtype}", lambda: written(target, dtype), target)
    function = code.function(f"gemm_{dtype}", None, *[ctypes.c_int64] * 13)
    scratch = np.full(scratch_bytes(target, dtype) + 128, 0xFF, np.uint8)
    scratch_at = -(-scratch.ctypes.data // 64) * 64
    after = scratch[scratch_at - scratch.ctypes.data + scratch_bytes(target, dtype) :]

    def product(a: np.ndarray, b: np.ndarray, c: np.ndarray, sparse: int = 1) -> None:
        assert all(x.dtype == dtype for x in (a, b, c))
        size = c.itemsize
        matrices = [(x.ctypes.data, *(stride // size for stride in x.strides)) for x in (a, b)]
        sizes = (*c.shape, a.shape[1])
        scalars = (*sizes, *matrices[0], *matrices[1], c.ctypes.data, c.strides[0] // size)
        function(*scalars, scratch_at, sparse)
        assert (after == 0xFF).all()

    return product


@pytest.fixture(params=MACHINES)
def machine(request: pytest.FixtureRequest) -> str:
    """Each machine in turn."""
    return request.param


@pytest.fixture(params=["float32", "float64"])
def dtype(request: pytest.FixtureRequest) -> str:
    """Each floating dtype in turn."""
    return request.param


@pytest.fixture
def product(machine: str, dtype: str) -> Product:
    """The product of this machine and dtype."""
    return product_of(machine, dtype)
