"""Jobs one after the other, each in a process of its own, and the file that keeps their results."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import chainrule
from benchmarks import machine
from benchmarks.tabular.datasets import TABLES, seeds_of
from benchmarks.tabular.methods import METHODS
from benchmarks.tabular.work import MARK, Job
from chainrule.files import write_atomically


Say = Callable[[str], None]
Result = dict[str, Any]
_ROOT = Path(__file__).parents[2]
_POOLS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def jobs_of(
    sets: Sequence[str], methods: Sequence[str], folds: int, rows: int, threads: int, seeds: int
) -> list[Job]:
    """A fold of every set before the next fold; in it all methods in turn, so that what else the
    machine does falls on all alike.
    """
    return [
        Job(name, method, fold, rows, threads, seed)
        for fold in range(folds)
        for name in sets
        for seed in range(seeds_of(name, seeds))
        for method in methods
    ]


def key(row: Result) -> tuple[str, str, int, int, int]:
    """What a result is of: set, method, fold, rows, seed."""
    return row["set"], row["method"], row["fold"], row["rows"], row["seed"]


def stored(path: Path) -> list[Result]:
    """The results in a file of lines; of several of one job the last that did not fail, or the
    last. A line that was cut short by a kill is passed over.
    """
    found: dict[tuple[str, str, int, int, int], Result] = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            row: Result = json.loads(line)
        except json.JSONDecodeError:
            continue
        if "method" not in row:
            continue
        before = found.get(key(row), row)
        if "error" not in row or "error" in before:
            found[key(row)] = row
    return list(found.values())


def machines(path: Path) -> list[dict[str, Any]]:
    """Every machine, with its versions, that results in the file are of."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    rows = (json.loads(line)["machine"] for line in lines if line.startswith('{"machine"'))
    return list({json.dumps(row): row for row in rows}.values())


def forget(path: Path, methods: Iterable[str]) -> None:
    """Take every result of these methods out of the file."""
    chosen = set(methods)
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
    kept = [line for line in lines if not any(f'"method": "{name}"' in line for name in chosen)]
    write_atomically(path, "".join(kept).encode())


def run(jobs: Sequence[Job], path: Path, timeout: float, say: Say) -> None:
    """Do the jobs that the file has no result of, and append each one's result to it.

    What failed before is tried again.
    """
    done = {key(row) for row in stored(path) if "error" not in row}
    left = [job for job in jobs if key(asdict(job)) not in done]
    if not left:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    description = {"machine": machine.description()}
    if description["machine"] not in machines(path):
        _append(path, description)
    start = time.perf_counter()
    for place, job in enumerate(left, 1):
        row = result_of(job, timeout)
        _append(path, row)
        minutes = (time.perf_counter() - start) / 60
        say(f"[{minutes:5.1f} min, {place} of {len(left)}] {_line(row)}")


def result_of(job: Job, timeout: float) -> Result:
    """The result of a job in a process of its own; with an `error` where it fails or is stopped."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "benchmarks.tabular.work", json.dumps(asdict(job))]
    process = subprocess.Popen(
        command,
        cwd=_ROOT,
        env=_environment(min(job.threads, METHODS[job.method].most_threads)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        _kill(process)
        return _failed(job, f"took more than {timeout:.0f} s", start)
    except BaseException:  # Ctrl-C: a child in its own session would go on
        _kill(process)
        raise
    results = [line for line in out.splitlines() if line.startswith(MARK)]
    if process.returncode or not results:
        said = err.strip().splitlines() or [f"exit status {process.returncode}"]
        return _failed(job, said[-1][:300], start)
    return json.loads(results[-1].removeprefix(MARK))


def unavailable(methods: Iterable[str]) -> dict[str, str]:
    """Those of the methods whose framework is not installed, with its name."""
    from importlib.util import find_spec

    needed = {name: METHODS[name].framework for name in methods}
    return {name: framework for name, framework in needed.items() if find_spec(framework) is None}


def _environment(threads: int) -> dict[str, str]:
    """So many threads for every pool, and chainrule where it is imported from here."""
    source = str(Path(chainrule.__file__).parents[1])
    paths = [source, *filter(None, [os.environ.get("PYTHONPATH")])]
    pools = dict.fromkeys(_POOLS, str(threads))
    return {**os.environ, **pools, "PYTHONPATH": os.pathsep.join(paths)}


def _kill(process: subprocess.Popen[str]) -> None:
    """End a child and what it started."""
    if "killpg" in dir(os):
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.communicate()


def _failed(job: Job, error: str, start: float) -> Result:
    task = TABLES[job.set].task
    seconds = time.perf_counter() - start
    return {**asdict(job), "task": task, "error": error, "seconds": seconds}


def _append(path: Path, row: Result) -> None:
    """A line at the end; one write, so that a kill leaves at most a part of the last line."""
    with path.open("ab+") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - 1, 0))
        is_cut = file.read(1) not in (b"", b"\n")
        file.write((b"\n" if is_cut else b"") + json.dumps(row).encode() + b"\n")


def _line(row: Result) -> str:
    head = f"{row['set']} {row['method']} fold {row['fold']}, seed {row['seed']}: "
    if "error" in row:
        return f"{head}failed: {row['error']}"
    scores = ", ".join(f"{name} {value:.4g}" for name, value in row["scores"].items())
    return f"{head}{scores}; {row['fit']['seconds']:.1f} s"
