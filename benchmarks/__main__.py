"""`python -m benchmarks`: measure, then print tables and write them, JSON and a picture."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import machine, mnist, plot, prediction, report, startup
from benchmarks.cases import CASES
from benchmarks.floors import as_numbers, floor_of
from benchmarks.harness import Setting, disagreeing, measure_case, settings_of
from benchmarks.peers import PEERS


BUDGET = 0.1  # seconds of one measurement
TOLERANCE = 0.01  # of the losses after an epoch; dropout draws other masks in each library
PARTS = ("steps", "prediction", "startup", "mnist")
README_PICTURE = "docs/images/benchmark.svg"


def main(arguments: list[str] | None = None) -> None:
    """Measure what is asked for, or read it from a file; then show it."""
    options = parsed(arguments)
    if options.read is not None:
        results = json.loads(options.read.read_text(encoding="utf-8"))
    else:
        results = measured(options)
    text = report.markdown(results)
    print(text)
    write(options.json, json.dumps(results, indent=1) + "\n")
    write(options.json.with_suffix(".md"), text)
    pictures = plot.draw(results, options.json.with_suffix(""))
    if options.readme is not None:
        if pictures:
            target = options.readme.parent / README_PICTURE
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(pictures[0], target)
        page = options.readme.read_text(encoding="utf-8")
        write(options.readme, report.filled(page, report.summary(results, README_PICTURE)))
    print(f"written: {options.json} and, beside it, .md, .svg and .png", file=sys.stderr)


def parsed(arguments: list[str] | None) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    add = parser.add_argument
    add("--quick", action="store_true", help="2 rounds and few repeats: some 3 minutes")
    add("--case", action="append", choices=CASES, help="only this one; may be repeated")
    add("--peer", action="append", choices=PEERS, help="only this one; may be repeated")
    add("--part", action="append", choices=PARTS, help="only this one; may be repeated")
    add("--threads", action="append", type=int, help="by default 1 and all cores")
    add("--rounds", type=int, help="by default 5")
    add("--json", type=Path, default=Path("build/bench/benchmark.json"), help="the output")
    add("--read", type=Path, metavar="JSON", help="show these results; measure nothing")
    add("--readme", type=Path, metavar="PAGE", help="fill its block between the benchmark marks")
    options = parser.parse_args(arguments)
    options.rounds = options.rounds or (2 if options.quick else 5)
    options.threads = options.threads or sorted({1, machine.cores()})
    return options


def measured(options: argparse.Namespace) -> dict[str, Any]:
    """All results, as JSON has them."""
    start = time.perf_counter()
    notes: list[str] = []

    def say(text: str) -> None:
        if text not in notes:
            notes.append(text)
            print(text, file=sys.stderr, flush=True)

    def stage(text: str) -> None:
        print(f"[{time.perf_counter() - start:4.0f} s] {text}", file=sys.stderr, flush=True)

    peers = [PEERS[name] for name in options.peer or PEERS]
    for peer in peers:
        if not peer.is_installed:
            say(f"{peer.title}: not available ({peer.framework} is not installed)")
    settings = settings_of([peer for peer in peers if peer.is_installed], options.threads)
    results: dict[str, Any] = {
        "machine": machine.description(),
        "measured": {"rounds": options.rounds, "threads": options.threads},
        "notes": notes,
    }
    for part in options.part or PARTS:
        results |= MEASURES[part](options, settings, say, stage)
    results["measured"]["minutes"] = (time.perf_counter() - start) / 60
    return results


Report = Callable[[str], None]


def _steps(
    options: argparse.Namespace, settings: list[Setting], say: Report, stage: Report
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    peaks = machine.peaks()
    for name in options.case or CASES:
        case = CASES[name]
        stage(f"training step of {name}")
        rows = measure_case(case, settings, options.rounds, BUDGET, say)
        for row in disagreeing(rows, TOLERANCE):
            say(
                f"{name}: {row.peer} has the loss {row.check:.4f} after an epoch, unlike the others"
            )
        peaks = machine.better(peaks, machine.peaks())  # the neighbours of a machine come and go
        found[name] = {"batch": case.batch, "rows": [asdict(row) for row in rows]}
    for name, row in found.items():
        floor = floor_of(CASES[name], peaks, machine.bandwidth, max(options.threads))
        row["floor"] = as_numbers(floor)
    return {"peaks": peaks, "steps": found}


def _prediction(
    options: argparse.Namespace, settings: list[Setting], say: Report, stage: Report
) -> dict[str, Any]:
    found = {}
    for rows in prediction.ROWS:
        stage(f"prediction of {rows} rows")
        measured = prediction.measure_prediction(rows, settings, options.rounds, BUDGET, say)
        for row in disagreeing(measured, TOLERANCE):
            say(f"prediction of {rows} rows: {row.peer} gives {row.check:.4f}, unlike the others")
        found[str(rows)] = [asdict(row) for row in measured]
    return {"prediction": found}


def _startup(
    options: argparse.Namespace, settings: list[Setting], say: Report, stage: Report
) -> dict[str, Any]:
    stage("imports")
    imports = startup.measure_imports(3 if options.quick else 5, say)
    stage("first calls and memory")
    names = list(dict.fromkeys(setting.peer.name for setting in settings))
    repeats = 1 if options.quick else 3
    firsts = startup.measure_first_calls(names, max(options.threads), repeats, say)
    return {"imports": imports, "first_calls": [asdict(row) for row in firsts]}


def _mnist(
    options: argparse.Namespace, settings: list[Setting], say: Report, stage: Report
) -> dict[str, Any]:
    stage("MNIST to 98 %")
    data = mnist.images(say)
    if data is None:
        say("MNIST: skipped, for it could not be fetched")
        return {}
    chosen = [setting for setting in settings if setting.peer.name in mnist.NAMES]
    rows = mnist.measure_mnist(chosen, 1 if options.quick else 3, data, say)
    return {"mnist": [asdict(row) for row in rows]}


#: What can be measured, by name: each gives its part of the results.
MEASURES: dict[str, Callable[..., dict[str, Any]]] = {
    "steps": _steps,
    "prediction": _prediction,
    "startup": _startup,
    "mnist": _mnist,
}


def write(path: Path, text: str) -> None:
    """Write a whole file, its folder made first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


if __name__ == "__main__":
    main()
