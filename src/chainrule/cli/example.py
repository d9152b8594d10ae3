"""`chainrule example` and `chainrule examples`: the worked examples of the lectures."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated

import typer


def example(
    names: Annotated[
        list[str],
        typer.Argument(help="W43, several of them, a range W18-W20, or a discrepancy D6."),
    ],
) -> None:
    """Work out examples of the lectures, beside the digits that these print.

    ✓ marks the same digits, ≈ the same but truncated, ✗ other ones. Where a lecture is wrong, it is
    told what is right, and why.
    """
    from chainrule.cli.terminal import say

    # Every name is looked up before the first example is worked out.
    pages = [page for name in names for page in _pages(name)]
    for place, page in enumerate(pages):
        if place:
            say()
        for line in page():
            say(line)


def examples(
    discrepancies: Annotated[
        bool, typer.Option("--discrepancies", help="List where the lectures are wrong instead.")
    ] = False,
) -> None:
    """List the worked examples, and how many results agree with the lecture.

    Every one is worked out for that, which takes some seconds.
    """
    from chainrule.cli.terminal import table
    from chainrule.worked import DISCREPANCIES, EXAMPLES, results

    if discrepancies:
        rows = [(row.id, row.where, row.printed, row.right) for row in DISCREPANCIES.values()]
        table(("id", "where", "printed", "right"), rows)
        return
    lines: list[tuple[str, str, str, str]] = []
    for one in EXAMPLES.values():
        known = results(one.solve())
        agreeing = sum(bool(line.agrees) for line in known)
        lines.append((one.id, f"{agreeing} of {len(known)}", one.title, one.source))
    table(("id", "agree", "what it is", "source"), lines, numbers=("agree",))


def _pages(name: str) -> list[Callable[[], list[str]]]:
    """Functions that give the lines to print, one for each example or discrepancy of that name."""
    from chainrule.lookup import find
    from chainrule.worked import DISCREPANCIES, find_examples, render

    if found := re.fullmatch(r"d0*(\d+)", name.strip().lower(), re.ASCII):
        row = find(DISCREPANCIES, "discrepancy", f"D{found[1]}")
        shown = f"worked examples: {', '.join(row.examples) or 'none'}"
        return [lambda: [*str(row).splitlines(), f"     {shown}"]]
    return [lambda one=one: render(one).splitlines() for one in find_examples(name)]
