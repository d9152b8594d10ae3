"""The machine that is measured: its name, and what it can do at most."""

from __future__ import annotations

import ctypes
import importlib.metadata
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


_LIBRARIES = (
    "chainrule", "numpy", "torch", "jax", "scikit-learn", "lightgbm", "pytabkit", "llvmlite"
)  # fmt: skip
_ACCUMULATORS = 24  # independent sums: enough to fill the pipelines, few enough for registers
_LENGTHS = (20_000, 200_000)  # rounds of the loop, for throughput and again: the best counts


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if "sched_getaffinity" in dir(os) else os.cpu_count() or 1


def description() -> dict[str, Any]:
    """Processor, cores, system, versions and date."""
    versions = {"python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    if "chainrule" not in versions:  # imported from its source folder
        from chainrule.version import __version__

        versions["chainrule"] = __version__
    return {
        "processor": processor(),
        "cores": cores(),
        "system": f"{platform.system()} {platform.release()}",
        "versions": versions,
        "date": time.strftime("%Y-%m-%d"),
    }


def processor() -> str:
    """The name of the processor, with family and model where Linux tells them."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    rows = (line.partition(":") for line in lines if ":" in line)
    found = {key.strip(): value.strip() for key, _, value in rows}
    name = found.get("model name", platform.machine())
    family = f" (family {found['cpu family']}, model {found['model']})"
    return name + family if "cpu family" in found else name


def peaks() -> dict[str, float]:
    """What one core does at most: `fma_gflops` with vectors, and `fma_ns`, a chain's link.

    Without llvmlite the rate is that of the best of NumPy's matrix products, a lower bound, and
    the link is taken to be 1.3 ns, 4 cycles at 3 GHz.
    """
    try:
        lanes, loop = _fma_loop()
    except ImportError:
        return {"fma_gflops": product_gflops(), "fma_ns": 1.3}
    wide, narrow = loop(_ACCUMULATORS), loop(1)
    wide_ns, narrow_ns = (min(_nanoseconds(f, n) for n in _LENGTHS * 5) for f in (wide, narrow))
    return {"fma_gflops": 2 * lanes * _ACCUMULATORS / wide_ns, "fma_ns": narrow_ns}


def better(one: dict[str, float], other: dict[str, float]) -> dict[str, float]:
    """Of two measurements of the peaks the higher rate and the shorter link."""
    return {
        "fma_gflops": max(one["fma_gflops"], other["fma_gflops"]),
        "fma_ns": min(one["fma_ns"], other["fma_ns"]),
    }


def product_gflops() -> float:
    """The best rate of NumPy's float32 matrix products on one thread."""
    from benchmarks.harness import blas_threads

    rates = []
    with blas_threads(1):
        for size in (256, 512, 1024):
            a = np.ones((size, size), np.float32)
            out = np.empty_like(a)
            rates.append(2e-9 * size**3 / quickest(lambda a=a, out=out: np.matmul(a, a, out=out)))
    return max(rates)


def bandwidth(size: float) -> float:
    """Bytes a second that one core reads and writes in an array of about `size` bytes, over again.

    Between 128 KB, where a call's own time is small beside it, and 128 MB.
    """
    count = int(min(max(size, 1 << 17), 1 << 27)) // 4
    a = np.ones(count, np.float32)
    one = np.float32(1)
    return 8 * count / quickest(lambda: np.multiply(a, one, out=a))


def quickest(function: Callable[[], Any], budget: float = 0.1) -> float:
    """The least of the times of a call, over `budget` seconds and at least 3 calls."""
    times: list[float] = []
    end = time.perf_counter() + budget
    while len(times) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def _nanoseconds(function: Callable[..., Any], rounds: int) -> float:
    """Of one round of the loop."""
    return 1e9 * quickest(lambda: function(rounds, 1.0, 1e-30), 0.01) / rounds


def _fma_loop() -> tuple[int, Callable[[int], Callable[..., Any]]]:
    """The lanes of a vector, and what makes a function (rounds, factor, term) of so many sums."""
    from chainrule.compile.target import binding, host

    llvm, target = binding(), host()
    lanes = target.lanes("float32")

    def loop(sums: int) -> Callable[..., Any]:
        module = llvm.parse_assembly(_fma_text(sums, lanes))
        machine = llvm.Target.from_triple(target.triple).create_target_machine(
            cpu=target.cpu, features=target.features, opt=3, jit=True
        )
        engine = llvm.create_mcjit_compiler(module, machine)
        engine.finalize_object()
        kind = ctypes.CFUNCTYPE(ctypes.c_float, ctypes.c_int64, ctypes.c_float, ctypes.c_float)
        function = kind(engine.get_function_address("chain"))
        return lambda *args, engine=engine: function(*args)  # the engine owns the code

    return lanes, loop


def _fma_text(sums: int, lanes: int) -> str:
    """IR: `sums` vectors, each replaced by fma(itself, factor, term) in every round."""
    v = f"<{lanes} x float>"
    head = "define float @chain(i64 %n, float %x, float %y) {\nentry:\n"
    for name in "xy":
        head += f"  %{name}1 = insertelement {v} poison, float %{name}, i32 0\n"
        head += (
            f"  %{name}v = shufflevector {v} %{name}1, {v} poison, "
            f"<{lanes} x i32> zeroinitializer\n"
        )
    rows = ["  br label %loop\nloop:\n  %i = phi i64 [0, %entry], [%j, %loop]\n"]
    rows += [f"  %a{k} = phi {v} [%xv, %entry], [%b{k}, %loop]\n" for k in range(sums)]
    rows += [
        f"  %b{k} = call {v} @llvm.fma.v{lanes}f32({v} %a{k}, {v} %xv, {v} %yv)\n"
        for k in range(sums)
    ]
    rows += ["  %j = add i64 %i, 1\n  %c = icmp slt i64 %j, %n\n"]
    rows += ["  br i1 %c, label %loop, label %done\ndone:\n"]
    rows += [
        f"  %t{k} = fadd {v} {'%b0' if k == 1 else f'%t{k - 1}'}, %b{k}\n" for k in range(1, sums)
    ]
    last = "%b0" if sums == 1 else f"%t{sums - 1}"
    tail = f"  %r = extractelement {v} {last}, i32 0\n  ret float %r\n}}\n"
    return head + "".join(rows) + tail + f"declare {v} @llvm.fma.v{lanes}f32({v}, {v}, {v})\n"
