"""Results as Markdown: the tables that the terminal, a file and the README show."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable, Sequence
from typing import Any

from benchmarks.floors import FORMULA
from benchmarks.peers import OURS, PEERS
from benchmarks.startup import IMPORTS


Results = dict[str, Any]
#: What the README keeps between: the block is replaced as a whole.
MARKS = ("<!-- benchmark -->", "<!-- /benchmark -->")


def markdown(results: Results) -> str:
    """All tables."""
    parts = (
        machine_text(results),
        steps_table(results),
        ratios_table(results),
        threads_table(results),
        prediction_table(results),
        startup_table(results),
        mnist_table(results),
        notes_text(results),
        f"{FORMULA}" if results.get("steps") else "",
    )
    return "\n\n".join(part for part in parts if part) + "\n"


def summary(results: Results, picture: str) -> str:
    """What the README shows: the picture, the ratios and the machine."""
    image = f"![Time of a training step, by network and library]({picture})"
    return "\n\n".join((image, ratios_table(results), machine_text(results)))


def filled(page: str, block: str, marks: tuple[str, str] = MARKS) -> str:
    """The page with the text between the marks replaced. ValueError for a page without marks."""
    start, end = marks
    pattern = re.compile(re.escape(start) + ".*?" + re.escape(end), re.DOTALL)
    if not pattern.search(page):
        raise ValueError(f"the page has no block from {start} to {end}; add both, on own lines")
    return pattern.sub(lambda _: f"{start}\n\n{block}\n\n{end}", page, count=1)


def machine_text(results: Results) -> str:
    """The machine, the versions, and how it was measured."""
    machine, measured = results["machine"], results["measured"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    text = (
        f"Measured on {machine['date']}: {machine['processor']}, {machine['cores']} cores, "
        f"{machine['system']}; {versions}. Medians of {measured['rounds']} rounds, "
        "all libraries in turn in each round; each with "
        f"{' and '.join(map(str, measured['threads']))} threads, the better shown."
    )
    peaks = results.get("peaks")
    if peaks is None:
        return text
    return text + f" One core multiplies and adds at {peaks['fma_gflops']:.0f} GFLOP/s at most."


def steps_table(results: Results) -> str:
    """The time of a training step of each case with each peer, and its floor."""
    names = _names(rows["rows"] for rows in results.get("steps", {}).values())
    table = []
    for case, found in results.get("steps", {}).items():
        medians = best_medians(found["rows"])
        floor = found["floor"]["seconds"]
        share = f"{floor / medians[OURS]:.0%}" if OURS in medians else "-"
        times = [time_text(medians[name]) if name in medians else "-" for name in names]
        table.append([case, str(found["batch"]), *times, time_text(floor), share])
    head = ["network", "batch", *(PEERS[name].title for name in names), "floor", "reached"]
    return titled("Time of a training step", head, table)


def ratios_table(results: Results) -> str:
    """How many times ours is faster than each, and than the best of them."""
    names = [n for n in _names(r["rows"] for r in results.get("steps", {}).values()) if n != OURS]
    table = []
    for case, found in results.get("steps", {}).items():
        medians = best_medians(found["rows"])
        others = [name for name in names if name in medians]
        if OURS not in medians or not others:
            continue
        first = min(others, key=lambda name: medians[name])
        ratios = {name: medians[name] / medians[OURS] for name in others}
        cells = [_ratio(ratios[name]) if name in ratios else "-" for name in names]
        table.append([case, time_text(medians[OURS]), f"**{_ratio(ratios[first])}**", *cells])
    head = ["network", "chainrule", "best other", *(PEERS[name].title for name in names)]
    return titled("How many times faster a training step of chainrule is", head, table)


def threads_table(results: Results) -> str:
    """Every setting: one time for each number of threads."""
    steps = results.get("steps", {})
    names = _names(rows["rows"] for rows in steps.values())
    table = []
    for case, found in steps.items():
        cells = []
        for name in names:
            mine = [row for row in found["rows"] if row["peer"] == name]
            cells.append(" / ".join(time_text(statistics.median(row["seconds"])) for row in mine))
        table.append([case, *(cell or "-" for cell in cells)])
    threads = " / ".join(map(str, results["measured"]["threads"]))
    head = ["network", *(PEERS[name].title for name in names)]
    return titled(f"By the number of threads ({threads})", head, table)


def prediction_table(results: Results) -> str:
    """Calls: sizes in columns."""
    calls = results.get("prediction", {})
    table = []
    for name in _names(calls.values()):
        cells = [best_medians(rows).get(name) for rows in calls.values()]
        table.append([PEERS[name].title, *("-" if c is None else time_text(c) for c in cells)])
    head = ["", *(f"{int(rows):,} row{'s' if rows != '1' else ''}" for rows in calls)]
    return titled("Prediction, 784-128-10, from array to array", head, table)


def startup_table(results: Results) -> str:
    """Import, first epoch and memory."""
    imports, firsts = results.get("imports", {}), results.get("first_calls", [])
    table = []
    for row in firsts:
        library = row["peer"].split("-")[0]
        seconds = imports.get(library)
        cache = ", cache filled" if row["is_warm"] else ""
        table.append(
            [
                PEERS[row["peer"]].title + cache,
                "-" if seconds is None else time_text(statistics.median(seconds)),
                time_text(statistics.median(row["seconds"])),
                f"{statistics.median(row['peak_mb']):.0f} MB",
            ]
        )
    head = ["", "import", "first epoch, with compilation", "peak memory"]
    shown = ", ".join(IMPORTS[name] for name in imports)
    return titled(f"Fresh processes, 784-128-10 (imports of {shown})", head, table)


def mnist_table(results: Results) -> str:
    """The time to the goal."""
    rows = results.get("mnist", [])
    table = []
    for name in _names([rows]):
        mine = [row for row in rows if row["peer"] == name]
        times = [row["seconds"] if row["is_reached"] else float("inf") for row in mine]
        middle = statistics.median(times)
        epochs = " ".join(str(row["epochs"]) for row in mine)
        shown = "not reached" if middle == float("inf") else f"{middle:.2f} s"
        epoch = statistics.median(row["seconds"] / row["epochs"] for row in mine)
        table.append([PEERS[name].title, shown, epochs, time_text(epoch)])
    title = "MNIST to 98 % of the test images, 784-128-10, Adam 1e-3, batch 64: median of seeds"
    return titled(title, ["", "time", "epochs, by seed", "an epoch"], table)


def notes_text(results: Results) -> str:
    """What was not available or did not agree."""
    return "\n".join(f"- {note}" for note in results.get("notes", []))


def best_medians(rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Seconds of each peer, by the better of its numbers of threads."""
    found: dict[str, float] = {}
    for row in rows:
        median = statistics.median(row["seconds"])
        found[row["peer"]] = min(median, found.get(row["peer"], float("inf")))
    return found


def _names(groups: Iterable[Sequence[dict[str, Any]]]) -> list[str]:
    """The peers that occur, in the order of the table of peers."""
    there = {row["peer"] for rows in groups for row in rows}
    return [name for name in PEERS if name in there]


def titled(title: str, head: list[str], table: list[list[str]]) -> str:
    """A table below its title; nothing where it has no rows."""
    if not table:
        return ""
    widths = [max(map(len, column)) for column in zip(head, *table, strict=True)]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return "| " + " | ".join(padded) + " |"

    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join([f"**{title}**", "", line(head), line(rule), *map(line, table)])


def time_text(seconds: float) -> str:
    """A time with three digits and the unit that suits."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{_digits(seconds / size)} {unit}"
    return f"{_digits(seconds * 1e9)} ns"


def _digits(number: float) -> str:
    if number >= 100:
        return f"{number:.0f}"
    return f"{number:.1f}" if number >= 10 else f"{number:.2f}"


def _ratio(number: float) -> str:
    return f"{_digits(number)}x"
