"""What a library costs before it is fast: import, first call, memory; in fresh processes.

Run as `python -m benchmarks.startup PEER THREADS` it is one of these processes.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.cases import CASES, data_of, layers_of
from benchmarks.harness import Say, attempt
from benchmarks.peers import PEERS, environment


CASE = "784-128-10"
#: What people import, by what it is called in the table.
IMPORTS = {
    "chainrule": "chainrule",
    "torch": "torch",
    "jax": "jax",
    "sklearn": "sklearn.neural_network",
    "numpy": "numpy",
}
#: The variables that say where a library keeps compiled code.
CACHES = ("CHAINRULE_CACHE_DIR", "TORCHINDUCTOR_CACHE_DIR")
_TIMED_IMPORT = "import time; s = time.perf_counter(); import {}; print(time.perf_counter() - s)"
_PATIENCE = 300  # seconds for a process


@dataclass(frozen=True)
class First:
    """A first epoch in a fresh process.

    is_warm  whether the cache of compiled code was filled by a process before
    seconds  from the call to the end of the first epoch, imports done; by repeat
    peak_mb  the most memory of the process, with the libraries and the data, in MB; by repeat
    """

    peer: str
    is_warm: bool
    seconds: tuple[float, ...]
    peak_mb: tuple[float, ...]


def measure_imports(repeats: int, say: Say) -> dict[str, list[float]]:
    """The seconds of each import, by repeat, the libraries in turn."""
    found: dict[str, list[float]] = {name: [] for name in IMPORTS}
    for _ in range(repeats):
        for name, module in IMPORTS.items():
            command = [sys.executable, "-c", _TIMED_IMPORT.format(module)]
            text = attempt(lambda command=command: _output(command, {}), f"import {module}", say)
            found[name] += [] if text is None else [float(text)]
    return {name: seconds for name, seconds in found.items() if seconds}


def measure_first_calls(names: Sequence[str], threads: int, repeats: int, say: Say) -> list[First]:
    """The first epoch of each peer, with an empty cache and, where one is kept, with a full one."""
    rows: list[First] = []
    for name in names:
        runs: dict[bool, list[Any]] = {False: [], True: []}
        for _ in range(repeats):
            with tempfile.TemporaryDirectory() as folder:
                variables = {**dict.fromkeys(CACHES, folder), **environment(threads)}
                command = [sys.executable, "-m", "benchmarks.startup", name, str(threads)]
                run = lambda v=variables, c=command: json.loads(_output(c, v))  # noqa: E731
                runs[False] += _listed(attempt(run, f"first call of {name}", say))
                if runs[False] and os.listdir(folder):
                    runs[True] += _listed(attempt(run, f"first call of {name}", say))
        for is_warm, found in runs.items():
            if found:
                seconds, memory = zip(*found, strict=True)
                rows.append(First(name, is_warm, seconds, memory))
    return rows


def first_call(name: str, threads: int) -> tuple[float, float]:
    """(seconds of the first epoch, MB) of this very process, called once in it."""
    from benchmarks.harness import blas_threads

    case = CASES[CASE]
    data, layers = data_of(case), layers_of(case)
    make = importlib.import_module(PEERS[name].path).trainer
    with blas_threads(threads):
        start = time.perf_counter()
        make(case, data, layers, threads, PEERS[name].style).train(1)
        seconds = time.perf_counter() - start
    return seconds, peak_mb()


def peak_mb() -> float:
    """The most memory that this process has had, in MB."""
    status = Path("/proc/self/status")
    if status.exists():  # on Linux ru_maxrss of a new process begins with that of its parent
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
        return int(found[1]) * 1024 / 1e6 if found else 0.0
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def _listed(value: Any) -> list[Any]:
    return [] if value is None else [value]


def _output(command: list[str], variables: dict[str, str]) -> str:
    """What a process prints. RuntimeError with the last line of what went wrong."""
    done = subprocess.run(
        command,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
    )
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["it said nothing"])[-1])
    return done.stdout.strip().splitlines()[-1]


if __name__ == "__main__":
    print(json.dumps(first_call(sys.argv[1], int(sys.argv[2]))))
