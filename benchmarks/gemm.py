"""`python -m benchmarks.gemm`: our matrix product against NumPy's on one core, shape by shape.

Both run in turn in one process; what is shown are medians of the rounds. Ours is called from
compiled code, as our networks call it, NumPy's from Python, which adds some 0.7 µs. Which kernels
OpenBLAS uses is shown; the variable OPENBLAS_CORETYPE chooses others.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import machine
from benchmarks.harness import blas_threads
from chainrule.compile.build import Library, library
from chainrule.compile.code import Module
from chainrule.compile.gemm import scratch_bytes, write_gemm
from chainrule.compile.target import host


#: (m, k, n, kind): A is (m, k) and B (k, n); kind says of each whether it lies transposed (T).
SHAPES = (
    *((256, 2048, 2048, kind) for kind in ("NN", "TN", "NT", "TT")),
    *((128, 512, 512, kind) for kind in ("NN", "TN", "NT", "TT")),
    (784, 256, 2048, "TN"),
    (2048, 256, 2048, "TN"),
    (64, 784, 128, "NN"),
    (64, 784, 128, "NT"),
    (784, 64, 128, "TN"),
    (64, 128, 128, "NN"),
    (64, 128, 128, "NT"),
    (128, 64, 128, "TN"),
    (64, 64, 96, "NN"),
    (64, 100, 10, "NN"),
    (64, 10, 100, "NT"),
    (100, 64, 10, "TN"),
    (1, 784, 128, "NN"),
    (100, 300, 1, "NN"),
    (300, 100, 1, "TN"),
    (32, 4, 16, "NN"),
    (4, 2, 2, "NN"),
)
BUDGET = 0.02  # seconds of one measurement, at least one product


@dataclass(frozen=True)
class Row:
    """A shape: seconds of one product, ours and NumPy's, and the part of the peak that is ours."""

    m: int
    k: int
    n: int
    kind: str
    ours: float
    blas: float
    peak: float

    @property
    def flops(self) -> int:
        """Multiplications and additions of one product."""
        return 2 * self.m * self.k * self.n

    def __str__(self) -> str:
        shape = f"{self.m} × {self.k} × {self.n} {self.kind}"
        rates = (1e-9 * self.flops / seconds for seconds in (self.ours, self.blas))
        ours, blas = (f"{rate:10.1f}" for rate in rates)
        times = f"{1e6 * self.ours:11.2f}"
        return f"{shape:22}{times}{ours}{blas}{self.blas / self.ours:8.2f}{self.peak:8.0%}"


HEAD = f"{'m × k × n':22}{'ours, µs':>11}{'GFLOP/s':>10}{'OpenBLAS':>10}{'ratio':>8}{'peak':>8}"


def main(arguments: list[str] | None = None) -> None:
    """Measure all shapes; print a table, and write it as JSON if asked to."""
    parser = argparse.ArgumentParser("python -m benchmarks.gemm", description=__doc__)
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float32")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--json", type=Path, help="also write the table there")
    options = parser.parse_args(arguments)
    peak = machine.peaks()["fma_gflops"] / (np.dtype(options.dtype).itemsize / 4)
    print(f"{machine.processor()}; {host()}; {openblas()}")
    print(f"{options.dtype}, one core; the peak is {peak:.0f} GFLOP/s\n\n{HEAD}")
    rows = []
    with blas_threads(1):
        ours = repeated_product(options.dtype)
        for shape in SHAPES:
            rows.append(measured(*shape, options.dtype, ours, peak, options.rounds))
            print(rows[-1], flush=True)
    if options.json is not None:
        results = {
            "machine": machine.description(),
            "blas": openblas(),
            "dtype": options.dtype,
            "peak_gflops": peak,
            "rows": [asdict(row) for row in rows],
        }
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def openblas() -> str:
    """What multiplies for NumPy."""
    from threadpoolctl import threadpool_info

    found = [info for info in threadpool_info() if info["user_api"] == "blas"]
    return ", ".join(
        f"{info['internal_api']} {info['version']} for {info.get('architecture', 'any')}"
        for info in found
    )


def measured(
    m: int, k: int, n: int, kind: str, dtype: str, ours: Ours, peak: float, rounds: int
) -> Row:
    """Time one shape, ours and NumPy's in turn."""
    random = np.random.default_rng(0)
    a, b = (
        random.standard_normal(shape if layout == "N" else shape[::-1]).astype(dtype)
        for shape, layout in (((m, k), kind[0]), ((k, n), kind[1]))
    )
    a, b = a if kind[0] == "N" else a.T, b if kind[1] == "N" else b.T
    c, reference = np.empty((m, n), dtype), np.empty((m, n), dtype)

    def blas(count: int) -> None:
        for _ in range(count):
            np.matmul(a, b, out=reference)

    functions = (lambda count: ours(count, a, b, c)), blas
    times = in_turn(functions, rounds)
    np.testing.assert_allclose(c, reference, rtol=0, atol=1e-4 * k)
    ours_s, blas_s = (statistics.median(found) for found in times)
    return Row(m, k, n, kind, ours_s, blas_s, 2e-9 * m * k * n / ours_s / peak)


def in_turn(functions: Sequence[Callable[[int], Any]], rounds: int) -> list[list[float]]:
    """The seconds of one product in every round. A function takes how many to do."""
    once = [min(seconds(function, 1) for _ in range(3)) for function in functions]
    counts = [max(int(BUDGET / max(duration, 1e-7)), 1) for duration in once]
    times: list[list[float]] = [[] for _ in functions]
    for _ in range(rounds):
        for function, count, found in zip(functions, counts, times, strict=True):
            found.append(seconds(function, count))
    return times


def seconds(function: Callable[[int], Any], count: int) -> float:
    """Of one product, out of so many, without the time that other programs had the core."""
    start = time.thread_time()
    function(count)
    return (time.thread_time() - start) / count


@dataclass(frozen=True)
class Ours:
    """Called with (count, a, b, c): c = a·b so many times, in compiled code."""

    function: Any
    scratch: np.ndarray

    def __call__(self, count: int, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> None:
        size = c.itemsize
        at, bt = ((x.ctypes.data, *(stride // size for stride in x.strides)) for x in (a, b))
        scratch = -(-self.scratch.ctypes.data // 64) * 64
        sizes = (*c.shape, a.shape[1])
        target = (c.ctypes.data, c.strides[0] // size)
        self.function(count, *sizes, *at, *bt, *target, scratch, 0)


def repeated_product(dtype: str) -> Ours:
    """Our product of a dtype, in a loop."""
    code = repeated_code(dtype)
    function = code.function("repeated", None, *[ctypes.c_int64] * 14)
    return Ours(function, np.zeros(scratch_bytes(host(), dtype) + 64, np.uint8))


def repeated_code(dtype: str) -> Library:
    """The function `repeated`: how often, and the arguments of our product."""

    def write() -> str:
        module = Module(has_fma=host().has("fma"))
        write_gemm(module, host(), dtype)
        types = "iiipiipiipipi"
        arguments = [({"i": "i64", "p": "ptr"}[type], f"x{i}") for i, type in enumerate(types)]
        code = module.function("repeated", [("i64", "count"), *arguments])
        with code.loop(0, "%count"):
            code.call(f"gemm_{dtype}", "void", *((type, f"%{name}") for type, name in arguments))
        code.do("ret void")
        return str(module)

    return library(f"repeated gemm {dtype}", write, host())


if __name__ == "__main__":
    main()
