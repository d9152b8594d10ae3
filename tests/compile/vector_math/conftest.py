"""Functions of vector_math as machine code that runs over whole arrays."""

import ctypes
import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from chainrule.compile.code import ELEMENT, SIZE, Module, vector
from chainrule.compile.lanes import Lanes
from chainrule.compile.target import Target, binding, host
from chainrule.compile.vector_math import FUNCTIONS


def _target(name: str) -> Target:
    """This machine, what older ones of its family can do, or another family."""
    if name == "host":
        return host()
    if name == "aarch64":
        return Target("aarch64-unknown-linux-gnu", "", "+neon", 128, 32, False)
    if not host().triple.startswith("x86_64") or (name == "avx2" and host().vector_bits < 256):
        pytest.skip(f"this machine has no {name}")
    cpu, features, bits = {
        "avx2": ("haswell", "+avx2,+fma", 256),
        "sse2": ("x86-64", "+sse2", 128),
    }[name]
    return replace(host(), cpu=cpu, features=features, vector_bits=bits)


def _written(name: str, dtype: str, width: int, target: Target, **fixed: float) -> str:
    """LLVM IR of f(x, [y,] out, n): a function of n numbers, a multiple of the width."""
    module = Module(has_fma=target.has("fma"))
    inputs = ["x", "y"] if name == "power" else ["x"]
    pointers = [("ptr noalias", pointer) for pointer in [*inputs, "out"]]
    code = module.function("f", [*pointers, ("i64", "n")])
    type, element, size = vector(dtype, width), ELEMENT[dtype], SIZE[dtype]
    with code.loop(0, "%n", width) as place:
        values = [code.load(type, code.at(f"%{i}", element, place), size) for i in inputs]
        result = FUNCTIONS[name](*(Lanes(code, value, dtype, width) for value in values), **fixed)
        code.store(type, result.value, code.at("%out", element, place), size)
    code.do("ret void")
    return str(module)


def _optimized(text: str, target: Target, jit: bool) -> tuple[Any, Any]:
    """The module, and the machine it is for."""
    llvm = binding()
    module = llvm.parse_assembly(text)
    module.triple = target.triple
    module.verify()
    machine = llvm.Target.from_triple(target.triple).create_target_machine(
        cpu=target.cpu,
        features=target.features,
        opt=3,
        jit=jit,
        codemodel="jitdefault" if jit else "default",
    )
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=2))
    builder.getModulePassManager().run(module, builder)
    return module, machine


@pytest.fixture(scope="session")
def assembly() -> Callable[[str, str, str], str]:
    """The assembly of one function for one target: (name, dtype, target)."""

    def write(name: str, dtype: str, target_name: str) -> str:
        target = _target(target_name)
        fixed = {"exponent": 3.5} if name == "fixed_power" else {}
        text = _written(name, dtype, target.lanes(dtype), target, **fixed)
        module, machine = _optimized(text, target, jit=False)
        return machine.emit_assembly(module)

    return write


@pytest.fixture(scope="session")
def compiled() -> Callable[..., Callable[..., np.ndarray]]:
    """A function on arrays of one dtype: (name, dtype, target="host", width=None, **fixed)."""
    engines = []

    @functools.cache
    def build(
        name: str, dtype: str, target_name: str = "host", width: int | None = None, **fixed: float
    ) -> Callable[..., np.ndarray]:
        target = _target(target_name)
        width = width or target.lanes(dtype)
        module, machine = _optimized(
            _written(name, dtype, width, target, **fixed), target, jit=True
        )
        engine = binding().create_mcjit_compiler(module, machine)
        engine.finalize_object()
        engines.append(engine)
        pointers = [ctypes.c_void_p] * (3 if name == "power" else 2)
        run = ctypes.CFUNCTYPE(None, *pointers, ctypes.c_int64)(engine.get_function_address("f"))

        def apply(*arrays: np.ndarray) -> np.ndarray:
            size = arrays[0].size
            padded = [np.append(x, np.ones(-size % width, dtype)).astype(dtype) for x in arrays]
            out = np.empty_like(padded[0])
            run(*(x.ctypes.data for x in padded), out.ctypes.data, out.size)
            return out[:size]

        return apply

    return build
