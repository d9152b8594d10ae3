"""`python -m benchmarks.tabular`: measure what is not yet measured, then show all of it."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path
from typing import Any

from benchmarks import report as page_report
from benchmarks.__main__ import write
from benchmarks.tabular import jobs, plot, report
from benchmarks.tabular.datasets import ROWS, SEEDS, TABLES, fetch_all, seeds_of
from benchmarks.tabular.folds import FOLDS
from benchmarks.tabular.methods import METHODS
from benchmarks.tabular.ranks import MEASURES, compared


#: What `--quick` measures: some of each kind, small or cut down.
QUICK = ("adult", "german", "letter", "segment", "airfoil", "bikeshare", "diamonds", "insurance")
QUICK_ROWS = 2000
RESULTS = Path("build/bench/tabular.jsonl")
README_PICTURE = "docs/images/benchmark-tabular.svg"


def main(arguments: list[str] | None = None) -> None:
    """Measure what is asked for and has no result; then show what there is of it."""
    options = parsed(arguments)
    sets, methods = options.set or list(TABLES), options.method or list(METHODS)
    if options.forget:
        jobs.forget(options.results, options.forget)
    if not options.read:
        measure(options, sets, methods)
    results = collected(options, sets, methods)
    if not results["rows"]:
        sys.exit(f"{options.results} has no result of what was asked for")
    show(results, options)


def parsed(arguments: list[str] | None) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser("python -m benchmarks.tabular", description=__doc__)
    add = parser.add_argument
    add("--quick", action="store_true", help=f"{len(QUICK)} sets, 1 fold, {QUICK_ROWS} rows")
    add("--set", action="append", choices=TABLES, help="only this one; may be repeated")
    add("--method", action="append", choices=METHODS, help="only this one; may be repeated")
    add("--folds", type=int, choices=range(1, FOLDS + 1), help=f"only the first ones of {FOLDS}")
    add("--seeds", type=int, help=f"of each fold of a small set, at most; by default {SEEDS}")
    add("--rows", type=int, help=f"of a set at most, drawn at random; by default {ROWS}")
    add("--threads", type=int, default=2, help="of each method; by default 2")
    add("--timeout", type=float, default=1800, help="seconds of one fit; by default 1800")
    add(
        "--results", type=Path, default=Path("build/bench/tabular.jsonl"), help="grows line by line"
    )
    add("--forget", action="append", choices=METHODS, help="measure this one anew")
    add("--read", action="store_true", help="show these results; measure nothing")
    add("--readme", type=Path, metavar="PAGE", help="fill its block between the marks")
    options = parser.parse_args(arguments)
    options.set = options.set or (list(QUICK) if options.quick else None)
    options.folds = options.folds or (1 if options.quick else FOLDS)
    options.seeds = options.seeds or (1 if options.quick else SEEDS)
    options.rows = options.rows or (QUICK_ROWS if options.quick else ROWS)
    return options


def measure(options: argparse.Namespace, sets: list[str], methods: list[str]) -> None:
    """Every job that the file of results does not have."""
    missing = jobs.unavailable(methods)
    for name, framework in missing.items():
        _say(f"{METHODS[name].title}: not available ({framework} is not installed)")
    there = [name for name in methods if name not in missing]
    fetch_all()
    todo = jobs.jobs_of(sets, there, options.folds, options.rows, options.threads, options.seeds)
    jobs.run(todo, options.results, options.timeout, _say)


def collected(options: argparse.Namespace, sets: list[str], methods: list[str]) -> dict[str, Any]:
    """What the file has of these sets and methods, as JSON has it."""
    rows = [
        row
        for row in jobs.stored(options.results)
        if row["set"] in sets
        and row["method"] in methods
        and row["fold"] < options.folds
        and row["seed"] < seeds_of(row["set"], options.seeds)
        and row["rows"] == options.rows
    ]
    rows.sort(key=lambda row: (sets.index(row["set"]), methods.index(row["method"]), row["fold"]))
    return {
        "machines": jobs.machines(options.results),
        "cap": options.rows,
        "methods": [name for name in methods if any(row["method"] == name for row in rows)],
        "rows": rows,
    }


def show(results: dict[str, Any], options: argparse.Namespace) -> None:
    """Print the tables; write them, JSON and the picture beside the results."""
    text = report.markdown(results)
    print(text)
    stem = options.results.with_suffix("")
    found = {name: compared(results["rows"], results["methods"], m) for name, m in MEASURES.items()}
    results["compared"] = {
        name: {
            "sets": comparison.sets,
            "mean_ranks": dict(zip(comparison.methods, comparison.mean_ranks, strict=True)),
            "normalised": dict(zip(comparison.methods, comparison.mean_normalised, strict=True)),
        }
        for name, comparison in found.items()
        if comparison.sets
    }
    write(stem.with_suffix(".json"), json.dumps(results, indent=1) + "\n")
    write(stem.with_suffix(".md"), text)
    pictures = plot.draw(found["errors"], stem)
    if options.readme is not None:
        if pictures:
            target = options.readme.parent / README_PICTURE
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(pictures[0], target)
        block = report.summary(results, README_PICTURE)
        page = options.readme.read_text(encoding="utf-8")
        write(options.readme, page_report.filled(page, block, report.MARKS))
    _say(f"written: {stem}.json and, beside it, .md, .svg and .png")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
